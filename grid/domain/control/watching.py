"""Which limits of the wires are near, and what a watt drawn anywhere does to them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from grid.domain.alarms import Names
from grid.domain.control.dispatch import Power
from grid.domain.control.state import Watched
from grid.domain.control.tick import Places
from grid.domain.network.powerflow import Flow
from grid.domain.network.sensitivities import Linearised

NEAR_LOADING = 0.85
NEAR_VOLTAGE_PU = 0.01
LOADING_BAND = 0.05
VOLTAGE_BAND_PU = 0.003
MOST_OF_A_KIND = 12


@dataclass(frozen=True, slots=True)
class Near:
    """Positions of lines, transformers and nodes whose limits are near, the nearest first."""

    lines: Places
    transformers: Places
    high_nodes: Places
    low_nodes: Places

    @property
    def is_empty(self) -> bool:
        return not (len(self.lines) + len(self.transformers) + len(self.high_nodes) + len(self.low_nodes))


def near_limits(flow: Flow, names: Names) -> Near:
    """What comes near to a limit in a solution."""
    return Near(
        _nearest(flow.line_loading - NEAR_LOADING),
        _nearest(flow.transformer_loading - NEAR_LOADING),
        _nearest(flow.voltage_pu - names.vm_max_pu + NEAR_VOLTAGE_PU),
        _nearest(names.vm_min_pu + NEAR_VOLTAGE_PU - flow.voltage_pu),
    )


def _nearest(excess: Power) -> Places:
    """The places above zero, the largest first."""
    known = np.nan_to_num(excess, nan=-1.0)
    places = np.flatnonzero(known > 0)
    return places[np.argsort(-known[places], kind="stable")][:MOST_OF_A_KIND]


def watched_limits(flow: Flow, names: Names, linear: Callable[[], Linearised]) -> Watched:
    """The limits that are near, as control keeps them; derivatives are asked for only where there are any."""
    nodes = len(flow.voltage_pu)
    near = near_limits(flow, names)
    if near.is_empty:
        return Watched.nothing(nodes)
    at = linear()
    loaded = [
        (names.lines, near.lines, flow.line_loading, at.of_line_loadings(near.lines).by_w),
        (names.transformers, near.transformers, flow.transformer_loading, at.of_transformer_loadings(near.transformers).by_w),
    ]
    watched = Watched.nothing(nodes)
    for codes, places, loading, effect in loaded:
        ones = np.ones(len(places))
        watched = watched.joined(Watched(tuple(codes[i] for i in places), loading[places], ones, LOADING_BAND * ones, _widened(effect)))
    return watched.joined(_voltages(flow, names, near, at))


def _voltages(flow: Flow, names: Names, near: Near, at: Linearised) -> Watched:
    """Both ends of the band; the lower one with its signs turned."""
    both = np.concatenate([near.high_nodes, near.low_nodes])
    sign = np.concatenate([np.ones(len(near.high_nodes)), -np.ones(len(near.low_nodes))])
    limit = np.concatenate([names.vm_max_pu[near.high_nodes], -names.vm_min_pu[near.low_nodes]])
    return Watched(
        tuple(f"voltage at {names.nodes[i]}" for i in both),
        sign * flow.voltage_pu[both],
        limit,
        np.full(len(both), VOLTAGE_BAND_PU),
        _widened(sign[:, None] * at.of_voltages(both).by_w),
    )


def _widened(effect: Power) -> Power:
    """With a last column for devices whose node is not known: they do not help."""
    return np.hstack([effect, np.zeros((len(effect), 1))])
