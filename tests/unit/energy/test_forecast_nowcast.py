"""The nowcast of a sum: from the past alone, right in what it learns, honest about what it does not know."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.domain.forecast_features import Calendar
from energy.domain.forecast_nowcast import NOWCAST_DAYS, Nowcast, SumPast, nowcast, quantile_of_rows
from energy.domain.forecast_quantiles import Band
from energy.domain.forecast_series import WallGrid
from energy.domain.forecast_sums import SumForecast, net_forecast, sum_forecast

PER_DAY = 24
FIRST_DAY = 17_000
HORIZON = 24
NOBODYS = Calendar()


def errors_that_persist(count: int, persistence: float, seed: int) -> np.ndarray:
    """A first-order autoregression of spread one."""
    steps = np.random.default_rng(seed).normal(size=count) * np.sqrt(1 - persistence**2)
    result = np.zeros(count)
    for i in range(1, count):
        result[i] = persistence * result[i - 1] + steps[i]
    return result


def village(days: float = NOWCAST_DAYS, *, persistence: float = 0.9, seed: int = 1, spread: float = 0.15) -> np.ndarray:
    """Hourly sums: a course of the day, off it by errors that persist."""
    count = round(days * PER_DAY)
    course = 1000 + 400 * np.sin(np.arange(count) * 2 * np.pi / PER_DAY)
    return course * (1 + spread * errors_that_persist(count, persistence, seed))


def known(values: np.ndarray, missing: np.ndarray | None = None) -> SumPast:
    measured = np.ones(len(values), dtype=np.bool_) if missing is None else ~missing
    return SumPast(FIRST_DAY, PER_DAY, values, measured)


def foreseen(values: np.ndarray, horizon: int = HORIZON) -> Nowcast:
    found = nowcast(known(values), horizon, NOBODYS)
    assert found is not None
    return found


@given(hour=st.integers(0, 23), seed=st.integers(0, 20))
@settings(max_examples=10)
def test_a_scale_common_to_all_changes_nothing_else(hour: int, seed: int) -> None:
    values = village(60 + hour / 24, seed=seed)
    one, thousandfold = foreseen(values), foreseen(values * 1000)
    np.testing.assert_allclose(thousandfold.middle_wh, one.middle_wh * 1000, rtol=1e-9)
    np.testing.assert_allclose(thousandfold.errors_wh, one.errors_wh * 1000, rtol=1e-6, atol=1e-6)


def test_what_lies_far_off_is_not_told_by_the_last_hour_but_the_next_is() -> None:
    usual = village(persistence=0.8, spread=0.2)
    raised = usual.copy()
    raised[-3:] *= 1.5
    shift = foreseen(raised).middle_wh - foreseen(usual).middle_wh
    assert shift[0] > 150
    assert abs(shift[12:]).mean() < shift[0] / 3


def test_errors_that_persist_are_foreseen_better_than_by_habit() -> None:
    values = village(NOWCAST_DAYS + 30, persistence=0.95)
    missed, habit = [], []
    for hour in range(NOWCAST_DAYS * PER_DAY, len(values) - HORIZON, 17):
        past = values[(hour // PER_DAY - NOWCAST_DAYS) * PER_DAY : hour]
        came = values[hour : hour + 3]
        missed.append(np.abs(foreseen(past, 3).middle_wh - came).mean())
        habit.append(np.abs(np.median(np.stack([values[hour - k * PER_DAY :][:3] for k in range(1, 15)]), axis=0) - came).mean())
    assert np.mean(missed) < 0.6 * np.mean(habit)


@pytest.mark.parametrize("persistence", [0.0, 0.7, 0.95])
def test_the_band_holds_four_of_five_at_any_lead(persistence: float) -> None:
    values = village(NOWCAST_DAYS + 90, persistence=persistence, seed=3)
    inside = []
    for hour in range(NOWCAST_DAYS * PER_DAY, len(values) - 36, 25):
        band = foreseen(values[(hour // PER_DAY - NOWCAST_DAYS) * PER_DAY : hour], 36).band()
        came = values[hour : hour + 36]
        inside.append((came >= band.p10_wh[0]) & (came <= band.p90_wh[0]))
    for part in np.array_split(np.array(inside), 3, axis=1):
        assert part.mean() == pytest.approx(0.8, abs=0.06)


def test_a_band_is_narrow_soon_and_wide_later_where_errors_persist() -> None:
    band = foreseen(village(persistence=0.95)).band()
    width = (band.p90_wh - band.p10_wh)[0]
    assert width[0] < 0.6 * width[12:].mean()


def test_missing_last_hours_are_not_taken_for_a_measurement() -> None:
    values = village(persistence=0.9)
    silent = np.zeros(len(values), dtype=np.bool_)
    silent[-4:] = True
    absurd = values.copy()
    absurd[-4:] = 1e9
    found, other = (nowcast(known(v, silent), HORIZON, NOBODYS) for v in (values, absurd))
    assert found is not None and other is not None
    np.testing.assert_array_equal(found.middle_wh, other.middle_wh)
    silent[-4 * PER_DAY :] = True
    assert nowcast(known(values, silent), HORIZON, NOBODYS) is None


@pytest.mark.parametrize("days", [0, 1, 10, 22])
def test_little_history_makes_no_nowcast(days: int) -> None:
    assert nowcast(known(village(days)), HORIZON, NOBODYS) is None


def test_dark_hours_stay_dark() -> None:
    light = np.maximum(np.sin((np.arange(NOWCAST_DAYS * PER_DAY) % PER_DAY - 6) * np.pi / 12), 0)
    band = foreseen(light * village()).band()
    assert (band.p90_wh[0, :6] == 0).all() and (band.p50_wh[0, 9:15] > 0).all()


def test_one_silent_meter_of_many_does_not_hide_the_sum() -> None:
    values = np.tile(village(3), (20, 1))
    measured = np.ones(values.shape, dtype=np.bool_)
    measured[0, -5:] = False
    assert SumPast.of(WallGrid(FIRST_DAY, PER_DAY, values, measured)).known.all()
    measured[:4, -5:] = False
    assert not SumPast.of(WallGrid(FIRST_DAY, PER_DAY, values, measured)).known[-5:].any()


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30), st.floats(0.01, 0.99))
def test_a_quantile_lies_among_what_is_known(values: list[float], quantile: float) -> None:
    column = np.array([*values, np.nan])[:, None]
    assert min(values) <= quantile_of_rows(column, quantile)[0] <= max(values)


def whole(nowcast_of_it: Nowcast) -> SumForecast:
    return sum_forecast(nowcast_of_it.band(), nowcast_of_it, 60, 0.3)


def test_errors_made_together_cancel_in_the_net_power() -> None:
    use = foreseen(village())
    doubled = net_forecast(whole(use), whole(Nowcast(use.middle_wh / 2, use.errors_wh)), 60)
    np.testing.assert_allclose(doubled.p90_wh - doubled.p10_wh, 0.0, atol=1e-6)
    opposed = net_forecast(whole(use), whole(Nowcast(use.middle_wh / 2, -use.errors_wh)), 60)
    independent = net_forecast(whole(use), SumForecast(whole(use).band, np.zeros((0, HORIZON))), 60)
    assert (opposed.p90_wh - opposed.p10_wh).sum() > (independent.p90_wh - independent.p10_wh).sum()


def test_the_model_counts_the_more_the_further_ahead() -> None:
    recent = foreseen(village())
    far = np.full((1, HORIZON), 5000.0)
    band = sum_forecast(Band(far, far, far), recent, 60, 0.3).band
    share = (band.p50_wh[0] - recent.middle_wh) / (5000 - recent.middle_wh)
    assert share[0] < 0.1 and share[-1] == pytest.approx(0.3, abs=0.01) and (np.diff(share) > 0).all()
    assert (sum_forecast(Band(far, far, far), None, 60, 0.3).band.p50_wh == far).all()
