"""Forecasts and their accuracy for pages and API, each through the scope of what a user may see."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from energy.domain.forecast_accuracy import gain, is_drifting
from energy.models import ForecastKind, ForecastRun, ForecastScore, Meter, MeterForecast, Microgrid, Site
from energy.selectors.ownership import theirs_since
from energy.selectors.site_habits import today_of

LOOKED_BACK_DAYS = 42  # further than any forecast or its score looks back at the meter itself
SCORED_DAYS, USUAL_DAYS, RECENT_DAYS = 28, 56, 7


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How right the day-ahead forecasts of the last weeks were.

    Attributes:
        days: how many were scored.
        mae_wh: mean absolute error of the median [Wh per interval].
        habit_wh: that of the best of yesterday, last week and like days; None where none is known.
        gain: by which share the forecast is better; negative where habit is.
        coverage: share of values within the 10-90 % band.
        pinball_wh: mean pinball loss.
    """

    days: int
    mae_wh: float
    habit_wh: float | None
    gain: float
    coverage: float
    pinball_wh: float


def newest_run(microgrid: Microgrid, *, kind: str = ForecastKind.DAY_AHEAD, before: datetime | None = None) -> ForecastRun | None:
    """The run with the latest origin."""
    runs = ForecastRun.objects.filter(microgrid=microgrid, kind=kind)
    if before is not None:
        runs = runs.filter(origin_at__lte=before)
    return runs.order_by("-origin_at").first()


def forecast_of(run: ForecastRun, quantity: str, meter: Meter | None = None) -> MeterForecast | None:
    """The band for a meter, or for the whole microgrid."""
    return MeterForecast.objects.filter(run=run, quantity=quantity, meter=meter).first()


@dataclass(frozen=True, slots=True)
class Course:
    """A day-ahead run's band, and since when nothing more was looked at: the hours that a later run foresaw are that run's."""

    run: ForecastRun
    band: MeterForecast
    known_at: datetime


def newest_course(microgrid: Microgrid, quantity: str, meter: Meter | None = None, *, before: datetime) -> Course | None:
    """What is known best of the day and the next; None where nothing is foreseen."""
    run = newest_run(microgrid, before=before)
    band = forecast_of(run, quantity, meter) if run else None
    if run is None or band is None:
        return None
    later = newest_run(microgrid, kind=ForecastKind.INTRADAY, before=before)
    if later is None or later.origin_at <= run.origin_at or later.interval_minutes != run.interval_minutes:
        return Course(run, band, run.origin_at)
    newer = forecast_of(later, quantity, meter)
    first = (later.origin_at - run.origin_at) // timedelta(minutes=run.interval_minutes)
    if newer is None or first >= run.horizon:
        return Course(run, band, run.origin_at)
    ends = {
        name: (getattr(band, name)[:first] + getattr(newer, name) + getattr(band, name)[first + later.horizon :])[: run.horizon]
        for name in ("p10_wh", "p50_wh", "p90_wh")
    }
    spliced = MeterForecast(run=run, quantity=quantity, meter=meter, from_like_days=newer.from_like_days, **ends)
    return Course(run, spliced, later.origin_at)


def tells_of_owner(site: Site, *, real_now: datetime) -> bool:
    """Whether forecasts of a site's meters rest on days alone on which it was whose it is today."""
    since = theirs_since(site)
    return since is None or today_of(site, real_now) >= since + timedelta(days=LOOKED_BACK_DAYS)


def interval_starts_of(run: ForecastRun) -> list[datetime]:
    """First instants of the intervals foreseen, on the local clock."""
    step = timedelta(minutes=run.interval_minutes)
    zone = run.microgrid.zone
    return [(run.origin_at + i * step).astimezone(zone) for i in range(run.horizon)]


def accuracy(
    microgrid: Microgrid, quantity: str, meter: Meter | None = None, *, before: datetime, days: int = SCORED_DAYS
) -> Accuracy | None:
    """Means over the newest scored days; None where none is scored yet."""
    today = before.astimezone(microgrid.zone).date()
    rows = list(
        ForecastScore.objects.filter(
            microgrid=microgrid, quantity=quantity, meter=meter, day__lt=today, day__gte=today - timedelta(days=days)
        )
    )
    if not rows:
        return None
    habits = [_mean([getattr(row, name) for row in rows]) for name in ("yesterday_mae_wh", "last_week_mae_wh", "like_days_mae_wh")]
    known = [habit for habit in habits if habit is not None]
    mae = sum(row.mae_wh for row in rows) / len(rows)
    return Accuracy(
        len(rows),
        mae,
        min(known) if known else None,
        gain(mae, known) if known else 0.0,
        sum(row.coverage for row in rows) / len(rows),
        sum(row.pinball_wh for row in rows) / len(rows),
    )


def _mean(values: list[Any]) -> float | None:
    """Only a method that was known on every day can be compared with."""
    return None if not values or any(value is None for value in values) else sum(values) / len(values)


def is_losing_its_lead(microgrid: Microgrid, quantity: str, *, before: datetime) -> bool:
    """Whether the microgrid's forecasts of the last week lost their lead over habit."""
    today = before.astimezone(microgrid.zone).date()
    rows = ForecastScore.objects.filter(
        microgrid=microgrid, quantity=quantity, meter=None, day__lt=today, day__gte=today - timedelta(days=USUAL_DAYS)
    ).order_by("day")
    gains = [gain(row.mae_wh, row.habits_wh) for row in rows if row.habits_wh]
    return is_drifting(gains[-RECENT_DAYS:], gains[:-RECENT_DAYS])
