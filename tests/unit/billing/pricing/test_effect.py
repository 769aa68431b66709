"""The effect of a tariff: bins of an even width that hold everybody."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.pricing.effect import MOST_BINS, TariffEffect

amounts = st.lists(st.tuples(st.integers(-(10**7), 10**7), st.integers(-(10**7), 10**7)), max_size=30)


@given(amounts)
def test_bins_hold_everybody_once(pairs: list[tuple[int, int]]) -> None:
    columns = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    effect = TariffEffect(columns[:, 0], columns[:, 1])
    bins = effect.bins()
    assert sum(b.customers for b in bins) == len(pairs)
    assert len(bins) <= MOST_BINS
    for b in bins:
        inside = (effect.change_minor >= b.from_minor) & (effect.change_minor < b.to_minor)
        assert int(inside.sum()) == b.customers
    assert effect.paying_more + effect.paying_less + effect.paying_the_same == len(pairs)
    assert effect.revenue_change_minor == int(effect.change_minor.sum())
