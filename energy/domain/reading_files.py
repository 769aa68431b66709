"""What a file of readings says, whatever its format: series of intervals, and what is wrong with which row.

The formats are adapters of one shape; each reads bytes into series and writes parts back into bytes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

DRAWN, FED_IN, UNNAMED = "drawn", "fed in", ""
REACTIVE = "reactive"
MOST_PROBLEMS = 200  # of one file are kept; whoever mends these finds the next ones


class EnergyUnit(StrEnum):
    WH = "wh"
    KWH = "kwh"


class IntervalLabel(StrEnum):
    """Which instant of an interval its time names."""

    START = "start"
    END = "end"


class FileClock(StrEnum):
    """The clock of times without an offset."""

    LOCAL = "local"
    UTC = "utc"


class CannotReadFile(ValueError):
    """The file as a whole cannot be read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How a file is meant where it does not say so itself."""

    zone: ZoneInfo
    interval_minutes: int = 15
    unit: EnergyUnit = EnergyUnit.KWH
    label: IntervalLabel = IntervalLabel.START
    clock: FileClock = FileClock.LOCAL

    @property
    def interval_s(self) -> int:
        return self.interval_minutes * 60


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong in one place of a file, and the step that mends it. `row` counts lines from 1, the header included."""

    row: int
    column: str
    what: str
    mending: str

    def __str__(self) -> str:
        return f"row {self.row}, column {self.column}: {self.what}; {self.mending}"


@dataclass(frozen=True, slots=True)
class ReadingSeries:
    """The readings of one meter and channel, in the order of the file.

    Attributes:
        meter: the meter's name in the file.
        channel: one of CHANNEL_NAMES; DRAWN or FED_IN where the file knows directions only; UNNAMED where it says nothing;
            reactive energy is in varh.
        starts_s: int64 [n], first instants of the intervals [s since 1970].
        energy_wh: float64 [n].
        rows: int64 [n], the line of each.
        substitute: bool [n], not measured but put in by whoever made the file; None where the file does not say.
    """

    meter: str
    channel: str
    starts_s: NDArray[np.int64]
    energy_wh: NDArray[np.float64]
    rows: NDArray[np.int64]
    substitute: NDArray[np.bool_] | None = None
    column: str = "value"


@dataclass(frozen=True, slots=True)
class FileContent:
    """All that was found in a file."""

    series: tuple[ReadingSeries, ...]
    problems: tuple[RowProblem, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class SeriesName:
    """Which meter and channel a column of an export holds, and whether energy flows to the member."""

    meter: str
    channel: str


@dataclass(frozen=True, slots=True)
class ReadingPart:
    """Some consecutive intervals of an export.

    Attributes:
        starts_s: int64 [k].
        values_wh: int64 [c, k], by series and interval.
        methods: int16 [c, k], how each came to be; MISSING is left out of the file.
    """

    starts_s: NDArray[np.int64]
    values_wh: NDArray[np.int64]
    methods: NDArray[np.int16]


class ReadingFormat(Protocol):
    """One format of files of readings."""

    name: str
    title: str
    suffix: str
    media_type: str

    def read(self, content: bytes, options: ReadOptions) -> FileContent:
        """Read a whole file.

        Raises:
            CannotReadFile: it is not a file of this format at all.
        """
        ...

    def write(self, names: Sequence[SeriesName], parts: Iterable[ReadingPart], options: ReadOptions) -> Iterator[bytes]:
        """Write parts as they come; no more than one part is held."""
        ...


CHANNELS_BY_KIND = {
    "site": {UNNAMED: "import", DRAWN: "import", FED_IN: "export", REACTIVE: "reactive"},
    "source": {UNNAMED: "production", FED_IN: "production"},
    "storage": {UNNAMED: "charge", DRAWN: "charge", FED_IN: "discharge"},
    "grid": {UNNAMED: "down", DRAWN: "down", FED_IN: "up"},
    "device": {UNNAMED: "draw", DRAWN: "draw"},
}


def channel_of(kind: str, named: str) -> str | None:
    """The channel that a file means for a meter of this kind; None where such a meter has none."""
    meant = CHANNELS_BY_KIND[kind]
    return meant.get(named) or (named if named in meant.values() else None)
