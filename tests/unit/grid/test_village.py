"""The virtual village conserves energy; registers never drift; living it step by step is the same as in one go."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from grid.domain.control.dispatch import StorageLimits
from grid.domain.live_village import Orders, advance, begin, cut, end_interval, obey
from grid.domain.village import VillagePlan, VillageState, simulate

INTERVALS = 96 * 7


@pytest.fixture
def plan() -> VillagePlan:
    """Four sites: two homes (one with a roof), a plant, a battery, the last two with nothing else."""
    limits = StorageLimits(
        np.zeros(1),
        np.array([6800.0]),
        np.array([3400.0]),
        np.array([3400.0]),
        np.array([0.95]),
        np.array([0.95]),
        np.array([(1 - 0.0013) ** (1 / 24)]),
    )
    return VillagePlan(4, np.array([0, 1, 1]), np.array([1, 2]), np.array([3]), limits, np.array([3400.0]))


@pytest.fixture
def powers() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(11)
    load = generator.uniform(0, 1500, (3, INTERVALS))
    sun = np.maximum(np.sin(np.arange(INTERVALS) / 96 * 2 * np.pi - np.pi / 2), 0)
    return load, np.stack([sun * 4000, sun * 2500])


def test_energy_of_the_month_is_that_of_the_profiles(plan, powers):
    load, source = powers
    registers, _ = simulate(plan, load, source, 0.25, VillageState.at_start(plan))
    production = registers.production_wh[:, -1] - registers.production_wh[:, 0]
    assert np.abs(production - source.sum(axis=1) * 0.25).max() <= 1
    net = registers.import_wh[:, -1] - registers.export_wh[:, -1]
    assert abs(net[0] - load[0].sum() * 0.25) <= 1
    assert abs(net[1] - (load[1] + load[2] - source[0]).sum() * 0.25) <= 2
    assert abs(net[2] + source[1].sum() * 0.25) <= 1


def test_each_interval_balances_within_the_resolution_of_its_registers(plan, powers):
    load, source = powers
    registers, _ = simulate(plan, load, source, 0.25, VillageState.at_start(plan))
    step = {name: np.diff(getattr(registers, name)) for name in ("import_wh", "export_wh", "charge_wh", "discharge_wh")}
    assert all((values >= 0).all() for values in step.values())
    battery = step["import_wh"][3] - step["export_wh"][3]
    assert np.abs(battery - (step["charge_wh"][0] - step["discharge_wh"][0])).max() <= 2
    assert not ((step["charge_wh"][0] > 0) & (step["discharge_wh"][0] > 0)).any()


def test_the_battery_gives_back_no_more_than_it_took(plan, powers):
    load, source = powers
    registers, end = simulate(plan, load, source, 0.25, VillageState.at_start(plan))
    took, gave = registers.charge_wh[0, -1], registers.discharge_wh[0, -1]
    assert took > 0
    assert gave > 0
    assert gave / 0.95 <= 3400 + took * 0.95 - end.soc_wh[0] + 1
    assert 0 <= end.soc_wh[0] <= 6800


def test_two_parts_are_as_one(plan, powers):
    load, source = powers
    whole, end = simulate(plan, load, source, 0.25, VillageState.at_start(plan))
    first, middle = simulate(plan, load[:, :100], source[:, :100], 0.25, VillageState.at_start(plan))
    second, end_again = simulate(plan, load[:, 100:], source[:, 100:], 0.25, middle)
    for name in ("import_wh", "export_wh", "production_wh", "charge_wh", "discharge_wh"):
        joined = np.concatenate([getattr(first, name), getattr(second, name)[:, 1:]], axis=1)
        assert (joined == getattr(whole, name)).all()
    assert end_again.soc_wh == pytest.approx(end.soc_wh)


START = datetime(2016, 3, 27, 0, 45, tzinfo=UTC)


def test_steps_of_a_few_seconds_make_the_same_interval(plan):
    load, source = np.array([1000.0, 200.0, 300.0]), np.array([700.0, 2000.0])
    orders = Orders.none(1).with_order(0, 1600.0, 0.0, START.timestamp() + 3600)
    moment = begin(plan, VillageState.at_start(plan), START)
    for second in range(7, 900, 7):
        moment = advance(plan, moment, load, source, orders, START + timedelta(seconds=second))
    moment = advance(plan, moment, load, source, orders, START + timedelta(minutes=15))
    moment, ended = end_interval(moment)
    used = {name: ended.after[name] - ended.before[name] for name in ended.after}
    assert ended.start_at == START
    assert used["import"].tolist() == [250, 0, 0, 400]
    assert used["export"].tolist() == [0, 50, 500, 0]
    assert used["production"].tolist() == [175, 500]
    assert used["charge"].tolist() == [400]
    assert moment.interval_start == START + timedelta(minutes=15)


def test_an_expired_order_leaves_the_inverter_idle(plan):
    orders = Orders.none(1).with_order(0, 0.0, 2000.0, 1000.0)
    soc = np.array([3000.0])
    assert obey(orders, soc, plan.limits, 999.0, 0.01)[1][0] == 2000.0
    assert obey(orders, soc, plan.limits, 1000.0, 0.01)[1][0] == 0.0


def test_an_order_beyond_the_limits_is_obeyed_inside_them(plan):
    too_much = Orders.none(1).with_order(0, 9000.0, 0.0, 10.0)
    assert obey(too_much, np.array([0.0]), plan.limits, 0.0, 0.25)[0][0] == 3400.0
    assert obey(too_much, np.array([6800.0]), plan.limits, 0.0, 0.25)[0][0] == 0.0
    both = Orders.none(1).with_order(0, 100.0, 100.0, 10.0)
    assert [side[0] for side in obey(both, np.array([3000.0]), plan.limits, 0.0, 0.25)] == [0.0, 0.0]


def test_time_is_cut_at_interval_ends():
    quarter = timedelta(minutes=15)
    stops = list(cut(START + timedelta(minutes=1), START + timedelta(minutes=31), quarter))
    assert stops == [START + quarter, START + 2 * quarter, START + timedelta(minutes=31)]
    assert list(cut(START, START + quarter, quarter)) == [START + quarter]
