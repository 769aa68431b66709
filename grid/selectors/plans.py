"""Plans as they stand, and what goes into one: forecasts, prices, storages, what the month has reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from energy.models import ForecastKind, ForecastQuantity, Microgrid, StorageUnit
from energy.selectors.forecasts import forecast_of, newest_run
from energy.selectors.live import live_readings
from grid.domain.planning.rolling import Quantiles, independent_difference
from grid.domain.planning.targets import PlanTargets
from grid.domain.planning.warm_start import KnownPlan
from grid.models import BalanceDay, DeviceCommand, FlexibleRun, GridState, Plan, PlanRule, PlanSource, PriceDay

Array = NDArray[np.float64]
LONGEST = timedelta(hours=48)
STANDS_FOR = timedelta(hours=6)
LOOKED_BACK_DAYS = 28


class InputMissing(LookupError):
    """A plan cannot be made for want of something; the message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Use, production and the difference from a plan's origin on; `at` is the newest forecast's origin."""

    use: Quantiles
    production: Quantiles
    net: Quantiles
    persistence: Array
    at: datetime


def newest_plan(microgrid: Microgrid, *, before: datetime, source: PlanSource | None = None) -> Plan | None:
    """The plan with the latest origin, of all or of one source."""
    plans = Plan.objects.filter(microgrid=microgrid, origin_at__lte=before)
    return (plans if source is None else plans.filter(source=source)).order_by("-origin_at").first()


def foreseen_from(microgrid: Microgrid, origin_at: datetime) -> Foreseen:
    """What the newest forecasts say from `origin_at` on, as far as they reach without a gap; the intraday one before the day's.

    Raises:
        InputMissing: there is no forecast that covers the first interval.
    """
    step = timedelta(minutes=microgrid.interval_minutes)
    hours = step / timedelta(hours=1)
    count = LONGEST // step
    found = np.full((3, 3, count), np.nan)
    newest: datetime | None = None
    lasting = np.zeros(0)
    for kind in (ForecastKind.DAY_AHEAD, ForecastKind.INTRADAY):
        run = newest_run(microgrid, kind=kind, before=origin_at)
        if run is None:
            continue
        shift = (origin_at - run.origin_at) // step
        for row, quantity in enumerate((ForecastQuantity.CONSUMPTION, ForecastQuantity.PRODUCTION)):
            band = forecast_of(run, quantity)
            if band is None:
                continue
            values = np.array([band.p10_wh, band.p50_wh, band.p90_wh], dtype=np.float64)[:, shift:][:, :count]
            found[row, :, : values.shape[1]] = values
            if values.shape[1]:
                newest = run.origin_at if newest is None else max(newest, run.origin_at)
        net = np.array([run.net_p10_wh, run.net_p50_wh, run.net_p90_wh], dtype=np.float64)[:, shift:][:, :count]
        found[2, :, : net.shape[1]] = net
        lasting = np.array(run.net_persistence_permille[shift:], dtype=np.float64) / 1000
    if np.isnan(found[0, :, 0]).any() or newest is None:
        raise InputMissing("There is no forecast of use that covers this interval; forecasts are made each quarter hour from readings.")
    if np.isnan(found[1]).all():  # a village without sources is foreseen without production
        found[1] = 0.0
    known = int(np.argmax(np.isnan(found[:2]).any(axis=(0, 1)))) or count
    use, production, difference = (Quantiles.of_energy(low, middle, high, hours) for low, middle, high in found[:, :, :known])
    net_use = difference.or_else(independent_difference(use, production))
    return Foreseen(use, production, net_use, lasting, newest)


def prices_from(microgrid: Microgrid, origin_at: datetime, count: int) -> tuple[Array, Array]:
    """Published retail and feed-in prices per kWh of at most `count` intervals; a day that is not published yet is priced as the last one.

    Raises:
        InputMissing: no prices are published at all.
    """
    first = origin_at.astimezone(microgrid.zone).date()
    row = PriceDay.objects.filter(microgrid=microgrid, day__lte=first).order_by("-day").first()
    if row is None:
        raise InputMissing("No prices are published; a tariff in force publishes them each day.")
    step = timedelta(minutes=microgrid.interval_minutes)
    days = {day.day: day for day in PriceDay.objects.filter(microgrid=microgrid, day__gte=first)[:4]}
    retail, feed_in = [], []
    for i in range(count):
        local = (origin_at + i * step).astimezone(microgrid.zone)
        row = days.get(local.date(), row)
        place = (origin_at + i * step - microgrid.local_day(local.date()).start_at) // step
        retail.append(row.retail_micro[min(place, len(row.retail_micro) - 1)])
        feed_in.append(row.feed_in_micro[min(place, len(row.feed_in_micro) - 1)])
    return np.array(retail) / 1e6, np.array(feed_in) / 1e6


def peak_price(microgrid: Microgrid, rule: PlanRule, origin_at: datetime) -> float:
    """What the month's highest import costs per kW: by the plan rule where it says so, else as published for the day, 0 where nothing is."""
    if rule.peak_micro_per_kw is not None:
        return rule.peak_micro_per_kw / 1e6
    day = origin_at.astimezone(microgrid.zone).date()
    row = PriceDay.objects.filter(microgrid=microgrid, day__lte=day).order_by("-day").first()
    return (row.peak_micro_per_kw or 0) / 1e6 if row is not None else 0.0


def storages_of(microgrid: Microgrid) -> list[StorageUnit]:
    """Storages with a meter, in the order in which control knows them."""
    rows = StorageUnit.objects.filter(site__microgrid=microgrid, meter__removed_at__isnull=True)
    return list(rows.select_related("meter", "site").order_by("pk"))


def stored_now(microgrid: Microgrid, storages: Sequence[StorageUnit]) -> Array:
    """State of charge of each storage [Wh]: as its meter says, or as last known, within its bounds."""
    live = live_readings(microgrid.pk)
    told = dict(zip(live.meter_ids.tolist(), live.values["soc_wh"].tolist(), strict=True))
    soc = np.array([told.get(s.meter.pk, float("nan")) for s in storages], dtype=np.float64)
    known = np.where(np.isnan(soc), [float(s.soc_wh) for s in storages], soc)
    bounds = np.array([[s.soc_min_wh, s.soc_max_wh] for s in storages], dtype=np.float64).reshape(-1, 2)
    return np.clip(known, bounds[:, 0], bounds[:, 1])


def peak_reached(microgrid: Microgrid, now: datetime) -> float:
    """The month's highest mean import of an interval [W]: of closed days by the balance, since then by the ticks."""
    first = now.astimezone(microgrid.zone).date().replace(day=1)
    hours = microgrid.interval_minutes / 60
    days = list(BalanceDay.objects.filter(microgrid=microgrid, day__gte=first, is_current=True).order_by("day"))
    closed = max((max(day.import_wh, default=0) for day in days), default=0) / hours
    since = microgrid.local_day(days[-1].day).end_at if days else microgrid.local_day(first).start_at
    ticks = GridState.objects.filter(microgrid=microgrid, at__gte=since, at__lte=now).values_list("at", "import_w")
    means: dict[int, list[int]] = {}
    for at, import_w in ticks:
        means.setdefault(int(at.timestamp()) // (microgrid.interval_minutes * 60), []).append(import_w)
    return max(closed, max((float(np.mean(values)) for values in means.values()), default=0.0))


def net_of_last_weeks(microgrid: Microgrid, now: datetime) -> Array:
    """Net power without storages [W] by interval of the closed days, from a local midnight on."""
    today = now.astimezone(microgrid.zone).date()
    rows = BalanceDay.objects.filter(
        microgrid=microgrid, day__gte=today - timedelta(days=LOOKED_BACK_DAYS), day__lt=today, is_current=True
    ).order_by("day")
    hours = microgrid.interval_minutes / 60
    nets = [(np.array(row.consumption_wh) - np.array(row.production_wh)) / hours for row in rows]
    return np.concatenate(nets) if nets else np.zeros(0)


@dataclass(frozen=True, slots=True)
class StandingPlan:
    """A plan that control follows, in memory: it moves on by itself while nobody can ask for a newer one."""

    origin_at: datetime
    step: timedelta
    charge_w: Array  # [n, T]
    discharge_w: Array
    import_w: Array
    export_w: Array
    ceiling_w: float | None
    measured_w: Array
    answer_w: Array

    def targets_at(self, now: datetime) -> PlanTargets | None:
        """What it asks of the interval that runs; None before it begins and once it is too old to be trusted."""
        place = (now - self.origin_at) // self.step
        if not 0 <= place < len(self.import_w) or now - self.origin_at > STANDS_FOR:
            return None
        nothing = np.zeros(0)
        return PlanTargets(
            self.charge_w[:, place],
            self.discharge_w[:, place],
            float(self.import_w[place]),
            float(self.export_w[place]),
            self.ceiling_w,
            self.measured_w if place == 0 else nothing,
            self.answer_w if place == 0 else nothing,
        )


def standing_plan(microgrid: Microgrid, storages: Sequence[StorageUnit], now: datetime) -> StandingPlan | None:
    """The newest plan, storages in the order given; None where there is none, or where it is the plain rule's."""
    plan = newest_plan(microgrid, before=now)
    if plan is None or plan.source == PlanSource.RULE or now - plan.origin_at > STANDS_FOR:
        return None
    rows = {row.storage_id: row for row in plan.storages.all()}
    count = len(plan.use_w)

    def of(name: str) -> Array:
        return np.array([getattr(rows[s.pk], name) if s.pk in rows else [0] * count for s in storages], dtype=np.float64).reshape(
            len(storages), count
        )

    return StandingPlan(
        plan.origin_at,
        timedelta(minutes=plan.interval_minutes),
        of("charge_w"),
        of("discharge_w"),
        np.array(plan.import_w, dtype=np.float64),
        np.array(plan.export_w, dtype=np.float64),
        plan.peak_target_w,
        np.array(plan.measured_w, dtype=np.float64),
        np.array(plan.answer_w, dtype=np.float64),
    )


def known_plan(
    microgrid: Microgrid, storages: Sequence[StorageUnit], runs: Sequence[FlexibleRun], origin_at: datetime, intervals: int
) -> KnownPlan | None:
    """What the newest plan asks of these storages and runs from `origin_at` on, for the next one to begin from; None where it is of others."""
    plan = newest_plan(microgrid, before=origin_at)
    if plan is None or plan.interval_minutes != microgrid.interval_minutes or origin_at - plan.origin_at > STANDS_FOR:
        return None
    rows = {row.storage_id: row for row in plan.storages.all()}
    if not rows or set(rows) != {s.pk for s in storages}:
        return None
    charge, discharge, soc = (
        np.array([getattr(rows[s.pk], name) for s in storages], dtype=np.float64) for name in ("charge_w", "discharge_w", "soc_wh")
    )
    step = timedelta(minutes=microgrid.interval_minutes)
    planned = {row.run_id: row.power_w for row in plan.runs.all()}
    flexible = np.zeros((len(runs), charge.shape[1]))
    for place, run in enumerate(runs):
        flexible[place] = planned.get(run.pk, 0.0)
    return KnownPlan(charge, discharge, soc, flexible).moved_on((origin_at - plan.origin_at) // step, intervals)


def cycled_this_month(microgrid: Microgrid, storages: Sequence[StorageUnit], now: datetime) -> Array:
    """Full cycles of each storage since the month began, by what it was told to give."""
    first = microgrid.local_day(now.astimezone(microgrid.zone).date().replace(day=1)).start_at
    rows = DeviceCommand.objects.filter(microgrid=microgrid, storage__isnull=False, issued_at__gte=first)
    given = dict.fromkeys((s.pk for s in storages), 0.0)
    last: dict[int, tuple[datetime, datetime, int]] = {}
    for pk, issued, expires, discharge_w in rows.order_by("issued_at").values_list("storage_id", "issued_at", "expires_at", "discharge_w"):
        if pk in last:
            given[pk] = given.get(pk, 0.0) + _energy(last[pk], issued)
        last[pk] = (issued, expires, discharge_w)
    for pk, command in last.items():
        given[pk] = given.get(pk, 0.0) + _energy(command, now)
    return np.array([given[s.pk] / max(s.capacity_wh, 1) for s in storages], dtype=np.float64)


def _energy(command: tuple[datetime, datetime, int], until: datetime) -> float:
    issued, expires, discharge_w = command
    return discharge_w * max((min(expires, until) - issued) / timedelta(hours=1), 0.0)
