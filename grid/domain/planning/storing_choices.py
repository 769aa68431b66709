"""What the fleet can do in each interval, and what that costs: the choices among which the recursion of `stored_value.py` takes the cheapest.

All that does not depend on what is still to come (powers, exchanges, prices, between which levels each choice ends) is written down for some
intervals at once, as many as a processor's cache holds, with all states of the chain and levels of charge. Going backwards only looks it up.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid.domain.planning.fleet import Fleet
from grid.domain.planning.month_peak import MonthPeak

Array = NDArray[np.float64]
Places = NDArray[np.int64]

LEVELS = 24
TOGETHER = 12


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


def interval_cost(fleet: Fleet, outlook: Outlook, t: Places | int, exchange_w: Array, power_w: Array) -> Array:
    """What intervals `t` cost: energy at the coupling and wear; `t` broadcasts against both powers."""
    price = np.where(exchange_w > 0, outlook.import_price[t], outlook.export_price[t])
    worn = np.maximum(-power_w, 0.0) * fleet.wear_per_kwh
    cost: Array = (exchange_w * price + worn) * (outlook.hours / 1000)
    return cost


def place_of(stored_wh: Array, capacity_wh: float) -> tuple[Places, Array]:
    """Between which levels of charge: the lower one, and the share of the upper one."""
    place = np.clip(stored_wh / max(capacity_wh, 1e-9), 0.0, 1.0) * (LEVELS - 1)
    low = np.minimum(place.astype(np.int64), LEVELS - 2)
    return low, place - low


def stored_w(power_w: Array, fleet: Fleet) -> Array:
    """What of a power at the terminals is stored, or taken out of what is stored."""
    return np.where(power_w > 0, power_w * fleet.eta_charge, power_w / fleet.eta_discharge)


@dataclass(frozen=True, slots=True)
class MovesOfCharge:
    """Moves between levels of charge, the least and the most the fleet can do, and balancing: c choices for T intervals and k states.

    Attributes:
        below: [T, k, c, LEVELS], the place in all states' levels in a row below which a choice ends; the next one lies above it.
        share: [T, k, c, LEVELS] of the level above.
        now: [T, k, c, LEVELS], what it costs at once.
        peak_below, peak_above: [T, k, c, LEVELS], the places of the peak's levels around its exchange in costs [k, c, LEVELS, j].
        peak_share: [T, k, c, LEVELS] of the level above.
        beyond: [T, k, c, LEVELS], what is owed above the highest level.
    """

    below: Places
    share: Array
    now: Array
    peak_below: Places
    peak_above: Places
    peak_share: Array
    beyond: Array

    @classmethod
    def of(cls, fleet: Fleet, outlook: Outlook, first: int, net_w: Array) -> "MovesOfCharge":
        """Written down for the net power [T, k] of each state in the intervals from `first` on."""
        grid, peak = _Grid.of(fleet, outlook.hours), outlook.peak
        balance = np.clip(-net_w[:, :, None, None], grid.least_w, grid.most_w)
        power = np.concatenate([np.broadcast_to(grid.power_w, (*net_w.shape, *grid.power_w.shape)), balance], axis=2)
        exchange = net_w[:, :, None, None] + power
        below, share = place_of(grid.kept_wh + stored_w(power, fleet) * outlook.hours, fleet.capacity_wh)
        t = first + np.arange(len(net_w))[:, None, None, None]
        row = np.arange(exchange[0].size).reshape(exchange[0].shape) * len(peak.levels_w)
        low, peak_share = peak.between(exchange)
        return cls(
            below + np.arange(net_w.shape[1])[:, None, None] * LEVELS,
            share,
            interval_cost(fleet, outlook, t, exchange, power),
            row + low,
            row + np.minimum(low + 1, len(peak.levels_w) - 1),
            peak_share,
            peak.beyond(exchange),
        )

    def least_cost(self, t: int, expected: Array) -> Array:
        """The least cost [k, LEVELS, j], where `expected` [k, LEVELS, j] is what is to come after the interval."""
        rows = expected.reshape(-1, expected.shape[2])
        after = _mixed(rows.take(self.below[t], axis=0), rows.take(self.below[t] + 1, axis=0), self.share[t][..., None])
        # A higher peak never costs less: where the exchange lies below a level, what that level costs is the greater of both.
        flat = after.reshape(-1)
        raised = _mixed(flat.take(self.peak_below[t]), flat.take(self.peak_above[t]), self.peak_share[t]) + self.beyond[t]
        cost = np.maximum(after, raised[..., None])
        cost += self.now[t][..., None]
        return np.asarray(cost.min(axis=1))


@dataclass(frozen=True, slots=True)
class ImportsAtThePeak:
    """Importing just as much as the month's peak allows, for T intervals, k states and j levels of it.

    Attributes:
        below: [T, k, LEVELS, j], the place in costs [k, LEVELS, j] below which it ends; the next level of charge lies j places on.
        share: [T, k, LEVELS, j] of the level above.
        now: [T, k, LEVELS, j], what it costs at once; infinite where it cannot be done.
    """

    below: Places
    share: Array
    now: Array

    @classmethod
    def of(cls, fleet: Fleet, outlook: Outlook, first: int, net_w: Array) -> "ImportsAtThePeak":
        """Written down for the net power [T, k] of each state in the intervals from `first` on."""
        grid, levels_w = _Grid.of(fleet, outlook.hours), outlook.peak.levels_w
        net = net_w[:, :, None, None]
        power = np.clip(levels_w - net, grid.least_w[:, None], grid.most_w[:, None])
        low, share = place_of(grid.kept_wh[:, None] + stored_w(power, fleet) * outlook.hours, fleet.capacity_wh)
        state, level = np.arange(net_w.shape[1])[:, None, None], np.arange(len(levels_w))
        now = interval_cost(fleet, outlook, first + np.arange(len(net_w))[:, None, None, None], net + power, power)
        return cls((state * LEVELS + low) * len(levels_w) + level, share, np.where(net + power > levels_w + 1.0, np.inf, now))

    def least_cost(self, t: int, expected: Array) -> Array:
        """What it costs [k, LEVELS, j], where `expected` [k, LEVELS, j] is what is to come after the interval."""
        flat = expected.reshape(-1)
        below, flat = self.below[t], expected.reshape(-1)
        after = _mixed(flat.take(below), flat.take(below + expected.shape[2]), self.share[t])
        after += self.now[t]
        return after


@dataclass(frozen=True, slots=True)
class _Grid:
    """What the fleet can do from each level of charge: powers that end on a level, the least and the most [c, LEVELS], and both apart [LEVELS]."""

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
        moved = (levels[np.clip(moves[:, None] + np.arange(LEVELS), 0, LEVELS - 1)] - kept) / hours
        power = np.where(moved > 0, moved / fleet.eta_charge, moved * fleet.eta_discharge)
        return cls(kept, np.concatenate([np.clip(power, least, most), [least], [most]]), least, most)


def _mixed(low: Array, high: Array, share: Array) -> Array:
    """`share` of the way from one to the other."""
    high = high - low
    high *= share
    high += low
    return high
