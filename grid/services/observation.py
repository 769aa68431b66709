"""What the network carries now: meters where they report, what stands in for them elsewhere, all that is measured besides.

Nothing here waits for a server: what is expected of silent sites was looked up with the layout.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid.domain.control.tick import consumption_by_site, net_draw
from grid.domain.network.powerflow import CannotSolve, Flow
from grid.domain.network.stand_ins import SiteDraws, complete
from grid.domain.network.state_estimation import Draws, Estimate, Readings, estimate
from grid.selectors.control_layout import ControlLayout, LiveScene
from grid.selectors.network import NetworkOfSites

Array = NDArray[np.float64]
ROOT_3 = 3**0.5
VOLTAGE_SIGMA_PU = 0.01  # a meter's class, and the service cable between node and meter
FLOW_SHARE, FLOW_W = 0.01, 50.0
PHASE_BELOW = 0.75  # of the nominal voltage between phases: it is one phase against neutral
DEAD_BELOW = 0.3  # of the nominal voltage: nothing to fit a power flow to; control sees to what is dead
REACTIVE_SIGMA_SHARE = 0.5
SAID = 3


@dataclass(frozen=True, slots=True)
class Observed:
    """The likeliest state of the wires.

    Attributes:
        flow: None where the power flow has no solution; then `problem` says why.
        draw_w, draw_var: what each node draws, as estimated.
        sites: what each site draws, in the layout's order, and how it is known.
        words: sentences for an operator: who is silent, what does not fit, what nobody knows.
    """

    flow: Flow | None
    draw_w: Array
    draw_var: Array
    sites: SiteDraws
    words: list[str]
    problem: str = ""

    @property
    def points_estimated(self) -> int:
        """How many sites are silent and stood in for."""
        return int((self.sites.way > 0).sum())


def observe(layout: ControlLayout, scene: LiveScene, *, estimates: bool = True) -> Observed:
    """Solve for the likeliest state; a site without a node is left out, as it hangs on no wire that is known.

    Without `estimates` meters and what stands in for them are taken as they are: what a tick can wait for on any network.
    """
    network = layout.network
    sites = _sites(layout, scene)
    draws = _draws(layout, sites)
    readings = _readings(layout, scene)
    words = [sites.words] if sites.words else []
    active_w, reactive_var = draws.value_w, draws.value_var
    try:
        if estimates and len(readings.names):
            found = estimate(network.network, draws, readings, network.node_codes)
            words += _said(found, network, readings.names[: len(readings.voltage_pu)])
            active_w, reactive_var = found.draw_w, found.draw_var
        return Observed(network.network.solve(active_w, reactive_var), active_w, reactive_var, sites, words)
    except CannotSolve as problem:
        return Observed(None, active_w, reactive_var, sites, words, str(problem))


def _sites(layout: ControlLayout, scene: LiveScene) -> SiteDraws:
    """Storages that report beside a silent site are added to what is expected of it."""
    seen = scene.readings
    reports = seen.site_reports
    sites = complete(net_draw(seen), consumption_by_site(seen), reports, layout.expected)
    stored = np.zeros(len(layout.site_ids))
    told = seen.storage_reports & ~reports[seen.storage_site]
    np.add.at(stored, seen.storage_site[told], (seen.charge_w - seen.discharge_w)[told])
    return SiteDraws(sites.value_w + stored, sites.sigma_w, sites.use_w, sites.way)


def _draws(layout: ControlLayout, sites: SiteDraws) -> Draws:
    """Summed by node; reactive power follows consumption as at nominal load, half as sure as it is large."""
    network = layout.network
    at = np.searchsorted(network.site_ids, layout.site_ids)
    node, share = network.site_node[at], network.reactive_share[at]
    known = node >= 0
    active, reactive, variance, variance_var = (np.zeros(len(network.node_codes)) for _ in range(4))
    reactive_var = sites.use_w * share
    sums = (
        (active, sites.value_w), (reactive, reactive_var), (variance, sites.sigma_w**2),
        (variance_var, (sites.sigma_w * np.abs(share)) ** 2 + (REACTIVE_SIGMA_SHARE * reactive_var) ** 2),
    )  # fmt: skip
    for total, values in sums:
        np.add.at(total, node[known], values[known])
    measured = np.ones(len(network.node_codes), dtype=bool)
    measured[node[known & (sites.way > 0)]] = False
    return Draws(active, reactive, np.sqrt(variance), np.sqrt(variance_var), measured)


def _readings(layout: ControlLayout, scene: LiveScene) -> Readings:
    """Voltages of site meters and flows of branch meters, where any of them speaks."""
    names, nodes, volts = _voltages(layout, scene.voltage_v)
    meters, flow_w = layout.branch_meters, scene.branch_w * layout.branch_meters.sign
    spoken = ~np.isnan(flow_w)
    lines, transformers = (
        np.flatnonzero(spoken & (meters.line >= 0)),
        np.flatnonzero(spoken & (meters.transformer >= 0)),
    )
    return Readings(
        [*names, *(meters.codes[i] for i in lines), *(meters.codes[i] for i in transformers)],
        nodes, volts, np.full(len(nodes), VOLTAGE_SIGMA_PU),
        meters.line[lines], flow_w[lines], FLOW_SHARE * np.abs(flow_w[lines]) + FLOW_W,
        meters.transformer[transformers], flow_w[transformers], FLOW_SHARE * np.abs(flow_w[transformers]) + FLOW_W,
    )  # fmt: skip


def _voltages(layout: ControlLayout, voltage_v: Array) -> tuple[list[str], NDArray[np.int64], Array]:
    """Names, nodes and p.u. of voltages at site meters; between phases, or one phase against neutral, by their size."""
    network = layout.network
    node = network.site_node[np.searchsorted(network.site_ids, layout.site_ids)]
    told = np.flatnonzero((node >= 0) & (voltage_v > DEAD_BELOW * network.network.nominal_voltage_v[node]))
    nominal = network.network.nominal_voltage_v[node[told]]
    volts = voltage_v[told] * np.where(voltage_v[told] < PHASE_BELOW * nominal, ROOT_3, 1.0) / nominal
    codes = [f"the voltage at {network.node_codes[node[i]]} (meter {layout.site_meters[i]})" for i in told]
    return codes, node[told], volts


def _said(found: Estimate, network: NetworkOfSites, voltages: Sequence[str]) -> list[str]:
    def value(of: float, name: str) -> str:
        return f"{of:.3f} p.u." if name in voltages else f"{of / 1000:.1f} kW"

    words = [
        f"{s.name} does not fit the others: it says {value(s.measured, s.name)}, they say {value(s.expected, s.name)}; it is left out"
        + (", but one of them may be wrong as well, or something is not metered." if s.others else ".")
        for s in found.suspects[:SAID]
    ]
    if len(found.unobservable):
        codes = ", ".join(network.node_codes[i] for i in found.unobservable[:SAID])
        words.append(f"Nobody measures {len(found.unobservable)} nodes ({codes}).")
    return words
