"""A customer's year from a CSV file: `hour_beginning, import_kwh, export_kwh`."""

import csv
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from billing.domain.pricing.axis import TimeAxis, axis_of_starts, common_year
from billing.domain.pricing.conventions import Conventions
from billing.domain.pricing.metered import Metered

COLUMNS = ("hour_beginning", "import_kwh", "export_kwh")
WH = 1000
YEAR_HOURS = 8760
MONTHS = 12
MOST_KWH = 1e9


class CannotReadLoad(ValueError):
    """The file holds no year that can be rated; the message names file, row or column, and the mending step."""


@dataclass(frozen=True, slots=True)
class LoadYear:
    """One customer's year along its axis."""

    axis: TimeAxis
    metered: Metered


def read_load_file(path: Path, conventions: Conventions, zone: ZoneInfo | None) -> LoadYear:
    """Read a year. SAM counts hours from a Monday, 1 January; we go by the local time in the file.

    Raises:
        CannotReadLoad: it is missing, broken, or no year.
    """
    starts, energy_kwh = _rows(path)
    if conventions.equal_months:
        if len(energy_kwh) % YEAR_HOURS or not 1 <= len(energy_kwh) // YEAR_HOURS <= 60:
            raise CannotReadLoad(f"{path.name}: has {len(energy_kwh)} rows; SAM's year has {YEAR_HOURS} hours, give a row for each")
        axis = common_year(len(energy_kwh) // YEAR_HOURS)
    else:
        axis = _calendar(path, starts, zone)
    wh = energy_kwh * WH
    if conventions.exact:
        wh = np.rint(wh).astype(np.int64)
    return LoadYear(axis, Metered(wh[None, :, 0], wh[None, :, 1]))


def _rows(path: Path) -> tuple[list[str], NDArray[np.float64]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            header = [name.strip() for name in next(reader, [])]
            missing = [name for name in COLUMNS if name not in header]
            if missing:
                raise CannotReadLoad(f"{path.name}: has no column {missing[0]}; the first line must name {', '.join(COLUMNS)}")
            places = [header.index(name) for name in COLUMNS]
            rows = [_row(path, number, row, places, len(header)) for number, row in enumerate(reader, start=2) if any(row)]
    except FileNotFoundError:
        raise CannotReadLoad(f"{path.name}: there is no such file in {path.parent}; check the path") from None
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise CannotReadLoad(f"{path.name}: cannot be read ({problem}); give a CSV file in UTF-8") from None
    if not rows:
        raise CannotReadLoad(f"{path.name}: has no rows; give one for each hour of a year")
    return [row[0] for row in rows], np.array([row[1:] for row in rows])


def _row(path: Path, number: int, row: list[str], places: list[int], columns: int) -> tuple[str, float, float]:
    if len(row) <= max(places) or any(row[columns:]):
        raise CannotReadLoad(f"{path.name}, row {number}: has {len(row)} fields; give {', '.join(COLUMNS)}, with points as decimal marks")
    start = row[places[0]].strip()
    if not start:
        raise CannotReadLoad(f"{path.name}, row {number}, hour_beginning: is empty; give the hour's first instant")
    drawn, fed_in = (_energy(path, number, name, row[place]) for name, place in zip(COLUMNS[1:], places[1:], strict=True))
    return start, drawn, fed_in


def _energy(path: Path, number: int, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < MOST_KWH:
        raise CannotReadLoad(
            f"{path.name}, row {number}, {column}: is '{text.strip()[:40]}'; must be a number of kWh, 0 or more and below {MOST_KWH:.0e}"
        )
    return value


def _calendar(path: Path, texts: list[str], zone: ZoneInfo | None) -> TimeAxis:
    """The axis by the times in the file, as they are written or in a zone."""
    starts = [_instant(path, number, text) for number, text in enumerate(texts, start=2)]
    if len(starts) < 2:
        raise CannotReadLoad(f"{path.name}: has one row; give one for each hour of a year")
    aware = starts[0].tzinfo is not None
    if any((start.tzinfo is not None) != aware for start in starts) or (zone and not aware):
        raise CannotReadLoad(f"{path.name}: some times have no offset; write them as 2026-01-01T00:00+01:00")
    clock = [start.astimezone(UTC) for start in starts] if aware else starts
    step = clock[1] - clock[0]
    for number, (before, after) in enumerate(pairwise(clock), start=3):
        if after - before != step:
            raise CannotReadLoad(
                f"{path.name}, row {number}, hour_beginning: follows by {after - before}, not {step}; give every interval once"
            )
    minutes = int(step / timedelta(minutes=1))
    if minutes <= 0 or timedelta(minutes=minutes) != step or 60 % minutes:
        raise CannotReadLoad(f"{path.name}, hour_beginning: rows are {step} apart; must be an hour or an even part of one")
    local = [start.astimezone(zone) for start in starts] if zone else starts
    axis = axis_of_starts(local, minutes)
    if len(axis.months) != MONTHS or (axis.days_on_axis != axis.days_in_month).any():
        raise CannotReadLoad(f"{path.name}: covers {axis.months[0]} to {axis.months[-1]}, not twelve whole months")
    return axis


def _instant(path: Path, number: int, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise CannotReadLoad(f"{path.name}, row {number}, hour_beginning: is '{text}'; write times as 2026-01-01T00:00+01:00") from None
