"""How long errors last, as told by errors of past origins."""

import numpy as np
import pytest

from energy.domain.error_persistence import persistence


def errors(lasts: float, rows: int = 400, horizon: int = 24) -> np.ndarray:
    """Autoregressive errors, each scaled by its lead."""
    chance = np.random.default_rng(1)
    found = np.empty((rows, horizon))
    found[:, 0] = chance.normal(size=rows)
    for t in range(1, horizon):
        found[:, t] = lasts * found[:, t - 1] + np.sqrt(1 - lasts**2) * chance.normal(size=rows)
    return found * np.arange(1, horizon + 1)


@pytest.mark.parametrize("lasts", [0.5, 0.8, 0.95])
def test_what_lasts_is_found_again_whatever_the_scale(lasts):
    found = persistence(errors(lasts), 4)
    assert found.shape == (24,)
    assert found.mean() == pytest.approx(lasts, abs=0.05)


def test_fast_errors_on_slow_ones_lie_between():
    slow = np.random.default_rng(2).normal(size=(400, 1)) * np.ones(24)
    fast = np.random.default_rng(3).normal(size=(400, 24))
    soon_alone = persistence(slow + fast, 1).mean()
    assert 0.4 < soon_alone < 0.6
    assert soon_alone < persistence(slow + fast, 4).mean() < 1.0


def test_holes_leave_out_their_rows_and_too_few_tell_nothing():
    holed = errors(0.8)
    holed[::2, 5] = np.nan
    assert persistence(holed, 4) == pytest.approx(persistence(holed[1::2], 4))
    assert persistence(holed[:50], 4).shape == (0,)
    assert persistence(errors(0.8, horizon=4), 4).shape == (0,)
    assert persistence(np.zeros((0, 96)), 4).shape == (0,)
