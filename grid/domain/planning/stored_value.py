"""What a stored Wh is worth, while nobody knows what comes: stochastic dynamic programming over the fleet's state of charge.

The net power of each interval is the median of its forecast or lies off it by some share of the band; how far off it is persists for a
while (a chain of a few states). Going backwards from the horizon's end, each interval chooses what costs least, knowing what is measured in
it and what a Wh left over will be worth: Bellman's recursion (1957). What lies within the band is therefore reserved for, in the measure in
which it is likely and dear. All storages count as one; `storage_sharing` divides what they do together.
"""

from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from grid.domain.control.dispatch import StorageLimits

Array = NDArray[np.float64]
Places = NDArray[np.int64]

LEVELS = 63
BAND_SIGMA = NormalDist().inv_cdf(0.9)
# Edges of the states in probability: rare ends of their own, so that spikes count with what they cost.
EDGES = (0.02, 0.1, 0.35, 0.65, 0.9, 0.98)
PERSISTENCE = 0.9
LEAST_BAND_SHARE = 0.01
CHOICES = 401


@dataclass(frozen=True, slots=True)
class Fleet:
    """All storages as one [Wh above the least charge, W at the terminals]; wear per kWh discharged."""

    capacity_wh: float
    charge_max_w: float
    discharge_max_w: float
    eta_charge: float
    eta_discharge: float
    kept_per_hour: float
    wear_per_kwh: float

    @classmethod
    def of(cls, limits: StorageLimits, wear_per_kwh: float) -> "Fleet":
        """Sums; efficiencies are means weighted by capacity."""
        room = limits.soc_max_wh - limits.soc_min_wh
        weight = room / max(float(room.sum()), 1e-9)
        return cls(
            float(room.sum()), float(limits.charge_max_w.sum()), float(limits.discharge_max_w.sum()),
            float(weight @ limits.eta_charge), float(weight @ limits.eta_discharge), float(weight @ limits.kept_per_hour),
            wear_per_kwh,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is expected of T intervals; prices per kWh.

    Attributes:
        hours: length of an interval.
        net_w: median of use less production [T]; negative is a surplus.
        up_w, down_w: from the median to the band's upper and lower end [T].
        import_price, export_price: [T].
        end_value_per_kwh: of what is stored at the end.
        peak_target_w: import above it costs `peak_price_per_kwh` more.
    """

    hours: float
    net_w: Array
    up_w: Array
    down_w: Array
    import_price: Array
    export_price: Array
    end_value_per_kwh: float
    peak_target_w: float
    peak_price_per_kwh: float


@dataclass(frozen=True, slots=True)
class Chain:
    """How far off the median the net power is, in bands: states [k] and the chance of going from one to another in an interval [k, k]."""

    states: Array
    moves: Array


@lru_cache(maxsize=8)
def chain(persistence: float = PERSISTENCE) -> Chain:
    """A normal error that persists (autoregressive, first order), cut into states at EDGES; a band's end lies at one."""
    normal = NormalDist()
    edges = np.array([-8.0, *(normal.inv_cdf(p) for p in EDGES), 8.0])
    mass = np.diff([normal.cdf(x) for x in edges])
    means = -np.diff([normal.pdf(x) for x in edges]) / mass
    spread = np.sqrt(1 - persistence**2)
    moves = np.array(
        [np.diff([normal.cdf((edge - persistence * mean) / spread) for edge in edges]) for mean in means]
    )
    return Chain(means / BAND_SIGMA, moves / moves.sum(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True)
class StoredValue:
    """What storing is worth after each of the first intervals.

    Attributes:
        worth: [keep, k, LEVELS], what the rest of the horizon costs less for what is stored then, by state of the chain.
    """

    fleet: Fleet
    outlook: Outlook
    worth: Array

    @property
    def levels_wh(self) -> Array:
        return np.linspace(0.0, self.fleet.capacity_wh, LEVELS)

    def after(self, interval: int, net_w: float) -> Array:
        """Cost to come by level [LEVELS] after an interval in which `net_w` was measured."""
        states = chain().states
        off_w = net_w - self.outlook.net_w[interval]
        band = _bands(self.outlook)[0 if off_w > 0 else 1][interval]
        return _between(states, self.worth[interval], float(np.clip(off_w / band, states[0], states[-1])))

    def per_kwh(self, interval: int, net_w: float, soc_wh: float) -> float:
        """The marginal value of stored energy at a state of charge."""
        step = self.fleet.capacity_wh / (LEVELS - 1)
        low, high = max(soc_wh - step, 0.0), min(soc_wh + step, self.fleet.capacity_wh)
        cost = self.after(interval, net_w)
        costs = np.interp([low, high], self.levels_wh, cost)
        return float(costs[0] - costs[1]) / (high - low) * 1000 if high > low else 0.0

    def power_w(self, interval: int, net_w: float, soc_wh: float) -> float:
        """What the fleet should take [W], negative to give, where `net_w` is measured without it."""
        fleet, outlook = self.fleet, self.outlook
        soc = soc_wh * fleet.kept_per_hour**outlook.hours
        most = min(fleet.charge_max_w, (fleet.capacity_wh - soc) / (fleet.eta_charge * outlook.hours))
        least = -min(fleet.discharge_max_w, soc * fleet.eta_discharge / outlook.hours)
        corners = np.clip([0.0, -net_w, outlook.peak_target_w - net_w], least, most)
        powers = np.concatenate([corners, np.linspace(least, most, CHOICES)])
        after = soc + _stored(powers, fleet) * outlook.hours
        now = interval_cost(fleet, outlook, interval, net_w + powers, powers)
        return float(powers[np.argmin(now + np.interp(after, self.levels_wh, self.after(interval, net_w)))])


def value_of_storing(fleet: Fleet, outlook: Outlook, keep: int = 1) -> StoredValue:
    """Go back from the horizon's end to the present; the first `keep` intervals stay known."""
    states, moves = chain().states, chain().moves
    up, down = _bands(outlook)
    net = outlook.net_w[:, None] + np.where(states > 0, states * up[:, None], states * down[:, None])
    grid = _Grid.of(fleet, outlook.hours)
    cost = np.tile(-outlook.end_value_per_kwh * grid.levels_wh / 1000, (len(states), 1))
    kept = []
    for t in range(len(net) - 1, -1, -1):
        expected = moves @ cost
        if t < keep:
            kept.append(expected)
        if t:
            exchange = net[t][:, None, None] + grid.power_w[None]
            now = interval_cost(fleet, outlook, t, exchange, grid.power_w)
            cost = (now + expected[:, grid.target] + grid.forbidden).min(axis=2)
    return StoredValue(fleet, outlook, np.array(kept[::-1]))


def interval_cost(fleet: Fleet, outlook: Outlook, t: int, exchange_w: Array, power_w: Array) -> Array:
    """What an interval costs: energy at the coupling, wear, and import above the target."""
    bought = np.maximum(exchange_w, 0.0) * outlook.import_price[t]
    sold = np.maximum(-exchange_w, 0.0) * outlook.export_price[t]
    above = np.maximum(exchange_w - outlook.peak_target_w, 0.0) * outlook.peak_price_per_kwh
    worn = np.maximum(-power_w, 0.0) * fleet.wear_per_kwh
    cost: Array = (bought - sold + above + worn) * (outlook.hours / 1000)
    return cost


@dataclass(frozen=True, slots=True)
class _Grid:
    """Moves between levels of charge: where each ends, the power that it takes, and whether the fleet can do it; [LEVELS, moves]."""

    levels_wh: Array
    target: Places
    power_w: Array
    forbidden: Array

    @classmethod
    def of(cls, fleet: Fleet, hours: float) -> "_Grid":
        levels = np.linspace(0.0, fleet.capacity_wh, LEVELS)
        step = max(levels[1], 1e-9)
        up = int(np.ceil(fleet.charge_max_w * fleet.eta_charge * hours / step))
        down = int(np.ceil(fleet.discharge_max_w / fleet.eta_discharge * hours / step))
        places = np.arange(LEVELS)[:, None] + np.arange(-min(down, LEVELS), min(up, LEVELS) + 1)[None]
        target = np.clip(places, 0, LEVELS - 1)
        moved = (levels[target] - levels[:, None] * fleet.kept_per_hour**hours) / hours
        power = np.where(moved > 0, moved / fleet.eta_charge, moved * fleet.eta_discharge)
        able = (places == target) & (power <= fleet.charge_max_w) & (power >= -fleet.discharge_max_w)
        return cls(levels, target, power, np.where(able, 0.0, 1e9))


def _bands(outlook: Outlook) -> tuple[Array, Array]:
    """Widths upwards and downwards [W], never quite nothing."""
    least = max(LEAST_BAND_SHARE * float(np.abs(outlook.net_w).max(initial=0.0)), 1.0)
    return np.maximum(outlook.up_w, least), np.maximum(outlook.down_w, least)


def _between(states: Array, rows: Array, state: float) -> Array:
    """The row of a state, between those of its neighbours."""
    place = int(np.clip(np.searchsorted(states, state, side="right") - 1, 0, len(states) - 2))
    share = (state - states[place]) / (states[place + 1] - states[place])
    return np.asarray((1 - share) * rows[place] + share * rows[place + 1])


def _stored(power_w: Array, fleet: Fleet) -> Array:
    return np.where(power_w > 0, power_w * fleet.eta_charge, power_w / fleet.eta_discharge)
