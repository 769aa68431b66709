"""Forecasts of meters and their sum for any origin, from what was known before it.

`Forecaster` trains on a schedule of its own: at local midnight on a Monday, every two weeks counted from a fixed date, or every week
while its history is short. So which model serves an origin follows from the origin and the history's first day, never from what came later.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from energy.domain.forecast_clock import clock_of_habits
from energy.domain.forecast_features import FOLD_DAYS, Ahead, Calendar, Past, past_before
from energy.domain.forecast_like_days import like_day_band
from energy.domain.forecast_model import USUAL_SUM_SHARE, Model, Recipe, predict, train
from energy.domain.forecast_nowcast import NOWCAST_DAYS, Nowcast, SumPast, nowcast
from energy.domain.forecast_quantiles import Band, Margins
from energy.domain.forecast_series import MeterSeries, WallGrid, starts_from, wall_grid, wall_slots
from energy.domain.forecast_sums import NOWCAST_HOURS, WITHOUT_MODEL, SumForecast, nowcast_alone, sum_forecast

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

LEAST_DAYS_OF_A_METER = 14
WEEKS_BETWEEN_TRAININGS = 2
SHORT_HISTORY_DAYS = 84
LONGEST_HORIZON_DAYS = 7
# Days since 1970-01-01 of a Monday, from which the two-week periods count.
FIRST_MONDAY = 4


class CannotForecast(ValueError):
    """The horizon is longer than can be foreseen."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """A band for meters and, in the last row, their sum.

    Attributes:
        origin: the instant before which everything was known, datetime64[s] in UTC.
        starts: datetime64[s] [H], the intervals foreseen.
        band: rows m + 1.
        young: bool [m + 1], foreseen from like days for want of history.
        sum_errors_wh: float64 [r, H], how wrong the sum was foreseen from past origins, as wide as its band; no rows where that is not known.
    """

    origin: np.datetime64
    starts: NDArray[np.datetime64]
    band: Band
    young: NDArray[np.bool_]
    sum_errors_wh: Array

    @property
    def whole(self) -> SumForecast:
        """The sum alone."""
        band = self.band
        return SumForecast(Band(band.p10_wh[-1:], band.p50_wh[-1:], band.p90_wh[-1:]), self.sum_errors_wh)

    def without(self, dark: NDArray[np.bool_]) -> "Forecast":
        """The same with nothing where `dark` [m + 1, H] is set."""
        band = self.band
        emptied = Band(*(np.where(dark, 0.0, v) for v in (band.p10_wh, band.p50_wh, band.p90_wh)))
        return replace(self, band=emptied, sum_errors_wh=self.sum_errors_wh * ~dark[-1])

    def with_available(self, share: Array) -> "Forecast":
        """The same with only `share` [m, H], 0 to 1, of each meter there; the sum loses what they most likely lose."""
        middle = self.band.p50_wh[:-1]
        lost = ((1 - share) * middle).sum(axis=0)
        total = middle.sum(axis=0)
        of_sum = 1 - np.divide(lost, total, out=(1 - share.mean(axis=0)), where=total > 0)
        scale = np.vstack([share, of_sum])
        band = self.band
        scaled = Band(*(v * scale for v in (band.p10_wh, band.p50_wh, band.p90_wh)))
        return replace(self, band=scaled, sum_errors_wh=self.sum_errors_wh * of_sum)


def midnight(day: int, zone: tzinfo) -> np.datetime64:
    """The instant in UTC at which a local day (counted from 1970-01-01) begins, datetime64[s]."""
    local = datetime(1970, 1, 1, tzinfo=zone) + timedelta(days=day)
    return np.datetime64(local.astimezone(UTC).replace(tzinfo=None), "s")


def training_day(origin_day: int, first_day: int) -> int:
    """The local day at whose midnight the model for an origin on `origin_day` was trained; `first_day` is the history's first.

    Every other Monday; every Monday while fewer than twelve weeks are known.
    """
    monday = origin_day - (origin_day - FIRST_MONDAY) % 7
    if monday - first_day < SHORT_HISTORY_DAYS:
        return monday
    period = WEEKS_BETWEEN_TRAININGS * 7
    regular = origin_day - (origin_day - FIRST_MONDAY) % period
    return max(regular, first_day + SHORT_HISTORY_DAYS - (first_day + SHORT_HISTORY_DAYS - FIRST_MONDAY) % 7)


def train_on(series: MeterSeries, until: np.datetime64, calendar: Calendar, ahead: Ahead, recipe: Recipe) -> Model | None:
    """A model from what was known before `until`; None where that is too little."""
    return train(_grid(series, until, recipe.training_days + FOLD_DAYS), calendar, ahead, recipe)


def forecast(
    series: MeterSeries,
    origin: np.datetime64,
    horizon: int,
    model: Model | None,
    calendar: Calendar,
    ahead: Ahead,
    threads: int = 2,
    model_share: float | None = None,
) -> Forecast:
    """Foresee `horizon` intervals from `origin` on, for each meter and their sum, from what was known before.

    The sum is drawn from the model's towards what the last hours say; `model_share` is how much of the model stays, where not as much as
    it learned of itself.

    Raises:
        CannotForecast: beyond a week.
    """
    if not 1 <= horizon <= LONGEST_HORIZON_DAYS * series.slots_per_day:
        raise CannotForecast(f"{horizon} intervals cannot be foreseen; 1 to {LONGEST_HORIZON_DAYS * series.slots_per_day} can")
    grid = _grid(series, origin, FOLD_DAYS)
    starts = starts_from(origin, series.minutes, horizon)
    steps = steps_behind(grid, origin, horizon, series)
    every = np.arange(int(steps.max()) + 1)
    past = past_before(grid, grid.width)
    young = (grid.days_known < LEAST_DAYS_OF_A_METER) | ~(past.level_wh > 0)
    band = like_day_band(past, every, calendar) if model is None else predict(model, past, every, calendar, ahead, threads)
    if model is None:
        young = np.ones_like(young)
    elif young.any():
        band = _replaced(band, like_day_band(_some(past, young), every, calendar), young)
    band = _columns(band, steps)
    recent = nowcast_of(wall_grid(series, origin, NOWCAST_DAYS), origin, horizon, series, calendar)
    whole = sum_forecast(Band(band.p10_wh[-1:], band.p50_wh[-1:], band.p90_wh[-1:]), recent, series.minutes, _share(model, model_share))
    last = np.arange(len(young)) == len(young) - 1
    return Forecast(origin, starts, _replaced(band, whole.band, last), young, whole.errors_wh)


@dataclass
class Forecaster:
    """Forecasts for many origins over one history, with models trained once per period.

    `trained` remembers them by day; what is remembered changes nothing but the time it takes.
    """

    series: MeterSeries
    calendar: Calendar
    ahead: Ahead = field(default_factory=Ahead)
    recipe: Recipe = field(default_factory=Recipe)
    model_share: float | None = None
    trained: dict[int, Model | None] = field(default_factory=dict)
    clocks: dict[int, tzinfo] = field(default_factory=dict)
    summed: Array | None = None

    def at(self, origin: np.datetime64, horizon: int) -> Forecast:
        """The forecast for an origin."""
        model, series = self.model_for(origin), self.series.by(self.clock_for(origin))
        return forecast(series, origin, horizon, model, self.calendar, self.ahead, self.recipe.threads, self.model_share)

    def sum_at(self, origin: np.datetime64, horizon: int) -> SumForecast:
        """The sum alone, the same as that of `at` and many times as fast where no meter's values have holes."""
        if not self._is_whole(origin):
            return self.at(origin, horizon).whole
        whole = MeterSeries(self.series.first_at, self.series.minutes, self.clock_for(origin), self._sum())
        recent = nowcast_of(wall_grid(whole, origin, NOWCAST_DAYS), origin, horizon, whole, self.calendar)
        if recent is not None and self.model_share == WITHOUT_MODEL and recent.reaches(horizon):
            return nowcast_alone(recent)
        model = self.model_for(origin)
        if model is None:
            return self.at(origin, horizon).whole
        band = self._model_sum_at(model, whole, origin, horizon)
        return sum_forecast(band, recent, whole.minutes, _share(model, self.model_share))

    def _model_sum_at(self, model: Model, whole: MeterSeries, origin: np.datetime64, horizon: int) -> Band:
        """The model's band of the sum [1, H]."""
        grid = wall_grid(whole, origin, FOLD_DAYS)
        steps = steps_behind(grid, origin, horizon, whole)
        margins = Margins(model.band_margins.low[-1:], model.band_margins.high[-1:])
        every = np.arange(int(steps.max()) + 1)
        alone = replace(model, band_margins=margins)
        band = predict(alone, past_before(grid, grid.width), every, self.calendar, self.ahead, self.recipe.threads)
        return _columns(band, steps)

    def _sum(self) -> Array:
        if self.summed is None:
            self.summed = self.series.values_wh.sum(axis=0, keepdims=True)
        return self.summed

    def _is_whole(self, before: np.datetime64) -> bool:
        """Whether every meter has each of its values."""
        count = int((before - self.series.first_at) // self.series.step)
        return not np.isnan(self._sum()[0, : max(count, 0)]).any()

    def clock_for(self, origin: np.datetime64) -> tzinfo:
        """The clock by which the meters live, as known when the model in force at an origin was trained."""
        day = self.training_day_of(origin)
        if day not in self.clocks:
            self.clocks[day] = clock_of_habits(self.series, midnight(day, self.series.zone))
        return self.clocks[day]

    def model_for(self, origin: np.datetime64) -> Model | None:
        """The model in force at an origin, trained where that has not been done."""
        series, day = self.series, self.training_day_of(origin)
        if day not in self.trained:
            by_clock = series.by(self.clock_for(origin))
            self.trained[day] = train_on(by_clock, midnight(day, series.zone), self.calendar, self.ahead, self.recipe)
        return self.trained[day]

    def training_day_of(self, origin: np.datetime64) -> int:
        """The local day at whose midnight the model for an origin is trained."""
        return training_day(self._day(origin), self._day(self.series.first_at))

    def _day(self, instant: np.datetime64) -> int:
        series = self.series
        return int(wall_slots(np.array([instant]), series.zone, series.minutes)[0]) // series.slots_per_day


def _grid(series: MeterSeries, until: np.datetime64, days: int) -> WallGrid:
    grid = wall_grid(series, until, days)
    return grid.with_sums([np.arange(series.values_wh.shape[0])])


def steps_behind(grid: WallGrid, origin: np.datetime64, horizon: int, series: MeterSeries) -> Rows:
    """Which slot behind the end of a grid up to `origin` each interval of the horizon lies in.

    Where clocks go back, the second pass of the hour stands before the origin's own slot: it is read at the origin's.
    """
    slots = wall_slots(starts_from(origin, series.minutes, horizon), series.zone, series.minutes)
    return np.maximum(slots - (grid.first_day * grid.slots_per_day + grid.width), 0)


def nowcast_of(grid: WallGrid, origin: np.datetime64, horizon: int, series: MeterSeries, calendar: Calendar) -> Nowcast | None:
    """What the last hours say of the sum of a grid's rows, at most two days ahead; None where too little is known."""
    horizon = min(horizon, NOWCAST_HOURS * 60 // series.minutes)
    steps = steps_behind(grid, origin, horizon, series)
    found = nowcast(SumPast.of(grid), int(steps.max()) + 1, calendar)
    return None if found is None else Nowcast(found.middle_wh[steps], found.errors_wh[:, steps])


def _share(model: Model | None, wanted: float | None) -> float:
    learned = USUAL_SUM_SHARE if model is None else model.sum_share
    return learned if wanted is None else wanted


def _columns(band: Band, steps: Rows) -> Band:
    return Band(band.p10_wh[:, steps], band.p50_wh[:, steps], band.p90_wh[:, steps])


def _some(past: Past, rows: NDArray[np.bool_]) -> Past:
    return replace(past, folded=past.folded[rows], level_wh=past.level_wh[rows])


def _replaced(band: Band, by: Band, rows: NDArray[np.bool_]) -> Band:
    def put(old: Array, new: Array) -> Array:
        result = old.copy()
        result[rows] = new
        return result

    return Band(put(band.p10_wh, by.p10_wh), put(band.p50_wh, by.p50_wh), put(band.p90_wh, by.p90_wh))
