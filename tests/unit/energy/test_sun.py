"""Where the sun stands: a solstice by hand, and nights."""

import numpy as np
import pytest

from energy.domain.sun import is_down, rough_elevation_deg, sun_over


def seconds(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[s]").astype(np.int64)


def test_the_sun_stands_high_at_noon_in_june_and_is_down_at_midnight() -> None:
    # Kassel, solstice: 90 - 51.3 + 23.4 = 62.1 degrees at true noon, which is about 11:24 UTC at 9.5 degrees east.
    noon = seconds("2016-06-20T11:24")
    assert sun_over(noon, 5, 51.3, 9.5).elevation_deg[0] == pytest.approx(62.1, abs=0.2)
    assert rough_elevation_deg(noon, 51.3, 9.5)[0] == pytest.approx(62.1, abs=1)
    assert is_down(seconds("2016-06-20T23:00", "2016-06-20T12:00"), 15, 51.3, 9.5).tolist() == [True, False]


def test_no_interval_has_no_sun() -> None:
    assert is_down(seconds(), 15, 51.3, 9.5).tolist() == []
