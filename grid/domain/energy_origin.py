"""Where stored energy came from: layers of local, public and members' energy that a storage takes in and gives out again.

Losses stay with the energy that bears them: what charging and standing lose is taken from the layers themselves, in proportion. Whole Wh;
in every interval `stored before + charged = stored after + discharged + lost`, layer by layer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Wh = NDArray[np.int64]


class Order(StrEnum):
    """Which stored energy leaves first."""

    FIRST_IN = "first_in"
    PRO_RATA = "pro_rata"


@dataclass(frozen=True, slots=True)
class Layer:
    """Energy that came in together, by origin [o]."""

    wh: Wh

    @property
    def total_wh(self) -> int:
        return int(self.wh.sum())


@dataclass(frozen=True, slots=True)
class Course:
    """What a day did to a storage; rows are intervals, columns origins.

    Attributes:
        discharged_wh, lost_wh: [T, o].
        layers: what is stored in the end, the oldest first.
        unexplained_wh: what was discharged beyond all that was known to be stored [T].
    """

    discharged_wh: Wh
    lost_wh: Wh
    layers: tuple[Layer, ...]
    unexplained_wh: Wh


def follow(layers: Sequence[Layer], charged_wh: Wh, discharged_wh: Wh, stored_wh: Wh, order: Order) -> Course:
    """Follow energy through a storage.

    Args:
        layers: what is stored before.
        charged_wh: [T, o], by origin, at the terminals.
        discharged_wh: [T], at the terminals.
        stored_wh: [T], what is stored after each interval; what neither is stored nor was discharged is lost.
    """
    held = [np.array(layer.wh, dtype=np.int64) for layer in layers]
    intervals, origins = charged_wh.shape
    out, lost = np.zeros((2, intervals, origins), dtype=np.int64)
    unexplained = np.zeros(intervals, dtype=np.int64)
    for t in range(intervals):
        if charged_wh[t].any():
            held.append(charged_wh[t].astype(np.int64).copy())
        held, out[t] = _take(held, int(discharged_wh[t]), order)
        unexplained[t] = int(discharged_wh[t]) - int(out[t].sum())
        known = int(sum(int(layer.sum()) for layer in held))
        held, lost[t] = _take(held, max(known - int(stored_wh[t]), 0), Order.PRO_RATA)
    return Course(out, lost, tuple(Layer(layer) for layer in held if layer.any()), unexplained)


def _take(held: list[Wh], wanted: int, order: Order) -> tuple[list[Wh], Wh]:
    """Take energy from layers; what is left of them, and what was taken by origin."""
    origins = len(held[0]) if held else 0
    taken = np.zeros(origins, dtype=np.int64) if origins else np.zeros(1, dtype=np.int64)
    if not held or wanted <= 0:
        return held, taken * 0
    totals = np.array([int(layer.sum()) for layer in held], dtype=np.int64)
    if order == Order.PRO_RATA:
        amounts = split(min(wanted, int(totals.sum())), totals)
    else:
        before = np.concatenate([[0], np.cumsum(totals)[:-1]])
        amounts = np.clip(wanted - before, 0, totals)
    rest = []
    for layer, amount in zip(held, amounts.tolist(), strict=True):
        part = split(amount, layer)
        taken = taken + part
        if (layer - part).any():
            rest.append(layer - part)
    return rest, taken


def split(amount: int, weights: Wh) -> Wh:
    """Divide whole Wh in proportion, remainders to the largest fractions; none gets more than its weight."""
    total = int(weights.sum())
    if total <= 0 or amount <= 0:
        return np.zeros_like(weights)
    exact = [amount * int(w) for w in weights]
    parts = np.array([e // total for e in exact], dtype=np.int64)
    missing = amount - int(parts.sum())
    by_remainder = sorted(range(len(exact)), key=lambda i: (-(exact[i] % total), i))
    for i in by_remainder[:missing]:
        parts[i] += 1
    return parts
