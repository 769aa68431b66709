"""The closed loop that `script/bench savings` measures: what it decides depends on what was known then, and on nothing that came later."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.forecast import FOLDER, ZONE
from benchmarks.savings import in_all
from benchmarks.savings_forecasts import foreseen
from benchmarks.savings_loop import closed_loop
from benchmarks.savings_setting import PER_DAY, Setting, months_of
from energy.adapters.simbench_folder import read_network
from energy.domain.forecast_series import MeterSeries
from grid.domain.control.dispatch import StorageLimits

DAYS_BEFORE, HOURS_SEEN = 24, 5
FIRST_AT = np.datetime64("2016-03-01T23:00:00", "s")


def use_of(generator: np.random.Generator) -> np.ndarray:
    """Quarter hours [Wh] of one busy meter: an evening, and spikes at any time."""
    count = (DAYS_BEFORE + 4) * PER_DAY
    evening = 2000.0 * np.exp(-(((np.arange(count) % PER_DAY - 78) / 8.0) ** 2))
    return 600.0 + evening + 2500.0 * (generator.random(count) < 0.03) + 100.0 * generator.random(count)


def setting_with(use_wh: np.ndarray) -> Setting:
    series = MeterSeries(FIRST_AT, 15, ZONE, use_wh[None])
    dark = replace(series, values_wh=np.zeros_like(series.values_wh))
    limits = StorageLimits(*(np.array([v, v]) for v in (0.0, 6000.0, 3000.0, 3000.0, 0.95, 0.95, 1.0)))
    return Setting(series, dark, None, limits, DAYS_BEFORE * PER_DAY, HOURS_SEEN * 4)


def test_what_comes_later_changes_nothing_of_what_was_done_before():
    use = use_of(np.random.default_rng(4))
    other = use.copy()
    seen = DAYS_BEFORE * PER_DAY + (HOURS_SEEN - 1) * 4
    other[seen:] = use_of(np.random.default_rng(5))[seen:] * 3
    settings = [setting_with(values) for values in (use, other)]
    runs = [closed_loop(setting, foreseen(setting), say=lambda _: None) for setting in settings]
    before = (HOURS_SEEN - 1) * 4
    assert np.abs(runs[0].charge_w - runs[0].discharge_w)[:, :before].max() > 100
    for name in ("charge_w", "discharge_w"):
        first, second = (getattr(run, name) for run in runs)
        assert first[:, :before] == pytest.approx(second[:, :before], abs=0.0)
    assert not np.allclose(runs[0].discharge_w[:, before:], runs[1].discharge_w[:, before:])


def test_forecasts_are_kept_by_what_they_are_made_from(tmp_path):
    use = use_of(np.random.default_rng(4))
    setting = setting_with(use)
    made, read = (foreseen(setting, tmp_path) for _ in range(2))
    assert len(list(tmp_path.iterdir())) == 1
    fresh = foreseen(setting)
    for name in ("low_wh", "middle_wh", "high_wh", "lasting"):
        assert np.array_equal(getattr(read, name), getattr(made, name), equal_nan=True)
        assert np.array_equal(getattr(read, name), getattr(fresh, name), equal_nan=True)
    foreseen(setting_with(use * 2), tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_the_demo_networks_months_with_four_weeks_before_them():
    network = read_network(FOLDER, say=lambda _: None)
    assert months_of(network) == [f"2016-{month:02}" for month in range(2, 13)]


def test_months_add_up():
    def month(plan: float, foresight: float) -> dict[str, object]:
        parts = {name: {"saving": v, "energy": v - 1, "peak": 1.0} for name, v in (("plan", plan), ("foresight", foresight), ("rule", 1.0))}
        return {"items": 96, "more_than_rule": plan > 1.0, **parts}

    found = in_all([month(8.0, 10.0), month(22.0, 30.0)])
    assert (found["items"], found["share_of_foresight"], found["share_of_foresight_rule"]) == (192, 0.75, 0.05)
    assert found["plan"] == {"saving": 30.0, "energy": 28.0, "peak": 2.0}
    assert found["more_than_rule"] and not in_all([month(0.5, 10.0)])["more_than_rule"]
