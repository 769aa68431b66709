"""A called event reaches devices: loads of who takes part are held down for its hours, by every protocol, and nobody else's."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from energy.models import Consumer, Site
from energy.models.assets import ConsumerKind
from energy.models.meters import MeterKind
from grid.domain.alarm_life import FindingKind
from grid.models import AdrEvent, DemandEvent, DemandProgramme, DeviceCommand, DeviceLink, GridAlarm, LinkProtocol
from grid.services import demand_response as service
from grid.services.control import run_tick
from grid.services.supply_requests import ask_limit, cancel_requests, decide_request
from tests.integration.grid.conftest import SHOWN_NOW
from tests.integration.grid.test_control import away, devices, inverters

__all__ = ["away", "devices", "inverters"]
pytestmark = pytest.mark.django_db
START = datetime(2016, 6, 3, 16, 0, tzinfo=UTC)
END = START + timedelta(hours=1)


@pytest.fixture
def sites(microgrid) -> list[Site]:
    """Each with a car of 11 kW beside what it has."""
    found = list(Site.objects.filter(microgrid=microgrid, meters__kind=MeterKind.SITE).distinct().order_by("code")[:3])
    for site in found:
        Consumer.objects.create(site=site, code=f"car {site.code}", kind=ConsumerKind.CAR_CHARGER, max_demand_w=11_000, priority_tier=4)
    return found


@pytest.fixture
def event(microgrid, sites, household, operator) -> DemandEvent:
    """Two of three sites take part; what can wait is held to a quarter."""
    programme = service.offer_programme(
        microgrid=microgrid, name="Evenings", incentive_per_kwh=Decimal("0.25"), load_limit_percent=25, now=SHOWN_NOW
    )
    for site in sites[:2]:
        service.give_consent(programme=programme, site=site, by=household, now=SHOWN_NOW)
    return service.call_event(programme=programme, start_at=START, end_at=END, reason="Clouds.", by=operator, now=SHOWN_NOW)


def told(site: Site) -> list[int | None]:
    rows = DeviceCommand.objects.filter(consumer__site=site, consumer__priority_tier=4)
    return list(rows.order_by("issued_at", "pk").values_list("limit_w", flat=True))


def test_loads_are_held_down_from_the_first_tick_of_the_event_to_its_last(microgrid, live, inverters, sites, event):
    def tick(at: datetime) -> None:
        live(sun_w=500.0, at=at)
        run_tick(microgrid=microgrid, now=at)

    with inverters() as there:
        tick(START - timedelta(seconds=8))
        assert not DeviceCommand.objects.filter(consumer__isnull=False).exists()
        tick(START)
        tick(START + timedelta(seconds=4))  # what stands is not said again
        tick(END - timedelta(seconds=4))  # the first one has ended long ago
        tick(END)
    assert [told(site) for site in sites] == [[2750, 2750, None], [2750, 2750, None], []]
    first = DeviceCommand.objects.filter(consumer__isnull=False).order_by("pk").first()
    assert first.reason == "demand response until 19:00, Evenings"
    assert (first.status, first.fallback) == ("acknowledged", "free")
    assert {order["limit_w"] for _, order in there.told if order.get("load")} == {2750, None}


def test_who_opts_out_before_the_beginning_is_told_nothing(microgrid, live, inverters, sites, event):
    service.opt_out(response=event.responses.get(site=sites[0]), now=START - timedelta(seconds=1))
    live(sun_w=500.0, at=START)
    with inverters():
        run_tick(microgrid=microgrid, now=START)
    assert [told(site) for site in sites] == [[], [2750], []]


def test_a_load_that_does_not_answer_is_told_again_and_escalated(microgrid, live, inverters, sites, event):
    with inverters(answers=False):
        for i in range(5):
            at = START + timedelta(seconds=4 * i)
            live(sun_w=500.0, at=at)
            run_tick(microgrid=microgrid, now=at)
    assert told(sites[0]) == [2750] * 4
    alarms = GridAlarm.objects.filter(kind=FindingKind.UNACKNOWLEDGED, cleared_at=None)
    assert f"car {sites[0].code}" in set(alarms.values_list("subject", flat=True))


def test_a_programme_without_a_limit_tells_no_device(microgrid, live, devices, away, sites, event):
    DemandProgramme.objects.update(load_limit_percent=None)
    live(sun_w=500.0, at=START)
    run_tick(microgrid=microgrid, now=START)
    assert not DeviceCommand.objects.filter(consumer__isnull=False).exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        DemandProgramme.objects.update(load_limit_percent=101)


def test_a_client_of_openadr_finds_the_limit_as_an_event(microgrid, live, devices, away, sites, event):
    car = Consumer.objects.get(site=sites[0], priority_tier=4)
    link = DeviceLink.objects.create(
        microgrid=microgrid, consumer=car, protocol=LinkProtocol.OPENADR, station="car-1", last_contact_at=timezone.now()
    )
    live(sun_w=500.0, at=START)
    run_tick(microgrid=microgrid, now=START)
    limit = AdrEvent.objects.get(program__name="Limits", link=link)
    assert (limit.values, limit.start_at) == ([2.75], START)
    assert DeviceCommand.objects.get(consumer=car).status == "acknowledged"


def test_the_operator_reads_what_each_load_was_told_and_took(client, microgrid, live, inverters, sites, event, operator, household):
    live(sun_w=500.0, at=START)
    with inverters():
        run_tick(microgrid=microgrid, now=START)
    microgrid.clock_shown_start = START + timedelta(minutes=5)
    microgrid.clock_real_start = timezone.now()
    microgrid.save()
    client.force_login(operator)
    page = client.get(reverse("demand-event", args=[event.public_id])).content.decode()
    assert "held to 25 % of their power" in page
    assert f"car {sites[0].code}: told at most 2.75 kW, answered 1 of 1 times" in page
    client.force_login(household)
    assert client.get(reverse("demand-event", args=[event.public_id])).status_code == 404


def test_a_limit_of_supply_is_held_by_the_loads_of_its_site_alone(microgrid, live, inverters, sites, operator):
    def tick(at: datetime) -> None:
        live(sun_w=500.0, at=at)
        run_tick(microgrid=microgrid, now=at)

    site = sites[0]
    request = ask_limit(site=site, limit_w=1000, why="agreed on", now=START)
    with inverters():
        tick(START)
        assert told(site) == []  # asked for is not decided
        decided = decide_request(request=request, agree=True, why="spoke", by=operator, now=START)
        assert (decided.status, decided.by_device) == ("in_force", True)
        tick(START + timedelta(seconds=4))
        limits = dict(DeviceCommand.objects.filter(limit_w__isnull=False).values_list("consumer", "limit_w"))
        assert set(limits) == set(site.consumers.values_list("pk", flat=True))
        assert 1000 - len(limits) < sum(limits.values()) <= 1000
        [ended] = cancel_requests(sites=[site], why="topped up", now=START + timedelta(seconds=8))
        assert ended.status == "lifted"  # nobody has to go there
        tick(START + timedelta(seconds=8))
    assert told(site)[-1] is None
    assert told(sites[1]) == []
