"""However few intervals are shared at a time, what comes out is the same to the last Wh, cut-offs and levels too."""

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from grid.domain.sharing.day import share_day
from grid.domain.sharing.preferences import Preference
from grid.domain.sharing.splitting import ranks_by_code
from grid.domain.sharing.terms import ShareRule, SharingTerms, share_by

SITES, INTERVALS = 7, 23


def leaves(value: Any) -> list[Any]:
    """The arrays of a result in the order of their names."""
    if is_dataclass(value):
        return [leaf for part in fields(value) for leaf in leaves(getattr(value, part.name))]
    if isinstance(value, tuple):
        return [leaf for part in value for leaf in leaves(part)]
    return [value]


@pytest.mark.parametrize("largest_wh", [5, 4_000, 2**61])
@pytest.mark.parametrize("key", [rule for rule in ShareRule if rule != ShareRule.MARKET])
def test_bands_of_intervals_are_shared_like_the_whole_day(key: ShareRule, largest_wh: int) -> None:
    rng = np.random.default_rng(largest_wh)
    drawn, fed_in = rng.integers(0, largest_wh, (2, INTERVALS, SITES))
    fed_in[:, ::2] = 0
    drawn[4], fed_in[9] = 0, 0
    terms = SharingTerms(key, shares=np.array([0, 250_000, 1, 0, 149_999, 400_000, 200_000]), feeders=np.arange(SITES) % 3)
    ranks = ranks_by_code([f"site {n}" for n in range(SITES)])
    whole = share_by(terms, drawn, fed_in, ranks)
    for most_cells in (1, 3 * SITES, 10 * SITES + 3, 22 * SITES):
        banded = share_by(terms, drawn, fed_in, ranks, most_cells)
        for one, other in zip(leaves(whole), leaves(banded), strict=True):
            assert (one is None and other is None) or np.array_equal(one, other)


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("key", [rule for rule in ShareRule if rule != ShareRule.MARKET])
def test_readings_as_narrow_as_they_are_stored_are_shared_like_wide_ones(key: ShareRule, given: bool) -> None:
    drawn, fed_in = np.random.default_rng(3).integers(0, 2**31, (2, INTERVALS, SITES))
    drawn[::3] //= 1000
    fed_in[:, ::2] = 0
    terms = SharingTerms(key, shares=np.array([0, 250_000, 1, 0, 149_999, 400_000, 200_000]), feeders=np.arange(SITES) % 3)
    preferences = [Preference(1, 4, 1, 300_000, is_gift=True), Preference(3, 0, 1, 1_000_000)] if given else []
    ranks = ranks_by_code([f"site {n}" for n in range(SITES)])
    whole = share_day(terms, preferences, None, drawn, fed_in, ranks)
    stored = (np.ascontiguousarray(values.T, dtype=np.int32).T for values in (drawn, fed_in))
    narrow = share_day(terms, preferences, None, *stored, ranks)
    assert given or narrow.shared.received.parts_wh.dtype == np.int32
    for one, other in zip(leaves(whole), leaves(narrow), strict=True):
        assert one is None or np.array_equal(one, other)
