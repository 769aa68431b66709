"""A demand response event through to charge points: their limit is lowered by a tick, read back, and taken away after the event."""

import asyncio
import secrets
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from energy.models import Consumer, Site
from energy.models.assets import ConsumerKind
from energy.models.meters import MeterKind
from grid.models import DemandEvent, DeviceCommand, DeviceLink, LinkProtocol
from grid.services import demand_response as service
from grid.services.control import run_tick
from grid.services.device_links import give_key
from tests.integration.grid.conftest import SHOWN_NOW
from tests.integration.grid.stations import charger, web_server
from tests.integration.grid.test_control import away, devices
from tests.integration.grid.test_demand_steering import END, START

__all__ = ["away", "devices"]
pytestmark = pytest.mark.django_db(transaction=True)
VERSIONS = ("ocpp1.6", "ocpp2.0.1")


@pytest.fixture
def stations(microgrid, settings) -> dict[str, DeviceLink]:
    """A wall box of 11 kW for each version, at sites that take part."""
    settings.DEVICE_PATIENCE_S = 3.0
    sites = Site.objects.filter(microgrid=microgrid, meters__kind=MeterKind.SITE).distinct().order_by("code")
    found = {}
    for version, site in zip(VERSIONS, sites, strict=False):
        box = Consumer.objects.create(site=site, code=f"box {version}", kind=ConsumerKind.CAR_CHARGER, max_demand_w=11_000, priority_tier=4)
        found[version] = DeviceLink.objects.create(
            microgrid=microgrid, consumer=box, protocol=LinkProtocol.OCPP, station=f"CP-{secrets.token_hex(4)}", connector=1
        )
    return found


@pytest.fixture
def event(microgrid, stations, household, operator) -> DemandEvent:
    programme = service.offer_programme(
        microgrid=microgrid, name="Evenings", incentive_per_kwh=Decimal("0.25"), load_limit_percent=25, now=SHOWN_NOW
    )
    for link in stations.values():
        service.give_consent(programme=programme, site=link.consumer.site, by=household, now=SHOWN_NOW)
    return service.call_event(programme=programme, start_at=START, end_at=END, reason="Clouds.", by=operator, now=SHOWN_NOW)


def limit_at(there: Any) -> tuple[str, float] | None:
    """The limit that stands at a station, and its unit."""
    schedule = there.schedule(1)
    return schedule and (schedule["charging_rate_unit"], float(schedule["charging_schedule_period"][0]["limit"]))


def test_an_event_lowers_what_stations_of_both_versions_allow_and_the_read_back_counts(microgrid, live, devices, away, stations, event):
    keys = {version: give_key(link=link) for version, link in stations.items()}

    def tick(at: datetime) -> None:
        live(sun_w=500.0, at=at)
        run_tick(microgrid=microgrid, now=at)

    def told() -> list[tuple[int | None, str]]:
        rows = DeviceCommand.objects.filter(consumer__kind=ConsumerKind.CAR_CHARGER, consumer__links__isnull=False)
        return list(rows.order_by("issued_at", "consumer__code").values_list("limit_w", "status"))

    async def drive(port: int) -> list[Any]:
        old, new = VERSIONS
        async with (
            charger(port, stations[old].station, keys[old], old) as first,
            charger(port, stations[new].station, keys[new], new, amperes_only=True) as second,
        ):
            seen = []
            for at in (START, END - timedelta(seconds=4), END):
                await sync_to_async(tick, thread_sensitive=False)(at)
                seen.append((limit_at(first), limit_at(second), await sync_to_async(told, thread_sensitive=False)()))
            return seen

    with web_server() as port:
        during, _, after = asyncio.run(drive(port))
    phases = len(stations["ocpp2.0.1"].consumer.site.phases)
    amperes = int(2750 * 10 / (230 * phases)) / 10
    assert during == (("W", 2750.0), ("A", amperes), [(2750, "acknowledged")] * 2)
    assert after[:2] == (None, None)
    assert after[2][4:] == [(None, "acknowledged")] * 2
    for link in stations.values():
        link.refresh_from_db()
        assert (link.problem, link.sent_limit_w) == ("", None)
