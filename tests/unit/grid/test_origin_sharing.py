"""Sharing with batteries: against an interval-by-interval reference, and what must hold whatever comes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from grid.domain.energy_origin import PARTS, Layer, Order, Origin, Stock, Vessel
from grid.domain.origin_sharing import OriginRule, StorageFlow, StorageSite, share_by_origin
from grid.domain.sharing.keys import share_dynamic
from grid.domain.sharing.splitting import ranks_by_code

STRICT, TRUSTING = OriginRule(Order.FIRST_IN, False), OriginRule(Order.FIRST_IN, True)
LOSSLESS = Vessel(PARTS, PARTS, 0, 10**9)
CODES = ["Ana", "Ben", "Store", "Yard"]


def wh(*rows):
    return np.array(rows, dtype=np.int64)


def solve(drawn, fed_in, sites, rule=STRICT, codes=("Ana", "Ben", "Store")):
    ranks = ranks_by_code(list(codes))
    starts = [900 * t for t in range(len(drawn))]
    return share_by_origin(drawn, fed_in, lambda c, p: share_dynamic(c, p, ranks), sites, starts, rule)


def store(column, charge, discharge, *, production=None, stock=None, vessel=LOSSLESS, code="Store"):
    charge, discharge = wh(*charge), wh(*discharge)
    production = wh(*production) if production is not None else np.zeros_like(charge)
    return StorageSite(column, code, production, (StorageFlow(stock or Stock(), vessel, charge, discharge),))


def test_a_night_charge_from_the_public_grid_is_carried_and_not_shared():
    # Night: the store draws 1000 from the grid. Noon: Ben's roof charges 400 of it. Evening: Ana draws 1300, the store gives 1200.
    drawn = wh([0, 0, 1000], [0, 0, 400], [1300, 0, 0])
    fed_in = wh([0, 0, 0], [0, 400, 0], [0, 0, 1200])
    done = solve(drawn, fed_in, [store(2, (1000, 400, 0), (0, 0, 1200))])
    [[course]] = done.courses
    assert course.charged_wh.tolist() == [[0, 0, 1000, 0], [0, 400, 0, 0], [0, 0, 0, 0]]
    assert course.discharged_wh[2].tolist() == [0, 200, 1000, 0]
    assert done.shared.received.parts_wh[2].tolist() == [200, 0, 0]
    assert done.not_local_wh[:, 0].tolist() == [0, 0, 1000]
    assert done.carried_wh[:, 0].tolist() == [0, 0, 1000]


def test_what_nobody_needs_is_not_carried_but_sold():
    drawn, fed_in = wh([0, 0, 1000], [300, 0, 0]), wh([0, 0, 0], [0, 0, 1000])
    done = solve(drawn, fed_in, [store(2, (1000, 0), (0, 1000))])
    assert done.carried_wh[:, 0].tolist() == [0, 300]
    assert done.shared.shared_wh.tolist() == [0, 0]


def test_the_worked_hour_holds_where_the_storage_holds_local_energy():
    drawn = wh([600, 0, 100, 0], [300, 0, 250, 0], [500, 200, 300, 0], [400, 100, 333, 0])
    fed_in = wh([0, 900, 0, 0], [0, 400, 0, 0], [0, 0, 0, 700], [0, 0, 0, 500])
    full = Stock((Layer(0, (0, 1200, 0, 0)),))
    site = store(3, (0,) * 4, (0, 0, 700, 500), stock=full, code="Storage")
    done = solve(drawn, fed_in, [site], codes=("Ana", "Ben", "Cem", "Storage"))
    assert done.shared.received.parts_wh.tolist() == [[600, 0, 100, 0], [218, 0, 182, 0], [350, 140, 210, 0], [240, 60, 200, 0]]
    assert done.shared.delivered.parts_wh[:, 3].tolist() == [0, 0, 700, 500]
    assert not done.carried_wh.any()


def test_an_unknown_first_day_is_shared_only_where_the_rule_says_so():
    drawn, fed_in = wh([500, 0, 0]), wh([0, 0, 400])
    site = store(2, (0,), (400,))
    assert solve(drawn, fed_in, [site]).shared.shared_wh.tolist() == [0]
    strict = solve(drawn, fed_in, [site])
    assert (strict.not_local_wh.tolist(), strict.carried_wh.tolist()) == ([[400]], [[0]])
    assert solve(drawn, fed_in, [site], TRUSTING).shared.shared_wh.tolist() == [400]


def test_a_watt_hour_below_the_registers_resolution_is_unknown_not_public():
    done = solve(wh([9, 0, 100]), wh([0, 108, 0]), [store(2, (100,), (0,))])
    [[course]] = done.courses
    assert course.charged_wh.tolist() == [[0, 99, 0, 1]]


def test_a_home_battery_is_charged_by_its_own_roof_before_import_and_gives_to_the_home_first():
    # Noon: 900 produced, 200 used, 500 charged, 200 exported. Evening: 100 used and 300 exported, 400 discharged.
    drawn, fed_in = wh([0, 0, 0], [500, 0, 0]), wh([0, 0, 200], [0, 0, 300])
    site = store(2, (500, 0), (0, 400), production=(900, 0))
    done = solve(drawn, fed_in, [site])
    [[course]] = done.courses
    assert course.charged_wh[0].tolist() == [500, 0, 0, 0]
    assert done.shared.received.parts_wh[1].tolist() == [300, 0, 0]
    # With public energy inside, what is exported beyond the roof's own is held back.
    done = solve(drawn, fed_in, [store(2, (0, 0), (0, 400), production=(200, 0), stock=Stock((Layer(0, (0, 0, 400, 0)),)))])
    assert done.shared.shared_wh.tolist() == [0, 0]
    assert done.carried_wh[:, 0].tolist() == [0, 300]


def test_two_batteries_behind_one_meter_take_what_there_is_in_their_order():
    drawn, fed_in = wh([0, 0, 600]), wh([0, 400, 0])
    both = StorageSite(2, "Store", wh(0), tuple(StorageFlow(Stock(), LOSSLESS, wh(300), wh(0)) for _ in range(2)))
    done = solve(drawn, fed_in, [both])
    [[first, second]] = done.courses
    assert first.charged_wh.tolist() == [[0, 300, 0, 0]]
    assert second.charged_wh.tolist() == [[0, 100, 200, 0]]


energy = st.one_of(st.just(0), st.integers(0, 900))
flow = st.one_of(st.just((0, 0)), st.tuples(energy, st.just(0)), st.tuples(st.just(0), energy), st.tuples(energy, energy))


@st.composite
def days(draw):
    """Two homes, a storage of the cooperative, and a home with a roof and a battery."""
    count = draw(st.integers(1, 9))
    rows = [(draw(energy), draw(energy), draw(flow), draw(flow), draw(energy), draw(energy)) for _ in range(count)]
    drawn, fed_in = np.zeros((2, count, 4), dtype=np.int64)
    roof = np.zeros(count, dtype=np.int64)
    flows = np.zeros((2, 2, count), dtype=np.int64)
    for t, (ana, ben, (c, d), (hc, hd), produced, used) in enumerate(rows):
        drawn[t, 0], fed_in[t, 1] = ana, ben
        drawn[t, 2], fed_in[t, 2] = c, d
        flows[:, 0, t], flows[:, 1, t], roof[t] = (c, d), (hc, hd), produced
        net = used + hc - hd - produced
        drawn[t, 3], fed_in[t, 3] = max(net, 0), max(-net, 0)
    vessel = draw(st.sampled_from([LOSSLESS, Vessel(95_000, 90_000, 10**8, 5000)]))
    stock = draw(st.sampled_from([Stock(), Stock((Layer(0, (0, 300, 400, 100)),))]))
    sites = [
        StorageSite(2, "Store", np.zeros(count, dtype=np.int64), (StorageFlow(stock, vessel, *flows[:, 0]),)),
        StorageSite(3, "Yard", roof, (StorageFlow(stock, vessel, *flows[:, 1]),)),
    ]
    rule = OriginRule(draw(st.sampled_from(list(Order))), draw(st.booleans()))
    return drawn, fed_in, sites, rule


@settings(max_examples=40)
@given(days())
def test_a_day_at_once_is_the_day_interval_by_interval_and_conserves_energy(case):
    drawn, fed_in, sites, rule = case
    done = solve(drawn, fed_in, sites, rule, CODES)
    shared = done.shared
    # Each interval alone, with the stock that the one before left, gives the same.
    stocks = [site.storages[0].stock for site in sites]
    for t in range(len(drawn)):
        alone = [
            StorageSite(
                site.column,
                site.code,
                site.production_wh[t : t + 1],
                (
                    StorageFlow(
                        stock, site.storages[0].vessel, site.storages[0].charge_wh[t : t + 1], site.storages[0].discharge_wh[t : t + 1]
                    ),
                ),
            )
            for site, stock in zip(sites, stocks, strict=True)
        ]
        ranks = ranks_by_code(CODES)
        step = share_by_origin(drawn[t : t + 1], fed_in[t : t + 1], lambda c, p, r=ranks: share_dynamic(c, p, r), alone, [900 * t], rule)
        assert (step.shared.received.parts_wh[0] == shared.received.parts_wh[t]).all()
        assert (step.carried_wh[0] == done.carried_wh[t]).all()
        stocks = [courses[0].after for courses in step.courses]
    assert stocks == [courses[0].after for courses in done.courses]
    # What is fed in is delivered as local, carried, or sold; what is bought beyond shares and carried crosses the coupling point.
    fed = fed_in.sum(axis=1)
    assert (shared.production_wh + done.not_local_wh.sum(axis=1) == fed).all()
    carried = done.carried_wh.sum(axis=1)
    sold = fed - shared.shared_wh - carried
    bought = drawn.sum(axis=1) - shared.shared_wh - carried
    assert (sold >= 0).all() and (bought >= 0).all()
    assert (bought - sold == drawn.sum(axis=1) - fed).all()
    # Never more local energy leaves the storages than ever went in.
    for (course,), site in zip(done.courses, sites, strict=True):
        local = [Origin.OWN, Origin.LOCAL]
        before = sum(site.storages[0].stock.by_origin[o] for o in local)
        assert course.discharged_wh[:, local].sum() <= before + course.charged_wh[:, local].sum()
        assert (course.charged_wh.sum(axis=1) == site.storages[0].charge_wh).all()
