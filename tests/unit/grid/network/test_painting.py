"""Colour and words say the same."""

import pytest

from grid.domain.network.painting import charge_percent, loading_look, voltage_look, width_of


@pytest.mark.parametrize(
    ("loading", "name", "words"),
    [
        (None, "unknown", "not known"),
        (0, "calm", "0 % of its rating"),
        (500, "notable", "50 % of its rating"),
        (800, "high", "80 % of its rating, high"),
        (1000, "over", "100 % of its rating, overloaded"),
    ],
)
def test_loadings(loading, name, words) -> None:
    assert (loading_look(loading).name, loading_look(loading).words) == (name, words)
    assert 1.5 <= width_of(loading) <= 6.5


@pytest.mark.parametrize(
    ("voltage", "name"), [(None, "unknown"), (8999, "below"), (9000, "low"), (9100, "good"), (10_901, "raised"), (11_001, "above")]
)
def test_voltages(voltage, name) -> None:
    assert voltage_look(voltage, 9000, 11_000).name == name


def test_batteries_of_a_node_are_full_together_or_not_known() -> None:
    assert charge_percent([500, 1500], [1000, 3000]) == 50
    assert charge_percent([500, None], [1000, 3000]) is None
    assert charge_percent([], []) is None
