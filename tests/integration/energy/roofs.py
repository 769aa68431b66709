"""A hamlet of seven homes, four of them with roofs, and three weeks of final days under a clear sky."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from django.db import connection, transaction

from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.domain.clear_sky import Place, clear_sky, plane_irradiance
from energy.models import Channel, Meter, Microgrid, Node, Site, Source
from energy.models.assets import SourceKind
from energy.models.meters import MeterKind
from energy.models.sites import SiteKind
from energy.selectors.site_energy import interval_starts
from energy.services.partitions import ensure_months
from members.models import Cooperative, Member, Membership, Role, User

FIRST = date(2016, 4, 4)  # a Monday
DAYS = [FIRST + timedelta(days=i) for i in range(21)]
NOW = datetime(2016, 4, 25, 8, 0, tzinfo=UTC)
REAL_NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
HOMES, ROOFS = 7, 4
CAPACITY_W = 8000
PLACE = Place(53.65, 11.41)


@dataclass(frozen=True)
class Hamlet:
    """The microgrid with its sites, roofs and people."""

    microgrid: Microgrid
    sites: list[Site]
    sources: list[Source]
    member: User
    operator: User

    def measure(self, source: Source, values: np.ndarray, quality: int = 0) -> None:
        """A later version of all days of one roof, with another production."""
        meter = Meter.objects.get(source=source)
        rows = _rows(self.microgrid, meter, Channel.PRODUCTION, values, DAYS, version=2, quality=quality)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE energy_meterday SET is_current = false WHERE meter_id = %s", [meter.pk])
            later = NOW + timedelta(minutes=1)
            write_rows(cursor, rows, microgrid_id=self.microgrid.pk, provenance="test", now=later, replace=False)


def make_roofs(slug: str = "roofs") -> Hamlet:
    """Homes use 100 W and more in the evening; roofs lie at 30 degrees to the south with a performance ratio of 0.8."""
    cooperative = Cooperative.objects.create(slug=slug, name=f"{slug} eG")
    microgrid = Microgrid.objects.create(
        cooperative=cooperative,
        slug=slug,
        name=slug,
        time_zone="Europe/Berlin",
        clock_real_start=REAL_NOW,
        clock_shown_start=NOW,
        clock_speed=1e-9,
    )
    node = Node.objects.create(
        microgrid=microgrid, code="n", nominal_voltage_v=400, latitude=PLACE.latitude_deg, longitude=PLACE.longitude_deg
    )
    sites, sources, rows = [], [], []
    for number in range(HOMES):
        member = Member.objects.create(cooperative=cooperative, number=str(number), name=f"Member {number}")
        site = Site.objects.create(
            microgrid=microgrid, member=member, node=node, code=f"home {number}", name=f"Home {number}", kind=SiteKind.HOUSEHOLD
        )
        meter = Meter.objects.create(microgrid=microgrid, site=site, kind=MeterKind.SITE, code=site.code)
        sites.append(site)
        use, made = _use(microgrid, number), np.zeros(96 * len(DAYS), dtype=np.int64)
        if number < ROOFS:
            source = Source.objects.create(site=site, code=f"roof {number}", kind=SourceKind.SOLAR, capacity_w=CAPACITY_W)
            counter = Meter.objects.create(
                microgrid=microgrid, site=site, kind=MeterKind.SOURCE, source=source, code=f"{site.code} generation"
            )
            made = production(microgrid)
            rows += _rows(microgrid, counter, Channel.PRODUCTION, made, DAYS)
            sources.append(source)
        rows += _rows(microgrid, meter, Channel.IMPORT, np.maximum(use - made, 0), DAYS)
        rows += _rows(microgrid, meter, Channel.EXPORT, np.maximum(made - use, 0), DAYS)
    ensure_months(table="energy_meterday", days=DAYS)
    with transaction.atomic(), connection.cursor() as cursor:
        write_rows(cursor, rows, microgrid_id=microgrid.pk, provenance="test", now=NOW, replace=False)
    member = User.objects.create_user(f"member@{slug}.example", name="Ana Member")
    Membership.objects.create(user=member, cooperative=cooperative, member=sites[0].member, role=Role.MEMBER)
    operator = User.objects.create_user(f"operator@{slug}.example", is_staff=True)
    Membership.objects.create(user=operator, cooperative=cooperative, role=Role.OPERATOR)
    return Hamlet(microgrid, sites, sources, member, operator)


def _use(microgrid: Microgrid, number: int) -> np.ndarray:
    """Wh by quarter hour: 100 W always, an evening on weekdays, a noon on weekends; a little different in each home."""
    chance = np.random.default_rng(number)
    clock = np.arange(96) / 4
    evening, noon = 400 * np.exp(-(((clock - 19) / 1.5) ** 2)), 500 * np.exp(-(((clock - 12.5) / 2) ** 2))
    days = [noon if day.weekday() >= 5 else evening for day in DAYS]
    return np.rint(25 + np.concatenate(days) * chance.uniform(0.85, 1.15, 96 * len(DAYS))).astype(np.int64)


def production(microgrid: Microgrid) -> np.ndarray:
    """Wh by quarter hour of a roof of 8 kW under a clear sky."""
    starts = np.array([int(s.timestamp()) for s in interval_starts(microgrid=microgrid, days=DAYS)])
    irradiance = plane_irradiance(clear_sky(starts, 15, PLACE), np.array([30.0]), np.array([180.0]))[0]
    return np.rint(irradiance / 1000 * CAPACITY_W / 4 * 0.8).astype(np.int64)


def _rows(
    microgrid: Microgrid, meter: Meter, channel: Channel, values: np.ndarray, days: list[date], version: int = 1, quality: int = 0
) -> list[MeterDayRow]:
    flags = np.full(96, quality, np.int16)
    return [
        MeterDayRow(day, meter.pk, int(channel), values[96 * i : 96 * i + 96].astype(np.int32), flags, version, 1)
        for i, day in enumerate(days)
    ]
