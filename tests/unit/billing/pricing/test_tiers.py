"""Energy in tiers: against a plain walk through the intervals, and never a Wh lost."""

from collections import defaultdict

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.domain.pricing.sums import Stretches
from billing.domain.pricing.tiers import UNLIMITED, fill_in_order, in_steps, spread_in_proportion, spread_whole

MONTHS, PERIODS = 2, 3
watt_hours = st.integers(0, 5000)


@st.composite
def months_of_energy(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Wh, month and period of each interval, and rising limits by month."""
    count = draw(st.integers(2, 12))
    month = np.array([0] * (count // 2) + [1] * (count - count // 2))
    period = np.array([draw(st.integers(0, PERIODS - 1)) for _ in range(count)])
    wh = np.array([[draw(watt_hours) for _ in range(count)] for _ in range(2)], dtype=np.int64)
    limits = np.array([[*sorted(draw(st.integers(0, 20_000)) for _ in range(2)), UNLIMITED] for _ in range(MONTHS)])
    return wh, month, period, np.repeat(limits[None, :, None, :], PERIODS, axis=2)


def stretches_of(month: np.ndarray, period: np.ndarray) -> Stretches:
    changes = np.flatnonzero(np.r_[True, (np.diff(month) != 0) | (np.diff(period) != 0)])
    return Stretches(changes, month[changes], MONTHS)


def walked(wh: list[int], month: list[int], period: list[int], limits: np.ndarray) -> dict[tuple[int, int, int], int]:
    """Wh by month, period and tier, one interval after the other."""
    found: dict[tuple[int, int, int], int] = defaultdict(int)
    drawn = [0] * MONTHS
    for energy, m, p in zip(wh, month, period, strict=True):
        left = energy
        for tier, limit in enumerate(limits[0, m, p].tolist()):
            part = min(left, max(limit - drawn[m], 0))
            found[m, p, tier] += part
            drawn[m] += part
            left -= part
    return found


@given(months_of_energy())
@settings(max_examples=60)
def test_tiers_fill_as_energy_is_drawn(case: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]) -> None:
    wh, month, period, limits = case
    stretches = stretches_of(month, period)
    filled = fill_in_order(stretches.sums(wh), stretches, period[stretches.starts], limits)
    for customer in range(len(wh)):
        expected = walked(wh[customer].tolist(), month.tolist(), period.tolist(), limits)
        assert all(filled[customer][cell] == quantity for cell, quantity in expected.items())
    assert filled.sum() == wh.sum()


@given(months_of_energy())
@settings(max_examples=60)
def test_whole_wh_are_spread_in_proportion_and_none_is_lost(case: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]) -> None:
    wh, month, period, limits = case
    stretches = stretches_of(month, period)
    by_period = stretches.totals(stretches.sums(wh), period[stretches.starts], PERIODS)
    spread = spread_whole(by_period, limits)
    assert (spread.sum(axis=3) == by_period).all()
    assert (spread >= 0).all()
    exact = spread_in_proportion(by_period.astype(float), np.where(limits == UNLIMITED, np.inf, limits))
    assert np.abs(spread.sum(axis=2) - exact.sum(axis=2)).max() < 1e-6
    assert np.abs(spread - exact).max() < 3


def test_power_is_cut_in_steps() -> None:
    steps = in_steps(np.array([[[387_891]]]), np.array([[5_000, 50_000, UNLIMITED]]))
    assert steps.ravel().tolist() == [5_000, 45_000, 337_891]
