"""What a month's highest import costs, by how high it is now: a lower one is worth something only if the rest of the month stays below it.

Each day of the last weeks could have been held at some level, had it been known in advance; what is not known beforehand costs a margin. From
these levels, newer days counting more than older ones, follows how likely a day, and all days that are left, stay below any import; a kW less than that
is worth the peak charge times this chance. So early in a month next to nothing is spent on a peak that will be passed anyway (but a storage that has all night to
charge takes its time), and in its last days what was reached is held.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from grid.domain.planning.fleet import Fleet

Array = NDArray[np.float64]
Places = NDArray[np.int64]

PEAK_LEVELS = 14
LEAST_DAYS = 7
# After so many days a day counts half: spring's peaks fall from week to week, autumn's rise.
HALF_LIFE_DAYS = 10.0
# Shares of what the fleet can give: what forecasts miss of what a day could have been held at, and how much that differs between days.
MARGIN, SPREAD = 0.2, 0.2
# What is stored when a day's peak comes, as a share of the capacity.
STORED_SHARE = 0.7
# Levels reach a fleet's power above the one that all days left stay below with the first chance; the target is where both are as likely.
HARDLY, EVEN = 0.03, 0.5
# A month may come out lower than any of the last weeks said: a kW less is always worth this share of its charge.
EVER = 0.02
DAYS_OF_A_MONTH = 30
FINENESS = 400
HALVINGS = 14


@dataclass(frozen=True, slots=True)
class MonthPeak:
    """What the month's highest import will cost in the end.

    Attributes:
        levels_w: float64 [j], rising in equal steps; none where no peak is charged but a single one.
        cost: float64 [j], of a peak at each level when the horizon ends.
        price_per_kw: what a kW above the highest level costs.
        intervals_left: until the month is over; what is imported later belongs to another month.
        target_w: where the peak will probably end.
    """

    levels_w: Array
    cost: Array
    price_per_kw: float
    intervals_left: int
    target_w: float

    def at(self, by_level: Array, peak_w: Array) -> Array:
        """Costs by level [n, j] at one peak each [n]: between levels in proportion, above them by the price."""
        low, share = self.between(peak_w)
        row, high = np.arange(len(by_level)), np.minimum(low + 1, len(self.levels_w) - 1)
        return np.asarray(by_level[row, low] * (1 - share) + by_level[row, high] * share + self.beyond(peak_w))

    def between(self, peak_w: Array) -> tuple[Places, Array]:
        """Between which levels peaks lie: the lower one, and the share of the next; all of it the lower where there is but one."""
        if len(self.levels_w) == 1:
            return np.zeros(peak_w.shape, dtype=np.int64), np.zeros(peak_w.shape)
        return between(self.levels_w, peak_w)

    def beyond(self, peak_w: Array) -> Array:
        """What peaks cost above the highest level."""
        return np.asarray(np.maximum(peak_w - self.levels_w[-1], 0.0) * (self.price_per_kw / 1000))

    def charged(self, by_level: Array) -> Array:
        """Costs [..., j] before the month's end from those after it: the peak is charged and a new one begins."""
        owed = (self.levels_w - self.levels_w[0]) * (self.price_per_kw / 1000)
        return np.asarray(by_level[..., :1] + owed)


NO_PEAK = MonthPeak(np.zeros(1), np.zeros(1), 0.0, 0, 0.0)


def between(steps: Array, values: Array) -> tuple[Places, Array]:
    """Between which of rising steps values lie: the lower one, and the share of the upper one; what lies outside counts as the end."""
    low = np.clip(np.searchsorted(steps, values, side="right") - 1, 0, len(steps) - 2)
    return low, np.clip((values - steps[low]) / (steps[low + 1] - steps[low]), 0.0, 1.0)


def month_peak(
    fleet: Fleet, *, hours: float, held_w: Array, net_w: Array, reached_w: float, intervals_left: int, price_per_kw: float
) -> MonthPeak:
    """What a peak will cost, from the levels at which the past weeks' days could have been held and what the month has reached.

    Args:
        held_w: as `held_levels_w` finds them, oldest first; none where too few days are known.
        net_w: medians of the horizon; what they leave no choice about is not worth a look either.
    """
    per_day = round(24 / hours)
    days_left = max(intervals_left - len(net_w), 0) / per_day
    most_w = fleet.discharge_max_w
    top = max(float(held_w.max(initial=0.0)) + 2 * most_w, reached_w + most_w)
    fine_w = np.linspace(0.0, top, FINENESS)
    below = stays_below(held_w, most_w, fine_w)
    chance = below**days_left
    forced_w = float(net_w.max(initial=0.0)) - most_w
    lowest = max(reached_w, forced_w, float(np.interp(HARDLY, chance, fine_w)) if days_left and len(held_w) else 0.0)
    levels = np.linspace(max(reached_w, forced_w, 0.0), lowest + max(most_w, 1.0), PEAK_LEVELS)
    at_end = np.maximum(below**DAYS_OF_A_MONTH if intervals_left < len(net_w) else chance, EVER)
    step = (at_end[1:] + at_end[:-1]) / 2 * np.diff(fine_w)
    owed = np.interp(levels, fine_w, np.append(0.0, np.cumsum(step))) + np.maximum(levels - top, 0.0)
    target = max(lowest, float(np.interp(EVEN, chance, fine_w)) if days_left and len(held_w) else 0.0)
    return MonthPeak(levels, (owed - owed[0]) * price_per_kw / 1000, price_per_kw, intervals_left, target)


def stays_below(held_w: Array, most_w: float, import_w: Array) -> Array:
    """How likely a day's import can be kept below each of `import_w`, by the levels past days could have been held at, oldest first.

    Sure without any.
    """
    if len(held_w) == 0:
        return np.ones_like(import_w)
    off = (import_w[:, None] - held_w - MARGIN * most_w) / max(SPREAD * most_w, 1.0)
    weights = 0.5 ** (np.arange(len(held_w))[::-1] / HALF_LIFE_DAYS)
    return np.asarray(ndtr(off) @ weights / weights.sum())


def held_levels_w(fleet: Fleet, hours: float, net_w: Array) -> Array:
    """The import each past day, from noon to noon, could have been held at [W]; none where too few days are known.

    `net_w` is that of whole days one after the other, from a local midnight on.

    Found by halving: at a level that can be held, charging whenever there is room below it never runs empty.
    """
    per_day = round(24 / hours)
    days = net_w[per_day // 2 :]
    days = days[: len(days) // per_day * per_day].reshape(-1, per_day)
    if len(days) < LEAST_DAYS:
        return np.zeros(0)
    high = np.maximum(days.max(axis=1), 0.0)
    low = np.maximum(high - fleet.discharge_max_w, 0.0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        held = _is_held(fleet, hours, days, middle)
        low, high = np.where(held, low, middle), np.where(held, middle, high)
    return np.asarray(high)


def _is_held(fleet: Fleet, hours: float, days: Array, level_w: Array) -> NDArray[np.bool_]:
    """Whether each day [d, S] can be held at its level [d]."""
    stored = np.full(len(days), STORED_SHARE * fleet.capacity_wh)
    held = np.ones(len(days), dtype=np.bool_)
    for net_w in days.T:
        power = np.minimum(level_w - net_w, fleet.charge_max_w)
        held &= power >= -fleet.discharge_max_w
        moved = np.where(power > 0, power * fleet.eta_charge, power / fleet.eta_discharge) * hours
        stored = np.minimum(stored + moved, fleet.capacity_wh)
        held &= stored >= 0
    return held
