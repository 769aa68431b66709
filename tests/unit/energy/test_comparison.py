"""A comparison gives nobody away: at least five others, none of them standing out."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from energy.domain.comparison import LEAST_OTHERS, GroupLevel, TooFewOthers, Traits, compare, group_of, size_band

HOME = Traits("household", False, 1)


def test_a_comparison_by_hand():
    # Own mean day 10 kWh; others 6, 7, 8, 12, 14: mean 9.4; two of five use more.
    use = np.array([10.0, 6, 7, 8, 12, 14]) * 1000
    base = np.array([150.0, 100, 100, 120, 140, 140])
    found = compare([HOME] * 6, list(range(6)), 0, use, base)
    assert (found.level, found.others, found.above_fifths) == (GroupLevel.KIND_PLANT_SIZE, 5, 2)
    assert (found.others_wh, found.others_base_w) == (9400.0, 120.0)


def test_below_five_others_nothing_is_shown():
    with pytest.raises(TooFewOthers):
        compare([HOME] * 5, list(range(5)), 0, np.ones(5), np.ones(5))


def test_two_sites_of_one_member_are_one_other():
    with pytest.raises(TooFewOthers):
        group_of([HOME] * 7, 0, [0, 1, 1, 2, 2, 3, 4])


def test_groups_get_coarser_before_they_are_refused():
    traits = [HOME] * 3 + [Traits("household", False, 2)] * 4 + [Traits("household", True, 2)] * 6
    assert group_of(traits, 0, list(range(13)))[0] is GroupLevel.KIND_PLANT
    assert group_of(traits, 12, list(range(13)))[0] is GroupLevel.KIND_PLANT_SIZE
    assert group_of(traits[:2] + traits[7:], 0, list(range(8)))[0] is GroupLevel.KIND


def test_who_makes_up_more_than_half_is_not_hidden_in_a_mean():
    with pytest.raises(TooFewOthers):
        compare([HOME] * 6, list(range(6)), 0, np.array([5.0, 1, 1, 1, 1, 90]), np.ones(6))


def test_bands():
    assert [size_band(v) for v in (0, 3999, 4000, 13_999, 200_000)] == [0, 0, 1, 2, 5]


SITES = st.lists(
    st.tuples(st.sampled_from(["household", "business"]), st.booleans(), st.integers(0, 2), st.integers(0, 9), st.floats(0, 1e5)),
    min_size=1,
    max_size=30,
)


@given(SITES, st.randoms(use_true_random=False))
def test_whoever_is_shown_hides_among_five_others(sites, chance):
    traits = [Traits(kind, plant, band) for kind, plant, band, _, _ in sites]
    members = [member for *_, member, _ in sites]
    use = np.array([wh for *_, wh in sites])
    own = chance.randrange(len(sites))
    try:
        found = compare(traits, members, own, use, use)
    except TooFewOthers:
        return
    _, others = group_of(traits, own, members)
    assert found.others == len(others) >= LEAST_OTHERS
    assert len({members[i] for i in others}) == len(others)
    assert members[own] not in {members[i] for i in others}
    assert {traits[i].kind for i in others} == {traits[own].kind}
    assume(use[others].sum() > 0)
    assert use[others].max() <= use[others].sum() / 2
