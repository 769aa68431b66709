"""Forecasts of a study's folder: origins from a file, one table out. Nothing is stored here."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from energy.adapters.study_folder import CannotStudy, StudyFolder
from energy.domain.forecast_features import Ahead, Calendar
from energy.domain.forecast_model import VERSION, Recipe
from energy.domain.forecast_series import MeterSeries
from energy.domain.forecast_sums import WITHOUT_MODEL
from energy.domain.forecasting import Forecast, Forecaster
from energy.domain.sun import is_down, same_place
from kernel.intervals import FIRST_YEAR, LAST_YEAR

TOTALS = {"consumption": "TOTAL_CONSUMPTION", "production": "TOTAL_PRODUCTION"}
# Files bring no weather.
MODEL_SHARES = {"consumption": None, "production": WITHOUT_MODEL}
DECIMALS = 3
ABSURD = 1.5


@dataclass(frozen=True, slots=True)
class Origin:
    """An instant from which to look ahead, as it was written and in UTC, datetime64[s]."""

    text: str
    at: np.datetime64


@dataclass(frozen=True, slots=True)
class Block:
    """The forecasts of one kind of meters for one origin; codes in the order of the rows."""

    kind: str
    origin: Origin
    codes: list[str]
    forecast: Forecast


@dataclass(frozen=True, slots=True)
class StudyForecasts:
    """Everything that was foreseen."""

    folder: StudyFolder
    origins: list[Origin]
    horizon: int
    blocks: list[Block]
    models: int

    def summary(self) -> dict[str, Any]:
        """What was done, for people and programs."""
        by_origin = {
            "origins": len(self.origins),
            "meters": len(self.folder.meters),
            "horizon": self.horizon,
            "interval_minutes": self.folder.interval_minutes,
        }
        young = sum(int(block.forecast.young[:-1].sum()) for block in self.blocks)
        whole = sum(len(block.codes) - 1 for block in self.blocks)
        return by_origin | {
            "models_trained": self.models,
            "model_version": VERSION,
            "forecasts": whole,
            "from_like_days": young,
            "rows": sum(len(b.codes) for b in self.blocks) * self.horizon,
        }


def read_origins(path: Path, folder: StudyFolder) -> list[Origin]:
    """The instants of a file, one a line; an empty line and a header `origin` or `time` do not count.

    Raises:
        CannotStudy: a line is no instant with offset, or lies within an interval.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise CannotStudy(
            f"{path.name} cannot be read: {getattr(problem, 'strerror', None) or 'not UTF-8'}; give a file with one time a line"
        ) from None
    origins = []
    for number, line in enumerate(lines, start=1):
        text = line.strip().strip('"')
        if text and not (number == 1 and text.lower() in ("origin", "origins", "time")):
            origins.append(_origin(path.name, number, text, folder))
    if not origins:
        raise CannotStudy(f"{path.name}: there are no origins; write one time a line")
    return origins


def _origin(file: str, number: int, text: str, folder: StudyFolder) -> Origin:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise CannotStudy(f"{file}, row {number}: '{text[:60]}' is no time; write it as 2016-09-01T00:00+02:00") from None
    if instant.tzinfo is None:
        raise CannotStudy(f"{file}, row {number}: '{text}' has no offset; write it as 2016-09-01T00:00+02:00")
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise CannotStudy(f"{file}, row {number}: '{text}' lies outside the years {FIRST_YEAR} to {LAST_YEAR}")
    at = np.datetime64(instant.astimezone(UTC).replace(tzinfo=None), "s")
    if int((at - folder.starts[0]).astype(np.int64)) % (folder.interval_minutes * 60) or instant.microsecond:
        raise CannotStudy(f"{file}, row {number}: '{text}' lies within an interval of {folder.interval_minutes} minutes")
    return Origin(text, at)


@dataclass(frozen=True, slots=True)
class Work:
    """The origins of one kind of meters that share a model: what one process does on its own."""

    kind: str
    places: list[int]
    forecaster: Forecaster
    horizon: int


def study(
    folder: StudyFolder, origins: list[Origin], horizon: int, calendar: Calendar, recipe: Recipe | None = None, cores: int | None = None
) -> StudyForecasts:
    """Foresee consumption and production, each by a model of its own, on all cores; how many there are changes no figure."""
    found: dict[tuple[str, int], Forecast] = {}
    works, codes, models = [], {}, 0
    for kind, total in TOTALS.items():
        columns = folder.columns(kind)
        if not len(columns):
            continue
        codes[kind] = [*(folder.meters[i].code for i in columns), total]
        forecaster = Forecaster(_series(folder, columns), calendar, Ahead(), recipe or Recipe(), MODEL_SHARES[kind])
        works += _by_model(kind, forecaster, origins, horizon)
    for work, forecasts in zip(works, _all_done(works, origins, cores or _cores()), strict=True):
        models += forecasts.trained
        found |= {(work.kind, i): f for i, f in zip(work.places, forecasts.forecasts, strict=True)}
    blocks = [Block(kind, origin, codes[kind], _lit(folder, kind, found[kind, i])) for i, origin in enumerate(origins) for kind in codes]
    return StudyForecasts(folder, origins, horizon, blocks, models)


def _series(folder: StudyFolder, columns: NDArray[np.int64]) -> MeterSeries:
    """The meters' values; what is negative, or more than the connection can carry, is no measurement."""
    values = np.ascontiguousarray(folder.values_wh[:, columns].T)
    most = np.array([folder.meters[i].connection_w for i in columns]) * folder.interval_minutes / 60
    absurd = (values < 0) | ((most > 0)[:, None] & (values > ABSURD * most[:, None]))
    return MeterSeries(folder.starts[0], folder.interval_minutes, folder.zone, np.where(absurd, np.nan, values))


def _by_model(kind: str, forecaster: Forecaster, origins: list[Origin], horizon: int) -> list[Work]:
    days: dict[int, list[int]] = {}
    for i, origin in enumerate(origins):
        days.setdefault(forecaster.training_day_of(origin.at), []).append(i)
    return [Work(kind, places, forecaster, horizon) for _, places in sorted(days.items())]


@dataclass(frozen=True, slots=True)
class Done:
    """What one piece of work brought."""

    forecasts: list[Forecast]
    trained: int


def _do(work: Work, instants: list[np.datetime64]) -> Done:
    forecaster = replace(work.forecaster, trained={})
    forecasts = [forecaster.at(instant, work.horizon) for instant in instants]
    return Done(forecasts, sum(model is not None for model in forecaster.trained.values()))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _all_done(works: list[Work], origins: list[Origin], cores: int) -> list[Done]:
    """Do all pieces, several at a time where there are cores."""
    instants = [[origins[i].at for i in work.places] for work in works]
    cores = min(cores, len(works))
    if cores < 2:
        return [_do(work, at) for work, at in zip(works, instants, strict=True)]
    with ProcessPoolExecutor(cores, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(_do, works, instants))


def _lit(folder: StudyFolder, kind: str, forecast: Forecast) -> Forecast:
    if kind != "production":
        return forecast
    places = [(folder.meters[i].latitude, folder.meters[i].longitude) for i in folder.columns(kind)]
    return dark_at_night(forecast, folder.interval_minutes, places)


def dark_at_night(forecast: Forecast, minutes: int, places: list[tuple[float | None, float | None]]) -> Forecast:
    """The forecast with nothing produced while the sun is down, where it is known where the meter stands."""
    dark = np.zeros(forecast.band.p50_wh.shape, dtype=np.bool_)
    starts_s = forecast.starts.astype("datetime64[s]").astype(np.int64)
    nights: dict[tuple[float, float], NDArray[np.bool_]] = {}
    for row, (latitude, longitude) in enumerate(places):
        if latitude is None or longitude is None:
            continue
        place = same_place(latitude, longitude)
        if place not in nights:
            nights[place] = is_down(starts_s, minutes, *place)
        dark[row] = nights[place]
    dark[-1] = dark[:-1].all(axis=0)
    return forecast.without(dark)


def write_forecasts(path: Path, result: StudyForecasts) -> None:
    """Write all forecasts as one table; local times with their offset."""
    try:
        with path.open("wb") as file:
            writer: arrow_csv.CSVWriter | None = None
            for block in result.blocks:
                table = _table(block, result)
                writer = writer or arrow_csv.CSVWriter(file, table.schema, write_options=arrow_csv.WriteOptions(quoting_style="needed"))
                writer.write_table(table)
            if writer is not None:
                writer.close()
    except OSError as problem:
        raise CannotStudy(f"{path.name} cannot be written: {problem.strerror}; give a file in a folder that is there") from None


def _table(block: Block, result: StudyForecasts) -> pa.Table:
    meters, horizon = len(block.codes), result.horizon
    times = [
        datetime.fromtimestamp(int(s), UTC).astimezone(result.folder.zone).isoformat()
        for s in block.forecast.starts.astype("datetime64[s]").astype(np.int64)
    ]
    band = block.forecast.band
    return pa.table(
        {
            "meter": np.repeat(np.array(block.codes, dtype=object), horizon),
            "origin": pa.array([block.origin.text] * (meters * horizon)),
            "time": times * meters,
            **{
                name: np.round(values, DECIMALS).ravel()
                for name, values in (("p10_wh", band.p10_wh), ("p50_wh", band.p50_wh), ("p90_wh", band.p90_wh))
            },
        }
    )
