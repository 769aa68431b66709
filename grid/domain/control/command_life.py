"""The life of commands: when a device must be told anew, until when it may act on it, and who has not answered.

All devices that can be told stand in one row of arrays: storages (a set-point, charging positive), sources (the most they may give)
and loads (the most they may draw), in this order. Each falls back by itself when its command ends: a storage stands idle, a source
and a load are free again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from grid.domain.control.dispatch import Power
from grid.domain.control.state import Mask

WORTH_A_CHANGE = 0.02
LEAST_CHANGE_W = 20
RESEND_OFTEN = 3
RESEND_SELDOM = 5


@dataclass(frozen=True, slots=True)
class Told:
    """What each device was told last.

    Attributes:
        value_w: set-point or limit; a limit of infinity is none.
        fallback_w: what it does by itself when nothing stands.
        ends_s: when what it was told ends; minus infinity where nothing was.
        is_known: whether it acknowledged.
        unanswered: how many commands in a row it did not acknowledge.
        quiet_ticks: ticks since it was told last.
        ids: of the command that stands.
    """

    value_w: Power
    fallback_w: Power
    ends_s: Power
    is_known: Mask
    unanswered: np.ndarray
    quiet_ticks: np.ndarray
    ids: tuple[str, ...]

    @classmethod
    def nothing(cls, storages: int, limited: int) -> "Told":
        """Nobody was told anything; `limited` sources and loads."""
        count = storages + limited
        fallback = np.concatenate([np.zeros(storages), np.full(limited, np.inf)])
        return cls(
            fallback.copy(),
            fallback,
            np.full(count, -np.inf),
            np.ones(count, bool),
            np.zeros(count, np.int64),
            np.zeros(count, np.int64),
            ("",) * count,
        )


def due(told: Told, wanted_w: Power, may_be_told: Mask, at_s: float, renew_before_s: float) -> Mask:
    """Who must be told anew: the value moved by more than a deadband, what stands runs out, or no answer came.

    A limit that falls is told by its small steps too: what holds sources and loads back was counted on as soon as it was decided. A device that does not answer is told at each of the next ticks, then more seldom, so that a dead link gets no storm.
    """
    stands = told.ends_s > at_s
    before = np.where(stands, told.value_w, told.fallback_w)
    moved = _differs(before, wanted_w) | (np.isinf(told.fallback_w) & (wanted_w < before - LEAST_CHANGE_W))
    runs_out = stands & (told.ends_s - at_s < renew_before_s) & _differs(told.fallback_w, wanted_w)
    silent = stands & ~told.is_known
    often = told.unanswered <= RESEND_OFTEN
    patient = often | (told.quiet_ticks >= RESEND_SELDOM)
    return np.asarray(may_be_told & np.where(silent, patient, moved | runs_out))


def _differs(before_w: Power, wanted_w: Power) -> Mask:
    """Whether two values are further apart than the deadband; from or to no limit is always a difference."""
    both = np.isfinite(before_w) & np.isfinite(wanted_w)
    apart = np.abs(np.where(both, wanted_w, 0.0) - np.where(both, before_w, 0.0))
    band = np.maximum(LEAST_CHANGE_W, WORTH_A_CHANGE * np.abs(np.where(both, before_w, 0.0)))
    return np.asarray(np.where(both, apart > band, np.isfinite(before_w) != np.isfinite(wanted_w)))


def tell(told: Told, who: Mask, wanted_w: Power, ids: Sequence[str], ends_s: float) -> Told:
    """What stands after those in `who` were sent commands; `ids` in their order."""
    names = list(told.ids)
    for place, name in zip(np.flatnonzero(who), ids, strict=True):
        names[place] = name
    unanswered = np.where(who, np.where(told.is_known, 0, told.unanswered) + 1, told.unanswered)
    return replace(
        told,
        value_w=np.where(who, wanted_w, told.value_w),
        ends_s=np.where(who, ends_s, told.ends_s),
        is_known=told.is_known & ~who,
        unanswered=unanswered,
        quiet_ticks=np.where(who, 0, told.quiet_ticks + 1),
        ids=tuple(names),
    )


def acknowledge(told: Told, ids: set[str]) -> Told:
    """After acknowledgements came; one of a command that does not stand any more says only that the device hears."""
    heard = np.array([name in ids and bool(name) for name in told.ids], dtype=bool)
    return replace(told, is_known=told.is_known | heard, unanswered=np.where(heard, 0, told.unanswered))


def unanswered(told: Told, at_s: float, after: int) -> Mask:
    """Devices that did not acknowledge `after` commands in a row: somebody must be told."""
    return np.asarray(~told.is_known & (told.unanswered >= after))
