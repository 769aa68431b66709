"""What a tick finds wrong, element by element: the alarms' raw material. Thresholds of the domain rules, section 5."""

from collections.abc import Callable, Sequence, Set

import numpy as np
from numpy.typing import NDArray

from grid.domain.alarm_life import Finding, FindingKind, Priority
from grid.domain.alarms import FREQUENCY_ALARM_HZ, LOADING_ALARM, LOADING_LIMIT, Names
from grid.domain.network.powerflow import Flow

Array = NDArray[np.float64]
Key = tuple[str, str]
LOADING_DEADBAND = 0.03
VOLTAGE_DEADBAND_PU = 0.003
LATE_AFTER_PERIODS = 2
MOST_OF_A_KIND = 50
"""More of one kind are a flood that nobody reads; the worst ones speak."""
FLOW_KINDS = frozenset(
    {FindingKind.LINE_LOADING, FindingKind.TRANSFORMER_LOADING, FindingKind.VOLTAGE_LOW, FindingKind.VOLTAGE_HIGH, FindingKind.CUT_OFF}
)


def network_findings(flow: Flow, names: Names, known: Set[Key]) -> list[Finding]:
    """Each line, transformer and node out of its bounds; what is `known` (kind, subject) must come back a dead band further."""
    return [
        *_loadings(FindingKind.LINE_LOADING, "Line", flow.line_loading, names.lines, known),
        *_loadings(FindingKind.TRANSFORMER_LOADING, "Transformer", flow.transformer_loading, names.transformers, known),
        *_voltages(FindingKind.VOLTAGE_LOW, "below", names.vm_min_pu - flow.voltage_pu, flow, names, known),
        *_voltages(FindingKind.VOLTAGE_HIGH, "above", flow.voltage_pu - names.vm_max_pu, flow, names, known),
        *_cut_off(flow.voltage_pu, names),
    ]


def frequency_findings(frequency_hz: Array) -> list[Finding]:
    """A median frequency outside its band."""
    told = frequency_hz[~np.isnan(frequency_hz)]
    if not len(told):
        return []
    median = float(np.median(told))
    low, high = FREQUENCY_ALARM_HZ
    if low <= median <= high:
        return []
    sentence = f"Frequency is {median:.2f} Hz, outside {low} to {high} Hz."
    return [Finding(FindingKind.FREQUENCY, "", Priority.CRITICAL, sentence)]


def exchange_findings(import_w: float, export_w: float, import_limit_w: int | None, export_limit_w: int | None) -> list[Finding]:
    """What crosses the point of common coupling beyond its limit."""
    sides = ((FindingKind.IMPORT_LIMIT, "import", import_w, import_limit_w), (FindingKind.EXPORT_LIMIT, "export", export_w, export_limit_w))
    return [
        Finding(kind, "", Priority.HIGH, f"The {word} of {watts / 1000:.1f} kW is above the connection's limit of {limit / 1000:.1f} kW.")
        for kind, word, watts, limit in sides
        if limit is not None and watts > limit
    ]


def late_findings(gap_s: float, period_s: float) -> list[Finding]:
    """A tick that came later than two periods after the one before; that nothing comes at all a watcher finds (`stopped_finding`)."""
    if gap_s <= LATE_AFTER_PERIODS * period_s:
        return []
    sentence = f"A control tick came {gap_s:.0f} s after the one before; one is due every {period_s:g} s."
    return [Finding(FindingKind.CONTROL_LATE, "", Priority.HIGH, sentence)]


def stopped_finding(age_s: float, has_owner: bool) -> Finding:
    """No tick has come for `age_s`; `has_owner`: whether a process holds the microgrid's control."""
    why = (
        "its process runs, but no site reports, or ticks fail or cannot be written."
        if has_owner
        else "no process controls the microgrid. Start run_control."
    )
    return Finding(FindingKind.CONTROL_LATE, "", Priority.CRITICAL, f"No control tick for {age_s:.0f} s: {why}")


def silence_findings(reports: NDArray[np.bool_], storage_codes: Sequence[str], storage_reports: NDArray[np.bool_]) -> list[Finding]:
    """Sites that are silent, as one finding, and each storage that is."""
    found = []
    silent = int((~reports).sum())
    if silent:
        priority = Priority.HIGH if silent * 2 > len(reports) else Priority.LOW
        found.append(Finding(FindingKind.SITES_SILENT, "", priority, f"{silent} of {len(reports)} sites do not report."))
    return found + [
        Finding(FindingKind.STORAGE_SILENT, storage_codes[i], Priority.MEDIUM, f"{storage_codes[i]} is silent and stays idle.")
        for i in np.flatnonzero(~storage_reports)[:MOST_OF_A_KIND]
    ]


def unacknowledged_findings(storage_codes: Sequence[str]) -> list[Finding]:
    """Storages that did not acknowledge what they were told."""
    return [
        Finding(FindingKind.UNACKNOWLEDGED, code, Priority.HIGH, f"{code} has not acknowledged its command.")
        for code in storage_codes[:MOST_OF_A_KIND]
    ]


def disobedience_findings(devices: Sequence[tuple[str, str]]) -> list[Finding]:
    """Devices that do not do as told by their own word: code, and what is wrong."""
    return [
        Finding(FindingKind.NOT_OBEYED, code, Priority.HIGH, f"{code} does not do as told. {words}"[:200])
        for code, words in devices[:MOST_OF_A_KIND]
    ]


def _threshold(kind: FindingKind, codes: Sequence[str], known: Set[Key], on: float, off: float) -> Array:
    return np.array([off if (str(kind), code) in known else on for code in codes], dtype=np.float64)


def _worst(excess: Array, beyond: Array) -> list[int]:
    """Places where `excess` reaches `beyond`, the worst first, not more than anybody reads."""
    at = np.flatnonzero(np.nan_to_num(excess, nan=-np.inf) >= beyond)
    return [int(i) for i in at[np.argsort(-excess[at], kind="stable")][:MOST_OF_A_KIND]]


def _loadings(kind: FindingKind, word: str, loading: Array, codes: Sequence[str], known: Set[Key]) -> list[Finding]:
    bounds = _threshold(kind, codes, known, LOADING_ALARM, LOADING_ALARM - LOADING_DEADBAND)
    full = _threshold(kind, codes, known, LOADING_LIMIT, LOADING_LIMIT)

    def priority(i: int) -> Priority:
        return Priority.CRITICAL if loading[i] >= full[i] else Priority.MEDIUM

    return _each(kind, codes, _worst(loading, bounds), priority, lambda i: f"{word} {codes[i]} carries {loading[i]:.0%} of its rating.")


def _voltages(kind: FindingKind, word: str, excess: Array, flow: Flow, names: Names, known: Set[Key]) -> list[Finding]:
    # A touch above zero: a voltage on its bound is inside its band.
    bounds = _threshold(kind, names.nodes, known, 1e-9, -VOLTAGE_DEADBAND_PU)
    return _each(
        kind,
        names.nodes,
        _worst(excess, bounds),
        lambda _: Priority.HIGH,
        lambda i: f"Voltage at {names.nodes[i]} is {flow.voltage_pu[i]:.3f} p.u., {_where(excess[i], word)} its band.",
    )


def _where(excess: float, word: str) -> str:
    return word if excess > 0 else "at the edge of"


def _cut_off(voltage_pu: Array, names: Names) -> list[Finding]:
    dark, nodes = names.cut_off(voltage_pu), names.nodes
    if not len(dark):
        return []
    first = f", {nodes[int(dark[0])]} among them" if len(dark) > 1 else f": {nodes[int(dark[0])]}"
    noun = "nodes have" if len(dark) > 1 else "node has"
    sentence = f"{len(dark)} {noun} no path to the public grid{first}."
    return [Finding(FindingKind.CUT_OFF, "", Priority.CRITICAL, sentence)]


def _each(
    kind: FindingKind, codes: Sequence[str], places: Sequence[int], priority: Callable[[int], Priority], words: Callable[[int], str]
) -> list[Finding]:
    return [Finding(kind, codes[i], priority(i), words(i)) for i in places]
