"""What stands in for a silent meter: forecast before like days before a typical share, each with its doubt."""

import numpy as np
import pytest
from scipy.stats import norm

from grid.domain.network.stand_ins import Expected, band_sigma, complete, nothing_expected

NAN = float("nan")


def test_the_best_that_is_known_stands_in() -> None:
    expected = Expected(
        np.array([900.0, 800.0, NAN, NAN]),
        np.array([50.0, 60.0, NAN, NAN]),
        np.array([NAN, 700.0, 600.0, NAN]),
        np.array([NAN, 10.0, 10.0, NAN]),
        np.array([2000.0, 2000.0, 2000.0, 1000.0]),
    )
    found = complete(np.array([1000.0, 0, 0, 0]), np.array([1000.0, 0, 0, 0]), np.array([True, False, False, False]), expected)
    assert found.way.tolist() == [0, 1, 2, 3]
    assert found.value_w == pytest.approx([1000, 800, 600, 500])  # the last: half of its nominal power, as the first
    assert found.sigma_w == pytest.approx([15, 60, 220, 700])
    assert (
        found.words
        == "3 of 4 sites are silent or not believed; what they draw is estimated (1 by forecast, 1 by like days, 1 by typical share)."
    )


def test_where_all_report_nothing_is_estimated() -> None:
    found = complete(np.array([-500.0]), np.array([100.0]), np.array([True]), nothing_expected(1))
    assert (found.value_w.tolist(), found.use_w.tolist(), found.words) == ([-500.0], [100.0], "")


def test_a_band_is_read_as_a_normal_distribution() -> None:
    assert band_sigma(norm.ppf(0.1, 0, 200), norm.ppf(0.9, 0, 200)) == pytest.approx(200, rel=1e-3)
