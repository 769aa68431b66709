"""How right the next day's use, production and net power are, by how far ahead, beside the median of two weeks at the same time of day.

`script/bench nowcast [--month 2016-05] [--every 3] [--folder FOLDER]`: origins each so many hours of a month, forecasts as they were known then. For each
part of the day ahead the mean absolute error [Wh per quarter hour] and the share within the band; production's share counts light hours alone.
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.forecast import FOLDER
from benchmarks.savings_setting import MINUTES, PER_DAY, PER_HOUR, Setting, setting_of
from benchmarks.sizes import at_least, month_text, network_folder
from energy.adapters.simbench_folder import read_network
from energy.domain.forecast_features import Calendar
from energy.domain.forecast_series import starts_from
from energy.domain.forecast_sums import WITHOUT_MODEL, NetForecast, SumForecast, net_forecast
from energy.domain.forecasting import Forecaster
from energy.domain.sun import is_down

Array = NDArray[np.float64]
LEADS_H = {"first_hour": (0, 1), "to_3_h": (1, 3), "to_6_h": (3, 6), "to_12_h": (6, 12), "to_24_h": (12, 24)}
LOOKED_BACK_DAYS = 14
HORIZON = PER_DAY


def main(argv: list[str]) -> int:
    """Score a month; print one JSON object last."""
    parser = argparse.ArgumentParser(prog="script/bench nowcast", description=__doc__)
    parser.add_argument("--folder", type=network_folder, default=FOLDER, help="a network in SimBench's format")
    parser.add_argument("--month", type=month_text, default="2016-05", help="YYYY-MM")
    parser.add_argument("--every", type=at_least(1), default=3, help="hours between origins")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    began, processor = time.perf_counter(), time.process_time()
    setting = setting_of(read_network(options.folder, say=lambda _: None), options.month)
    origins = list(range(0, setting.count, options.every * PER_HOUR))
    figures = measure(setting, [k for k in origins if _is_known(setting, k)])
    seconds = time.perf_counter() - began
    print(
        json.dumps(
            {
                "name": "nowcast",
                "seconds": round(seconds, 1),
                "processor_s": round(time.process_time() - processor, 1),
                "items": len(origins),
                "items_per_s": round(len(origins) / seconds, 1),
                "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
                "month": options.month,
                **figures,
            }
        )
    )
    return 0


def _is_known(setting: Setting, k: int) -> bool:
    """Whether two weeks lie before an origin and a day behind it."""
    place = setting.first + k
    return LOOKED_BACK_DAYS * PER_DAY <= place <= setting.use.values_wh.shape[1] - HORIZON


def measure(setting: Setting, origins: list[int]) -> dict[str, Any]:
    """Foresee from each origin; returns the figures of each quantity."""
    foresee = _foreseer(setting)
    series = dict(zip(("use", "production"), (s.values_wh.sum(axis=0) for s in (setting.use, setting.production)), strict=True))
    series["net"] = series["use"] - series["production"]
    found: dict[str, list[Array]] = {name: [] for name in series}
    for k in origins:
        use, production, net = foresee(k)
        for name, band in (("use", use.band), ("production", production.band), ("net", net)):
            found[name].append(np.stack([np.ravel(v) for v in (band.p10_wh, band.p50_wh, band.p90_wh)]))
    places = np.array(origins)[:, None] + setting.first + np.arange(HORIZON)
    ago = PER_DAY * np.arange(1, LOOKED_BACK_DAYS + 1)[:, None, None]
    return {
        name: figures(values[places], np.stack(found[name]), np.quantile(values[places - ago], (0.1, 0.5, 0.9), axis=0))
        for name, values in series.items()
    }


def _foreseer(setting: Setting) -> Callable[[int], tuple[SumForecast, SumForecast, NetForecast]]:
    """Use, production and net power from an interval of the month on."""
    calendar = Calendar("DE")
    use = Forecaster(setting.use, calendar)
    production = Forecaster(setting.production, calendar, model_share=WITHOUT_MODEL)

    def foresee(k: int) -> tuple[SumForecast, SumForecast, NetForecast]:
        origin = setting.use.first_at + (setting.first + k) * setting.use.step
        used, made = use.sum_at(origin, HORIZON), production.sum_at(origin, HORIZON)
        if setting.place is not None:
            starts = starts_from(origin, MINUTES, HORIZON).astype(np.int64)
            made = made.lit(~is_down(starts, MINUTES, *setting.place))
        return used, made, net_forecast(used, made, MINUTES)

    return foresee


def figures(came: Array, foreseen: Array, usual: Array) -> dict[str, Any]:
    """By lead: errors and shares within the band; came [n, H], foreseen [n, 3, H], usual [3, n, H]."""
    result: dict[str, Any] = {}
    for lead, (first, last) in LEADS_H.items():
        part = slice(first * PER_HOUR, last * PER_HOUR)
        result[lead] = {
            "mae_wh": _error(came, foreseen[:, 1], part),
            "coverage_80": _share(came, foreseen[:, 0], foreseen[:, 2], part),
            "two_weeks_mae_wh": _error(came, usual[1], part),
            "two_weeks_coverage_80": _share(came, usual[0], usual[2], part),
        }
    whole = slice(None)
    return result | {"mae_wh": _error(came, foreseen[:, 1], whole), "two_weeks_mae_wh": _error(came, usual[1], whole)}


def _error(came: Array, foreseen: Array, part: slice) -> float:
    return round(float(np.abs(came - foreseen)[:, part].mean()), 1)


def _share(came: Array, low: Array, high: Array, part: slice) -> float:
    """Share within the band where something came."""
    inside, something = ((came >= low) & (came <= high))[:, part], (came != 0)[:, part]
    return round(float(inside[something].mean()), 3) if something.any() else 0.0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
