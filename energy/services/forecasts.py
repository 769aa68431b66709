"""Making forecasts and judging them: one run per origin, one score per day."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.db import transaction

from energy.domain.forecast_accuracy import mean_absolute_error, score
from energy.domain.forecast_features import FOLD_DAYS
from energy.domain.forecast_like_days import naive
from energy.domain.forecast_model import VERSION
from energy.domain.forecast_nowcast import NOWCAST_DAYS
from energy.domain.forecast_quantiles import Band
from energy.domain.forecast_series import MeterSeries, wall_grid, wall_slots
from energy.domain.forecast_sums import WITHOUT_MODEL, net_forecast
from energy.domain.forecasting import Forecast, forecast
from energy.domain.sun import is_down
from energy.models import ForecastKind, ForecastModel, ForecastQuantity, ForecastRun, ForecastScore, MeterDay, MeterForecast, Microgrid
from energy.selectors.availability import source_availability
from energy.selectors.metered_series import instant64
from energy.selectors.source_performance import place_of
from energy.selectors.weather import outlook
from energy.services.forecast_models import calendar_of, clock_of, history_before, model_in_force, reason_to_train, train_model

DAYS_AHEAD = 2
INTRADAY = timedelta(hours=24)
INTRADAY_EVERY = timedelta(minutes=15)
WAIT_FOR_READINGS = timedelta(minutes=20)
INTRADAY_KEPT = timedelta(days=1)


class NothingKnown(ValueError):
    """There is not one reading before the origin: nothing can be foreseen."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One quantity's forecast, with the model that made it and the weather it was told."""

    quantity: str
    meter_ids: list[int]
    forecast: Forecast
    model: ForecastModel | None
    weather: str


def make_forecast(*, microgrid: Microgrid, origin_at: datetime, kind: str, now: datetime) -> ForecastRun:
    """Foresee use and production from an origin, from what had ended before it; the same origin again changes nothing.

    Raises:
        NothingKnown: there is no reading before the origin.
    """
    known = ForecastRun.objects.filter(microgrid=microgrid, kind=kind, origin_at=origin_at).first()
    if known is not None:
        return known
    horizon = _horizon(microgrid, origin_at, kind)
    parts = [
        found
        for quantity in ForecastQuantity.values
        if (found := foresee(microgrid=microgrid, quantity=quantity, origin_at=origin_at, horizon=horizon))
    ]
    if not parts:
        raise NothingKnown(f"{microgrid} has no readings before {origin_at:%Y-%m-%d %H:%M}")
    return _keep(microgrid, origin_at, kind, horizon, parts, now)


def _horizon(microgrid: Microgrid, origin_at: datetime, kind: str) -> int:
    """Intervals foreseen: to the end of the next local day, or a day and a night."""
    step = timedelta(minutes=microgrid.interval_minutes)
    if kind == ForecastKind.INTRADAY:
        return INTRADAY // step
    last = origin_at.astimezone(microgrid.zone).date() + timedelta(days=DAYS_AHEAD - 1)
    return (microgrid.local_day(last).end_at - origin_at) // step


def foresee(*, microgrid: Microgrid, quantity: str, origin_at: datetime, horizon: int) -> Foreseen | None:
    """One quantity from an origin; None where nothing was known of it. Stores nothing."""
    history = history_before(microgrid, quantity, origin_at, NOWCAST_DAYS + 1)
    if history is None or not history.meter_ids:
        return None
    step = timedelta(minutes=microgrid.interval_minutes)
    chosen = model_in_force(microgrid=microgrid, quantity=quantity, origin_at=origin_at, meter_ids=history.meter_ids)
    clock = clock_of(microgrid, chosen.row if chosen else None)
    told = outlook(microgrid=microgrid, first_at=origin_at, last_at=origin_at + (horizon + 1) * step, known_at=origin_at, clock=clock)
    found = forecast(
        history.series.by(clock),
        instant64(origin_at),
        horizon,
        chosen.model if chosen else None,
        calendar_of(microgrid),
        told.ahead,
        threads=1,
        model_share=None if told.foretold or quantity == ForecastQuantity.CONSUMPTION else WITHOUT_MODEL,
    )
    if quantity == ForecastQuantity.PRODUCTION:
        found = _without_work(microgrid, history.meter_ids, _dark_at_night(microgrid, found), origin_at)
    return Foreseen(quantity, history.meter_ids, found, chosen.row if chosen else None, told.words)


def _dark_at_night(microgrid: Microgrid, found: Forecast) -> Forecast:
    """Nothing is produced by the sun at night; other kinds of sources go on."""
    place = place_of(microgrid)
    solar = microgrid.meters.filter(kind="source", removed_at__isnull=True).values_list("source__kind", "pk")
    if place is None:
        return found
    starts_s = found.starts.astype("datetime64[s]").astype(np.int64)
    night = is_down(starts_s, microgrid.interval_minutes, place.latitude_deg, place.longitude_deg)
    by_sun = np.array([kind == "solar" for kind, _ in sorted(solar, key=lambda row: row[1])])
    return found.without(np.append(by_sun, by_sun.all())[:, None] & night[None])


def _without_work(microgrid: Microgrid, meter_ids: list[int], found: Forecast, known_at: datetime) -> Forecast:
    """Less where work is planned on a source, or one is out of service, as known at the origin."""
    source_of = dict(microgrid.meters.filter(pk__in=meter_ids).values_list("pk", "source_id"))
    share = source_availability(
        microgrid=microgrid,
        source_ids=[source_of[pk] for pk in meter_ids],
        now=known_at,
        starts_s=found.starts.astype("datetime64[s]").astype(np.int64),
    )
    return found if (share == 1).all() else found.with_available(share)


@transaction.atomic
def _keep(microgrid: Microgrid, origin_at: datetime, kind: str, horizon: int, parts: list[Foreseen], now: datetime) -> ForecastRun:
    run, made = ForecastRun.objects.get_or_create(
        microgrid=microgrid,
        kind=kind,
        origin_at=origin_at,
        defaults={
            "made_at": now,
            "interval_minutes": microgrid.interval_minutes,
            "horizon": horizon,
            "model_version": VERSION,
            "weather": parts[0].weather[:80],
            **_net(parts, microgrid.interval_minutes),
        },
    )
    if not made:
        return run
    run.made_by.set([part.model for part in parts if part.model is not None])
    MeterForecast.objects.bulk_create(row for part in parts for row in _rows(run, part))
    return run


def _net(parts: list[Foreseen], minutes: int) -> dict[str, list[int]]:
    """Use less production, where both are foreseen; its ends come of errors that both made at once."""
    sums = {part.quantity: part.forecast.whole for part in parts}
    if len(sums) < len(ForecastQuantity.values):
        return {}
    net = net_forecast(sums[ForecastQuantity.CONSUMPTION], sums[ForecastQuantity.PRODUCTION], minutes)
    return {
        "net_p10_wh": np.rint(net.p10_wh).astype(np.int64).tolist(),
        "net_p50_wh": np.rint(net.p50_wh).astype(np.int64).tolist(),
        "net_p90_wh": np.rint(net.p90_wh).astype(np.int64).tolist(),
        "net_persistence_permille": np.rint(net.persistence * 1000).astype(np.int64).tolist(),
    }


def _rows(run: ForecastRun, part: Foreseen) -> list[MeterForecast]:
    """A row per meter and one for the sum; whole Wh, rounded alike so that the quantiles stay in order."""
    band = part.forecast.band
    low, middle, high = (np.rint(v).astype(np.int64).tolist() for v in (band.p10_wh, band.p50_wh, band.p90_wh))
    return [
        MeterForecast(
            run=run,
            quantity=part.quantity,
            meter_id=meter_id,
            p10_wh=low[i],
            p50_wh=middle[i],
            p90_wh=high[i],
            from_like_days=bool(part.forecast.young[i]),
        )
        for i, meter_id in enumerate([*part.meter_ids, None])
    ]


def forget_intraday(*, microgrid: Microgrid, now: datetime) -> int:
    """Drop intraday runs that are some days old: the day-ahead runs are what is scored and kept."""
    old = ForecastRun.objects.filter(microgrid=microgrid, kind=ForecastKind.INTRADAY, origin_at__lt=now - INTRADAY_KEPT)
    return old.delete()[0]


@transaction.atomic
def score_day(*, microgrid: Microgrid, day: date, now: datetime) -> int:
    """Judge the day-ahead forecast of a local day against what was measured and what habit would have said; again replaces it."""
    local_day = microgrid.local_day(day)
    runs = ForecastRun.objects.filter(microgrid=microgrid, kind=ForecastKind.DAY_AHEAD, origin_at=local_day.start_at)
    run = runs.select_for_update(no_key=True).first()  # scored by one at a time
    if run is None:
        return 0
    ForecastScore.objects.filter(microgrid=microgrid, day=day).delete()
    scores = [row for quantity in ForecastQuantity.values for row in _scores(run, quantity, day, now)]
    return len(ForecastScore.objects.bulk_create(scores))


def _scores(run: ForecastRun, quantity: str, day: date, now: datetime) -> list[ForecastScore]:
    microgrid = run.microgrid
    local_day = microgrid.local_day(day)
    rows = list(run.forecasts.filter(quantity=quantity).order_by("meter_id"))
    history = history_before(microgrid, quantity, local_day.end_at, FOLD_DAYS + 1)
    if not rows or history is None:
        return []
    count, place = local_day.interval_count, {pk: i for i, pk in enumerate(history.meter_ids)}
    rows = [row for row in rows if row.meter_id is None or row.meter_id in place]
    order = [place[row.meter_id] if row.meter_id is not None else len(place) for row in rows]
    first = int((instant64(local_day.start_at) - history.series.first_at) // history.series.step)
    came = history.series.values_wh[:, first : first + count]
    # A sum to which one meter is missing is no measurement.
    actual = np.vstack([came, came.sum(axis=0)])[order]
    habits = _habits(history.series, instant64(local_day.start_at), count)
    band = Band(*(np.array([getattr(row, f)[:count] for row in rows], dtype=np.float64) for f in ("p10_wh", "p50_wh", "p90_wh")))
    found = score(actual, band)
    errors = {name: mean_absolute_error(actual, values[order]) for name, values in habits.items()}
    return [
        ForecastScore(
            microgrid=microgrid,
            day=day,
            quantity=quantity,
            meter_id=row.meter_id,
            intervals=int(found.count[i]),
            mae_wh=found.mae_wh[i],
            pinball_wh=found.pinball_wh[i],
            coverage=found.coverage[i],
            scored_at=now,
            **{f"{name}_mae_wh": _known(values[i]) for name, values in errors.items()},
        )
        for i, row in enumerate(rows)
        if found.count[i]
    ]


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _habits(series: MeterSeries, origin: np.datetime64, count: int) -> dict[str, np.ndarray]:
    """What habit would have said of the day, from what was known before it."""
    grid = wall_grid(series, origin, FOLD_DAYS).with_sums([np.arange(len(series.values_wh))])
    starts = origin + np.arange(count) * series.step
    steps = wall_slots(starts, series.zone, series.minutes) - (grid.first_day * grid.slots_per_day + grid.width)
    return naive(grid, grid.width, steps)


@dataclass(frozen=True, slots=True)
class Round:
    """What was due of a microgrid's forecasts."""

    trained: int
    runs: int
    days_scored: int


def look_ahead(*, microgrid: Microgrid, now: datetime) -> Round:
    """Do what is due: train, foresee this day and from this quarter hour on, score days that are over. Safe to run twice."""
    midnight = microgrid.local_day(now.astimezone(microgrid.zone).date()).start_at
    if now - midnight < WAIT_FOR_READINGS:
        return Round(0, 0, 0)
    trained = sum(_train_if_due(microgrid, quantity, midnight, now) for quantity in ForecastQuantity.values)
    wanted = [(ForecastKind.DAY_AHEAD, midnight)]
    newest = _newest_origin(microgrid, midnight, now)
    if newest > midnight:
        wanted.append((ForecastKind.INTRADAY, newest))
    runs = sum(_made(microgrid, origin_at, kind, now) for kind, origin_at in wanted)
    forget_intraday(microgrid=microgrid, now=now)
    return Round(trained, runs, _score_finished(microgrid, now))


def _newest_origin(microgrid: Microgrid, midnight: datetime, now: datetime) -> datetime:
    """The newest of the day's origins whose readings had time to arrive: each quarter hour, or each interval that is no part of one."""
    interval = timedelta(minutes=microgrid.interval_minutes)
    step = -(-INTRADAY_EVERY // interval) * interval
    return midnight + (now - WAIT_FOR_READINGS - midnight) // step * step


def _train_if_due(microgrid: Microgrid, quantity: str, until: datetime, now: datetime) -> bool:
    reason = reason_to_train(microgrid=microgrid, quantity=quantity, until=until)
    if not reason:
        return False
    found = train_model(microgrid=microgrid, quantity=quantity, until=until, reason=reason, now=now)
    return found is not None


def _made(microgrid: Microgrid, origin_at: datetime, kind: str, now: datetime) -> bool:
    if ForecastRun.objects.filter(microgrid=microgrid, kind=kind, origin_at=origin_at).exists():
        return False
    try:
        make_forecast(microgrid=microgrid, origin_at=origin_at, kind=kind, now=now)
    except NothingKnown:
        return False
    return True


def _score_finished(microgrid: Microgrid, now: datetime) -> int:
    """Score days that are over and final, once; a day whose readings change later is scored anew by `score_day`."""
    today = now.astimezone(microgrid.zone).date()
    runs = ForecastRun.objects.filter(
        microgrid=microgrid, kind=ForecastKind.DAY_AHEAD, origin_at__lt=microgrid.local_day(today).start_at
    ).order_by("-origin_at")[:14]
    days = [run.origin_at.astimezone(microgrid.zone).date() for run in runs]
    scored = set(ForecastScore.objects.filter(microgrid=microgrid, day__in=days).values_list("day", flat=True))
    final = _final_days(microgrid, days)
    due = [day for day in days if day in final and day not in scored]
    return sum(score_day(microgrid=microgrid, day=day, now=now) > 0 for day in due)


def _final_days(microgrid: Microgrid, days: list[date]) -> set[date]:
    rows = MeterDay.objects.filter(microgrid_id=microgrid.pk, day__in=days, is_current=True)
    return set(rows.values_list("day", flat=True)) - set(rows.filter(status=0).values_list("day", flat=True))
