"""Readings of a study's folder as the checks want them, and findings and estimates as files."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from energy.adapters.study_folder import StudyFolder
from energy.domain.day_axis import DayAxis, day_axis
from energy.domain.gap_estimates import Estimates
from energy.domain.quality import Check, Method
from energy.domain.sun import DARK_FROM_HOUR, DARK_TO_HOUR, places_of, sun_over
from energy.domain.validation import Findings, Readings
from energy.domain.validation_rules import Registers

ROLLOVER_WH = 100_000_000
CHECKS = (Check.HIGH, Check.SPIKE, Check.STUCK, Check.IMPLAUSIBLE, Check.SUM_FAILED, Check.UNUSUAL)


def read_readings(folder: StudyFolder, is_holiday: Callable[[date], bool]) -> Readings:
    """The folder's readings; Wh that an interval may hold come from the connection."""
    start_s = folder.starts.astype("datetime64[s]").astype(np.int64)
    axis = day_axis(start_s=start_s, zone=folder.zone, interval_minutes=folder.interval_minutes, is_holiday=is_holiday)
    values = np.ascontiguousarray(folder.values_wh.T, dtype=np.float32)
    is_production = np.array([meter.kind == "production" for meter in folder.meters])
    connection = np.array([meter.connection_w for meter in folder.meters]) * axis.hours
    return Readings(axis, values, is_production, connection, _nights(folder, axis, is_production), _registers(folder, axis))


def _nights(folder: StudyFolder, axis: DayAxis, is_production: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where the sun is down for each source; where its place is unknown, the hours around midnight."""
    night = np.zeros((len(folder.meters), len(axis.start_s)), dtype=bool)
    minutes = axis.slots * axis.interval_minutes
    night[is_production] = (minutes >= DARK_FROM_HOUR * 60) | (minutes < DARK_TO_HOUR * 60)
    rows, latitudes, longitudes = _placed(folder, is_production)
    if len(rows):
        places, which = places_of(latitudes, longitudes)
        suns = [sun_over(axis.start_s, axis.interval_minutes, *place).is_night for place in places.tolist()]
        night[rows] = np.array(suns)[which]
    return night


def sky_of(folder: StudyFolder) -> NDArray[np.float64] | None:
    """Clear-sky irradiance in the middle of the places of all sources, float64 [1, T]; None without a place."""
    rows, latitudes, longitudes = _placed(folder, np.ones(len(folder.meters), dtype=bool))
    if not len(rows):
        return None
    start_s = folder.starts.astype("datetime64[s]").astype(np.int64)
    middle = float(np.median(latitudes)), float(np.median(longitudes))
    return sun_over(start_s, folder.interval_minutes, *middle).clear_sky_w_m2[None, :]


def _placed(folder: StudyFolder, among: NDArray[np.bool_]) -> tuple[NDArray[np.int64], Any, Any]:
    found = [
        (row, meter.latitude, meter.longitude)
        for row, meter in enumerate(folder.meters)
        if among[row] and meter.latitude is not None and meter.longitude is not None
    ]
    table = np.array(found, dtype=np.float64).reshape(-1, 3)
    return table[:, 0].astype(np.int64), table[:, 1], table[:, 2]


def _registers(folder: StudyFolder, axis: DayAxis) -> Registers | None:
    read = folder.registers
    if read is None or not len(read.days):
        return None
    shape = (len(folder.meters), len(axis.days))
    start, end = np.full(shape, np.nan), np.full(shape, np.nan)
    day = (read.days - np.datetime64(axis.days[0], "D")).astype(np.int64)
    inside = (day >= 0) & (day < shape[1])
    start[read.meters[inside], day[inside]] = read.start_wh[inside]
    end[read.meters[inside], day[inside]] = read.end_wh[inside]
    return Registers(start, end, np.full(shape[0], float(ROLLOVER_WH)))


def write_flags(path: Path, folder: StudyFolder, readings: Readings, findings: Findings) -> dict[str, int]:
    """One row per meter, time and check; a check of a whole day stands at its first interval. Returns rows by check."""
    parts = [_rows(np.isnan(readings.values_wh), "MISSING")]
    firsts = readings.axis.offsets[:-1]
    for check in CHECKS:
        parts.append(_rows((findings.intervals & check) != 0, check.name or ""))
        meters, days = np.nonzero(findings.days & check)
        parts.append(pd.DataFrame({"meter": meters, "interval": firsts[days], "check": check.name or ""}))
    table = pd.concat(parts).sort_values(["meter", "interval"], kind="stable").drop_duplicates()
    counts = {str(name): int(count) for name, count in table["check"].value_counts().items()}
    _write(path, folder, readings, table, ["check"])
    return counts


def _rows(found: NDArray[np.bool_], name: str) -> pd.DataFrame:
    meters, intervals = np.nonzero(found)
    return pd.DataFrame({"meter": meters, "interval": intervals, "check": name})


def write_estimates(path: Path, folder: StudyFolder, readings: Readings, estimates: Estimates) -> None:
    """One row per estimated value."""
    labels = {int(method): method.label for method in Method}
    table = pd.DataFrame(
        {"meter": estimates.meters, "interval": estimates.intervals, "wh": estimates.wh, "method": pd.Series(estimates.methods).map(labels)}
    )
    _write(path, folder, readings, table, ["wh", "method"])


def _write(path: Path, folder: StudyFolder, readings: Readings, table: pd.DataFrame, columns: list[str]) -> None:
    codes = np.array([meter.code for meter in folder.meters], dtype=object)
    intervals, which = np.unique(table["interval"].to_numpy(dtype=np.int64), return_inverse=True)
    texts = np.array(local_texts(readings.axis.start_s[intervals], folder.zone), dtype=object)
    written = pd.DataFrame({"meter": codes[table["meter"].to_numpy(dtype=np.int64)], "time": texts[which] if len(texts) else []})
    for column in columns:
        written[column] = table[column].to_numpy()
    written.to_csv(path, index=False, lineterminator="\n")


def local_texts(start_s: NDArray[np.int64], zone: ZoneInfo) -> list[str]:
    """Instants [s since 1970] as ISO 8601 on the local clock, with offset."""
    local = pd.DatetimeIndex(start_s.astype("datetime64[s]"), tz="UTC").tz_convert(zone)
    return [instant.isoformat() for instant in local]
