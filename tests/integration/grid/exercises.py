"""What emergencies are played on, and what must hold in each of them."""

from itertools import pairwise
from typing import Any

import numpy as np

from grid.domain.control.exercise import Exercise, Moment
from grid.domain.spoken.book import BOOK
from tests import hamlets
from tests.hamlets import TIERS, plant

PLAYED: list[Exercise] = []


def hamlet(**given: Any) -> Exercise:
    """An exercise on the hamlet; what must hold in each is looked at when its scenario is over."""
    exercise = hamlets.hamlet(**given)
    PLAYED.append(exercise)
    return exercise


def hold_what_holds_in_every_emergency() -> None:
    """Tier 0 is on, nothing closes out of step, batteries stay inside their limits, no load flaps, and German operators can read each reason."""
    for exercise in PLAYED:
        never_shed(exercise)
        said_in_german(exercise)
        assert exercise.world.rough_closings == 0
        limits = plant().points.limits
        assert (exercise.world.soc_wh >= limits.soc_min_wh - 1).all()
        assert (exercise.world.soc_wh <= limits.soc_max_wh + 1).all()
        minutes = (exercise.moments[-1].at_s - exercise.moments[0].at_s) / 60
        assert switchings(exercise.moments) <= 8 + minutes, "a load flaps"


def lost_grid(exercise: Exercise) -> Exercise:
    exercise.world.grid.is_there = False
    return exercise


def since(exercise: Exercise, at_s: float) -> list[Moment]:
    return [m for m in exercise.moments if m.at_s >= at_s]


def switchings(moments: list[Moment], of: slice | np.ndarray = slice(None)) -> int:
    """How often any one load went off or on, at most."""
    off = np.array([m.load_is_off[of] for m in moments])
    return int(np.abs(np.diff(off.astype(int), axis=0)).sum(axis=0).max(initial=0))


def reversals(moments: list[Moment], band_w: float = 300.0) -> int:
    """How often the storages' sum turned round by more than a band."""
    total = np.array([m.storage_w.sum() for m in moments])
    turns, last, way = 0, total[0], 0
    for value in total:
        if abs(value - last) < band_w:
            continue
        now = 1 if value > last else -1
        turns += way != 0 and now != way
        way, last = now, value
    return turns


def never_shed(exercise: Exercise) -> None:
    """Tier 0 is on whenever there is voltage."""
    for moment in exercise.moments:
        assert not moment.load_is_off[TIERS == 0].any(), f"tier 0 was let go at {moment.at_s:.0f} s"


def said_in_german(exercise: Exercise) -> None:
    """Each reason is one that operators can read in German."""
    reasons = {reason for moment in exercise.moments for reason in moment.reasons}
    assert [reason for reason in sorted(reasons) if BOOK.german(reason) is None] == []


def restored_in_order(exercise: Exercise, from_s: float) -> None:
    """No load comes back while one of a lower tier is still off, and in the end all are on."""
    moments = since(exercise, from_s)
    for before, after in pairwise(moments):
        back = before.load_is_off & ~after.load_is_off
        if back.any():
            waiting = after.load_is_off
            assert not waiting.any() or TIERS[back].max() <= TIERS[waiting].min(), f"at {after.at_s:.0f} s"
    assert not moments[-1].load_is_off.any()


def statuses(exercise: Exercise) -> list[str]:
    """Each state once in a row."""
    names = [m.status for m in exercise.moments]
    return [name for i, name in enumerate(names) if i == 0 or names[i - 1] != name]
