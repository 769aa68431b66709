"""March in a hamlet, with everything that can happen in a month; others may build on it.

B 9 has a roof and is owed more than it owes; B 10's meter was silent for five hours, so some of it is estimated; a 2's meter was exchanged, and for an evening only its registers tell what it drew; Z 1 pays
by the hour, also below zero; Ä 1 used nothing; b 10 changes hands on the 18th. The members' tariff changes on the 16th, the rule of sharing on the
21st, so everybody has two keys, and clocks on the 27th.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

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
from kernel.intervals import Month
from members.models import Member
from tests.integration.billing.conftest import MARCH, NOW, WITH_ROOF, Hamlet, make_hamlet
from tests.month_reference import Rule

TARIFF_CHANGES, MOVED, KEY_CHANGES = date(2016, 3, 16), date(2016, 3, 18), date(2016, 3, 21)
SILENT, EXCHANGED = date(2016, 3, 9), date(2016, 3, 12)
LAST_WH, FIRST_WH = 900_000, 40
SHARES = {"B 9": "0.2", "b 10": "0.3", "B 10": "0.25", "Z 1": "0.15", "a 2": "0.1"}
SPOT = {"kind": "spot", "index": "day-ahead", "factor": "1.2", "margin": "0.02"}
CAME = ("88", "Carla Came")


@dataclass(frozen=True)
class Prices:
    """What a version of the members' tariff asks from a day on, as texts; with `parts`, evenings and energy are theirs to say."""

    since: date
    energy: str = "0.312"
    multiplier: str = "1.25"
    standing: str = "0.125"
    export: str = "0.071"
    incentive: str = "0.01"
    vat: str = "0.19"
    parts: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Gap:
    """Intervals of one meter's day that were not heard."""

    code: str
    day: date
    intervals: slice


@dataclass(frozen=True)
class Exchange(Gap):
    """A meter that was exchanged inside the interval `at`; after it some intervals were not heard."""

    at: int


def index_at(hour: datetime) -> Decimal:
    """In UTC: below zero around noon on the second half of the month."""
    return Decimal(-5 if 9 <= hour.hour < 13 and hour.day > 15 else 9) / 100


@dataclass(frozen=True)
class Plan:
    """What happens in a month, and when."""

    month: Month = MARCH
    now: datetime = NOW
    seed: int = 16
    versions: tuple[Prices, ...] = (Prices(TARIFF_CHANGES),)
    rules: tuple[Rule, ...] = (
        Rule(date(2016, 1, 1), "dynamic"),
        Rule(KEY_CHANGES, "static", shares={code: Fraction(share) for code, share in SHARES.items()}),
    )
    moves: tuple[tuple[str, date], ...] = (("b 10", MOVED),)
    silent: tuple[Gap, ...] = (Gap("B 10", SILENT, slice(40, 60)),)
    # At 10:15 local time, between two quarter hours; then the new instrument was not heard from 17:30 to 20:00.
    exchange: Exchange = Exchange("a 2", EXCHANGED, slice(70, 80), 41)
    index_at: Callable[[datetime], Decimal] = index_at
    use: float = 1.0
    peak_w: dict[str, int] = field(default_factory=lambda: {"B 9": 1600, "a 2": 260, "C-own": 500})

    @property
    def days(self) -> list[date]:
        return self.month.days()


@dataclass(frozen=True)
class FullMonth:
    """The hamlet, the plan, and who has each site from which day on; the first is who had it before."""

    hamlet: Hamlet
    plan: Plan
    stays: dict[str, list[tuple[date, Member]]]

    def site(self, code: str) -> Site:
        return Site.objects.get(microgrid=self.hamlet.microgrid, code=code)


def make_full_month(plan: Plan | None = None) -> FullMonth:
    plan = plan or Plan()
    hamlet = make_hamlet("march", closed=False, published=False)
    _tariffs(hamlet, plan)
    grid = hamlet.microgrid
    _rules(hamlet, plan)
    publish_days(microgrid=grid, days=plan.days, now=plan.now)
    meter = Meter.objects.get(microgrid=grid, code=plan.exchange.code)
    local = grid.local_day(plan.exchange.day).local_starts()[plan.exchange.at]
    exchange_meter(
        meter=meter,
        exchanged_at=local.astimezone(UTC),
        registers={"import": HandOver(LAST_WH, FIRST_WH), "export": HandOver(80_000, 0)},
        new_serial="new",
        old_serial="old",
        now=plan.now,
        by=None,
    )
    read_meters(hamlet, plan)
    return FullMonth(hamlet, plan, _stays(hamlet, plan))


def _rules(hamlet: Hamlet, plan: Plan) -> None:
    ends = [rule.since for rule in plan.rules[1:]]
    for rule, until in zip(plan.rules, [*ends, None], strict=True):
        made = SharingRule.objects.create(
            microgrid=hamlet.microgrid, key=rule.key, price_rule=rule.price, valid_from=rule.since, valid_to=until
        )
        SharingKeyShare.objects.bulk_create(
            SharingKeyShare(rule=made, site=hamlet.microgrid.sites.get(code=code), share=Decimal(share.numerator) / share.denominator)
            for code, share in rule.shares.items()
        )


def _stays(hamlet: Hamlet, plan: Plan) -> dict[str, list[tuple[date, Member]]]:
    """Who moves in, one after the other."""
    stays = {site.code: [(plan.days[0], site.member)] for site in hamlet.microgrid.sites.select_related("member")}
    for place, (code, day) in enumerate(plan.moves):
        number, name = CAME
        came = Member.objects.create(cooperative=hamlet.cooperative, number=str(int(number) + place), name=f"{name} {place or ''}".strip())
        move(site=hamlet.microgrid.sites.get(code=code), member=came, day=day, by=None, now=plan.now)
        stays[code] = [stay for stay in stays[code] if stay[0] < day] + [(day, came)]
    return stays


def _tariffs(hamlet: Hamlet, plan: Plan) -> None:
    version = hamlet.version
    for prices in plan.versions:
        version = draft_from(version=version, now=NOW)
        TariffVersion.objects.filter(pk=version.pk).update(
            valid_from=prices.since,
            energy_per_kwh=Decimal(prices.energy),
            standing_per_day=Decimal(prices.standing),
            export_per_kwh=Decimal(prices.export),
            incentive_per_kwh=Decimal(prices.incentive),
            vat_rate=Decimal(prices.vat),
            parts=list(prices.parts),
        )
        version.windows.update(multiplier=Decimal(prices.multiplier))
        if prices.parts:
            version.windows.all().delete()
        version.refresh_from_db()
        publish_version(version=version, user=None, now=NOW)
    hourly = Tariff.objects.create(cooperative=hamlet.cooperative, code="hourly", name="hourly")
    by_hour = TariffVersion.objects.create(
        tariff=hourly,
        number=1,
        valid_from=date(2016, 1, 1),
        standing_per_day=Decimal("0.08"),
        energy_per_kwh=Decimal("0.2"),
        export_per_kwh=Decimal("0.05"),
        vat_rate=Decimal("0.19"),
        parts=[SPOT],
    )
    publish_version(version=by_hour, user=None, now=NOW)
    TariffAssignment.objects.filter(site__microgrid=hamlet.microgrid, site__code="Z 1").update(tariff=hourly)
    index = SpotIndex.objects.create(cooperative=hamlet.cooperative, code="day-ahead", name="made for a test")
    first = datetime(plan.month.year, plan.month.month, 1, 22, tzinfo=UTC) - timedelta(days=1)
    hours = [first + timedelta(hours=i) for i in range(24 * (len(plan.days) + 1) + 4)]
    rows = "".join(f"{hour.isoformat()},{plan.index_at(hour) * 1000}\n" for hour in hours)
    import_spot_prices(
        index=index, source="a test", file_name="month.csv", content=f"time,price_per_mwh\n{rows}".encode(), user=None, now=NOW
    )


def _exchanged(row: MeterDayRow, exchange: Exchange) -> MeterDayRow:
    """The day of the exchange: registers of the old and the new instrument, and some intervals that nobody heard."""
    until = int(row.values_wh[: exchange.at].sum())
    after = int(row.values_wh[exchange.at :].sum())
    values, quality = row.values_wh.copy(), row.quality.copy()
    values[exchange.intervals], quality[exchange.intervals] = 0, int(Method.MISSING)
    return replace(row, values_wh=values, quality=quality, register_start_wh=LAST_WH - until, register_end_wh=FIRST_WH + after)


def read_meters(hamlet: Hamlet, plan: Plan) -> None:
    """Meter days of the month, closed in turn."""
    chance, rows, grid = np.random.default_rng(plan.seed), [], hamlet.microgrid
    unheard = {(gap.code, gap.day): gap.intervals for gap in plan.silent}
    for meter in Meter.objects.filter(microgrid=grid).order_by("code"):
        for day in plan.days:
            count = grid.local_day(day).interval_count
            hour = np.linspace(0, 24, count, endpoint=False)
            use = (60 + 90 * np.exp(-((hour - 19) ** 2) / 6) + chance.integers(0, 40, count)) * ((meter.code != "Ä 1") * plan.use)
            sun = (
                plan.peak_w.get(meter.code, 0)
                * np.clip(np.sin((hour - 7) / 11 * np.pi), 0, None)
                * chance.uniform(0.7, 1.0)
                * (meter.code in WITH_ROOF)
            )
            net = np.rint(use - sun).astype(np.int32)
            for channel, values in ((Channel.IMPORT, np.maximum(net, 0)), (Channel.EXPORT, np.maximum(-net, 0))):
                quality = np.zeros(count, np.int16)
                if channel == Channel.IMPORT and (meter.code, day) in unheard:
                    lost = unheard[meter.code, day]
                    quality[lost], values[lost] = int(Method.MISSING), 0
                row = MeterDayRow(day, meter.pk, int(channel), values, quality)
                exchanged = (meter.code, day) == (plan.exchange.code, plan.exchange.day) and channel == Channel.IMPORT
                rows.append(_exchanged(row, plan.exchange) if exchanged else row)
    ensure_months(table="energy_meterday", days=plan.days)
    with transaction.atomic(), connection.cursor() as cursor:
        write_rows(cursor, rows, microgrid_id=grid.pk, provenance="test", now=plan.now, replace=False)
    for day in plan.days:
        close_day(microgrid=grid, day=day, now=plan.now)
