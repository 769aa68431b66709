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
from grid.domain.planning.month_peak import MonthPeak, between

Array = NDArray[np.float64]
Places = NDArray[np.int64]

LEVELS = 24
# A band narrower than half its horizon's mean says more of how few like hours were seen than of how calm they are.
LEAST_BAND_SHARE = 0.5
CHOICES = 201


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is expected of T intervals; prices per kWh.

    Attributes:
        hours: length of an interval.
        net_w: median of use less production [T]; negative is a surplus.
        up_w, down_w: from the median to the band's upper and lower end [T].
        import_price, export_price: [T].
        end_value_per_kwh: of what is stored at the end.
        peak: what the month's highest import costs.
        persistence: how much of being off the median is left in the next interval [T], 0 to 1.
    """

    hours: float
    net_w: Array
    up_w: Array
    down_w: Array
    import_price: Array
    export_price: Array
    end_value_per_kwh: float
    peak: MonthPeak
    persistence: Array


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
        low, share = _place(soc + _stored(powers, fleet) * outlook.hours, fleet.capacity_wh)
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
    peak, grid = outlook.peak, _Grid.of(fleet, outlook.hours)
    cost = np.tile(
        peak.cost - outlook.end_value_per_kwh * grid.levels_wh[:, None] / 1000, (len(states), 1, 1)
    )
    kept = []
    for t in range(len(net) - 1, -1, -1):
        if t + 1 == peak.intervals_left:
            cost = peak.charged(cost)
        expected = np.tensordot(moves[t], cost, axes=1)
        if t < keep:
            kept.append(expected)
        if t:
            cost = np.minimum(
                _cost_of_moves(grid, outlook, t, net[t], expected),
                _cost_at_peak(grid, outlook, t, net[t], expected),
            )
    return StoredValue(fleet, outlook, np.array(kept[::-1]))


def interval_cost(fleet: Fleet, outlook: Outlook, t: int, exchange_w: Array, power_w: Array) -> Array:
    """What an interval costs: energy at the coupling and wear."""
    bought = np.maximum(exchange_w, 0.0) * outlook.import_price[t]
    sold = np.maximum(-exchange_w, 0.0) * outlook.export_price[t]
    worn = np.maximum(-power_w, 0.0) * fleet.wear_per_kwh
    cost: Array = (bought - sold + worn) * (outlook.hours / 1000)
    return cost


@dataclass(frozen=True, slots=True)
class _Grid:
    """What the fleet can do from each level of charge: powers that end on a level [LEVELS, moves], and the least and most [LEVELS]."""

    fleet: Fleet
    levels_wh: Array
    kept_wh: Array
    power_w: Array
    least_w: Array
    most_w: Array

    @classmethod
    def of(cls, fleet: Fleet, hours: float) -> "_Grid":
        levels = np.linspace(0.0, fleet.capacity_wh, LEVELS)
        kept, step = levels * fleet.kept_per_hour**hours, max(levels[1], 1e-9)
        most = np.minimum(fleet.charge_max_w, (fleet.capacity_wh - kept) / (fleet.eta_charge * hours))
        least = -np.minimum(fleet.discharge_max_w, kept * fleet.eta_discharge / hours)
        up = int(fleet.charge_max_w * fleet.eta_charge * hours / step)
        down = int(fleet.discharge_max_w / fleet.eta_discharge * hours / step)
        moves = np.arange(-min(down, LEVELS - 1), min(up, LEVELS - 1) + 1)
        moved = (levels[np.clip(np.arange(LEVELS)[:, None] + moves, 0, LEVELS - 1)] - kept[:, None]) / hours
        power = np.where(moved > 0, moved / fleet.eta_charge, moved * fleet.eta_discharge)
        return cls(fleet, levels, kept, np.clip(power, least[:, None], most[:, None]), least, most)


def _cost_of_moves(grid: _Grid, outlook: Outlook, t: int, net_w: Array, expected: Array) -> Array:
    """The least cost [k, LEVELS, j] of moves between levels, of all the fleet can do, and of balancing."""
    states, _, peaks = expected.shape
    bounds = np.stack([grid.least_w, grid.most_w], axis=1)
    balance = np.clip(-net_w[:, None], grid.least_w, grid.most_w)[..., None]
    fixed = np.concatenate([grid.power_w, bounds], axis=1)
    power = np.concatenate([np.broadcast_to(fixed, (states, *fixed.shape)), balance], axis=2)
    exchange = net_w[:, None, None] + power
    stored = grid.kept_wh[:, None] + _stored(power, grid.fleet) * outlook.hours
    low, share = _place(stored, grid.fleet.capacity_wh)
    row = np.arange(states)[:, None, None]
    after = expected[row, low] * (1 - share[..., None]) + expected[row, low + 1] * share[..., None]
    # A higher peak never costs less: where the exchange lies below a level, what that level costs is the greater of both.
    raised = outlook.peak.at(after.reshape(-1, peaks), exchange.reshape(-1)).reshape(exchange.shape)
    now = interval_cost(grid.fleet, outlook, t, exchange, power)
    return np.asarray((now[..., None] + np.maximum(after, raised[..., None])).min(axis=2))


def _cost_at_peak(grid: _Grid, outlook: Outlook, t: int, net_w: Array, expected: Array) -> Array:
    """What it costs [k, LEVELS, j] to import just as much as the month's peak allows; infinite where that cannot be."""
    states, _, peaks = expected.shape
    levels_w = outlook.peak.levels_w
    power = np.clip(levels_w - net_w[:, None, None], grid.least_w[:, None], grid.most_w[:, None])
    exchange = net_w[:, None, None] + power
    low, share = _place(
        grid.kept_wh[:, None] + _stored(power, grid.fleet) * outlook.hours, grid.fleet.capacity_wh
    )
    row, column = np.arange(states)[:, None, None], np.arange(peaks)
    after = expected[row, low, column] * (1 - share) + expected[row, low + 1, column] * share
    cost = interval_cost(grid.fleet, outlook, t, exchange, power) + after
    return np.asarray(np.where(exchange > levels_w + 1.0, np.inf, cost))


def _bands(outlook: Outlook) -> tuple[Array, Array]:
    """Widths upwards and downwards [W], never quite nothing."""
    up, down = (
        np.maximum(v, max(LEAST_BAND_SHARE * float(v.mean()), 1.0)) for v in (outlook.up_w, outlook.down_w)
    )
    return up, down


def _place(stored_wh: Array, capacity_wh: float) -> tuple[Places, Array]:
    """Between which levels of charge: the lower one, and the share of the upper one."""
    place = np.clip(stored_wh / max(capacity_wh, 1e-9), 0.0, 1.0) * (LEVELS - 1)
    low = np.minimum(place.astype(np.int64), LEVELS - 2)
    return low, place - low


def _stored(power_w: Array, fleet: Fleet) -> Array:
    return np.where(power_w > 0, power_w * fleet.eta_charge, power_w / fleet.eta_discharge)
