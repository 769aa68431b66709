"""Day-ahead forecasts against habit on the demo network's year: rolling origin, no weather, nothing from behind the origin.

`script/bench forecast`: one origin a day at local midnight from September to November 2016; the model is trained on days before
each origin alone, on its own schedule. Mean absolute errors are set against the best of yesterday, last week and the four-week
like-day mean. Meters that are mostly zero in the scored weeks are told apart: a forecast of nothing would win there.
Hyper-parameters were chosen on weeks before September.
"""

import argparse
import json
import resource
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from benchmarks.sizes import at_least, network_folder
from energy.adapters.simbench_folder import SimbenchNetwork, read_network
from energy.domain.forecast_accuracy import MOSTLY_ZERO, gain, mean_absolute_error, score
from energy.domain.forecast_features import FOLD_DAYS, Calendar
from energy.domain.forecast_like_days import NAIVE_DAYS, naive
from energy.domain.forecast_model import Recipe
from energy.domain.forecast_quantiles import Band
from energy.domain.forecast_series import MeterSeries, wall_grid, wall_slots
from energy.domain.forecasting import Forecaster, midnight

Array = NDArray[np.float64]

FOLDER = Path(__file__).resolve().parent.parent / "energy" / "data" / "simbench_lv_rural3"
ZONE = ZoneInfo("Europe/Berlin")
HORIZON = 96
ALMOST_ALWAYS_ZERO = 0.9
CLASSES = (
    ("H0", "households"),
    ("G", "businesses"),
    ("Air", "heat pumps"),
    ("Soil", "heat pumps"),
    ("HLS", "car chargers"),
    ("APLS", "car chargers"),
)


@dataclass
class Measured:
    """What was foreseen and what came, over all origins; arrays [m + 1, days x 96], the last row the microgrid."""

    actual: list[Array] = field(default_factory=list)
    low: list[Array] = field(default_factory=list)
    middle: list[Array] = field(default_factory=list)
    high: list[Array] = field(default_factory=list)
    habits: dict[str, list[Array]] = field(default_factory=lambda: {name: [] for name in NAIVE_DAYS})

    @property
    def band(self) -> Band:
        return Band(np.hstack(self.low), np.hstack(self.middle), np.hstack(self.high))


def main(argv: list[str]) -> int:
    """Score the weeks asked for and print one JSON object last."""
    parser = argparse.ArgumentParser(prog="script/bench forecast", description=__doc__)
    parser.add_argument("--folder", type=network_folder, default=FOLDER, help="a network in SimBench's format")
    parser.add_argument("--first", type=date.fromisoformat, default=date(2016, 9, 1))
    parser.add_argument("--last", type=date.fromisoformat, default=date(2016, 11, 30))
    parser.add_argument("--every", type=at_least(1), default=1, help="days between origins")
    parser.add_argument("--recipe", type=json.loads, default={}, help="other hyper-parameters, as a JSON object")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    network = read_network(options.folder, say=lambda _: None)
    days = [options.first + timedelta(days=i) for i in range(0, (options.last - options.first).days + 1, options.every)]
    print(json.dumps(measure(network, days, Recipe(**options.recipe))))
    return 0


def measure(network: SimbenchNetwork, days: list[date], recipe: Recipe) -> dict[str, Any]:
    """Roll over the days; returns the figures."""
    series = consumption_of(network)
    forecaster = Forecaster(series, Calendar("DE"), recipe=recipe)
    measured, training_s, predicting_s = Measured(), 0.0, 0.0
    for day in days:
        origin = midnight((day - date(1970, 1, 1)).days, ZONE)
        began = time.perf_counter()
        forecaster.model_for(origin)
        ready = time.perf_counter()
        found = forecaster.at(origin, HORIZON)
        training_s, predicting_s = training_s + ready - began, predicting_s + time.perf_counter() - ready
        note(measured, series.by(forecaster.clock_for(origin)), origin, found.band)
    classes = [class_of(row.text("profile")) for row in network.loads]
    rows = len(classes) + 1
    figures = summary(measured, classes)
    trainings = len(forecaster.trained)
    seconds = training_s + predicting_s
    return {
        "name": "forecast",
        "seconds": round(seconds, 2),
        "items": rows * len(days),
        "items_per_s": round(rows * len(days) / seconds, 1),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "days": len(days),
        "first": days[0].isoformat(),
        "last": days[-1].isoformat(),
        "trainings": trainings,
        "clocks": sorted({str(clock) for clock in forecaster.clocks.values()}),
        "train_s_per_meter": round(training_s / trainings / rows, 4),
        "predict_ms_per_meter": round(predicting_s / len(days) / rows * 1000, 3),
        **figures,
    }


def consumption_of(network: SimbenchNetwork) -> MeterSeries:
    """The loads' energies [Wh per quarter hour]: profile x nominal power x 0.25 h."""
    place = {name: i for i, name in enumerate(network.load_profiles.names)}
    shares = network.load_profiles.shares[:, [place[row.text("profile")] for row in network.loads]]
    powers_w = np.array([row.number_of("pLoad") for row in network.loads]) * 1e6
    first = network.load_profiles.first_label.replace(tzinfo=ZONE).astimezone(UTC).replace(tzinfo=None)
    return MeterSeries(np.datetime64(first, "s"), 15, ZONE, np.ascontiguousarray((shares * powers_w * 0.25).T))


def note(measured: Measured, series: MeterSeries, origin: np.datetime64, band: Band) -> None:
    """Set what came and what habit says beside a forecast; habit is read by the clock that the meters live by, which serves it best."""
    first = int((origin - series.first_at) // series.step)
    came = series.values_wh[:, first : first + HORIZON]
    grid = wall_grid(series, origin, FOLD_DAYS).with_sums([np.arange(len(series.values_wh))])
    starts = origin + np.arange(came.shape[1]) * series.step
    steps = wall_slots(starts, series.zone, 15) - (grid.first_day * grid.slots_per_day + grid.width)
    measured.actual.append(np.vstack([came, came.sum(axis=0)]))
    for rows, values in ((measured.low, band.p10_wh), (measured.middle, band.p50_wh), (measured.high, band.p90_wh)):
        rows.append(values[:, : came.shape[1]])
    for name, values in naive(grid, grid.width, steps).items():
        measured.habits[name].append(values)


def class_of(profile: str) -> str:
    return next((name for prefix, name in CLASSES if profile.startswith(prefix)), "others")


def summary(measured: Measured, classes: list[str]) -> dict[str, Any]:
    """Errors, gains, coverage and pinball losses: of the microgrid, of the consumers, by class."""
    actual, band = np.hstack(measured.actual), measured.band
    scored = score(actual, band)
    habits = {name: mean_absolute_error(actual, np.hstack(v)) for name, v in measured.habits.items()}
    zeros = (actual[:-1] <= 0).mean(axis=1)
    gains = np.array([gain(scored.mae_wh[i], [h[i] for h in habits.values()]) for i in range(len(actual))])

    def figures(rows: NDArray[np.bool_]) -> dict[str, Any]:
        chosen = np.flatnonzero(rows)
        means = {name: float(habit[chosen].mean()) for name, habit in habits.items()}
        error = float(scored.mae_wh[chosen].mean())
        return {
            "meters": len(chosen),
            "mae_wh": round(error, 3),
            "habits_mae_wh": {name: round(value, 3) for name, value in means.items()},
            "zero_mae_wh": round(float(actual[chosen].mean()), 3),
            "gain": round(gain(error, list(means.values())), 4),
            "mean_gain": round(float(gains[chosen].mean()), 4),
            "worse_than_habit": int((gains[chosen] < 0).sum()),
            "coverage_80": round(float(scored.coverage[chosen].mean()), 4),
            "pinball_wh": round(float(scored.pinball_wh[chosen].mean()), 3),
        }

    village = np.append(np.zeros(len(classes), dtype=np.bool_), True)
    used = np.append(zeros <= MOSTLY_ZERO, False)
    consumers, microgrid = figures(used), figures(village)
    names = np.append(np.array(classes), "")
    return {
        "gain_microgrid": microgrid["gain"],
        "gain_consumers": min(consumers["gain"], consumers["mean_gain"]),
        "coverage_80": consumers["coverage_80"],
        "coverage_80_microgrid": microgrid["coverage_80"],
        "crossings": int((band.p10_wh > band.p50_wh).sum() + (band.p50_wh > band.p90_wh).sum()),
        "microgrid": microgrid,
        "consumers": consumers,
        "consumers_but_almost_always_zero": figures(np.append(zeros <= ALMOST_ALWAYS_ZERO, False)),
        "mostly_zero": figures(np.append(zeros > MOSTLY_ZERO, False)),
        "classes": {name: figures(names == name) for name in sorted(set(classes))},
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
