"""What the network carries now: meters where they report, what stands in for them elsewhere, all that is measured besides.

Nothing here waits for a server: what is expected of silent sites was looked up with the layout.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grid.domain.control.tick import consumption_by_site, net_draw
from grid.domain.network.powerflow import CannotSolve, Flow
from grid.domain.network.stand_ins import SiteDraws, complete
from grid.domain.network.state_estimation import Draws, Estimate, Readings, estimate, refine
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
MOST_NODES_REFINED = 8_000  # a tenth of a second for 5,000 of them
LOOSE = 100.0  # so many times less sure


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found when all readings were weighed against each other, until it is done again.

    Attributes:
        bad_sites: by site, whether its meter does not fit all others; it counts as silent.
        loose_sites: by site, whether what stands in for its silent meter does not fit what is measured; it binds nobody.
        bad_readings: names of voltages and flows that do not fit.
        shift_w: by site, what the estimate adds to what stands in for a silent meter.
        words: sentences for an operator.
    """

    bad_sites: NDArray[np.bool_]
    loose_sites: NDArray[np.bool_]
    bad_readings: frozenset[str]
    shift_w: Array
    words: list[str]

    @classmethod
    def none(cls, layout: ControlLayout) -> "Judgement":
        """Nothing is known against anybody."""
        sites = len(layout.site_ids)
        nobody = np.zeros(sites, dtype=bool)
        return cls(nobody, nobody, frozenset(), np.zeros(sites), [])


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
        """How many sites are silent or not believed, and stood in for."""
        return int((self.sites.way > 0).sum())

    @property
    def estimated_w(self) -> Array:
        """By site, what it is estimated to draw; NaN where it is measured and believed."""
        return np.where(self.sites.way > 0, self.sites.value_w, np.nan)


def observe(layout: ControlLayout, scene: LiveScene, judged: Judgement | None = None) -> Observed:
    """Solve for the likeliest state; a site without a node is left out, as it hangs on no wire that is known.

    Where all sites report and are believed, meters are taken as they are. Else what stands in for the others is corrected by the
    voltages and flows that are measured: at once on a network that a tick has the time for, by the last judgement's shifts on a larger one.
    """
    network, judged = layout.network, judged or Judgement.none(layout)
    sites = _sites(layout, scene, judged)
    draws = _draws(layout, sites)
    words = [*([sites.words] if sites.words else []), *judged.words]
    active_w, reactive_var = draws.value_w, draws.value_var
    is_partial = bool((sites.way > 0).any())
    try:
        readings = _readings(layout, scene).without(judged.bad_readings)
        if is_partial and len(network.node_codes) > MOST_NODES_REFINED:
            sites = replace(sites, value_w=sites.value_w + np.where(sites.way > 0, judged.shift_w, 0.0))
            active_w = _draws(layout, sites).value_w
        elif is_partial and len(readings.names):
            active_w, reactive_var = _refined(network, draws, readings)
            sites = _corrected(layout, sites, active_w - draws.value_w)
        return Observed(network.network.solve(active_w, reactive_var), active_w, reactive_var, sites, words)
    except CannotSolve as problem:
        return Observed(None, active_w, reactive_var, sites, words, str(problem))


def _refined(network: NetworkOfSites, draws: Draws, readings: Readings) -> tuple[Array, Array]:
    """The likeliest draws; what was known before where the readings contradict each other too far, until they are weighed."""
    try:
        return refine(network.network, draws, readings)
    except CannotSolve:
        return draws.value_w, draws.value_var


def weigh(layout: ControlLayout, scene: LiveScene) -> Judgement:
    """Weigh all readings against each other until those that are left fit; takes as long as that takes."""
    network, nobody = layout.network, Judgement.none(layout)
    sites = _sites(layout, scene, nobody)
    draws, readings = _draws(layout, sites), _readings(layout, scene)
    if not len(readings.names):
        return nobody
    try:
        found = estimate(network.network, draws, readings, network.node_codes)
    except CannotSolve:  # each tick finds that out by itself, and says so
        return nobody
    names = {suspect.name for suspect in found.suspects}
    node = _nodes(layout)
    codes = np.array([*network.node_codes, ""])
    lying = (sites.way == 0) & (node >= 0) & np.isin(codes[node], list(names - set(readings.names)))
    loose = (sites.way > 0) & np.isin(node, found.loosened)
    corrected = _corrected(layout, sites, found.draw_w - draws.value_w)
    return Judgement(
        lying,
        loose,
        frozenset(names & set(readings.names)),
        corrected.value_w - sites.value_w,
        _said(found, network, readings.names[: len(readings.voltage_pu)]),
    )


def _nodes(layout: ControlLayout) -> NDArray[np.int64]:
    """By site, its node; -1 where that is not known."""
    return layout.network.site_node[np.searchsorted(layout.network.site_ids, layout.site_ids)]


def _corrected(layout: ControlLayout, sites: SiteDraws, moved_w: Array) -> SiteDraws:
    """By how much the estimate moved each node's draw, shared among its sites by how unsure each was."""
    node, variance = _nodes(layout), sites.sigma_w**2
    known = np.flatnonzero(node >= 0)
    total = np.zeros(len(moved_w))
    np.add.at(total, node[known], variance[known])
    value = sites.value_w.copy()
    value[known] += moved_w[node[known]] * variance[known] / np.maximum(total[node[known]], 1e-12)
    return replace(sites, value_w=value)


def _sites(layout: ControlLayout, scene: LiveScene, judged: Judgement) -> SiteDraws:
    """Storages that report beside a site that is silent, or not believed, are added to what is expected of it."""
    seen = scene.readings
    reports = seen.site_reports & ~judged.bad_sites
    sites = complete(net_draw(seen), consumption_by_site(seen), reports, layout.expected)
    stored = np.zeros(len(layout.site_ids))
    told = seen.storage_reports & ~reports[seen.storage_site]
    np.add.at(stored, seen.storage_site[told], (seen.charge_w - seen.discharge_w)[told])
    is_loose = (sites.way > 0) & (judged.loose_sites | judged.bad_sites)
    sigma_w = np.where(is_loose, LOOSE * sites.sigma_w, sites.sigma_w)
    return SiteDraws(sites.value_w + stored, sigma_w, sites.use_w, sites.way)


def _draws(layout: ControlLayout, sites: SiteDraws) -> Draws:
    """Summed by node; reactive power follows consumption as at nominal load, half as sure as it is large."""
    network = layout.network
    node = _nodes(layout)
    share = network.reactive_share[np.searchsorted(network.site_ids, layout.site_ids)]
    known = node >= 0
    active, reactive, variance, variance_var = (np.zeros(len(network.node_codes)) for _ in range(4))
    reactive_var = sites.use_w * share
    sums = (
        (active, sites.value_w),
        (reactive, reactive_var),
        (variance, sites.sigma_w**2),
        (variance_var, (sites.sigma_w * np.abs(share)) ** 2 + (REACTIVE_SIGMA_SHARE * reactive_var) ** 2),
    )
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
    lines, transformers = (np.flatnonzero(spoken & (meters.line >= 0)), np.flatnonzero(spoken & (meters.transformer >= 0)))
    return Readings(
        [*names, *(meters.codes[i] for i in lines.tolist()), *(meters.codes[i] for i in transformers.tolist())],
        nodes,
        volts,
        np.full(len(nodes), VOLTAGE_SIGMA_PU),
        meters.line[lines],
        flow_w[lines],
        FLOW_SHARE * np.abs(flow_w[lines]) + FLOW_W,
        meters.transformer[transformers],
        flow_w[transformers],
        FLOW_SHARE * np.abs(flow_w[transformers]) + FLOW_W,
    )


def _voltages(layout: ControlLayout, voltage_v: Array) -> tuple[list[str], NDArray[np.int64], Array]:
    """Names, nodes and p.u. of voltages at site meters; between phases, or one phase against neutral, by their size."""
    network = layout.network
    node = _nodes(layout)
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
