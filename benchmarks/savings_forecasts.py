"""Net power foreseen at each quarter hour of a month, kept on disk by what it is made from, so that a trial of the plan's rules does not foresee anew."""

import hashlib
import os
from dataclasses import astuple, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

import energy.domain
from benchmarks.savings_setting import HOURS, MINUTES, PER_DAY, Array, Setting
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
        self.use, self.production = (Forecaster(setting.use, calendar), Forecaster(setting.production, calendar, model_share=WITHOUT_MODEL))
        starts = starts_from(self._origin(0), MINUTES, setting.count + HORIZON).astype(np.int64)
        self.light = ~is_down(starts, MINUTES, *setting.place) if setting.place else np.ones(len(starts), bool)

    def foresee(self, k: int) -> NetForecast:
        origin = self._origin(k)
        use, production = self.use.sum_at(origin, HORIZON), self.production.sum_at(origin, HORIZON)
        return net_forecast(use, production.lit(self.light[k : k + HORIZON]), MINUTES)

    def _origin(self, k: int) -> np.datetime64:
        series = self.setting.use
        origin: np.datetime64 = series.first_at + (self.setting.first + k) * series.step
        return origin


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A month's forecasts, one each quarter hour: ends and middles [T, H] and how much of an error lasts, NaN where not known."""

    low_wh: Array
    middle_wh: Array
    high_wh: Array
    lasting: Array

    def at(self, k: int) -> tuple[Quantiles, Array]:
        """From the month's interval `k` on: the band, and how much of an error lasts; empty where not known."""
        lasting = self.lasting[k]
        band = Quantiles.of_energy(self.low_wh[k], self.middle_wh[k], self.high_wh[k], HOURS)
        return band, lasting[np.isfinite(lasting)]


def foreseen(setting: Setting, folder: Path | None = None) -> Foreseen:
    """The forecasts of a month, from `folder` where they were kept there, else kept there now."""
    if folder is None:
        return Foreseen(*_made(setting))
    file = folder / f"{_mark(setting)}.npy"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}.npy")
        np.save(part, _made(setting))
        part.replace(file)
    return Foreseen(*np.load(file))


def _made(setting: Setting) -> Array:
    """Ends, middles and lasting [4, T, H]."""
    foreseer, made = Foreseer(setting), np.full((4, setting.count, HORIZON), np.nan)
    for k in range(setting.count):
        for row, values in enumerate(astuple(foreseer.foresee(k))):
            made[row, k, : len(values)] = values
    return made


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
