"""Indicators of closed days, and interruptions as an operator records them."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from grid.models import BalanceDay, Interruption, InterruptionCause, StorageDay
from grid.selectors.indicators import monthly_indicators, reliability_over
from grid.services.day_close import close_day
from grid.services.interruptions import CannotRecord, end_interruption, record_interruption, restore_sites
from kernel.intervals import Month
from members.models import Role
from tests.integration.grid.conftest import DAY, NEXT_DAY, SHOWN_NOW, user_with

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def closed(microgrid, measured_days):
    for day in (DAY, NEXT_DAY):
        close_day(microgrid=microgrid, day=day, now=SHOWN_NOW)
    return microgrid


def record(microgrid, **changes) -> Interruption:
    given = {
        "microgrid": microgrid,
        "sites": list(microgrid.sites.order_by("pk")[:2]),
        "started_at": SHOWN_NOW - 2 * HOUR,
        "ended_at": SHOWN_NOW - HOUR,
        "cause": InterruptionCause.WEATHER,
        "now": SHOWN_NOW,
    }
    return record_interruption(**(given | changes))


def test_a_month_of_closed_days(closed):
    [line] = monthly_indicators(closed, Month(2016, 6))
    rows = BalanceDay.objects.filter(is_current=True)
    produced, exported = (sum(sum(getattr(row, name)) for row in rows) for name in ("production_wh", "export_wh"))
    assert (line.days, line.is_whole) == (2, False)
    assert line.found.production_wh == produced
    used = sum(max(p - e, 0) for row in rows for p, e in zip(row.production_wh, row.export_wh, strict=True))
    assert line.found.self_consumption == pytest.approx(used / produced)
    assert produced - exported <= used <= produced
    # Local energy counts where it is used: what went into batteries does when it comes out.
    days = StorageDay.objects.filter(is_current=True)
    taken, given = (sum(sum(wh) for row in days for wh in getattr(row, name)[:2]) for name in ("charged_wh", "discharged_wh"))
    assert line.co2_kg == pytest.approx((produced - exported - taken + given) / 1000 * 0.380)
    assert 0 < taken - given < used


def test_reliability_counts_what_lies_inside_the_period(microgrid):
    sites = microgrid.sites.count()
    first = microgrid.sites.order_by("pk").first()
    row = record(microgrid)
    restore_sites(interruption=row, sites=[first], at=row.started_at + HOUR / 2, now=SHOWN_NOW)
    record(microgrid, cause=InterruptionCause.PLANNED, started_at=SHOWN_NOW - 5 * HOUR, ended_at=SHOWN_NOW - 4 * HOUR)
    start = SHOWN_NOW - 10 * HOUR
    found = reliability_over(microgrid, start, SHOWN_NOW, with_planned=False)
    assert found.saidi_minutes == pytest.approx((30 + 60) / sites)
    assert found.saifi == pytest.approx(2 / sites)
    assert found.caidi_minutes == pytest.approx(45)
    assert reliability_over(microgrid, start, SHOWN_NOW, with_planned=True).saidi_minutes == pytest.approx(210 / sites)
    cut = reliability_over(microgrid, SHOWN_NOW - 1.75 * HOUR, SHOWN_NOW, with_planned=False)
    assert cut.saidi_minutes == pytest.approx((15 + 45) / sites)


def test_what_cannot_be_is_not_recorded(microgrid):
    for changes in (
        {"sites": []},
        {"started_at": SHOWN_NOW + HOUR, "ended_at": None},
        {"ended_at": SHOWN_NOW - 3 * HOUR},
        {"ended_at": SHOWN_NOW + HOUR},
    ):
        with pytest.raises(CannotRecord):
            record(microgrid, **changes)
    with pytest.raises(IntegrityError), transaction.atomic():
        Interruption.objects.create(microgrid=microgrid, started_at=SHOWN_NOW, ended_at=SHOWN_NOW, cause="weather")
    once = record(microgrid, external_ref="emergency-7", ended_at=None)
    assert record(microgrid, external_ref="emergency-7").pk == once.pk
    end_interruption(interruption=once, at=SHOWN_NOW, now=SHOWN_NOW)
    end_interruption(interruption=once, at=SHOWN_NOW + HOUR, now=SHOWN_NOW + HOUR)
    once.refresh_from_db()
    assert once.ended_at == SHOWN_NOW


def test_an_operator_records_and_ends_one(closed, operator, client):
    client.force_login(operator)
    shown = closed.now(timezone.now()).astimezone(closed.zone)
    form = {
        "started": (shown - HOUR).strftime("%Y-%m-%dT%H:%M"),
        "ended": "",
        "cause": "equipment",
        "note": "Fuse of feeder 2",
        "sites": [site.pk for site in closed.sites.all()[:3]],
    }
    page = client.post(reverse("indicators"), form, follow=True).content.decode()
    assert "Fuse of feeder 2" in page
    assert "and goes on" in page
    row = Interruption.objects.get()
    assert row.started_at == (shown - HOUR).replace(second=0, microsecond=0)
    client.post(reverse("interruption-end", args=[row.public_id]))
    row.refresh_from_db()
    assert row.ended_at is not None
    wrong = client.post(reverse("indicators"), form | {"sites": []}).content.decode()
    assert "This field is required" in wrong


def test_members_see_sums_and_nobody_else_records(closed, household, stranger, client):
    client.force_login(household)
    assert client.get(reverse("indicators")).status_code == 404
    village = client.get(reverse("village")).content.decode()
    assert "Without power" in village
    answer = client.get(reverse("api-indicators", args=[closed.public_id])).json()
    assert [month["month"] for month in answer["months"]] == ["2016-06"]
    assert answer["reliability"]["saidi_minutes"] == 0
    client.force_login(user_with(closed, "auditor@hamlet.example", Role.AUDITOR))
    assert client.get(reverse("indicators")).status_code == 200
    assert client.post(reverse("indicators"), {}).status_code == 404
    client.force_login(stranger)
    assert client.get(reverse("api-indicators", args=[closed.public_id])).status_code == 404


def test_supply_comes_back_site_by_site_on_page_and_door(closed, operator, household, client):
    now = closed.now(timezone.now())
    sites = list(closed.sites.order_by("pk")[:3])
    row = record(closed, sites=sites, started_at=now - HOUR, ended_at=None, now=now)
    page = reverse("interruption", args=[row.public_id])
    client.force_login(household)
    assert client.get(page).status_code == 404
    assert client.post(page, {"sites": [sites[0].pk]}).status_code == 404
    client.force_login(operator)
    assert "3 without supply" in client.get(page).content.decode()
    shown = client.post(page, {"sites": [sites[0].pk]}, follow=True).content.decode()
    assert "Supply is back at 1 site." in shown
    assert "2 without supply" in shown
    early = (now - 2 * HOUR).astimezone(closed.zone)
    refused = client.post(page, {"sites": [sites[1].pk], "at": f"{early:%Y-%m-%dT%H:%M:%S}"}).content.decode()
    assert "Supply cannot be back before it was gone." in refused
    door = reverse("api-supply-back", args=[row.public_id])
    at = (now - HOUR / 2).isoformat()
    for site in sites[1:]:
        answer = client.post(door, {"sites": [str(site.public_id)], "at": at}, content_type="application/json")
        assert answer.status_code == 200
    row.refresh_from_db()
    assert row.ended_at == row.sites.get(site=sites[0]).restored_at  # the last of them
    [listed] = client.get(reverse("api-interruptions", args=[closed.public_id])).json()["results"]
    assert [site["code"] for site in listed["sites"]] == [site.code for site in sites]
    body = {"started_at": (now - HOUR).isoformat(), "cause": "others", "sites": [str(sites[0].public_id)], "external_ref": "digger"}
    records = [client.post(reverse("api-interruptions", args=[closed.public_id]), body, content_type="application/json") for _ in range(2)]
    assert [answer.status_code for answer in records] == [201, 201]
    assert Interruption.objects.count() == 2
    again = reverse("api-supply-back", args=[records[0].json()["id"]])
    ahead = client.post(again, {"at": (now + HOUR).isoformat()}, content_type="application/json")
    assert ahead.status_code == 400
    assert client.post(again, {}, content_type="application/json").json()["ended_at"] is not None
    client.force_login(household)
    assert client.post(again, {}, content_type="application/json").status_code == 404
