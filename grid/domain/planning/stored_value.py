"""What a stored Wh is worth, while nobody knows what comes: stochastic dynamic programming over the fleet's state of charge and the month's peak.

The net power of each interval is the median of its forecast or lies off it by some share of the band (`error_chain.py`). Going backwards from
the horizon's end, each interval chooses what costs least, knowing what is measured in it, what a Wh left over will be worth and what a higher
peak will cost (`month_peak.py`): Bellman's recursion (1957). So what spikes may need is kept, in the measure in which they are likely and
dear, and no longer than that. All storages count as one; `storage_sharing` divides what they do together.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid.domain.planning.error_chain import chain, moves_by_interval
from grid.domain.planning.fleet import Fleet
from grid.domain.planning.month_peak import between
from grid.domain.planning.storing_choices import (
    LEVELS,
    TOGETHER,
    ImportsAtThePeak,
    MovesOfCharge,
    Outlook,
    interval_cost,
    place_of,
    stored_w,
)

Array = NDArray[np.float64]

# A band narrower than half its horizon's mean says more of how few like hours were seen than of how calm they are.
LEAST_BAND_SHARE = 0.5
CHOICES = 201


@dataclass(frozen=True, slots=True)
class StoredValue:
    """What storing is worth after each of the first intervals.

    Attributes:
        to_come: [keep, k, LEVELS, j], what the rest of the horizon costs from each state of charge on, by state of the chain before and level of the
            month's peak.
    """

    fleet: Fleet
    outlook: Outlook
    to_come: Array

    @property
    def levels_wh(self) -> Array:
        return np.linspace(0.0, self.fleet.capacity_wh, LEVELS)

    def after(self, interval: int, net_w: float) -> Array:
        """Cost to come by level of charge and of the peak [LEVELS, j] after an interval in which `net_w` was measured."""
        states = chain().states
        off_w = net_w - self.outlook.net_w[interval]
        band = _bands(self.outlook)[0 if off_w > 0 else 1][interval]
        low, share = between(states, np.array(off_w / band))
        rows = self.to_come[interval]
        return np.asarray((1 - share) * rows[low] + share * rows[low + 1])

    def per_kwh(self, interval: int, net_w: float, soc_wh: float, reached_w: float = 0.0) -> float:
        """The marginal value of stored energy at a state of charge."""
        step = self.fleet.capacity_wh / (LEVELS - 1)
        low, high = max(soc_wh - step, 0.0), min(soc_wh + step, self.fleet.capacity_wh)
        if high <= low:
            return 0.0
        cost = self.outlook.peak.at(self.after(interval, net_w), np.full(LEVELS, reached_w))
        costs = np.interp([low, high], self.levels_wh, cost)
        return float(costs[0] - costs[1]) / (high - low) * 1000

    def power_w(self, interval: int, net_w: float, soc_wh: float, reached_w: float = 0.0) -> float:
        """What the fleet should take [W], negative to give, where `net_w` is measured without it and the month has reached `reached_w`."""
        fleet, outlook, peak = self.fleet, self.outlook, self.outlook.peak
        soc = soc_wh * fleet.kept_per_hour**outlook.hours
        most = min(fleet.charge_max_w, (fleet.capacity_wh - soc) / (fleet.eta_charge * outlook.hours))
        least = -min(fleet.discharge_max_w, soc * fleet.eta_discharge / outlook.hours)
        corners = np.clip(np.array([0.0, -net_w, reached_w - net_w, *(peak.levels_w - net_w)]), least, most)
        powers = np.concatenate([corners, np.linspace(least, most, CHOICES)])
        low, share = place_of(soc + stored_w(powers, fleet) * outlook.hours, fleet.capacity_wh)
        cost = self.after(interval, net_w)
        by_peak = cost[low] * (1 - share[:, None]) + cost[low + 1] * share[:, None]
        to_come = peak.at(by_peak, np.maximum(net_w + powers, reached_w))
        now = interval_cost(fleet, outlook, interval, net_w + powers, powers)
        return float(powers[np.argmin(now + to_come)])


def value_of_storing(fleet: Fleet, outlook: Outlook, keep: int = 1) -> StoredValue:
    """Go back from the horizon's end to the present; the first `keep` intervals stay known."""
    states, moves = chain().states, moves_by_interval(outlook.persistence)
    up, down = _bands(outlook)
    net = outlook.net_w[:, None] + np.where(states > 0, states * up[:, None], states * down[:, None])
    peak, levels_wh = outlook.peak, np.linspace(0.0, fleet.capacity_wh, LEVELS)
    cost = np.tile(peak.cost - outlook.end_value_per_kwh * levels_wh[:, None] / 1000, (len(states), 1, 1))
    kept = []
    for first in range((len(net) - 1) // TOGETHER * TOGETHER, -1, -TOGETHER):
        some = net[first : first + TOGETHER]
        moved, held = (kind.of(fleet, outlook, first, some) for kind in (MovesOfCharge, ImportsAtThePeak))
        for t in range(first + len(some) - 1, first - 1, -1):
            if t + 1 == peak.intervals_left:
                cost = peak.charged(cost)
            expected = (moves[t] @ cost.reshape(len(states), -1)).reshape(cost.shape)
            if t < keep:
                kept.append(expected)
            cost = np.minimum(*(choices.least_cost(t - first, expected) for choices in (moved, held)))
    return StoredValue(fleet, outlook, np.array(kept[::-1]))


def _bands(outlook: Outlook) -> tuple[Array, Array]:
    """Widths upwards and downwards [W], never quite nothing."""
    up, down = (np.maximum(v, max(LEAST_BAND_SHARE * float(v.mean()), 1.0)) for v in (outlook.up_w, outlook.down_w))
    return up, down
