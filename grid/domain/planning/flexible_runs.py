"""Runs of members' devices as flexible loads of a plan: what is left of them, from when to when, and why then. Pure arithmetic on hours."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grid.domain.planning.parts import Array, FlexibleLoads
from grid.domain.planning.run_words import ENGLISH, RunWords

NOTHING_W = 0.5
DONE_WH = 1.0


class CannotRun(ValueError):
    """What is asked for cannot be; the message says why and what would do. `form` and `figures` let doors say it in another language."""

    def __init__(self, form: str, **figures: object) -> None:
        super().__init__(form.format(**figures))
        self.form, self.figures = form, figures


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that is not over, seen from a plan's origin.

    Attributes:
        name: as sentences tell of it.
        energy_wh, told_wh: in all, and what it was let draw before.
        power_w: at most; throughout where it must not pause.
        start_hours, ready_hours: from the origin on, negative before it.
    """

    name: str
    energy_wh: float
    told_wh: float
    power_w: float
    start_hours: float
    ready_hours: float
    may_pause: bool

    @property
    def left_wh(self) -> float:
        return max(self.energy_wh - self.told_wh, 0.0)

    def window(self, hours: float, intervals: int) -> tuple[int, int]:
        """Intervals in which it may run; empty where none is left. One that has begun and must not pause goes on at once.

        Only whole intervals count: what would begin too early or end too late is left out. What is to be ready beyond the plan's end is
        ready at its end.
        """
        earliest = int(np.clip(np.ceil(self.start_hours / hours - 1e-9), 0, intervals))
        latest = int(np.clip(np.floor(self.ready_hours / hours + 1e-9), 0, intervals))
        if not self.may_pause and self.told_wh > 0:
            earliest = 0
            latest = min(latest, int(np.ceil(self.left_wh / (self.power_w * hours) - 1e-9)))
        return (earliest, latest) if earliest < latest else (0, 0)


def check_run(energy_wh: float, power_w: float, hours: float, most_w: float) -> None:
    """Raise CannotRun where the energy does not fit into the time, or the device has not the power."""
    if energy_wh <= 0 or power_w <= 0:
        raise CannotRun("Energy and power must be above nothing.")
    if power_w > most_w:
        raise CannotRun("The device draws {most} kW at most; lower the power.", most=f"{most_w / 1000:.1f}")
    if energy_wh > power_w * hours + DONE_WH:
        raise CannotRun(
            "In that time {most} kWh can be drawn at {power} kW; ask for less, or be ready later.",
            most=f"{power_w * max(hours, 0) / 1000:.1f}",
            power=f"{power_w / 1000:.1f}",
        )


def loads_of(runs: Sequence[OpenRun], hours: float, intervals: int) -> FlexibleLoads:
    """The runs as a plan takes them; one that cannot run any more asks for nothing."""
    windows = [run.window(hours, intervals) for run in runs]
    energy = [run.left_wh if latest > earliest else 0.0 for run, (earliest, latest) in zip(runs, windows, strict=True)]
    return FlexibleLoads.of(
        _unlike([run.name for run in runs]),
        energy_wh=energy,
        power_max_w=[run.power_w for run in runs],
        earliest=[w[0] for w in windows],
        latest=[w[1] for w in windows],
        interruptible=[run.may_pause for run in runs],
    )


def _unlike(names: Sequence[str]) -> list[str]:
    """Names with a number where two are alike."""
    counted: dict[str, int] = {}
    found = []
    for name in names:
        counted[name] = counted.get(name, 0) + 1
        found.append(name if counted[name] == 1 else f"{name} ({counted[name]})")
    return found


def reason_of(run: OpenRun, power_w: Array, price: Array, hours: float, clock: Sequence[str], words: RunWords = ENGLISH) -> str:
    """Why a run is planned when it is: when it runs, what energy is worth then, and what it would be worth at once."""
    earliest, latest = run.window(hours, len(power_w))
    planned_wh = float(power_w.sum()) * hours
    missing = run.left_wh - planned_wh
    if run.left_wh <= DONE_WH:
        return words.had_all
    if planned_wh <= DONE_WH:
        return words.no_time if earliest == latest else words.no_room.format(until=_at(latest, clock, words))
    worth = float(power_w @ price) / float(power_w.sum())
    begin = words.runs.format(times=_times(power_w, clock, words), worth=words.figure(worth, 2))
    if missing > DONE_WH:
        left, all_of_it = words.figure(missing / 1000, 1), words.figure(run.left_wh / 1000, 1)
        return begin + words.too_little.format(missing=left, left=all_of_it, until=_at(latest, clock, words))
    at_once = _at_once(run, earliest, latest, hours)
    full = float(at_once @ price[earliest : earliest + len(at_once)]) / float(at_once.sum())
    if latest - earliest <= len(at_once):
        return begin + words.all_its_time
    if full > worth + 0.005:
        saved = (full - worth) * planned_wh / 1000
        return begin + words.cheaper.format(full=words.figure(full, 2), saved=words.figure(saved, 2))
    return begin + words.no_later


def _at_once(run: OpenRun, earliest: int, latest: int, hours: float) -> Array:
    """At full power from the first moment on."""
    length = min(max(int(np.ceil(run.left_wh / (run.power_w * hours) - 1e-9)), 1), latest - earliest)
    shape = np.full(length, run.power_w)
    shape[-1] = min(run.left_wh / hours - (length - 1) * run.power_w, run.power_w)
    return shape


def _times(power_w: Array, clock: Sequence[str], words: RunWords) -> str:
    """Stretches of time, the first three of them."""
    on = np.concatenate([[False], power_w > NOTHING_W, [False]])
    begins, ends = np.flatnonzero(on[1:] & ~on[:-1]), np.flatnonzero(~on[1:] & on[:-1])
    told = [words.stretch.format(begin=_at(int(b), clock, words), end=_at(int(e), clock, words)) for b, e in zip(begins, ends, strict=True)]
    if len(told) > 2:
        return words.both.join([", ".join(told[:2]), words.more.format(count=len(told) - 2)])
    return words.both.join(told)


def _at(interval: int, clock: Sequence[str], words: RunWords) -> str:
    return clock[interval] if interval < len(clock) else words.plans_end
