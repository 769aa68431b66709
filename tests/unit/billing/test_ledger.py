"""Double entry as plain values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.ledger import pair_off, taken_back, unbalanced

amounts = st.lists(st.integers(-(10**9), 10**9).filter(bool), min_size=1, max_size=12)


def balanced(values: list[int]) -> list[tuple[int, int]]:
    """Entries of accounts 0, 1, ...; the last one takes what is left."""
    rest = -sum(values)
    return [(i, v) for i, v in enumerate([*values, rest]) if v]


@given(amounts)
def test_pairs_sum_to_each_entry_and_are_few(values: list[int]) -> None:
    entries = balanced(values)
    pairs = pair_off(entries)
    moved: dict[int, int] = {}
    for pair in pairs:
        assert pair.amount_minor > 0
        moved[pair.debited] = moved.get(pair.debited, 0) + pair.amount_minor
        moved[pair.credited] = moved.get(pair.credited, 0) - pair.amount_minor
    assert moved == dict(entries)
    assert len(pairs) <= max(len(entries) - 1, 0)


def test_a_bill_of_one_debit_gives_one_pair_per_credit() -> None:
    pairs = pair_off([(1, 119), (2, -70), (3, -30), (4, -19)])
    assert [(p.debited, p.credited, p.amount_minor) for p in pairs] == [(1, 2, 70), (1, 3, 30), (1, 4, 19)]


def test_what_does_not_balance_is_not_paired() -> None:
    with pytest.raises(ValueError, match="balanced"):
        pair_off([(1, 5), (2, -4)])


@given(amounts)
def test_taking_back_undoes(values: list[int]) -> None:
    entries = dict(balanced(values))
    undone = {a: entries[a] + v for a, v in taken_back(entries).items()}
    assert unbalanced(entries) == 0 and not any(undone.values())
