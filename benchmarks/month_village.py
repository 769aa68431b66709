"""A synthetic village of any size: households with plausible days, every fifth with a roof; final meter days in bulk."""

from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from benchmarks.month_tariffs import agree_on_tariffs
from energy.adapters.binary_copy import Column, copy_in
from energy.models import Channel, Meter, Microgrid, Site
from energy.models.meters import MeterKind
from energy.models.sites import SiteKind
from energy.services.partitions import ensure_months
from members.models import Cooperative, Member
from microgrid_site.demo.cooperative import agree_on_rules, found_cooperative

SEED = 7
ROOF_EVERY = 5


def make_village(members: int, days: Sequence[date], now: datetime) -> Microgrid:
    """Make sites, meters, tariff and final meter days of import and export."""
    cooperative = found_cooperative()
    microgrid = Microgrid.objects.create(cooperative=cooperative, slug="bench", name="Bench", time_zone="Europe/Berlin")
    meters = make_sites(microgrid, cooperative, members)
    agree_on_rules(microgrid, now)
    agree_on_tariffs(microgrid, days[len(days) // 2], now)
    ensure_months(table="energy_meterday", days=days)
    chance = np.random.default_rng(SEED)
    size = chance.lognormal(0.0, 0.5, members)
    with connection.cursor() as cursor:
        for day in days:
            drawn, fed_in = make_day(chance, size, microgrid.local_day(day).interval_count)
            for channel, values in ((Channel.IMPORT, drawn), (Channel.EXPORT, fed_in)):
                store_day(cursor, microgrid, meters, day, channel, values, now)
        cursor.execute("ANALYZE energy_meterday")
    return microgrid


def make_sites(microgrid: Microgrid, cooperative: Cooperative, members: int) -> NDArray[np.int64]:
    """Households with a meter each; returns the meters' ids."""
    people = Member.objects.bulk_create(
        [Member(cooperative=cooperative, number=f"{n:06d}", name=f"Household {n}") for n in range(1, members + 1)], batch_size=2000
    )
    sites = Site.objects.bulk_create(
        [
            Site(microgrid=microgrid, member=person, code=f"site {n:06d}", name=f"House {n}", kind=SiteKind.HOUSEHOLD)
            for n, person in enumerate(people, start=1)
        ],
        batch_size=2000,
    )
    meters = Meter.objects.bulk_create(
        [Meter(microgrid=microgrid, site=site, kind=MeterKind.SITE, code=site.code) for site in sites], batch_size=2000
    )
    return np.array([meter.pk for meter in meters], dtype=np.int64)


def make_day(chance: np.random.Generator, size: NDArray[np.float64], count: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Net import and export of a day [Wh], int32 [n, count]."""
    hour = np.linspace(0, 24, count, endpoint=False)
    shape = 40 + 50 * np.exp(-((hour - 7.5) ** 2) / 3) + 110 * np.exp(-((hour - 19) ** 2) / 6)
    use = size[:, None] * shape * chance.gamma(2.0, 0.5, (len(size), count))
    sun = np.clip(np.sin((hour - 6.5) / 12 * np.pi), 0, None) * chance.uniform(0.2, 1.0)
    roof = np.where(np.arange(len(size)) % ROOF_EVERY == 0, 1400.0, 0.0)
    net = np.rint(use - roof[:, None] * sun).astype(np.int32)
    return np.maximum(net, 0), np.maximum(-net, 0)


def store_day(
    cursor: object, microgrid: Microgrid, meters: NDArray[np.int64], day: date, channel: int, values: NDArray[np.int32], now: datetime
) -> None:
    count = values.shape[1]
    columns = [
        Column("day", "date"),
        Column("meter_id", "int8"),
        Column("channel", "int2"),
        Column("microgrid_id", "int8"),
        Column("status", "int2"),
        Column("values_wh", "int4[]", count),
        Column("quality", "int2[]", count),
        Column("provenance", "bytes", 5),
        Column("changed_at", "timestamptz"),
    ]
    rows = {
        "day": np.datetime64(day, "D"),
        "meter_id": meters,
        "channel": int(channel),
        "microgrid_id": microgrid.pk,
        "status": 1,
        "values_wh": values,
        "quality": np.zeros_like(values, dtype=np.int16),
        "provenance": b"bench",
        "changed_at": np.datetime64(now.replace(tzinfo=None), "us"),
    }
    copy_in(cursor, "energy_meterday", columns, rows, len(meters))
