"""Indicators against cases worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.indicators import (
    Balance,
    Outage,
    indicators_of,
    load_factor,
    local_use_wh,
    local_used_wh,
    peak_to_average,
    reliability,
    renewable_fraction,
    round_trip_efficiency,
)


def wh(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def test_a_day_of_four_intervals_worked_by_hand() -> None:
    # Sun at noon: 1,000 Wh, of which 200 charge, 300 leave; the evening takes 160 from the battery and 240 from outside.
    # Interval 4 closes with 20 Wh of losses.
    balance = Balance(
        production_wh=wh(0, 1000, 400, 0),
        consumption_wh=wh(300, 500, 400, 380),
        charge_wh=wh(0, 200, 0, 0),
        discharge_wh=wh(0, 0, 0, 160),
        import_wh=wh(300, 0, 0, 240),
        export_wh=wh(0, 300, 0, 0),
        interval_hours=0.25,
    )
    found = indicators_of(balance, grams_per_kwh=380)
    assert (found.production_wh, found.consumption_wh) == (1400, 1580)
    assert found.self_consumption == pytest.approx(1100 / 1400)
    assert found.self_sufficiency == pytest.approx(1100 / 1580)
    assert found.renewable_fraction == pytest.approx(1 - 540 / 1880)
    assert found.peak_w == 2000
    assert found.peak_to_average == pytest.approx(500 / 395)
    assert found.load_factor == pytest.approx(395 / 500)
    assert found.losses_wh == 540 + 1400 + 160 - 1580 - 300 - 200 == 20
    assert found.loss_share == pytest.approx(20 / 1940)
    assert found.round_trip_efficiency == pytest.approx(0.8)
    assert found.co2_avoided_g == pytest.approx(418.0)


def test_nothing_has_no_shares() -> None:
    nothing = indicators_of(Balance(wh(), wh(), wh(), wh(), wh(), wh(), 0.25), grams_per_kwh=380)
    assert {nothing.self_consumption, nothing.self_sufficiency, nothing.load_factor, nothing.peak_w} == {None}
    assert nothing.co2_avoided_g == 0
    assert load_factor(wh(0, 0)) is None


def test_a_battery_that_exports_at_night_is_not_local_use() -> None:
    assert local_use_wh(wh(100, 0), wh(0, 80)) == 100
    assert local_use_wh(wh(100), wh(140)) == 0


def test_round_trips() -> None:
    assert round_trip_efficiency(1000, 700, 200) == pytest.approx(0.9)
    assert round_trip_efficiency(1000, 880, None) == pytest.approx(0.88)
    assert round_trip_efficiency(0, 500, None) is None
    assert round_trip_efficiency(100, 500, None) is None


def test_a_renewable_public_grid_counts() -> None:
    assert renewable_fraction(1000, 500, 0, 0.0) == pytest.approx(0.5)
    assert renewable_fraction(1000, 500, 0, 0.6) == pytest.approx(0.8)
    assert renewable_fraction(0, 0, 0, 0.0) is None


def test_reliability_worked_by_hand() -> None:
    # 100 customers, 30 days: a cable fault (20 for 90 min, 10 more for 30 min), planned work (50 for 60 min), a dip (100 for 2 min).
    outages = [Outage((90.0,) * 20 + (30.0,) * 10), Outage((60.0,) * 50, is_planned=True), Outage((2.0,) * 100)]
    month = 30 * 24 * 60
    faults = reliability(outages, 100, month, with_planned=False)
    assert faults.saidi_minutes == pytest.approx((20 * 90 + 10 * 30) / 100) == pytest.approx(21.0)
    assert faults.saifi == pytest.approx(0.30)
    assert faults.caidi_minutes == pytest.approx(70.0)
    assert faults.asai == pytest.approx(1 - 21 / month)
    assert faults.maifi == pytest.approx(1.0)
    everything = reliability(outages, 100, month, with_planned=True)
    assert (everything.saidi_minutes, everything.saifi) == (pytest.approx(51.0), pytest.approx(0.80))
    assert [outage.is_sustained for outage in outages] == [True, True, False]
    calm = reliability([], 100, month, with_planned=True)
    assert (calm.saidi_minutes, calm.caidi_minutes, calm.asai) == (0.0, None, 1.0)
    with pytest.raises(ValueError, match="customers"):
        reliability([], 0, month, with_planned=True)


def test_a_load_that_was_let_go_counts_as_much_as_it_is_of_all() -> None:
    # Of 10 customers with 100 kW one lost 5 kW of its 20 for an hour, another all of its 10 kW for 90 minutes.
    partly = Outage((), load_minutes=((60.0, 5_000.0),))
    wholly = Outage((90.0,), load_minutes=((90.0, 10_000.0),))
    found = reliability([partly, wholly], 10, 1e6, with_planned=False, connected_w=100_000.0)
    assert (found.saidi_minutes, found.saifi) == (9.0, 0.1)
    assert found.asidi_minutes == pytest.approx((60 * 5 + 90 * 10) / 100)
    assert found.asifi == pytest.approx(0.15)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=96))
def test_the_peak_is_never_below_the_mean(values: list[int]) -> None:
    ratio = peak_to_average(wh(*values))
    assert ratio is None or ratio >= 1.0 - 1e-12


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=1, max_size=96))
def test_local_use_stays_within_production(pairs: list[tuple[int, int]]) -> None:
    production, export = wh(*(p for p, _ in pairs)), wh(*(e for _, e in pairs))
    assert 0 <= local_use_wh(production, export) <= production.sum()


def test_local_energy_counts_where_it_is_used_not_where_it_is_stored() -> None:
    # 1000 Wh made at noon, 600 stored of them, 500 given in the evening; 100 of other origin are sold then.
    balance = Balance(*(np.array(values) for values in ([1000, 0], [400, 500], [600, 0], [0, 600], [0, 0], [0, 100])), interval_hours=0.25)
    assert local_used_wh(balance, 600, 500, np.array([0, 100])) == 900
