"""Faults planted with a seed into sound readings, and how many of them were found."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from energy.domain.day_axis import DayAxis
from energy.domain.quality import Check
from energy.domain.validation_rules import Registers

Doubles = NDArray[np.float64]
HELD = 8
GAP_LENGTHS = (1, 2, 4, 8, 16, 48, 96, 288)
EXPECTED = {
    "gap": None,
    "negative": Check.HIGH,
    "above_connection": Check.HIGH,
    "spike": Check.SPIKE,
    "stuck": Check.STUCK,
    "zero_day": Check.STUCK,
    "night": Check.IMPLAUSIBLE,
    "register": Check.SUM_FAILED,
    "high_day": Check.UNUSUAL,
    "low_day": Check.UNUSUAL,
}
OF_DAYS = (Check.SUM_FAILED, Check.UNUSUAL)


@dataclass(frozen=True, slots=True)
class Village:
    """Sound readings: truth float64 [m, T] in whole Wh, with everything that checks may know."""

    axis: DayAxis
    truth_wh: Doubles
    is_production: NDArray[np.bool_]
    connection_wh: Doubles
    is_night: NDArray[np.bool_]
    registers: Registers


@dataclass(slots=True)
class Planted:
    """Readings with faults.

    Attributes:
        values_wh: float64 [m, T], NaN in gaps.
        altered: bool [m, T]; faulty_days: bool [m, d].
        events: kind, meter, first interval, one after the last, size (a factor or a length).
    """

    values_wh: Doubles
    registers: Registers
    altered: NDArray[np.bool_]
    faulty_days: NDArray[np.bool_]
    events: list[tuple[str, int, int, int, float]] = field(default_factory=list)


def plant(village: Village, *, seed: int, share: float = 0.0025) -> Planted:
    """Plant each kind on about `share` of the meter days that can bear it, never two on the same day.

    A fault is something that the meter does not do by itself: a heat pump that holds its level for two hours is not stuck, and a
    charger that charges is no spike.
    """
    rng = np.random.default_rng(seed)
    start, end = village.registers.start_wh.copy(), village.registers.end_wh.copy()
    start[rng.random(start.shape) < 0.1] = np.nan  # some days have none
    planted = Planted(
        village.truth_wh.copy(),
        Registers(start, end, village.registers.limit_wh),
        np.zeros(village.truth_wh.shape, bool),
        np.zeros(start.shape, bool),
    )
    for kind in EXPECTED:
        for meter, day in _choose(village, planted, kind, share, rng):
            _PLANT[kind](village, planted, int(meter), int(day), rng)
    return planted


def _choose(village: Village, planted: Planted, kind: str, share: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Meter days that can bear the fault and hold none yet."""
    axis, truth = village.axis, village.truth_wh
    energy = axis.per_day(np.add, truth)
    free = ~planted.faulty_days & axis.whole
    if kind in ("spike", "negative", "above_connection", "gap"):
        possible = free
    elif kind == "register":
        possible = free & np.isfinite(village.registers.end_wh)
    elif kind == "stuck":
        possible = free & (axis.per_day(np.add, (truth > 0).astype(int)) >= 12)
    elif kind == "zero_day":
        possible = free & ((truth == 0).mean(axis=1) < 0.001)[:, None]
    elif kind == "night":
        possible = free & village.is_production[:, None]
    else:
        possible = free & (energy > 0.3 * np.median(energy, axis=1)[:, None]) & (energy > 0)
    chosen = np.argwhere(possible & (rng.random(free.shape) < share))
    rng.shuffle(chosen)
    if kind == "night":
        chosen = np.concatenate([chosen, np.argwhere(possible & (rng.random(free.shape) < 3 * share))])
    return chosen


def _record(planted: Planted, village: Village, kind: str, meter: int, first: int, last: int, size: float) -> None:
    planted.altered[meter, first:last] = True
    days = np.unique(village.axis.day_of[first:last])
    planted.faulty_days[meter, days] = True
    planted.events.append((kind, meter, first, last, size))


def _span(village: Village, day: int) -> tuple[int, int]:
    return int(village.axis.offsets[day]), int(village.axis.offsets[day + 1])


def _gap(village: Village, planted: Planted, meter: int, day: int, rng: np.random.Generator) -> None:
    first, last = _span(village, day)
    length = int(rng.choice(GAP_LENGTHS))
    at = int(rng.integers(first, last))
    end = min(at + length, planted.values_wh.shape[1])
    if planted.altered[meter, at:end].any():
        return
    planted.values_wh[meter, at:end] = np.nan
    _record(planted, village, "gap", meter, at, end, end - at)


def _negative(village: Village, planted: Planted, meter: int, day: int, rng: np.random.Generator) -> None:
    at = int(rng.integers(*_span(village, day)))
    planted.values_wh[meter, at] = -max(1.0, np.rint(rng.uniform(0.01, 1) * village.connection_wh[meter]))
    _record(planted, village, "negative", meter, at, at + 1, 0)


def _above(village: Village, planted: Planted, meter: int, day: int, rng: np.random.Generator) -> None:
    at = int(rng.integers(*_span(village, day)))
    size = float(rng.uniform(1.05, 6))
    planted.values_wh[meter, at] = np.rint(size * village.connection_wh[meter]) + 2
    _record(planted, village, "above_connection", meter, at, at + 1, size)


def _spike(village: Village, planted: Planted, meter: int, day: int, rng: np.random.Generator) -> None:
    """A multiple of the most that the meter ever does, or a good part of it where it does little."""
    at = int(rng.integers(*_span(village, day)))
    most = village.truth_wh[meter].max()
    size = float(rng.choice([0.8, 1.0, 1.2, 1.5, 2, 3, 5, 10]))
    if size <= 1 and (village.truth_wh[meter] == 0).mean() > 0.3:
        size = 1.5  # what switches may do that any time
    value = np.rint(size * most)
    if value <= village.truth_wh[meter, max(at - 2, 0) : at + 3].max() * 1.5:
        return
    planted.values_wh[meter, at] = value
    _record(planted, village, "spike", meter, at, at + 1, size)


def _stuck(village: Village, planted: Planted, meter: int, day: int, rng: np.random.Generator) -> None:
    first, last = _span(village, day)
    places = np.flatnonzero(village.truth_wh[meter, first:last] > 0) + first
    at = int(rng.choice(places))
    if _holds(village.truth_wh[meter], village.truth_wh[meter, at]):
        return
    length = int(rng.choice([8, 8, 10, 16, 32, 64]))
    end = min(at + length, planted.values_wh.shape[1])
    if planted.altered[meter, at:end].any():
        return
    planted.values_wh[meter, at:end] = village.truth_wh[meter, at]
    _record(planted, village, "stuck", meter, at, end, length)


def _holds(truth_wh: Doubles, value: float) -> bool:
    """Whether the meter itself stays at that value for two hours at times."""
    same = np.concatenate([[0], (truth_wh == value).astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(same))
    return bool((edges[1::2] - edges[::2] >= HELD).any())


def _zero_day(village: Village, planted: Planted, meter: int, day: int, rng: np.random.Generator) -> None:
    first, last = _span(village, day)
    planted.values_wh[meter, first:last] = 0
    _record(planted, village, "zero_day", meter, first, last, 0)


def _night(village: Village, planted: Planted, meter: int, day: int, rng: np.random.Generator) -> None:
    first, last = _span(village, day)
    dark = np.flatnonzero(village.is_night[meter, first:last] & (village.truth_wh[meter, first:last] == 0))
    if not len(dark):
        return
    at = int(rng.choice(dark)) + first
    size = float(np.exp(rng.uniform(np.log(0.012), np.log(0.8))))
    planted.values_wh[meter, at] = np.ceil(size * village.connection_wh[meter]) + 1
    _record(planted, village, "night", meter, at, at + 1, size)


def _register(village: Village, planted: Planted, meter: int, day: int, rng: np.random.Generator) -> None:
    first, last = _span(village, day)
    if not np.isfinite(planted.registers.start_wh[meter, day]):
        planted.registers.start_wh[meter, day] = village.registers.start_wh[meter, day]
    off = max(2.0 * (last - first), rng.uniform(0.05, 0.5) * village.truth_wh[meter, first:last].sum())
    limit = planted.registers.limit_wh[meter]
    planted.registers.end_wh[meter, day] = (planted.registers.end_wh[meter, day] + np.rint(off)) % limit
    planted.faulty_days[meter, day] = True
    planted.events.append(("register", meter, first, last, off))


def _scaled(kind: str, sizes: tuple[float, ...]) -> Callable[[Village, Planted, int, int, np.random.Generator], None]:
    def scale(village: Village, planted: Planted, meter: int, day: int, rng: np.random.Generator) -> None:
        first, last = _span(village, day)
        size = float(rng.choice(sizes))
        planted.values_wh[meter, first:last] = np.rint(village.truth_wh[meter, first:last] * size)
        _record(planted, village, kind, meter, first, last, size)

    return scale


_PLANT = {
    "gap": _gap,
    "negative": _negative,
    "above_connection": _above,
    "spike": _spike,
    "stuck": _stuck,
    "zero_day": _zero_day,
    "night": _night,
    "register": _register,
    "high_day": _scaled("high_day", (2.0, 2.5, 3.0, 4.0, 6.0)),
    "low_day": _scaled("low_day", (0.1, 0.2, 0.3, 0.4, 0.5)),
}


@dataclass(frozen=True, slots=True)
class Score:
    """Shares found by kind and by kind and size; shares of sound values and of sound meter days that were flagged."""

    found: dict[str, float]
    by_size: dict[str, dict[float, float]]
    counts: dict[str, int]
    false_values: float
    false_days: float
    false_by_check: dict[str, float]


def score(village: Village, planted: Planted, intervals: NDArray[np.int16], days: NDArray[np.int16], rows: NDArray[np.int64]) -> Score:
    """Compare flags with what was planted, for the meters `rows` alone."""
    axis = village.axis
    hits: dict[str, list[tuple[float, bool]]] = {}
    chosen = set(rows.tolist())
    for kind, meter, first, last, size in planted.events:
        expected = EXPECTED[kind]
        if meter not in chosen or expected is None:
            continue
        day = axis.day_of[first]
        if kind in ("zero_day",) or expected in OF_DAYS:
            hit = bool(days[meter, day] & expected)
        else:
            hit = bool((intervals[meter, first:last] & expected).any())
        hits.setdefault(kind, []).append((size, hit))
    sound_days = ~planted.faulty_days[rows] & axis.whole
    flagged = intervals[rows] != 0
    flagged_days = axis.per_day(np.logical_or, flagged) | (days[rows] != 0)
    sound_values = ~planted.altered[rows]
    on_sound_days = (days[rows] != 0) & sound_days
    false_values = (int((flagged & sound_values).sum()) + int(on_sound_days.sum())) / int(sound_values.sum())
    checks = {}
    for check in (Check.HIGH, Check.SPIKE, Check.STUCK, Check.IMPLAUSIBLE, Check.SUM_FAILED, Check.UNUSUAL):
        hit_days = axis.per_day(np.logical_or, (intervals[rows] & check) != 0) | ((days[rows] & check) != 0)
        checks[check.name or ""] = float((hit_days & sound_days).sum() / sound_days.sum())
    return Score(
        {kind: float(np.mean([hit for _, hit in found])) for kind, found in hits.items()},
        {
            kind: {size: round(float(np.mean([h for s, h in found if s == size])), 3) for size in sorted({s for s, _ in found})}
            for kind, found in hits.items()
            if kind in ("spike", "stuck", "high_day", "low_day")
        },
        {kind: len(found) for kind, found in hits.items()},
        false_values,
        float((flagged_days & sound_days).sum() / sound_days.sum()),
        checks,
    )
