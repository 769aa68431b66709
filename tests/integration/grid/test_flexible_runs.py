"""A member's car and washing machine: asked for on the page or by API, planned, told to the device at its time, never anybody else's."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from energy.models import Consumer
from energy.models.assets import ConsumerKind
from grid.domain.planning.flexible_runs import CannotRun
from grid.models import DeviceCommand, FlexibleRun, PlanRule
from grid.services.control import run_tick
from grid.services.flexible_runs import Wanted, ask_for_run, withdraw_run
from grid.services.planning import make_plan
from tests.integration.grid.conftest import SHOWN_NOW
from tests.integration.grid.test_control import away, devices, inverters
from tests.integration.grid.test_planning import QUARTER, foreseen, priced, unpriced

__all__ = ["away", "devices", "foreseen", "inverters", "priced", "unpriced"]
pytestmark = pytest.mark.django_db
NIGHT = timedelta(hours=10)  # 22:00 local, when the published price falls


@pytest.fixture
def car(microgrid, household) -> Consumer:
    site = household.memberships.get().member.sites.filter(microgrid=microgrid).order_by("code").first()
    return Consumer.objects.create(site=site, code="wall box", kind=ConsumerKind.CAR_CHARGER, max_demand_w=11_000, priority_tier=4)


def wanted(**changes) -> Wanted:
    values = {
        "name": "car to work",
        "energy_wh": 11_000,
        "power_w": 11_000,
        "start_at": SHOWN_NOW,
        "ready_at": SHOWN_NOW + timedelta(hours=20),
        "may_pause": True,
    } | changes
    return Wanted(**values)


def asked(car, household, **changes) -> FlexibleRun:
    return ask_for_run(consumer=car, wanted=wanted(**changes), by=household, now=SHOWN_NOW)


def test_a_car_is_planned_for_the_cheap_night_and_the_plan_says_why(foreseen, car, household):
    PlanRule.objects.all().delete()  # a peak charge would have the car charge while the batteries can help
    run = asked(car, household)
    plan = make_plan(microgrid=foreseen, now=SHOWN_NOW)
    row = plan.runs.get()
    assert row.run == run and sum(row.power_w) / 4 == pytest.approx(11_000, abs=1)
    first = next(i for i, power_w in enumerate(row.power_w) if power_w)
    assert SHOWN_NOW + first * QUARTER >= SHOWN_NOW + NIGHT
    assert "It runs" in row.why and "as soon as it may" in row.why
    assert f"car to work ({car.site.name}) runs at" in plan.sentences[first]


def test_what_it_was_let_draw_is_taken_off_and_a_wash_goes_on_once_begun(foreseen, car, household):
    wash = asked(car, household, name="wash", energy_wh=1500, power_w=2000, may_pause=False, ready_at=SHOWN_NOW + timedelta(hours=1))
    first = make_plan(microgrid=foreseen, now=SHOWN_NOW).runs.get()
    begun = next(i for i, power_w in enumerate(first.power_w) if power_w)
    later = make_plan(microgrid=foreseen, now=SHOWN_NOW + (begun + 1) * QUARTER).runs.get()
    assert later.told_wh == 500
    assert later.power_w[:3] == [2000, 2000, 0]
    assert withdraw_run(run=wash, now=SHOWN_NOW + (begun + 1) * QUARTER)
    assert not make_plan(microgrid=foreseen, now=SHOWN_NOW + (begun + 2) * QUARTER).runs.exists()


def test_the_device_is_told_to_wait_to_run_and_that_it_is_free(foreseen, live, inverters, car, household):
    PlanRule.objects.all().delete()  # a peak charge would spread the run over the day
    run = asked(car, household, start_at=SHOWN_NOW, ready_at=SHOWN_NOW + NIGHT + timedelta(hours=1))
    row = make_plan(microgrid=foreseen, now=SHOWN_NOW).runs.get()
    begun = next(i for i, power_w in enumerate(row.power_w) if power_w)

    def tick(at) -> None:
        live(sun_w=500.0, at=at)
        run_tick(microgrid=foreseen, now=at)

    with inverters():
        tick(SHOWN_NOW + timedelta(minutes=1))
        make_plan(microgrid=foreseen, now=SHOWN_NOW + begun * QUARTER - timedelta(hours=1))
        tick(SHOWN_NOW + begun * QUARTER + timedelta(minutes=1))
        withdraw_run(run=run, now=SHOWN_NOW + begun * QUARTER + timedelta(seconds=62))
        tick(SHOWN_NOW + begun * QUARTER + timedelta(seconds=64))
    rows = DeviceCommand.objects.filter(consumer=car).order_by("issued_at", "pk")
    limits = [row.limit_w for row in rows]
    assert limits[0] == 0 and limits[-1] is None
    assert limits[1] == row.power_w[begun] > 0
    assert rows[0].reason.startswith("car to work, planned to be ready by")


def test_what_cannot_be_is_refused(foreseen, car, household):
    with pytest.raises(CannotRun, match="lower the power"):
        asked(car, household, power_w=22_000)
    with pytest.raises(CannotRun, match="ask for less"):
        asked(car, household, ready_at=SHOWN_NOW + timedelta(minutes=30))
    with pytest.raises(CannotRun, match="48 hours"):
        asked(car, household, ready_at=SHOWN_NOW + timedelta(hours=60))
    asked(car, household)
    with pytest.raises(CannotRun, match="these hours already"):
        asked(car, household)
    Consumer.objects.filter(pk=car.pk).update(priority_tier=2)
    car.refresh_from_db()
    with pytest.raises(CannotRun, match="no device that can wait"):
        asked(car, household, start_at=SHOWN_NOW + timedelta(hours=21), ready_at=SHOWN_NOW + timedelta(hours=24))


def test_page_and_api_are_the_owners_alone(client, foreseen, car, household, operator, stranger):
    now = foreseen.now(timezone.now())
    ready = (now + timedelta(hours=9)).replace(second=0, microsecond=0)
    client.force_login(household)
    given = {
        "device": car.pk,
        "name": "car",
        "energy_kwh": "12.5",
        "power_kw": "",
        "ready_at": f"{ready.astimezone(foreseen.zone):%Y-%m-%dT%H:%M}",
        "start_at": "",
        "may_pause": "on",
    }
    assert client.post(reverse("runs"), given).status_code == 302
    run = FlexibleRun.objects.get()
    assert (run.energy_wh, run.power_w, run.ready_at) == (12_500, 11_000, ready)
    page = client.get(reverse("runs")).content.decode()
    assert "12.5 <small>kWh</small> by" in page and "planned with the next interval" in page
    devices_told = client.get(reverse("api-steered-devices")).json()["results"]
    assert [d["code"] for d in devices_told] == ["wall box"]
    address = reverse("api-flexible-run", args=[run.public_id])
    for somebody in (operator, stranger):
        client.force_login(somebody)
        assert client.get(reverse("api-flexible-runs")).json()["count"] == 0
        assert client.delete(address).status_code == 404
        assert client.post(reverse("run-back", args=[run.public_id])).status_code == 404
        assert (
            client.post(
                reverse("api-flexible-runs"),
                {"device": str(car.public_id), "name": "x", "energy_wh": 1, "power_w": 1, "ready_at": ready.isoformat()},
            ).status_code
            == 404
        )
    client.force_login(household)
    assert client.get(reverse("api-flexible-runs")).json()["results"][0]["energy_wh"] == 12_500
    assert client.delete(address).status_code == 204
    assert client.delete(address).status_code == 409
    again = {"device": str(car.public_id), "name": "car", "energy_wh": 5000, "power_w": 3700, "ready_at": ready.isoformat()}
    assert client.post(reverse("api-flexible-runs"), again, content_type="application/json").status_code == 201
