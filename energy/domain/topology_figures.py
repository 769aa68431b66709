"""Figures of a network that no network has: each told by element, name and value, with what is possible."""

from collections.abc import Iterator, Sequence
from itertools import chain

from energy.domain.topology import ALL_PHASES, PlannedLine, PlannedNode, PlannedSwitch, PlannedTransformer, Topology

LONGEST_NAME = 120
LONGEST_SWITCH = 40
HIGHEST_V = 2_000_000  # no line in the world carries more
LARGEST_VA = 10_000_000_000
FURTHEST_TAP = 1000
Bound = tuple[str, float | None, float, float]  # what, its value (None: not given), least, most


def wrong_figures(topology: Topology) -> Iterator[tuple[str, str]]:
    """Where it stands in its file, and the sentence."""
    for node in topology.nodes:
        yield from _outside(node, f"node '{_cut(node.code)}'", _of_node(node))
    for line in topology.lines:
        yield from _outside(line, f"line '{_cut(line.code)}'", _of_line(line))
        if not line.phases or "".join(p for p in ALL_PHASES if p in line.phases) != line.phases:
            said = f"line '{_cut(line.code)}' has the phases '{_cut(line.phases)}'; write some of 1, 2 and 3, in this order."
            yield line.place, said
    for transformer in topology.transformers:
        yield from _outside(transformer, f"transformer '{_cut(transformer.code)}'", _of_transformer(transformer))
    yield from _odd_names(topology)


def _of_node(node: PlannedNode) -> Sequence[Bound]:
    return (
        ("the nominal voltage [V]", node.nominal_voltage_v, 1, HIGHEST_V),
        ("the voltage held [p.u.]", node.held_pu, 0.5, 1.5),
        ("the least voltage [p.u.]", node.vm_min_pu, 0.0, node.vm_max_pu),
        ("the most voltage [p.u.]", node.vm_max_pu, 0.0, 2.0),
    )


def _of_line(line: PlannedLine) -> Sequence[Bound]:
    return (
        ("the length [km]", line.length_km, 0.0, 10_000.0),
        ("the resistance [Ohm per km]", line.resistance_ohm_per_km, 0.0, 1e6),
        ("the reactance [Ohm per km]", line.reactance_ohm_per_km, -1e6, 1e6),  # a series capacitor's is negative
        ("the susceptance [uS per km]", line.susceptance_us_per_km, 0.0, 1e9),
        ("the highest current [A]", line.max_current_a, 0.0, 1e6),
        ("the zero sequence resistance [Ohm per km]", line.zero_resistance_ohm_per_km, 0.0, 1e6),
        ("the zero sequence reactance [Ohm per km]", line.zero_reactance_ohm_per_km, 0.0, 1e6),
    )


def _of_transformer(t: PlannedTransformer) -> Sequence[Bound]:
    taps = (t.tap_min, t.tap_max) if t.tap_min != t.tap_max else (-FURTHEST_TAP, FURTHEST_TAP)  # one and the same: no range was told
    return (
        ("the rating [VA]", t.rated_va, 1, LARGEST_VA),
        ("the upper voltage [V]", t.voltage_hv_v, 1, HIGHEST_V),
        ("the lower voltage [V]", t.voltage_lv_v, 1, HIGHEST_V),
        ("the short circuit voltage [%]", t.short_circuit_percent, 1e-6, 100.0),
        ("the copper loss [W]", t.copper_loss_w, 0.0, max(t.short_circuit_percent, 0.0) / 100 * max(t.rated_va, 0) * (1 + 1e-9)),
        ("the iron loss [W]", t.iron_loss_w, 0.0, max(t.rated_va, 0)),
        ("the no-load current [%]", t.no_load_current_percent, 0.0, 100.0),
        ("the lowest tap", t.tap_min, -FURTHEST_TAP, FURTHEST_TAP),
        ("the highest tap", t.tap_max, min(t.tap_min, FURTHEST_TAP), FURTHEST_TAP),
        ("the neutral tap", t.tap_neutral, -FURTHEST_TAP, FURTHEST_TAP),
        ("the tap", t.tap_position, max(taps[0], -FURTHEST_TAP), min(taps[1], FURTHEST_TAP)),
        ("a step of the tap [%]", t.tap_step_percent, -50.0, 50.0),
    )


def _outside(row: PlannedNode | PlannedLine | PlannedTransformer, name: str, bounds: Sequence[Bound]) -> Iterator[tuple[str, str]]:
    for what, value, least, most in bounds:
        if value is not None and not least <= value <= most:
            yield (row.place, f"{what} of {name} is {value:g}; it lies between {least:g} and {most:g}, correct it.")


def _odd_names(topology: Topology) -> Iterator[tuple[str, str]]:
    rows: Sequence[tuple[str, Sequence[PlannedNode | PlannedLine | PlannedTransformer | PlannedSwitch]]] = (
        ("node", topology.nodes),
        ("line", topology.lines),
        ("transformer", topology.transformers),
        ("switch", topology.switches),
    )
    for kind, row in chain.from_iterable(((kind, row) for row in many) for kind, many in rows):
        if len(row.code) > LONGEST_NAME:
            yield (row.place, f"the code '{_cut(row.code)}' of a {kind} has {len(row.code)} letters; {LONGEST_NAME} at most.")
        if not row.code.isprintable():
            yield (row.place, f"the code {_cut(ascii(row.code))} of a {kind} holds signs that cannot be printed; leave them out.")
    types: Sequence[tuple[str, str, int, PlannedLine | PlannedSwitch]] = (
        *(("line", line.line_type, LONGEST_NAME, line) for line in topology.lines),
        *(("switch", switch.kind, LONGEST_SWITCH, switch) for switch in topology.switches),
    )
    for kind, text, most, element in types:
        if len(text) > most:
            yield (element.place, f"the type '{_cut(text)}' of {kind} '{_cut(element.code)}' has {len(text)} letters; {most} at most.")
        if not text.isprintable():
            yield (
                element.place,
                f"the type {_cut(ascii(text))} of {kind} '{_cut(element.code)}' holds signs that cannot be printed; leave them out.",
            )


def _cut(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
