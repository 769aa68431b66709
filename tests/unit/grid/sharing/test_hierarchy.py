"""Sharing by nearness: worked by hand, and followed by a member from the published levels."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from grid.domain.sharing.hierarchy import NearShared, share_hierarchical
from grid.domain.sharing.splitting import ranks_by_code

CODES = ["Z 1", "a 2", "B 10", "B 9", "Ä", "B 1"]


def shared(drawn: list[int], fed_in: list[int], feeders: list[int], codes: list[str]) -> NearShared:
    return share_hierarchical(np.array([drawn]), np.array([fed_in]), np.array(feeders), ranks_by_code(codes))


def test_own_site_first_then_the_feeder_then_all():
    result = shared([100, 300, 200, 400], [150, 0, 0, 90], [0, 0, 1, 1], ["1", "2", "3", "4"]).shared
    # own: 100 and 90; feeder 0: 50 of site 1 to site 2; nothing is left for the others
    assert result.received.parts_wh[0].tolist() == [100, 50, 0, 90]
    assert result.delivered.parts_wh[0].tolist() == [150, 0, 0, 90]
    result = shared([0, 30, 200, 400], [150, 0, 0, 0], [0, 0, 1, 1], ["1", "2", "3", "4"]).shared
    # feeder 0: 30 to site 2; 120 left go to 200 and 400
    assert result.received.parts_wh[0].tolist() == [0, 30, 40, 80]


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.one_of(st.just(0), st.integers(0, 60)), st.integers(0, 2)), min_size=1, max_size=len(CODES)),
    st.permutations(CODES),
)
def test_a_member_follows_the_own_share_from_the_published_levels(rows, codes):
    """Own use; then C, P and cut-off of the own feeder; then what all feeders left, and the last cut-off."""
    drawn, fed_in, feeders = [list(column) for column in zip(*rows, strict=True)]
    feeders = [sorted(set(feeders)).index(feeder) for feeder in feeders]
    codes = codes[: len(drawn)]
    result = shared(drawn, fed_in, feeders, codes)
    level, last = result.feeders, result.shared.received

    def part(own: int, total: int, whole: int, cutoff: int, at: int, code: str) -> int:
        got, remainder = divmod(own * total, whole) if whole else (0, 0)
        return got + (at >= 0 and (remainder > cutoff or (remainder == cutoff and code <= codes[at])))

    c, p = level.drawn_wh[0].tolist(), level.fed_in_wh[0].tolist()
    matched = [min(pair) for pair in zip(c, p, strict=True)]
    c_left, p_left = sum(c) - sum(matched), sum(p) - sum(matched)
    for i, code in enumerate(codes):
        at_home = min(drawn[i], fed_in[i])
        g = feeders[i]
        near = part(drawn[i] - at_home, matched[g], c[g], int(level.received_cutoff[0, g]), int(level.received_cutoff_site[0, g]), code)
        far = part(drawn[i] - at_home - near, min(c_left, p_left), c_left, int(last.cutoff[0]), int(last.cutoff_site[0]), code)
        assert at_home + near + far == last.parts_wh[0][i]
