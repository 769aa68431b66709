"""Whose energy lies in batteries: every Wh keeps its producer, through losses, through other batteries, from day to day."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings

from grid.domain.energy_origin import Layer, Order, Origin, Stock, Vessel
from grid.domain.origin_sharing import OriginRule, StorageSite, share_by_origin
from grid.domain.sharing.keys import share_dynamic
from grid.domain.sharing.splitting import ranks_by_code
from grid.domain.sharing.terms import ShareRule, SharingTerms, share_by
from grid.domain.stored_producers import NOT_KNOWN, follow_producers, split_whole
from tests.unit.grid.test_origin_sharing import CODES, STRICT, days, store, wh

ANA, BEN, CEM, STORE, SECOND = 11, 12, 13, 14, 15
MIXED = OriginRule(Order.PRO_RATA, False)
LOSSY = Vessel(90_000, 80_000, 0, 10**9)


def follow(drawn, fed_in, sites, ids, rule=STRICT, share=None):
    codes = [str(one) for one in ids]
    ranks = ranks_by_code(codes)
    starts = [900 * t for t in range(len(drawn))]
    share = share or (lambda c, p: share_dynamic(c, p, ranks))
    done = share_by_origin(drawn, fed_in, share, sites, starts, rule)
    return done, follow_producers(done, sites, drawn, fed_in, ids, ranks, starts, rule)


def told(course):
    rows = zip(course.charged_wh, course.discharged_wh, course.lost_wh, strict=True)
    return {p: tuple(int(v) for v in row) for p, row in zip(course.producers, rows, strict=True)}


def test_the_first_in_goes_out_with_the_name_of_who_produced_it():
    # Ben's roof charges at noon, Cem's an hour later; the evening takes Ben's first.
    drawn = wh([0, 0, 0, 600], [0, 0, 0, 400], [800, 0, 0, 0])
    fed_in = wh([0, 600, 0, 0], [0, 0, 400, 0], [0, 0, 0, 800])
    _, [[course]] = follow(drawn, fed_in, [store(3, (600, 400, 0), (0, 0, 800))], [ANA, BEN, CEM, STORE])
    assert told(course) == {BEN: (600, 600, 0), CEM: (400, 200, 0)}
    [parcel] = course.parcels
    assert (parcel.layer, parcel.at_s, parcel.wh) == (0, 900, ((CEM, 200),))


def test_in_proportion_all_leave_together_and_the_largest_remainder_gets_the_odd_watt_hour():
    drawn = wh([0, 0, 0, 600], [0, 0, 0, 400], [801, 0, 0, 0])
    fed_in = wh([0, 600, 0, 0], [0, 0, 400, 0], [0, 0, 0, 801])
    sites = [store(3, (600, 400, 0), (0, 0, 801))]
    _, [[course]] = follow(drawn, fed_in, sites, [ANA, BEN, CEM, STORE], MIXED)
    assert told(course) == {BEN: (600, 481, 0), CEM: (400, 320, 0)}


def test_a_charge_is_composed_as_what_was_delivered_and_each_bears_its_loss():
    # Ben delivers three quarters, Cem one; charging keeps 90 %, discharging gives 80 % of what leaves.
    drawn, fed_in = wh([0, 0, 0, 1000], [360, 0, 0, 0]), wh([0, 1500, 500, 0], [0, 0, 0, 360])
    sites = [store(3, (1000, 0), (0, 360), vessel=LOSSY)]
    _, [[course]] = follow(drawn, fed_in, sites, [ANA, BEN, CEM, STORE])
    assert told(course) == {BEN: (750, 270, 75 + 68), CEM: (250, 90, 25 + 22)}


def test_what_one_battery_gives_another_stays_with_its_producer():
    drawn = wh([0, 0, 0, 500, 0], [0, 0, 0, 0, 400], [300, 0, 0, 0, 0])
    fed_in = wh([0, 500, 0, 0, 0], [0, 0, 200, 200, 0], [0, 0, 0, 0, 300])
    sites = [store(3, (500, 0, 0), (0, 200, 0)), store(4, (0, 400, 0), (0, 0, 300), code="Second")]
    _, [[first], [second]] = follow(drawn, fed_in, sites, [ANA, BEN, CEM, STORE, SECOND])
    assert told(first) == {BEN: (500, 200, 0)}
    assert told(second) == {BEN: (200, 150, 0), CEM: (200, 150, 0)}


def test_near_neighbours_come_first_where_the_key_says_so():
    drawn, fed_in = wh([0, 0, 0, 500]), wh([0, 400, 600, 0])
    terms = SharingTerms(ShareRule.HIERARCHICAL, feeders=np.array([0, 0, 1, 0]))
    ids = [ANA, BEN, CEM, STORE]
    ranks = ranks_by_code([str(one) for one in ids])
    sites = [store(3, (500,), (0,))]
    _, [[course]] = follow(drawn, fed_in, sites, ids, share=lambda c, p: share_by(terms, c, p, ranks)[0])
    assert told(course) == {BEN: (400, 0, 0), CEM: (100, 0, 0)}


def test_local_energy_from_before_is_of_nobody_known():
    stock = Stock((Layer(0, (0, 700, 300, 0)),))
    drawn, fed_in = wh([500, 0]), wh([0, 500])
    _, [[course]] = follow(drawn, fed_in, [store(1, (0,), (500,), stock=stock)], [ANA, STORE])
    assert told(course) == {NOT_KNOWN: (0, 350, 0)}
    assert course.parcels[0].wh == ((NOT_KNOWN, 350),)


def test_energies_beyond_64_bits_are_split_exactly():
    weights = np.array([2**60, 2**60 - 1, 3], dtype=np.int64)
    parts = split_whole(2**59, weights)
    assert int(parts.sum()) == 2**59
    assert (parts <= weights).all()


@settings(max_examples=40)
@given(days())
def test_a_day_in_two_halves_is_the_day_and_no_watt_hour_changes_its_producer(case):
    drawn, fed_in, sites, rule = case
    ids = [1, 2, 3, 4]
    ranks = ranks_by_code(CODES)

    def run(first, last, parts, stocks):
        own = [
            StorageSite(
                site.column,
                site.code,
                site.production_wh[first:last],
                tuple(
                    replace(f, stock=stock, charge_wh=f.charge_wh[first:last], discharge_wh=f.discharge_wh[first:last])
                    for f in site.storages
                ),
            )
            for site, stock in zip(sites, stocks, strict=True)
        ]
        starts = [900 * t for t in range(first, last)]
        c, p = drawn[first:last], fed_in[first:last]
        done = share_by_origin(c, p, lambda a, b: share_dynamic(a, b, ranks), own, starts, rule)
        courses = follow_producers(done, own, c, p, ids, ranks, starts, rule)
        after = [replace(course[0].after, parcels=mine[0].parcels) for course, mine in zip(done.courses, courses, strict=True)]
        return done, [mine[0] for mine in courses], after

    whole, courses, after = run(0, len(drawn), sites, [site.storages[0].stock for site in sites])
    half = len(drawn) // 2
    _, first, between = run(0, half, sites, [site.storages[0].stock for site in sites])
    _, second, end = run(half, len(drawn), sites, between)
    assert end == after
    for day, one, two, (origin,) in zip(courses, first, second, whole.courses, strict=True):
        gave, a, b = told(day), told(one), told(two)
        for producer, (charged, discharged, lost) in gave.items():
            parts = [p.get(producer, (0, 0, 0)) for p in (a, b)]
            assert tuple(x + y for x, y in zip(*parts, strict=True)) == (charged, discharged, lost)
        assert int(day.discharged_wh.sum()) == int(origin.discharged_wh[:, Origin.LOCAL].sum())
        # Nobody but who fed in, or who is not known, is a producer; the one who only draws never is.
        assert 1 not in gave
