"""Sharing against a plain reference in fractions, and the derived cases of the domain rules, section 1."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grid.domain.sharing.keys import CannotShare, share_dynamic, share_hybrid, share_static
from grid.domain.sharing.splitting import ranks_by_code

CODES = ["Z 1", "a 2", "B 10", "B 9", "Ä", "B 1"]


def rounded(exact: list[Fraction], codes: list[str]) -> list[int]:
    """Whole Wh by largest remainder, ties by code as text."""
    parts = [int(value) for value in exact]
    left = int(sum(exact)) - sum(parts)
    order = sorted(range(len(exact)), key=lambda i: (-(exact[i] - parts[i]), codes[i]))
    for i in order[:left]:
        parts[i] += 1
    return parts


def reference(drawn: list[int], fed_in: list[int], codes: list[str], keys: list[int] | None = None) -> tuple[list[int], list[int]]:
    """Received and delivered of one interval, as the rules are written."""
    total_drawn, total_fed_in = sum(drawn), sum(fed_in)
    if keys is None:
        matched = min(total_drawn, total_fed_in)
        exact = [Fraction(matched * c, total_drawn) if total_drawn else Fraction(0) for c in drawn]
    else:
        exact = [min(Fraction(k, 1_000_000) * total_fed_in, Fraction(c)) for k, c in zip(keys, drawn, strict=True)]
    received = rounded(exact, codes)
    total = sum(received)
    delivered = rounded([Fraction(total * p, total_fed_in) if total_fed_in else Fraction(0) for p in fed_in], codes)
    return received, delivered


def shared(drawn: list[int], fed_in: list[int], codes: list[str], keys: list[int] | None = None):
    c, p = np.array([drawn]), np.array([fed_in])
    if keys is None:
        return share_dynamic(c, p, ranks_by_code(codes))
    return share_static(c, p, np.array(keys, dtype=np.int64), ranks_by_code(codes))


energies = st.lists(
    st.tuples(
        st.one_of(st.just(0), st.integers(0, 7), st.integers(0, 100_000)), st.one_of(st.just(0), st.integers(0, 7), st.integers(0, 100_000))
    ),
    min_size=1,
    max_size=len(CODES),
)


@settings(max_examples=40)
@given(energies, st.permutations(CODES))
def test_dynamic_key_equals_the_reference(pairs, codes):
    drawn, fed_in = [list(side) for side in zip(*pairs, strict=True)]
    codes = codes[: len(drawn)]
    result = shared(drawn, fed_in, codes)
    received, delivered = reference(drawn, fed_in, codes)
    assert result.received.parts_wh[0].tolist() == received
    assert result.delivered.parts_wh[0].tolist() == delivered


@settings(max_examples=40)
@given(energies, st.permutations(CODES), st.lists(st.integers(0, 1_000_000), min_size=5, max_size=5))
def test_static_key_equals_the_reference(pairs, codes, cuts):
    drawn, fed_in = [list(side) for side in zip(*pairs, strict=True)]
    codes = codes[: len(drawn)]
    edges = [0, *sorted(cuts[: len(drawn) - 1]), 1_000_000]
    keys = [b - a for a, b in pairwise(edges)]
    result = shared(drawn, fed_in, codes, keys)
    received, delivered = reference(drawn, fed_in, codes, keys)
    assert result.received.parts_wh[0].tolist() == received
    assert result.delivered.parts_wh[0].tolist() == delivered


@settings(max_examples=40)
@given(energies, st.permutations(CODES))
def test_nothing_is_lost_made_or_forced_on_anybody(pairs, codes):
    drawn, fed_in = [list(side) for side in zip(*pairs, strict=True)]
    result = shared(drawn, fed_in, codes[: len(drawn)])
    received, delivered = result.received.parts_wh[0], result.delivered.parts_wh[0]
    assert received.sum() == delivered.sum() == result.shared_wh[0] == min(sum(drawn), sum(fed_in))
    assert (received >= 0).all()
    assert (received <= drawn).all()
    assert (delivered >= 0).all()
    assert (delivered <= fed_in).all()


@settings(max_examples=40)
@given(energies, st.permutations(CODES))
def test_a_member_follows_the_own_share_from_the_published_interval(pairs, codes):
    """From C, M, the cut-off and who stood there, each site finds the Wh it received by its own reading alone."""
    drawn, fed_in = [list(side) for side in zip(*pairs, strict=True)]
    codes = codes[: len(drawn)]
    result = shared(drawn, fed_in, codes)
    matched, total = int(result.matched_wh[0]), int(result.consumption_wh[0])
    cutoff, at = int(result.received.cutoff[0]), int(result.received.cutoff_site[0])
    for i, own in enumerate(drawn):
        part, remainder = divmod(matched * own, total) if total else (0, 0)
        if at >= 0 and (remainder > cutoff or (remainder == cutoff and codes[i] <= codes[at])):
            part += 1
        assert part == result.received.parts_wh[0][i]


@settings(max_examples=40)
@given(energies, st.permutations(CODES), st.lists(st.integers(0, 4), min_size=6, max_size=6))
def test_under_the_hybrid_key_too_a_member_follows_the_own_share(pairs, codes, weights):
    """From C, M, what those with a share drew, level and divisor, and the cut-off."""
    drawn, fed_in = [list(side) for side in zip(*pairs, strict=True)]
    codes, weights = codes[: len(drawn)], weights[: len(drawn)]
    weights[0] += not sum(weights)
    keys = np.array(weights, dtype=np.int64)
    result = share_hybrid(np.array([drawn]), np.array([fed_in]), keys, ranks_by_code(codes), sum(weights))
    filled = result.fill
    level, divisor, keyed = (int(part[0]) for part in (filled.level, filled.divisor, filled.keyed_wh))
    matched, total = int(result.matched_wh[0]), int(result.consumption_wh[0])
    cutoff, at = int(result.received.cutoff[0]), int(result.received.cutoff_site[0])
    for i, own in enumerate(drawn):
        if weights[i]:
            part, remainder = divmod(min(own * divisor, weights[i] * level), divisor) if divisor else (own if matched else 0, 0)
        else:
            part, remainder = divmod((matched - keyed) * own, total - keyed) if matched > keyed else (0, 0)
        if at >= 0 and (remainder > cutoff or (remainder == cutoff and codes[i] <= codes[at])):
            part += 1
        assert part == result.received.parts_wh[0][i]


def test_intervals_do_not_see_each_other():
    generator = np.random.default_rng(7)
    drawn, fed_in = generator.integers(0, 50, (96, 6)), generator.integers(0, 50, (96, 6))
    ranks = ranks_by_code(CODES)
    together = share_dynamic(drawn, fed_in, ranks)
    for t in range(96):
        alone = share_dynamic(drawn[t : t + 1], fed_in[t : t + 1], ranks)
        assert (together.received.parts_wh[t] == alone.received.parts_wh[0]).all()
        assert (together.delivered.parts_wh[t] == alone.delivered.parts_wh[0]).all()


class TestDerivedCases:
    codes = ["1", "2", "3"]
    keys = [500_000, 300_000, 200_000]

    def test_proportional(self):
        result = shared([600, 300, 100], [0, 0, 500], self.codes)
        assert result.matched_wh[0] == 500
        assert result.received.parts_wh[0].tolist() == [300, 150, 50]
        assert result.delivered.parts_wh[0].tolist() == [0, 0, 500]

    def test_static(self):
        result = shared([600, 300, 100], [0, 0, 500], self.codes, self.keys)
        assert result.received.parts_wh[0].tolist() == [250, 150, 100]

    def test_static_leaves_to_the_grid_what_a_member_cannot_use(self):
        result = shared([100, 300, 100], [0, 0, 500], self.codes, self.keys)
        assert result.received.parts_wh[0].tolist() == [100, 150, 100]
        assert result.shared_wh[0] == 350
        assert result.delivered.parts_wh[0].tolist() == [0, 0, 350]

    @pytest.mark.parametrize(
        ("drawn", "fed_in", "received", "delivered"),
        [
            ([600, 0, 100, 0], [0, 900, 0, 0], [600, 0, 100, 0], [0, 700, 0, 0]),
            ([300, 0, 250, 0], [0, 400, 0, 0], [218, 0, 182, 0], [0, 400, 0, 0]),
            ([500, 200, 300, 0], [0, 0, 0, 700], [350, 140, 210, 0], [0, 0, 0, 700]),
            ([400, 100, 333, 0], [0, 0, 0, 500], [240, 60, 200, 0], [0, 0, 0, 500]),
        ],
    )
    def test_worked_hour(self, drawn, fed_in, received, delivered):
        result = shared(drawn, fed_in, ["Ana", "Ben", "Cem", "storage"])
        assert result.received.parts_wh[0].tolist() == received
        assert result.delivered.parts_wh[0].tolist() == delivered


def test_ties_go_by_code_as_text():
    result = shared([1, 1, 1], [0, 0, 2], ["b", "B", "a"])
    assert result.received.parts_wh[0].tolist() == [0, 1, 1]


def test_keys_must_sum_to_one():
    with pytest.raises(CannotShare, match="sum to 1"):
        shared([1, 1], [0, 2], ["a", "b"], [500_000, 499_999])


def test_energies_beyond_64_bits_are_shared_exactly():
    result = shared([2**62, 2**62 + 2], [2**63 - 1, 0], ["a", "b"])
    assert result.received.parts_wh[0].tolist() == reference([2**62, 2**62 + 2], [2**63 - 1, 0], ["a", "b"])[0]
    assert int(result.shared_wh[0]) == 2**63 - 1


def test_hybrid_gives_again_what_a_member_cannot_use():
    drawn, fed_in = np.array([[100, 300, 100]]), np.array([[0, 0, 500]])
    result = share_hybrid(drawn, fed_in, np.array([500_000, 300_000, 200_000]), ranks_by_code(["1", "2", "3"]))
    assert result.received.parts_wh[0].tolist() == [100, 300, 100]


def test_hybrid_gives_the_rest_by_demand_once_all_with_a_key_are_served():
    drawn, fed_in = np.array([[100, 300, 200]]), np.array([[0, 0, 350]])
    result = share_hybrid(drawn, fed_in, np.array([1_000_000, 0, 0]), ranks_by_code(["1", "2", "3"]))
    assert result.received.parts_wh[0].tolist() == [100, 150, 100]
