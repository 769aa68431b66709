"""Forecasts: nothing of the future, quantiles in order, habit where there is little to learn from."""

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from energy.domain.forecast_accuracy import gain, is_drifting, pinball, score
from energy.domain.forecast_calendar import SUNDAY, WORKDAY, country_of_zone, day_types, is_country
from energy.domain.forecast_features import FOLD_DAYS, Ahead, Calendar, features, past_before
from energy.domain.forecast_like_days import expected_total, like_day_band, naive
from energy.domain.forecast_model import USUAL_SUM_SHARE, Recipe, from_texts, share_beside
from energy.domain.forecast_quantiles import Band, margins, moved, ordered_band
from energy.domain.forecast_series import MeterSeries, starts_from, wall_grid, wall_slots
from energy.domain.forecasting import CannotForecast, Forecaster, forecast, midnight, training_day

BERLIN = ZoneInfo("Europe/Berlin")
HOURLY = 60
SMALL = Recipe(training_days=20, rounds=6, band_rounds=4, groups=3, midday_share=0.0, least_rows_in_leaf=20, learning_rate=0.3)


def number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def series_of(days: int, meters: int = 3, first: date = date(2016, 8, 1), seed: int = 1) -> MeterSeries:
    """Hourly meters with a shape of the day and of the week, and noise."""
    draw = np.random.default_rng(seed)
    hours = np.arange(days * 24)
    shape = 300 + 200 * np.sin(hours * np.pi / 12) + 100 * (hours // 24 % 7 > 4)
    values = shape * np.linspace(0.5, 2, meters)[:, None] * draw.uniform(0.7, 1.3, (meters, len(hours)))
    return MeterSeries(midnight(number(first), BERLIN), HOURLY, BERLIN, values)


def same(one: Band, other: Band) -> bool:
    pairs = ((one.p10_wh, other.p10_wh), (one.p50_wh, other.p50_wh), (one.p90_wh, other.p90_wh))
    return all(np.array_equal(a, b) for a, b in pairs)


def with_other_future(series: MeterSeries, origin: np.datetime64) -> MeterSeries:
    """The same past, and behind the origin a future that nobody could have foreseen."""
    known = int((origin - series.first_at) // series.step)
    values = series.values_wh.copy()
    values[:, known:] = 1e9
    return MeterSeries(series.first_at, series.minutes, series.zone, values)


@pytest.mark.parametrize(
    ("day", "hour"), [(date(2016, 8, 3), 11), (date(2016, 9, 20), 0), (date(2016, 10, 30), 2), (date(2016, 10, 30), 23)]
)
def test_a_forecast_is_the_same_whatever_comes_after_its_origin(day: date, hour: int) -> None:
    series = series_of(95)
    origin = midnight(number(day), BERLIN) + np.timedelta64(hour, "h")
    found = Forecaster(series, Calendar("DE"), recipe=SMALL).at(origin, 48)
    cut = Forecaster(series.before(origin), Calendar("DE"), recipe=SMALL).at(origin, 48)
    other = Forecaster(with_other_future(series, origin), Calendar("DE"), recipe=SMALL).at(origin, 48)
    assert same(found.band, cut.band) and same(found.band, other.band)
    assert np.array_equal(found.young, cut.young)


@pytest.mark.parametrize("hour", [0, 9, 17])
def test_the_sum_alone_is_that_of_all_and_the_same_whatever_comes_after(hour: int) -> None:
    series = series_of(95)
    origin = midnight(number(date(2016, 10, 29)), BERLIN) + np.timedelta64(hour, "h")
    whole, cut, other = (
        Forecaster(s, Calendar("DE"), recipe=SMALL).sum_at(origin, 30)
        for s in (series, series.before(origin), with_other_future(series, origin))
    )
    assert len(whole.errors_wh)
    for found in (cut, other):
        assert same(whole.band, found.band)
        assert np.array_equal(whole.errors_wh, found.errors_wh, equal_nan=True)
    among = Forecaster(series, Calendar("DE"), recipe=SMALL).at(origin, 30).whole
    np.testing.assert_allclose(among.band.p90_wh, whole.band.p90_wh, rtol=1e-9)
    np.testing.assert_allclose(among.errors_wh, whole.errors_wh, rtol=1e-6, atol=1e-6)


def test_a_sum_without_its_last_hours_is_not_told_by_them() -> None:
    series = series_of(95)
    origin = midnight(number(date(2016, 10, 12)), BERLIN) + np.timedelta64(9, "h")
    known = int((origin - series.first_at) // series.step)
    silent, raised = series.values_wh.copy(), series.values_wh.copy()
    silent[:, known - 3 : known] = np.nan
    raised[:, known - 3 : known] *= 1.5
    quiet, usual, high = (
        Forecaster(MeterSeries(series.first_at, HOURLY, BERLIN, values), Calendar("DE"), recipe=SMALL, model_share=0.0).sum_at(origin, 12)
        for values in (silent, series.values_wh, raised)
    )
    assert np.isfinite(quiet.band.p90_wh).all()
    assert not same(usual.band, high.band) and not same(usual.band, quiet.band)


def test_a_past_that_differs_makes_another_forecast() -> None:
    series = series_of(60)
    origin = midnight(number(date(2016, 9, 20)), BERLIN)
    known = int((origin - series.first_at) // series.step)
    changed = series.values_wh.copy()
    changed[:, known - 24 : known] *= 3
    other = MeterSeries(series.first_at, series.minutes, series.zone, changed)
    bands = [Forecaster(s, Calendar("DE"), recipe=SMALL).at(origin, 24).band for s in (series, other)]
    assert not same(*bands)


@given(weeks=st.integers(1, 8), hour=st.integers(0, 23))
@settings(max_examples=8)
def test_like_days_shifted_by_whole_weeks_say_the_same(weeks: int, hour: int) -> None:
    utc = ZoneInfo("UTC")
    series = MeterSeries(np.datetime64("2015-01-05", "s"), HOURLY, utc, series_of(60).values_wh)
    later = MeterSeries(series.first_at + np.timedelta64(weeks * 7, "D"), HOURLY, utc, series.values_wh)
    origin = series.first_at + np.timedelta64(40 * 24 + hour, "h")
    bands = [forecast(s, origin + (s.first_at - series.first_at), 36, None, Calendar(), Ahead()).band for s in (series, later)]
    assert same(*bands)
    grids = [wall_grid(s, s.first_at + np.timedelta64(40 * 24 + hour, "h"), FOLD_DAYS) for s in (series, later)]
    told = [features(past_before(g, g.width), np.arange(36), Calendar(), Ahead(), 2) for g in grids]
    assert np.array_equal(*told, equal_nan=True)


@given(
    low=arrays(np.float64, (2, 5), elements=st.floats(-1e3, 1e3)),
    middle=arrays(np.float64, (2, 5), elements=st.floats(-1e3, 1e3)),
    high=arrays(np.float64, (2, 5), elements=st.floats(-1e3, 1e3)),
)
def test_quantiles_never_cross_and_are_never_negative(low: np.ndarray, middle: np.ndarray, high: np.ndarray) -> None:
    band = ordered_band(low, middle, high)
    assert (band.p10_wh >= 0).all()
    assert (band.p10_wh <= band.p50_wh).all() and (band.p50_wh <= band.p90_wh).all()


@given(days=st.integers(0, 50), seed=st.integers(0, 99), missing=st.floats(0, 0.9), horizon=st.integers(1, 72))
@settings(max_examples=12)
def test_any_history_gives_finite_bands_in_order(days: int, seed: int, missing: float, horizon: int) -> None:
    series = series_of(max(days, 1), seed=seed)
    values = series.values_wh[:, : days * 24].copy()
    values[np.random.default_rng(seed).random(values.shape) < missing] = np.nan
    holed = MeterSeries(series.first_at, HOURLY, BERLIN, values)
    origin = series.first_at + np.timedelta64(days * 24 + seed, "h")
    band = forecast(holed, origin, horizon, None, Calendar("DE"), Ahead()).band
    assert band.p50_wh.shape == (4, horizon)
    assert np.isfinite(band.p90_wh).all()
    assert (band.p10_wh >= 0).all() and (band.p10_wh <= band.p50_wh).all() and (band.p50_wh <= band.p90_wh).all()


def test_what_was_less_wrong_counts_for_more() -> None:
    draw = np.random.default_rng(3)
    came, noise, other = draw.normal(size=(3, 400))
    assert share_beside(came, came, other) == pytest.approx(1.0)
    assert share_beside(came, other, came) == pytest.approx(0.0)
    assert share_beside(came, came + noise, came + other) == pytest.approx(0.5, abs=0.1)
    assert share_beside(came, came + 3.0, other) == pytest.approx(1.0)  # an offset that lasts is not held against it
    assert share_beside(came, np.full(400, np.nan), other) == USUAL_SUM_SHARE


def test_a_model_beats_yesterday_and_stores_as_text() -> None:
    series = series_of(80, meters=9)
    origin = midnight(number(date(2016, 10, 12)), BERLIN)
    forecaster = Forecaster(series, Calendar("DE"), recipe=SMALL)
    model = forecaster.model_for(origin)
    assert model is not None
    found = forecaster.at(origin, 24)
    known = int((origin - series.first_at) // series.step)
    actual = series.values_wh[:, known : known + 24]
    yesterday = series.values_wh[:, known - 24 : known]
    assert np.abs(actual - found.band.p50_wh[:-1]).mean() < np.abs(actual - yesterday).mean()
    again = from_texts(model.as_texts(), model.band_margins, model.trained_slot, model.rows, model.sum_share)
    assert same(forecast(series, origin, 24, again, Calendar("DE"), Ahead(), 1).band, found.band)


def test_a_meter_of_zeros_is_foreseen_as_zero() -> None:
    series = series_of(60)
    values = series.values_wh.copy()
    values[1] = 0.0
    zeros = MeterSeries(series.first_at, HOURLY, BERLIN, values)
    found = Forecaster(zeros, Calendar(), recipe=SMALL).at(midnight(number(date(2016, 9, 25)), BERLIN), 24)
    assert found.band.p90_wh[1].max() == 0
    assert found.band.p50_wh[0].min() > 0


def test_beyond_a_week_nothing_is_foreseen() -> None:
    with pytest.raises(CannotForecast):
        forecast(series_of(10), midnight(number(date(2016, 8, 5)), BERLIN), 7 * 24 + 1, None, Calendar(), Ahead())


def test_a_step_of_the_horizon_sees_no_younger_value_than_the_cut() -> None:
    series = series_of(60)
    grid = wall_grid(series, midnight(number(date(2016, 9, 20)), BERLIN), FOLD_DAYS)
    steps = np.arange(36)
    whole = features(past_before(grid, 800), steps, Calendar(), Ahead(), None)
    values = grid.values_wh.copy()
    values[:, 800:] = np.nan
    blind = features(past_before(type(grid)(grid.first_day, 24, values, grid.measured), 800), steps, Calendar(), Ahead(), None)
    assert np.array_equal(whole, blind, equal_nan=True)


def test_both_changes_of_clocks_leave_days_of_equal_length() -> None:
    for day, count in ((date(2016, 3, 27), 92), (date(2016, 10, 30), 100)):
        first = midnight(number(day), BERLIN)
        series = MeterSeries(first, 15, BERLIN, np.arange(count, dtype=np.float64)[None])
        grid = wall_grid(series, first + count * series.step, 5)
        assert grid.width == 96 and not np.isnan(grid.values_wh).any()
        assert grid.values_wh[0, -1] == count - 1
    assert wall_slots(starts_from(midnight(number(date(2016, 10, 30)), BERLIN), 60, 4), BERLIN, 60).tolist()[2:] == [
        number(date(2016, 10, 30)) * 24 + 2,
        number(date(2016, 10, 30)) * 24 + 2,
    ]


def test_holidays_are_like_sundays_and_known_by_country() -> None:
    unity = np.array([number(date(2016, 10, 3)), number(date(2016, 10, 4))])
    assert day_types(unity, "DE").tolist() == [SUNDAY, WORKDAY]
    assert day_types(unity, "").tolist() == [WORKDAY, WORKDAY]
    assert country_of_zone("Europe/Vienna") == "AT" and country_of_zone("Mars/Base") == ""
    assert is_country("DE", "BY") and not is_country("DE", "XX") and not is_country("XX")


def test_habit_repeats_the_days_before() -> None:
    series = MeterSeries(np.datetime64("2016-01-04", "s"), HOURLY, ZoneInfo("UTC"), np.repeat(np.arange(30.0), 24)[None])
    grid = wall_grid(series, np.datetime64("2016-02-03", "s"), 35)
    said = naive(grid, grid.width, np.array([0, 23, 24]))
    assert said["yesterday"].tolist() == [[29, 29, 29]]
    assert said["last_week"].tolist() == [[23, 23, 24]]
    assert said["like_days"].tolist() == [[(23 + 16 + 9 + 2) / 4] * 2 + [(24 + 17 + 10 + 3) / 4]]


def test_like_days_of_a_single_day_repeat_its_shape() -> None:
    series = series_of(1)
    grid = wall_grid(series, series.end_at, FOLD_DAYS)
    band = like_day_band(past_before(grid, grid.width), np.arange(24), Calendar())
    assert np.corrcoef(band.p50_wh[0], series.values_wh[0])[0, 1] > 0.9


def test_a_saturday_of_a_young_meter_is_like_saturdays_even_where_few_are_known() -> None:
    days = 14  # from a Monday, weekends ten times as high
    high = np.repeat(np.where(np.arange(days) % 7 > 4, 1000.0, 100.0), 24)[None]
    series = MeterSeries(np.datetime64("2016-04-04", "s"), HOURLY, ZoneInfo("UTC"), high)
    grid = wall_grid(series, np.datetime64("2016-04-16", "s"), FOLD_DAYS)  # a Saturday's midnight
    past = past_before(grid, grid.width)
    assert like_day_band(past, np.arange(24), Calendar()).p50_wh[0] == pytest.approx(np.full(24, 1000.0))


def test_margins_bring_a_band_to_its_share() -> None:
    draw = np.random.default_rng(3)
    actual = draw.normal(10, 3, (5, 4000))
    low, high = np.full(actual.shape, 9.5), np.full(actual.shape, 10.5)
    by = margins(actual[:, :2000], low[:, :2000], high[:, :2000])
    ends = moved(low[:, 2000:], high[:, 2000:], by)
    covered = ((actual[:, 2000:] >= ends[0]) & (actual[:, 2000:] <= ends[1])).mean()
    assert 0.77 < covered < 0.83


def test_a_score_counts_only_what_was_measured() -> None:
    band = Band(np.full((1, 4), 1.0), np.full((1, 4), 2.0), np.full((1, 4), 3.0))
    found = score(np.array([[2.0, 4.0, np.nan, 1.0]]), band)
    assert found.mae_wh[0] == 1.0 and found.count[0] == 3 and found.coverage[0] == pytest.approx(2 / 3)
    assert pinball(np.array([[4.0]]), np.array([[2.0]]), 0.9)[0] == pytest.approx(1.8)
    assert gain(8.0, [10.0, 16.0]) == pytest.approx(0.2) and gain(1.0, [0.0]) == 0.0


def test_drift_is_seen_when_habit_becomes_better() -> None:
    assert is_drifting([-0.1] * 7, [0.2] * 20)
    assert is_drifting([0.05] * 7, [0.2] * 20)
    assert not is_drifting([0.18] * 7, [0.2] * 20)
    assert not is_drifting([-0.1] * 3, [])


def test_training_days_are_mondays_that_do_not_depend_on_the_origin_within_a_period() -> None:
    first = number(date(2016, 1, 1))
    days = range(first, first + 300)
    found = [training_day(day, first) for day in days]
    assert all(f <= day and (f + 3) % 7 == 0 for f, day in zip(found, days, strict=True))
    assert found == sorted(found)
    assert len(set(found[120:])) <= 14


def test_a_month_is_expected_from_days_of_the_same_type() -> None:
    days = np.arange(number(date(2016, 8, 1)), number(date(2016, 8, 15)))  # two weeks from a Monday
    daily = np.where((days + 3) % 7 > 4, 5.0, 10.0)[None]
    september = np.arange(number(date(2016, 9, 1)), number(date(2016, 10, 1)))
    assert expected_total(daily, days, september, Calendar()).tolist() == [22 * 10 + 8 * 5]
    unknown = np.full((1, 14), np.nan)
    assert expected_total(unknown, days, september, Calendar()).tolist() == [0]
