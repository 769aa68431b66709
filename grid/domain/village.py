"""A virtual village: what its loads, roofs and batteries do, and what their meters' registers then show.

The outside world of the demo and the tests. Physics in floats; registers count exactly and show whole Wh, so nothing drifts:
each interval is the difference of two register readings.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid.domain.control.dispatch import StorageLimits, after_rest, dispatch, next_soc

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class VillagePlan:
    """Who is in the village.

    Attributes:
        load_site, source_site, storage_site: position of the site behind which each stands, int [n].
        sites: how many sites there are.
        limits: of the storages.
        soc_start_wh: state of charge at the beginning [Wh].
    """

    sites: int
    load_site: NDArray[np.int64]
    source_site: NDArray[np.int64]
    storage_site: NDArray[np.int64]
    limits: StorageLimits
    soc_start_wh: Array


@dataclass(frozen=True, slots=True)
class VillageState:
    """Cumulative registers [Wh] and states of charge [Wh] at an instant: where a simulation goes on."""

    import_wh: Array
    export_wh: Array
    production_wh: Array
    charge_wh: Array
    discharge_wh: Array
    soc_wh: Array

    @classmethod
    def at_start(cls, plan: VillagePlan) -> "VillageState":
        """All registers at zero."""
        storages = len(plan.storage_site)
        return cls(
            np.zeros(plan.sites),
            np.zeros(plan.sites),
            np.zeros(len(plan.source_site)),
            np.zeros(storages),
            np.zeros(storages),
            plan.soc_start_wh.copy(),
        )


@dataclass(frozen=True, slots=True)
class Flows:
    """Powers at one instant or over one interval [W]."""

    import_w: Array
    export_w: Array
    production_w: Array
    charge_w: Array
    discharge_w: Array


def flows(plan: VillagePlan, load_w: Array, source_w: Array, charge_w: Array, discharge_w: Array) -> Flows:
    """Net each site's power: what is behind one metering point meets there first."""
    net = np.zeros(plan.sites)
    np.add.at(net, plan.load_site, load_w)
    np.subtract.at(net, plan.source_site, source_w)
    np.add.at(net, plan.storage_site, charge_w - discharge_w)
    return Flows(np.maximum(net, 0.0), np.maximum(-net, 0.0), source_w, charge_w, discharge_w)


def step(plan: VillagePlan, state: VillageState, now: Flows, hours: float) -> VillageState:
    """Let powers flow for `hours`; registers only ever rise."""
    return VillageState(
        state.import_wh + now.import_w * hours,
        state.export_wh + now.export_w * hours,
        state.production_wh + now.production_w * hours,
        state.charge_wh + now.charge_w * hours,
        state.discharge_wh + now.discharge_w * hours,
        next_soc(state.soc_wh, now.charge_w, now.discharge_w, plan.limits, hours),
    )


@dataclass(frozen=True, slots=True)
class Registers:
    """Register readings [Wh] at the ends of T intervals, int64 [n, T + 1] per channel."""

    import_wh: NDArray[np.int64]
    export_wh: NDArray[np.int64]
    production_wh: NDArray[np.int64]
    charge_wh: NDArray[np.int64]
    discharge_wh: NDArray[np.int64]


def simulate(plan: VillagePlan, load_w: Array, source_w: Array, hours: float, state: VillageState) -> tuple[Registers, VillageState]:
    """Run T intervals of length `hours`; loads [L, T] and sources [R, T] in W, storages by the control rule."""
    intervals = load_w.shape[1]
    charge, discharge = _storage_powers(plan, load_w, source_w, hours, state.soc_wh)
    net = np.zeros((plan.sites, intervals))
    np.add.at(net, plan.load_site, load_w)
    np.subtract.at(net, plan.source_site, source_w)
    np.add.at(net, plan.storage_site, charge.T - discharge.T)
    exact = {
        "import_wh": (state.import_wh, np.maximum(net, 0.0)),
        "export_wh": (state.export_wh, np.maximum(-net, 0.0)),
        "production_wh": (state.production_wh, source_w),
        "charge_wh": (state.charge_wh, charge.T),
        "discharge_wh": (state.discharge_wh, discharge.T),
    }
    totals = {
        name: np.concatenate([start[:, None], start[:, None] + np.cumsum(power * hours, axis=1)], axis=1)
        for name, (start, power) in exact.items()
    }
    soc = state.soc_wh
    for t in range(intervals):
        soc = next_soc(soc, charge[t], discharge[t], plan.limits, hours)
    end = VillageState(**{name: values[:, -1] for name, values in totals.items()}, soc_wh=soc)
    return Registers(**{name: read(values) for name, values in totals.items()}), end


def read(exact_wh: Array) -> NDArray[np.int64]:
    """What a register shows: whole Wh, rounded down (a millionth of a Wh is forgiven to float arithmetic)."""
    return np.floor(exact_wh + 1e-6).astype(np.int64)


def _storage_powers(plan: VillagePlan, load_w: Array, source_w: Array, hours: float, soc_wh: Array) -> tuple[Array, Array]:
    """Charge and discharge powers [T, n] that the control rule commands, interval by interval."""
    surplus = source_w.sum(axis=0) - load_w.sum(axis=0)
    charge, discharge = np.zeros((len(surplus), len(soc_wh))), np.zeros((len(surplus), len(soc_wh)))
    soc = soc_wh
    for t, net_w in enumerate(surplus):
        chosen = dispatch(float(net_w), after_rest(soc, plan.limits, hours), plan.limits, hours)
        charge[t], discharge[t] = chosen.charge_w, chosen.discharge_w
        soc = next_soc(soc, charge[t], discharge[t], plan.limits, hours)
    return charge, discharge


def positions(of: Sequence[int], among: Sequence[int]) -> NDArray[np.int64]:
    """Where each id of `of` stands in `among`."""
    place = {value: i for i, value in enumerate(among)}
    return np.array([place[value] for value in of], dtype=np.int64)
