"""A small real village with measured days: four homes with roofs, two batteries."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from django.core.cache import cache
from django.db import connection

from energy.adapters.live_store import LiveSample, live_key, valkey, write_samples
from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.models import Channel, Meter, Microgrid
from energy.models.meters import MeterKind
from energy.services.import_simbench import import_network
from energy.services.partitions import ensure_months
from grid.domain.village import VillageState, simulate
from grid.models import StorageOriginRule
from grid.selectors.network import forget_networks
from grid.selectors.village import load_village, powers
from members.models import Cooperative, Member, Membership, Role, User
from tests.integration.grid import exercises
from tests.networks import cut_network

REAL_NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
SHOWN_NOW = datetime(2016, 6, 3, 10, 0, tzinfo=UTC)
DAY, NEXT_DAY = date(2016, 6, 1), date(2016, 6, 2)


@pytest.fixture
def what_holds_in_every_emergency() -> Iterator[None]:
    """Once a scenario is over, what must hold in each is looked at in every exercise that it played."""
    exercises.PLAYED.clear()
    yield
    exercises.hold_what_holds_in_every_emergency()


@pytest.fixture(scope="session")
def village_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cut_network(tmp_path_factory.mktemp("grid") / "hamlet", sites=4, first_day=DAY, days=4)


@pytest.fixture
def microgrid(db: None, village_folder: Path) -> Iterator[Microgrid]:
    """The imported village; its clock shows noon of 3 June 2016 at REAL_NOW."""
    cooperative = Cooperative.objects.create(slug="hamlet-coop", name="Hamlet eG", city="Hamlet", postal_code="19000", vat_id="DE123456789")
    report = import_network(folder=village_folder, cooperative=cooperative, slug="hamlet", name="Hamlet", time_zone="Europe/Berlin")
    grid = report.microgrid
    grid.clock_real_start, grid.clock_shown_start = REAL_NOW, SHOWN_NOW
    grid.save()
    # Its batteries were filled from its roofs before its first day.
    StorageOriginRule.objects.create(microgrid=grid, valid_from=date(2016, 1, 1), unknown_is_local=True)
    cache.clear()
    forget_networks()
    yield grid
    with valkey() as client:
        client.delete(live_key(grid.pk))


@pytest.fixture
def measured_days(microgrid: Microgrid) -> list[date]:
    """Two days of meter days, as the village's registers counted them."""
    days = [DAY, NEXT_DAY]
    village = load_village(microgrid)
    registers, _ = simulate(village.plan, *powers(village, days), 0.25, VillageState.at_start(village.plan))
    sides = (
        (Channel.IMPORT, village.site_meters, registers.import_wh),
        (Channel.EXPORT, village.site_meters, registers.export_wh),
        (Channel.PRODUCTION, village.source_meters, registers.production_wh),
        (Channel.CHARGE, village.storage_meters, registers.charge_wh),
        (Channel.DISCHARGE, village.storage_meters, registers.discharge_wh),
    )
    rows = [
        MeterDayRow(
            day,
            meter.pk,
            int(channel),
            np.diff(reading[96 * d : 96 * d + 97]).astype(np.int32),
            np.zeros(96, np.int16),
            1,
            0,
            int(reading[96 * d]),
            int(reading[96 * d + 96]),
            [],
        )
        for channel, meters, readings in sides
        for meter, reading in zip(meters, readings, strict=True)
        for d, day in enumerate(days)
    ]
    ensure_months(table="energy_meterday", days=days)
    with connection.cursor() as cursor:
        write_rows(cursor, rows, microgrid_id=microgrid.pk, provenance="test", now=SHOWN_NOW, replace=False)
    return days


@pytest.fixture
def correct_meter(microgrid: Microgrid) -> Callable[[Meter, date, int], None]:
    """A later version of a final day: another import in the first interval."""

    def write(meter: Meter, day: date, first_wh: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                """UPDATE energy_meterday SET is_current = false WHERE meter_id = %s AND day = %s AND channel = 1 AND is_current
                   RETURNING values_wh, version""",
                [meter.pk, day],
            )
            values, version = cursor.fetchone()
            changed = np.array([first_wh, *values[1:]], np.int32)
            row = MeterDayRow(day, meter.pk, 1, changed, np.zeros(96, np.int16), version + 1, 0, None, None, [])
            write_rows(cursor, [row], microgrid_id=microgrid.pk, provenance="test", now=SHOWN_NOW, replace=False)

    return write


@pytest.fixture
def live(microgrid: Microgrid) -> Callable[..., None]:
    """Let every meter report: homes draw 1 kW each, sources give `sun_w`, batteries stand idle half full."""

    def report(*, sun_w: float, at: datetime = SHOWN_NOW, silent: frozenset[int] = frozenset()) -> None:
        samples: dict[int, LiveSample] = {}
        for meter in Meter.objects.filter(microgrid=microgrid).exclude(kind=MeterKind.GRID).select_related("storage"):
            sources = meter.site.sources.count()
            if meter.kind == MeterKind.SITE:
                net = (0.0 if meter.site.storages.exists() else 1000.0) - sun_w * sources
                values = {"import_w": max(net, 0.0), "export_w": max(-net, 0.0)}
            elif meter.kind == MeterKind.SOURCE:
                values = {"production_w": sun_w}
            else:
                values = {"charge_w": 0.0, "discharge_w": 0.0, "soc_wh": meter.storage.capacity_wh / 2}
            if meter.pk not in silent:
                samples[meter.pk] = LiveSample(at.timestamp(), values)
        write_samples({microgrid.pk: samples})

    return report


def user_with(microgrid: Microgrid, email: str, role: Role, member: Member | None = None) -> User:
    """Somebody who can log in."""
    user = User.objects.create_user(email, "a long enough word", is_staff=member is None)
    Membership.objects.create(user=user, cooperative=microgrid.cooperative, member=member, role=role)
    return user


@pytest.fixture
def household(microgrid: Microgrid) -> User:
    member = Member.objects.filter(sites__microgrid=microgrid, is_cooperative=False).order_by("number").first()
    return user_with(microgrid, "home@hamlet.example", Role.MEMBER, member)


@pytest.fixture
def operator(microgrid: Microgrid) -> User:
    return user_with(microgrid, "operator@hamlet.example", Role.OPERATOR)


@pytest.fixture
def stranger(db: None) -> User:
    elsewhere = Cooperative.objects.create(slug="elsewhere", name="Elsewhere eG")
    user = User.objects.create_user("stranger@elsewhere.example", "a long enough word")
    Membership.objects.create(user=user, cooperative=elsewhere, role=Role.OPERATOR)
    return user
