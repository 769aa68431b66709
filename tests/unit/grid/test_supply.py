"""Who counts as without supply, and what of that is new."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.supply import Loss, ShedLoads, losses_of, supply_steps


def loads(*rows: tuple[int, int, bool, bool, float], share: float = 1.0) -> ShedLoads:
    """By load: site, tier, shed, heard, seconds gone; each so much of its site."""
    columns = list(zip(*rows, strict=True))
    return ShedLoads(
        np.array(columns[0]),
        np.array(columns[1]),
        np.array(columns[2]),
        np.array(columns[3]),
        np.array(columns[4], float),
        np.full(len(rows), share),
    )


def test_a_load_that_never_obeyed_still_draws() -> None:
    shed = loads((7, 4, True, True, 4.0), (8, 4, True, False, 4.0), (9, 4, False, True, 0.0))
    assert losses_of(shed, [7, 8, 9], False, set()) == {7: Loss(4, 4.0)}


def test_a_site_that_is_known_stays_while_its_load_is_shed_and_told_anew() -> None:
    assert losses_of(loads((8, 4, True, False, 9.0)), [8], False, {8}) == {8: Loss(4, 9.0)}


def test_a_site_counts_with_its_most_important_tier() -> None:
    assert losses_of(loads((7, 4, True, True, 9.0), (7, 2, True, True, 1.0)), [7], False, set()) == {7: Loss(2, 9.0)}


def test_a_site_is_without_supply_only_once_all_its_loads_are() -> None:
    one = losses_of(loads((7, 4, True, True, 9.0), (7, 2, False, True, 0.0), share=0.5), [7], False, set())
    assert one == {7: Loss(4, 9.0, 0.5)}
    both = losses_of(loads((7, 4, True, True, 9.0), (7, 2, True, True, 1.0), share=0.5), [7], False, {7})
    assert both == {7: Loss(2, 9.0, 1.0)}
    # What was recorded as a part ends, the whole begins now; told twice it changes nothing.
    steps = supply_steps(both, {7: 0.5}, {7})
    assert (steps.lost, steps.back) == ({2: {7: Loss(2, 0.0, 1.0)}}, [7])
    again = supply_steps(both, {7: 1.0}, {7})
    assert (again.lost, again.back) == ({}, [])


def test_dead_wires_leave_everybody_without() -> None:
    assert losses_of(loads((7, 4, True, True, 9.0)), [7, 8], True, set()) == {7: Loss(None, 0.0), 8: Loss(None, 0.0)}


def test_what_somebody_else_recorded_is_not_recorded_again() -> None:
    steps = supply_steps({7: Loss(4, 0.0), 8: Loss(4, 0.0), 9: Loss(3, 2.0)}, {}, {7})
    assert steps.lost == {4: {8: Loss(4, 0.0)}, 3: {9: Loss(3, 2.0)}}
    assert supply_steps({}, {8: 1.0, 9: 0.25}, {7, 8, 9}).back == [8, 9]


@given(st.lists(st.dictionaries(st.integers(1, 6), st.sampled_from([None, 1, 2, 3, 4])), max_size=12))
def test_over_any_course_each_loss_is_recorded_once_and_given_back_once(course: list[dict[int, int | None]]) -> None:
    known: set[int] = set()
    begun = ended = 0
    for gone in [*course, {}]:
        losses = {site: Loss(tier, 0.0) for site, tier in gone.items()}
        for _ in range(2):  # told twice
            steps = supply_steps(losses, dict.fromkeys(known, 1.0), known)
            new = {site for sites in steps.lost.values() for site in sites}
            assert not new & known
            begun, ended = begun + len(new), ended + len(steps.back)
            known = (known | new) - set(steps.back)
        assert known == set(gone)
    assert begun == ended
