"""What stored energy is worth, with and without a peak charge, and what the storages do with what is measured."""

from dataclasses import replace

import numpy as np
import pytest

from grid.domain.planning.error_chain import PERSISTENCE, chain, moves_by_interval
from grid.domain.planning.fleet import Fleet
from grid.domain.planning.month_peak import NO_PEAK, MonthPeak
from grid.domain.planning.rolling import Quantiles, independent_difference, outlook_of
from grid.domain.planning.stored_value import value_of_storing
from grid.domain.planning.storing_choices import Outlook, interval_cost

FLEET = Fleet(10_000.0, 5000.0, 5000.0, 0.95, 0.95, 1.0, 0.02)


def outlook(net_w, prices, **changes) -> Outlook:
    net = np.asarray(net_w, dtype=np.float64)
    given = {
        "hours": 0.25,
        "net_w": net,
        "up_w": np.full(len(net), 200.0),
        "down_w": np.full(len(net), 200.0),
        "import_price": np.asarray(prices, dtype=np.float64),
        "export_price": np.full(len(net), 0.08),
        "end_value_per_kwh": 0.2,
        "peak": NO_PEAK,
        "persistence": np.full(len(net), PERSISTENCE),
    }
    return Outlook(**(given | changes))


DEAR_EVENING = outlook([3000.0] * 32, [0.20] * 16 + [0.38] * 16)


def test_the_chain_is_a_chance_and_fades():
    found = chain()
    assert found.moves.sum(axis=1) == pytest.approx(np.ones(len(found.states)))
    assert (np.diff(found.states) > 0).all()
    ahead = found.moves @ found.states
    assert (np.abs(ahead) < np.abs(found.states))[[0, 1, 2, -3, -2, -1]].all()


def test_what_lasts_differs_by_the_interval():
    found = moves_by_interval(np.array([0.0, 0.7, 1.0]))
    ahead = found @ chain().states
    assert ahead[0] == pytest.approx(ahead[0][0])  # forgotten at once
    assert found[1] == pytest.approx(chain(0.7).moves)
    assert (np.diag(found[2]) > 0.6).all()
    assert found.sum(axis=2) == pytest.approx(1.0)


def test_a_long_dull_spell_is_kept_for_and_a_short_spike_is_not():
    """Off the median now, a storage gives less where that will last until energy is dear."""
    dear_later = {"net_w": [2000.0] * 16, "prices": [0.30] * 8 + [0.38] * 8, "up_w": np.full(16, 1500.0), "end_value_per_kwh": 0.0}
    short, long = (value_of_storing(FLEET, outlook(**dear_later, persistence=np.full(16, share))) for share in (0.2, 0.98))
    assert long.per_kwh(0, 4000.0, 6000.0) > short.per_kwh(0, 4000.0, 6000.0) + 0.01


def test_a_cheap_night_before_a_dear_evening_charges():
    value = value_of_storing(FLEET, DEAR_EVENING)
    assert 0.2 / 0.95 - 1e-6 < value.per_kwh(0, 3000.0, 2000.0) < 0.38
    assert value.power_w(0, 3000.0, 2000.0) >= 0


def test_a_dear_evening_discharges_what_is_needed_and_never_into_the_grid():
    value = value_of_storing(FLEET, outlook([3000.0] * 4, [0.38] * 4, end_value_per_kwh=0.1))
    assert value.power_w(0, 3000.0, 9000.0) == pytest.approx(-3000.0, abs=30)


def test_a_surplus_that_sells_for_less_than_it_saves_is_stored():
    value = value_of_storing(FLEET, outlook([-2000.0] * 8 + [3000.0] * 24, [0.30] * 32))
    assert value.power_w(0, -2000.0, 1000.0) == pytest.approx(2000.0, abs=30)


@pytest.mark.parametrize("net_w", [-9000.0, 0.0, 4000.0, 50_000.0])
@pytest.mark.parametrize("soc_wh", [0.0, 10.0, 9990.0, 10_000.0])
def test_powers_and_charge_keep_the_fleets_limits(net_w, soc_wh):
    power = value_of_storing(FLEET, DEAR_EVENING).power_w(0, net_w, soc_wh)
    after = soc_wh + (power * 0.95 if power > 0 else power / 0.95) * 0.25
    assert -5000.0 <= power <= 5000.0
    assert -1e-6 <= after <= 10_000.0 + 1e-6


def test_what_is_certain_costs_what_the_best_plan_costs():
    """With hardly a band the recursion follows the plan of least cost, but for its levels."""
    sure = replace(DEAR_EVENING, up_w=np.ones(32), down_w=np.ones(32))
    soc, paid = 5000.0, 0.0
    for t in range(32):
        rest = outlook(sure.net_w[t:], sure.import_price[t:], up_w=sure.up_w[t:], down_w=sure.down_w[t:])
        power = value_of_storing(FLEET, rest).power_w(0, 3000.0, soc)
        paid += float(interval_cost(FLEET, rest, 0, np.array(3000.0 + power), np.array(power)))
        soc += (power * 0.95 if power > 0 else power / 0.95) * 0.25
    idle = 3.0 * 4 * (0.20 + 0.38)
    # 10 kWh are charged up to full, 9.5 kWh come out instead of energy at 0.38; what is left counts at 0.20.
    best = 5.0 / 0.95 * 0.20 - 9.5 * (0.38 - 0.02) + 0.2 * 5.0
    assert paid - idle - 0.2 * (soc - 5000.0) / 1000 == pytest.approx(best, abs=0.06)


def peak_from(lowest_w: float, intervals_left: int = 1000) -> MonthPeak:
    """Each kW above `lowest_w` costs 5, as in a month's last days."""
    levels = lowest_w + np.linspace(0.0, 5000.0, 8)
    return MonthPeak(levels, (levels - lowest_w) * 0.005, 5.0, intervals_left, lowest_w)


def test_a_spike_is_met_from_what_was_kept_for_it():
    costly = outlook([4000.0] * 24, [0.3] * 24, up_w=np.full(24, 3000.0), peak=peak_from(6000.0))
    value = value_of_storing(FLEET, costly)
    assert 8500.0 + value.power_w(0, 8500.0, 5000.0, 6000.0) == pytest.approx(6000.0, abs=60)


def test_what_rare_spikes_need_is_kept_though_energy_is_dear():
    """Without a peak charge the storage is emptied into the dear hour; with one it keeps something, and more does no harm when it came."""
    dear = {"net_w": [3000.0] * 16, "prices": [0.38] * 4 + [0.30] * 12, "up_w": np.full(16, 2500.0), "end_value_per_kwh": 0.0}
    free, charged = (value_of_storing(FLEET, outlook(**dear, peak=peak)) for peak in (NO_PEAK, peak_from(4000.0)))
    assert free.power_w(0, 3000.0, 2500.0) == pytest.approx(-3000.0, abs=60)
    assert charged.power_w(0, 3000.0, 2500.0, 4000.0) > -1500.0


def test_a_peak_that_was_reached_is_not_paid_again():
    value = value_of_storing(FLEET, outlook([4000.0] * 24, [0.3] * 24, peak=peak_from(6000.0)))
    assert value.power_w(0, 9000.0, 5000.0, 6000.0) <= -3000.0 + 60
    assert value.power_w(0, 9000.0, 5000.0, 9000.0) > -3000.0 + 60


def test_a_flat_load_that_cannot_be_held_is_let_go():
    """Half an hour is stored for eight hours at twice the level: shaving now only moves the peak."""
    flat = outlook([12_000.0] * 32, [0.3] * 32, peak=peak_from(7000.0))
    value = value_of_storing(FLEET, flat)
    assert 12_000.0 + value.power_w(0, 12_000.0, 2500.0, 7000.0) > 11_500.0


def test_bands_of_use_and_production_add_as_independent_errors():
    use = Quantiles.of_energy(np.array([200.0]), np.array([250.0]), np.array([325.0]), 0.25)
    production = Quantiles.of_energy(np.array([50.0]), np.array([150.0]), np.array([175.0]), 0.25)
    found = outlook_of(
        independent_difference(use, production),
        hours=0.25,
        import_price=np.array([0.3]),
        export_price=np.array([0.1]),
        peak=NO_PEAK,
        persistence=np.zeros(0),
    )
    assert found.persistence.tolist() == [PERSISTENCE]
    assert found.net_w == pytest.approx([400.0])
    assert found.up_w == pytest.approx([500.0])
    assert found.down_w == pytest.approx([np.hypot(200.0, 100.0)])
    assert found.end_value_per_kwh == 0.3
