"""Net power foreseen at each full hour of a month, kept on disk by what it is made from, so that a trial of the plan's rules does not foresee anew."""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

import energy.domain
from benchmarks.savings_setting import HOURS, MINUTES, PER_DAY, PER_HOUR, Array, Setting
from energy.domain.forecast_features import Calendar
from energy.domain.forecast_series import starts_from
from energy.domain.forecast_sums import WITHOUT_MODEL, NetForecast, net_forecast
from energy.domain.forecasting import Forecaster
from energy.domain.sun import is_down
from grid.domain.planning.rolling import Quantiles

HORIZON = PER_DAY
LIBRARIES = ("numpy", "lightgbm", "pvlib")


class Foreseer:
    """Net power foreseen from an interval of the month on, from what had ended before it."""

    def __init__(self, setting: Setting) -> None:
        calendar = Calendar("DE")
        self.setting = setting
        self.use, self.production = (
            Forecaster(setting.use, calendar),
            Forecaster(setting.production, calendar, model_share=WITHOUT_MODEL),
        )
        starts = starts_from(self._origin(0), MINUTES, setting.count + HORIZON + PER_HOUR).astype(np.int64)
        self.light = (
            ~is_down(starts, MINUTES, *setting.place) if setting.place else np.ones(len(starts), bool)
        )

    def foresee(self, k: int) -> NetForecast:
        origin, horizon = self._origin(k), HORIZON + PER_HOUR
        use, production = self.use.sum_at(origin, horizon), self.production.sum_at(origin, horizon)
        return net_forecast(use, production.lit(self.light[k : k + horizon]), MINUTES)

    def _origin(self, k: int) -> np.datetime64:
        series = self.setting.use
        origin: np.datetime64 = series.first_at + (self.setting.first + k) * series.step
        return origin


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A month's forecasts, one each hour."""

    hourly: tuple[NetForecast, ...]

    def at(self, k: int) -> tuple[Quantiles, Array]:
        """From the month's interval `k` on, by the forecast of its hour: the band, and how much of an error lasts."""
        hour, late = divmod(k, PER_HOUR)
        low, middle, high, lasting = (values[late:] for values in astuple(self.hourly[hour]))
        return Quantiles.of_energy(low, middle, high, HOURS), lasting


def foreseen(setting: Setting, folder: Path | None = None) -> Foreseen:
    """The forecasts of a month, from `folder` where they were kept there, else kept there now."""
    if folder is None:
        return Foreseen(tuple(_made(setting)))
    file = folder / f"{_mark(setting)}.npz"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = [astuple(forecast) for forecast in _made(setting)]
        part = file.with_suffix(f".{os.getpid()}.npz")
        np.savez(part, **{f"{hour}-{row}": v for hour, rows in enumerate(made) for row, v in enumerate(rows)})
        part.replace(file)
    with np.load(file) as kept:
        return Foreseen(
            tuple(
                NetForecast(*(kept[f"{hour}-{row}"] for row in range(4)))
                for hour in range(len(kept.files) // 4)
            )
        )


def _made(setting: Setting) -> Iterable[NetForecast]:
    foreseer = Foreseer(setting)
    return (foreseer.foresee(k) for k in range(0, setting.count, PER_HOUR))


def _mark(setting: Setting) -> str:
    """What forecasts follow from: the series, the place, the month, the rules' own text, and the libraries."""
    mark = hashlib.sha256()
    for series in (setting.use, setting.production):
        mark.update(np.ascontiguousarray(series.values_wh).data)
        mark.update(f"{series.first_at} {series.minutes} {series.zone} {series.values_wh.shape}".encode())
    mark.update(f"{setting.place} {setting.first} {setting.count} {[version(n) for n in LIBRARIES]}".encode())
    for text in (*sorted(Path(energy.domain.__file__).parent.glob("*.py")), Path(__file__)):
        mark.update(text.read_bytes())
    return mark.hexdigest()[:32]


def usual_folder() -> Path:
    """Where forecasts are kept unless told otherwise: the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "microgrid-forecasts"
