"""March in a hamlet, with everything that can happen in a month; others may build on it.

B 9 has a roof and is owed more than it owes; B 10's meter was silent for five hours, so some of it is estimated; a 2's meter was exchanged, and for an evening only its registers tell what it drew; Z 1 pays
by the hour, also below zero; Ä 1 used nothing; b 10 changes hands on the 18th. The members' tariff changes on the 16th, the rule of sharing on the
21st, so everybody has two keys, and clocks on the 27th.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
from django.db import connection, transaction

from billing.models import SpotIndex, Tariff, TariffAssignment, TariffVersion
from billing.services.moves import move
from billing.services.price_publication import publish_days
from billing.services.spot_prices import import_spot_prices
from billing.services.tariffs import draft_from, publish_version
from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.domain.exchange import HandOver
from energy.domain.quality import Method
from energy.models import Channel, Meter, Site
from energy.services.exchanges import exchange_meter
from energy.services.partitions import ensure_months
from grid.models import SharingKeyShare, SharingRule
from grid.services.day_close import close_day
from members.models import Member
from tests.integration.billing.conftest import MARCH, NOW, WITH_ROOF, Hamlet, make_hamlet

DAYS = MARCH.days()
TARIFF_CHANGES, MOVED, KEY_CHANGES = date(2016, 3, 16), date(2016, 3, 18), date(2016, 3, 21)
SILENT, EXCHANGED = date(2016, 3, 9), date(2016, 3, 12)
# At 10:15 local time, between two quarter hours; then the new instrument was not heard from 17:30 to 20:00.
EXCHANGED_AT, UNHEARD = 41, slice(70, 80)
LAST_WH, FIRST_WH = 900_000, 40
SHARES = {"B 9": "0.2", "b 10": "0.3", "B 10": "0.25", "Z 1": "0.15", "a 2": "0.1"}
SPOT = {"kind": "spot", "index": "day-ahead", "factor": "1.2", "margin": "0.02"}


@dataclass(frozen=True)
class FullMonth:
    hamlet: Hamlet
    went: Member
    came: Member

    def site(self, code: str) -> Site:
        return Site.objects.get(microgrid=self.hamlet.microgrid, code=code)


def index_at(hour: datetime) -> Decimal:
    """In UTC: below zero around noon on the second half of the month."""
    return Decimal(-5 if 9 <= hour.hour < 13 and hour.day > 15 else 9) / 100


def make_full_month() -> FullMonth:
    hamlet = make_hamlet("march", closed=False, published=False)
    _tariffs(hamlet)
    grid = hamlet.microgrid
    SharingRule.objects.create(
        microgrid=grid,
        key="dynamic",
        price_rule="mid_market",
        valid_from=date(2016, 1, 1),
        valid_to=KEY_CHANGES,
    )
    fixed = SharingRule.objects.create(
        microgrid=grid, key="static", price_rule="mid_market", valid_from=KEY_CHANGES
    )
    SharingKeyShare.objects.bulk_create(
        SharingKeyShare(rule=fixed, site=grid.sites.get(code=code), share=Decimal(share))
        for code, share in SHARES.items()
    )
    publish_days(microgrid=grid, days=DAYS, now=NOW)
    meter = Meter.objects.get(microgrid=grid, code="a 2")
    exchange_meter(
        meter=meter, exchanged_at=datetime(2016, 3, 12, 9, 15, tzinfo=UTC), registers={"import": HandOver(LAST_WH, FIRST_WH), "export": HandOver(80_000, 0)},
        new_serial="new", old_serial="old", now=NOW, by=None,
    )  # fmt: skip
    read_meters(hamlet)
    site = grid.sites.get(code="b 10")
    came = Member.objects.create(cooperative=hamlet.cooperative, number="88", name="Carla Came")
    went = site.member
    move(site=site, member=came, day=MOVED, by=None, now=NOW)
    return FullMonth(hamlet, went, came)


def _tariffs(hamlet: Hamlet) -> None:
    later = draft_from(version=hamlet.version, now=NOW)
    TariffVersion.objects.filter(pk=later.pk).update(
        valid_from=TARIFF_CHANGES,
        energy_per_kwh=Decimal("0.312"),
        standing_per_day=Decimal("0.125"),
        export_per_kwh=Decimal("0.071"),
    )
    later.windows.update(multiplier=Decimal("1.25"))
    later.refresh_from_db()
    publish_version(version=later, user=None, now=NOW)
    hourly = Tariff.objects.create(cooperative=hamlet.cooperative, code="hourly", name="hourly")
    version = TariffVersion.objects.create(
        tariff=hourly, number=1, valid_from=date(2016, 1, 1), standing_per_day=Decimal("0.08"), energy_per_kwh=Decimal("0.2"),
        export_per_kwh=Decimal("0.05"), vat_rate=Decimal("0.19"), parts=[SPOT],
    )  # fmt: skip
    publish_version(version=version, user=None, now=NOW)
    TariffAssignment.objects.filter(site__microgrid=hamlet.microgrid, site__code="Z 1").update(tariff=hourly)
    index = SpotIndex.objects.create(cooperative=hamlet.cooperative, code="day-ahead", name="made for a test")
    first = datetime(2016, 2, 29, 22, tzinfo=UTC)
    hours = [first + timedelta(hours=i) for i in range(24 * 32 + 4)]
    rows = "".join(f"{hour.isoformat()},{index_at(hour) * 1000}\n" for hour in hours)
    import_spot_prices(
        index=index, source="a test", file_name="march.csv", content=f"time,price_per_mwh\n{rows}".encode(), user=None, now=NOW
    )  # fmt: skip


def _exchanged(row: MeterDayRow) -> MeterDayRow:
    """The day of the exchange: registers of the old and the new instrument, and an evening that nobody heard."""
    until = int(row.values_wh[:EXCHANGED_AT].sum())
    after = int(row.values_wh[EXCHANGED_AT:].sum())
    values, quality = row.values_wh.copy(), row.quality.copy()
    values[UNHEARD], quality[UNHEARD] = 0, int(Method.MISSING)
    return replace(
        row,
        values_wh=values,
        quality=quality,
        register_start_wh=LAST_WH - until,
        register_end_wh=FIRST_WH + after,
    )


def read_meters(hamlet: Hamlet) -> None:
    """Meter days of March, closed in turn."""
    chance, rows, grid = np.random.default_rng(16), [], hamlet.microgrid
    for meter in Meter.objects.filter(microgrid=grid).order_by("code"):
        for day in DAYS:
            count = grid.local_day(day).interval_count
            hour = np.linspace(0, 24, count, endpoint=False)
            use = (60 + 90 * np.exp(-((hour - 19) ** 2) / 6) + chance.integers(0, 40, count)) * (
                meter.code != "Ä 1"
            )
            peak = {"B 9": 1600, "a 2": 260, "C-own": 500}.get(meter.code, 0)
            sun = (
                peak
                * np.clip(np.sin((hour - 7) / 11 * np.pi), 0, None)
                * chance.uniform(0.7, 1.0)
                * (meter.code in WITH_ROOF)
            )
            net = np.rint(use - sun).astype(np.int32)
            for channel, values in (
                (Channel.IMPORT, np.maximum(net, 0)),
                (Channel.EXPORT, np.maximum(-net, 0)),
            ):
                quality = np.zeros(count, np.int16)
                if meter.code == "B 10" and day == SILENT and channel == Channel.IMPORT:
                    quality[40:60], values[40:60] = int(Method.MISSING), 0
                row = MeterDayRow(day, meter.pk, int(channel), values, quality)
                exchanged = meter.code == "a 2" and day == EXCHANGED and channel == Channel.IMPORT
                rows.append(_exchanged(row) if exchanged else row)
    ensure_months(table="energy_meterday", days=DAYS)
    with transaction.atomic(), connection.cursor() as cursor:
        write_rows(cursor, rows, microgrid_id=grid.pk, provenance="test", now=NOW, replace=False)
    for day in DAYS:
        close_day(microgrid=grid, day=day, now=NOW)
