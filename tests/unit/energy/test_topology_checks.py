"""Checks of a network name the island, the ring, the cable that is missing, and where each stands."""

from dataclasses import replace

import pytest

from energy.domain.topology import PlannedLine, PlannedNode, PlannedSwitch, PlannedTransformer, Topology, rings
from energy.domain.topology_checks import FindingKind, check


def node(code: str, *, held: float | None = None, volts: int = 400, east: float | None = 0.0) -> PlannedNode:
    return PlannedNode(code, volts, held, held is not None, longitude=east, latitude=None if east is None else 53.0)


def line(code: str, first: str, second: str, **changes: object) -> PlannedLine:
    return replace(PlannedLine(code, first, second, 0.1, 0.2, 0.08, 0.0, 270.0, "NAYY"), **changes)  # type: ignore[arg-type]


SOUND = Topology(
    [node("G", held=1.0), node("A", east=0.001), node("B", east=0.002), node("C", east=0.003)],
    [line("L1", "G", "A"), line("L2", "A", "B"), line("L3", "B", "C")],
    [],
)


def sentences(topology: Topology, kind: FindingKind, **sites: object) -> list[str]:
    return [one.sentence for one in check(topology, **sites) if one.kind == kind]  # type: ignore[arg-type]


def test_a_sound_network_has_no_findings() -> None:
    assert check(SOUND) == []


def test_an_island_is_named_with_the_nearest_node_that_has_supply() -> None:
    [sentence] = sentences(replace(SOUND, lines=[*SOUND.lines[:1], SOUND.lines[2]]), FindingKind.ISLAND)
    assert sentence.startswith("2 nodes (B, C) have no path to the public grid; a cable is missing")
    assert sentence.endswith("the nearest node with supply is A, 67 m from B.")


def test_an_island_is_named_with_the_open_switch_that_would_join_it() -> None:
    cut = replace(SOUND, switches=[PlannedSwitch("S2", "A", False, line="L2")])
    assert sentences(cut, FindingKind.ISLAND) == ["2 nodes (B, C) have no path to the public grid; the open switch 'S2' would join them."]


def test_a_ring_is_named_edge_by_edge_and_an_open_switch_ends_it() -> None:
    ring = replace(SOUND, lines=[*SOUND.lines, line("Tie", "C", "A")])
    [found] = [one for one in check(ring) if one.kind == FindingKind.RING]
    assert not found.is_error
    assert found.sentence.startswith("3 elements close a ring:")
    assert all(f"line {code}" in found.sentence for code in ("L2", "L3", "Tie"))
    assert "L1" not in found.sentence
    assert check(replace(ring, switches=[PlannedSwitch("S", "C", False, line="Tie")])) == []


def test_two_feeds_of_the_public_grid_close_a_ring_through_it() -> None:
    double = replace(SOUND, nodes=[*SOUND.nodes[:3], node("C", held=1.0)])
    [sentence] = sentences(double, FindingKind.RING)
    assert all(f"line {code}" in sentence for code in ("L1", "L2", "L3"))


def test_parallel_elements_are_named_as_such() -> None:
    [sentence] = sentences(replace(SOUND, lines=[*SOUND.lines, line("L2b", "B", "A")]), FindingKind.RING)
    assert "in parallel between" in sentence
    assert len(rings(SOUND, [])) == 0


@pytest.mark.parametrize(
    ("topology", "kind", "words"),
    [
        (replace(SOUND, lines=[*SOUND.lines, line("L1", "C", "B")]), FindingKind.DUPLICATE, "'L1' is given to 2 lines"),
        (replace(SOUND, nodes=[*SOUND.nodes, node("A")]), FindingKind.DUPLICATE, "'A' is given to 2 nodes"),
        (replace(SOUND, lines=[line("L9", "A", "X")]), FindingKind.UNKNOWN, "line 'L9' names 'X', which is not there"),
        (replace(SOUND, lines=[line("L9", "A", "A")]), FindingKind.UNKNOWN, "begins and ends at 'A'"),
        (replace(SOUND, switches=[PlannedSwitch("S", "C", True, line="L1")]), FindingKind.UNKNOWN, "is no end of 'L1'"),
        (replace(SOUND, nodes=[node("G"), *SOUND.nodes[1:]]), FindingKind.NO_SLACK, "No node holds its voltage"),
        (Topology([], [], []), FindingKind.NO_SLACK, "no nodes"),
        (replace(SOUND, lines=[*SOUND.lines[:2], line("L3", "B", "C", length_km=None)]), FindingKind.NO_LENGTH, "'L3' has no length"),
        (
            replace(SOUND, lines=[*SOUND.lines[:2], line("L3", "B", "C", resistance_ohm_per_km=None)]),
            FindingKind.NO_TYPE,
            "('NAYY' is not described)",
        ),
        (
            replace(SOUND, nodes=[node("G", held=1.0, volts=20_000), *SOUND.nodes[1:]]),
            FindingKind.NO_TRANSFORMER,
            "a transformer is missing",
        ),
        (replace(SOUND, nodes=[*SOUND.nodes[:3], node("C", east=None)]), FindingKind.NO_PLACE, "1 of 4 nodes have no coordinates (C)"),
        (replace(SOUND, lines=[*SOUND.lines[:2], line("L3", "B", "C", phases="4")]), FindingKind.FIGURE, "phases '4'"),
    ],
)
def test_each_fault_is_named(topology: Topology, kind: FindingKind, words: str) -> None:
    assert words in " ".join(sentences(topology, kind))


def test_exchanged_sides_of_a_transformer_are_told() -> None:
    wrong = Topology(
        [node("G", held=1.0, volts=20_000), node("A")], [], [PlannedTransformer("T", "A", "G", 400_000, 20_000, 400, 6.0, 4800.0)]
    )
    assert len(sentences(wrong, FindingKind.VOLTAGE)) == 2


def test_a_phase_that_does_not_reach_a_site_is_told() -> None:
    single = replace(SOUND, lines=[*SOUND.lines[:2], line("L3", "B", "C", phases="1")])
    assert check(single, {"C": ["1"], "B": ["123"]}) == []
    [sentence] = sentences(single, FindingKind.PHASE, site_phases={"C": ["123"]})[:1]
    assert sentence.startswith("Phase 2 does not reach C")
