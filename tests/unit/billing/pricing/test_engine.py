"""The engine by our own conventions: against plain fractions, whole Wh, days as long as they are, parts that add up."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.domain.pricing.axis import TimeAxis, axis_of_days
from billing.domain.pricing.conventions import OWN
from billing.domain.pricing.engine import rate
from billing.domain.pricing.metered import CannotPrice, Metered, PriceSeries
from billing.domain.pricing.parts import (
    Capacity,
    Demand,
    Discount,
    Energy,
    Export,
    Incentive,
    Levy,
    Local,
    Minimum,
    Period,
    PricedTariff,
    Reactive,
    Spot,
    Standing,
    Vat,
)
from billing.domain.pricing.ratchets import with_ratchet
from billing.domain.pricing.windows import Schedule, Window
from kernel.intervals import LocalDay
from tests.unit.billing.pricing.tariff_samples import ALL_KINDS, ENERGY, EVENING, FLAT, tiers

BERLIN = ZoneInfo("Europe/Berlin")
CENT = Decimal("0.01")


def axis_of(first: date, days: int, holidays: tuple[date, ...] = ()) -> TimeAxis:
    return axis_of_days([LocalDay(first + timedelta(days=i), BERLIN) for i in range(days)], holidays)


def energy(axis: TimeAxis, customers: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 3000, (customers, axis.intervals))


def rated_lines(parts: tuple, axis: TimeAxis, drawn: np.ndarray, fed_in: np.ndarray | None = None, **more) -> dict:
    metered = Metered(drawn, np.zeros_like(drawn) if fed_in is None else fed_in, **more)
    rated = rate(PricedTariff(parts), axis, metered)
    return {(line.kind, line.name, line.tier): line for line in rated.lines}


def cents(quantity_wh: int, price: str) -> int:
    return int((Decimal(quantity_wh) * Decimal(price) / 10).quantize(Decimal(1), ROUND_HALF_UP))


def test_each_period_is_summed_exactly_and_rounded_once() -> None:
    axis = axis_of(date(2026, 3, 1), 31)
    drawn = energy(axis, 3, 1)
    part = Energy((Period("day", tiers("0.287655")), Period("evening", tiers("0.41"))), Schedule(EVENING.windows[:1]))
    lines = rated_lines((part,), axis, drawn)
    evening = (axis.day_kind < 5) & (axis.minute >= 1020) & (axis.minute < 1260)
    for name, within, price in (("day", ~evening, "0.287655"), ("evening", evening, "0.41")):
        line = lines["energy", name, 0]
        assert line.quantity[:, 0].tolist() == drawn[:, within].sum(axis=1).tolist()
        assert line.amount[:, 0].tolist() == [cents(int(wh), price) for wh in line.quantity[:, 0]]


def test_both_days_on_which_clocks_change_are_billed_whole() -> None:
    for first, intervals in ((date(2026, 3, 29), 92), (date(2026, 10, 25), 100)):
        axis = axis_of(first, 1)
        assert axis.intervals == intervals
        drawn = np.full((1, intervals), 250)
        lines = rated_lines((Standing(Decimal("0.30"), "day"), ENERGY), axis, drawn)
        total = sum(int(line.quantity.sum()) for (kind, _, _), line in lines.items() if kind == "energy")
        assert total == 250 * intervals
        assert lines["standing", "", 0].amount.tolist() == [[30]]
        # On a Sunday in spring or autumn neither evenings nor winter nights count; the day's limit is that of one day.
        assert lines["energy", "day", 1].quantity.tolist() == [[3500]]


def test_a_holiday_is_no_weekday() -> None:
    axis = axis_of(date(2026, 5, 1), 1, (date(2026, 5, 1),))
    lines = rated_lines((ENERGY,), axis, np.full((1, 96), 10))
    assert ("energy", "evening", 1) not in lines


@given(st.integers(1, 30), st.integers(0, 10_000))
@settings(max_examples=25)
def test_a_bill_split_in_two_is_the_whole_up_to_a_cent_a_line(cut: int, seed: int) -> None:
    parts = (Standing(Decimal("0.2345"), "day"), FLAT, Export("feed_in", (Period("all", tiers("0.0812")),)))
    whole = axis_of(date(2026, 10, 1), 31)
    drawn, fed_in = energy(whole, 2, seed), energy(whole, 2, seed + 1)
    first = axis_of(date(2026, 10, 1), cut)
    rest = axis_of(date(2026, 10, 1) + timedelta(days=cut), 31 - cut)
    at = first.intervals
    lines = rated_lines(parts, whole, drawn, fed_in)
    halves = [rated_lines(parts, first, drawn[:, :at], fed_in[:, :at]), rated_lines(parts, rest, drawn[:, at:], fed_in[:, at:])]
    for key, line in lines.items():
        both = [half[key] for half in halves]
        assert (sum(half.quantity for half in both) == line.quantity).all()
        assert np.abs(sum(half.amount for half in both) - line.amount).max() <= 1


@given(st.integers(0, 10_000), st.sampled_from(["chronological", "prorated"]))
@settings(max_examples=20)
def test_no_wh_is_lost_and_order_changes_nothing(seed: int, rule: str) -> None:
    axis = axis_of(date(2026, 1, 28), 8)
    drawn = energy(axis, 4, seed)
    parts = (Energy(ENERGY.periods, ENERGY.schedule, rule), Standing(Decimal(7), "month"), Minimum(Decimal(20), "month"))
    metered = Metered(drawn, np.zeros_like(drawn))
    rated = rate(PricedTariff(parts), axis, metered)
    by_month = np.stack([drawn[:, axis.month == month].sum(axis=1) for month in range(2)], axis=1)
    assert (sum(line.quantity for line in rated.lines if line.kind == "energy") == by_month).all()
    order = np.random.default_rng(seed).permutation(4)
    turned = rate(PricedTariff(parts[::-1]), axis, Metered(drawn[order], np.zeros_like(drawn)))
    assert (turned.net == rated.net[order]).all()


def test_demand_is_the_highest_quarter_hour_or_the_mean_of_three_and_may_ratchet() -> None:
    axis = axis_of(date(2026, 1, 1), 59)
    drawn = np.zeros((1, axis.intervals), dtype=np.int64)
    drawn[0, [10, 50, 90]] = 3000, 2000, 1000
    drawn[0, -1] = 500
    flat = (Period("all", tiers("10")),)
    highest = rated_lines((Demand(flat, (0,) * 12),), axis, drawn)["demand", "all", 0]
    assert highest.quantity.tolist() == [[12_000, 2_000]]
    assert highest.amount.tolist() == [[12_000, 2_000]]
    mean = rated_lines((Demand(flat, (0,) * 12, measure="mean_of_three"),), axis, drawn)["demand", "all", 0]
    assert mean.quantity.tolist() == [[8_000, 667]]
    ratchet = Demand(flat, (0,) * 12, ratchet_percent=Decimal(80), ratchet_months=11)
    raised = rated_lines((ratchet,), axis, drawn)
    assert raised["demand", "all", 0].quantity.tolist() == [[12_000, 0]]
    assert raised["demand", "all, earlier", 0].quantity.tolist() == [[0, 9_600]]


def test_a_ratchet_is_of_whole_watts_half_away_from_zero() -> None:
    # 112.5 % of 3588 W are 4036.5 W; of 3580 W 4027.5 W.
    part = Demand((Period("all", tiers("10")),), (0,) * 12, ratchet_percent=Decimal("112.5"), ratchet_months=1)
    peaks = np.array([[[3588], [0]], [[3580], [0]]])
    billed = with_ratchet(peaks, part, np.array([0, 1]), OWN)
    assert billed[:, 1, 0].tolist() == [4037, 4028]


def test_a_ratchet_may_look_at_some_months_of_the_year_alone() -> None:
    axis = axis_of(date(2026, 1, 1), 120)
    drawn = np.zeros((1, axis.intervals), dtype=np.int64)
    for month, wh in enumerate((3000, 2000, 0, 500)):
        drawn[0, np.flatnonzero(axis.month == month)[7]] = wh
    flat = (Period("all", tiers("10")),)
    part = Demand(flat, (0,) * 12, ratchet_percent=Decimal(50), ratchet_months=11, ratchet_of=(2, 3))
    raised = rated_lines((part,), axis, drawn)
    assert raised["demand", "all", 0].quantity.tolist() == [[12_000, 8_000, 0, 0]]
    assert raised["demand", "all, earlier", 0].quantity.tolist() == [[0, 0, 4_000, 4_000]]


def test_net_metering_sets_off_by_period_and_carries_over() -> None:
    axis = axis_of(date(2026, 1, 1), 59)
    first = axis.month == 0
    drawn = np.where(first, 100, 300)[None] * np.ones((1, 1), dtype=np.int64)
    fed_in = np.where(first, 200, 0)[None] * np.ones((1, 1), dtype=np.int64)
    surplus, use = 100 * int(first.sum()), 300 * int((~first).sum())
    lines = rated_lines((FLAT, Export("net_metering")), axis, drawn, fed_in)
    assert lines["energy", "base", 0].quantity.tolist() == [[0, use - surplus]]
    kept = rated_lines((FLAT, Export("net_metering", carry=False)), axis, drawn, fed_in)
    assert kept["energy", "base", 0].quantity.tolist() == [[0, use]]


def test_spot_prices_are_held_between_floor_and_cap() -> None:
    axis = axis_of(date(2026, 1, 1), 1)
    drawn = np.full((1, 96), 1000)
    index = np.full(96, 100_000)
    index[:2] = -900_000, 2_000_000
    part = Spot("day ahead", Decimal("0.02"), floor=Decimal("0.01"), cap=Decimal("0.50"))
    rated = rate(PricedTariff((part,)), axis, Metered(drawn, drawn * 0), series=PriceSeries(index_micro={"day ahead": index}))
    assert rated.net.tolist() == [[1 + 50 + 94 * 12]]
    with pytest.raises(CannotPrice, match="index 'day ahead'"):
        rate(PricedTariff((part,)), axis, Metered(drawn, drawn * 0))


def test_neighbours_levies_discounts_minimum_and_vat_add_up() -> None:
    axis = axis_of(date(2026, 6, 1), 30)
    drawn = energy(axis, 2, 5)
    received = drawn // 3
    parts = (
        Standing(Decimal("0.10"), "day"),
        FLAT,
        Local("mid_market"),
        Incentive(Decimal("0.02")),
        Levy("fund", Decimal("0.0051")),
        Levy("town", percent=Decimal("1.5"), on=("energy", "local")),
        Discount("loyalty", percent=Decimal(2), on=("energy",)),
        Capacity(((35, Decimal(9)), (63, Decimal(21)))),
        Reactive(Decimal("0.015"), Decimal("0.5")),
        Vat(Decimal("0.07"), on=("standing",)),
        Vat(Decimal("0.19")),
        Minimum(Decimal(5000), "month"),
    )
    metered = Metered(drawn, drawn * 0, received_wh=received, reactive_varh=drawn, fuse_a=np.array([16, 50]))
    local = np.full(axis.intervals, 190_000)
    rated = rate(PricedTariff(parts), axis, metered, series=PriceSeries(local_micro=local))
    of = {kind: rated.of(kind)[:, 0].tolist() for kind in ("standing", "capacity", "incentive", "minimum")}
    whole, shared = drawn.sum(axis=1).tolist(), received.sum(axis=1).tolist()
    assert of["standing"] == [300, 300]
    assert of["capacity"] == [900, 2100]
    assert of["incentive"] == [-cents(wh, "0.02") for wh in shared]
    bought = [cents(a - b, "0.287654") + cents(b, "0.19") for a, b in zip(whole, shared, strict=True)]
    assert (rated.of("energy") + rated.of("local"))[:, 0].tolist() == bought
    assert rated.net[:, 0].tolist() == [500_000, 500_000]
    reduced, normal = rated.vat
    assert reduced.vat[:, 0].tolist() == [21, 21]
    assert normal.net[:, 0].tolist() == [499_700, 499_700]
    assert rated.gross[:, 0].tolist() == [500_000 + 21 + 94_943] * 2


def test_reverse_charge_and_small_business_bear_no_vat() -> None:
    axis = axis_of(date(2026, 6, 1), 1)
    drawn = np.full((1, 96), 1000)
    for treatment in ("reverse_charge", "small_business", "exempt"):
        rated = rate(PricedTariff((FLAT, Vat(Decimal("0.19"), treatment))), axis, Metered(drawn, drawn * 0))
        assert rated.vat[0].vat.tolist() == [[0]]
        assert rated.vat[0].treatment == treatment


def test_what_a_part_needs_and_nobody_gave_is_named() -> None:
    axis = axis_of(date(2026, 6, 1), 1)
    drawn = np.full((1, 96), 1000)
    for part, named in (
        (Capacity(((35, Decimal(9)),)), "fuses"),
        (Reactive(Decimal(1), Decimal(0)), "reactive energy"),
        (Demand((Period("all", tiers("1")),), measure="coincident"), "system's peak"),
    ):
        with pytest.raises(CannotPrice, match=named):
            rate(PricedTariff((part,)), axis, Metered(drawn, drawn * 0))
    assert len({type(part) for part in ALL_KINDS}) == 14


def test_a_window_may_begin_at_any_minute() -> None:
    axis = axis_of(date(2026, 6, 1), 1)
    schedule = Schedule((Window(1, 17 * 60 + 30, 24 * 60),))
    part = Energy((Period("a", tiers("0.1")), Period("b", tiers("0.2"))), schedule)
    lines = rated_lines((part,), axis, np.full((1, 96), 4))
    assert lines["energy", "b", 0].quantity.tolist() == [[26 * 4]]


def test_who_leaves_is_paid_for_surplus_and_leaves_none_behind() -> None:
    axis = axis_of(date(2026, 4, 1), 10)
    drawn, fed_in = np.full((2, axis.intervals), 100), np.full((2, axis.intervals), 140)
    part = Export("net_metering", year_end_price=Decimal("0.05"))
    metered = Metered(drawn, fed_in, held_wh=np.array([[7_000], [7_000]]), leaves=np.array([True, False]))
    rated = rate(PricedTariff((FLAT, part)), axis, metered)
    surplus = 40 * axis.intervals + 7_000
    [paid] = [line for line in rated.lines if line.kind == "export_credit"]
    assert paid.quantity is not None and paid.quantity.tolist() == [[surplus], [0]]
    assert paid.amount.tolist() == [[-227], [0]]  # 45.4 kWh at 0.05
    assert rated.left_wh is not None and rated.left_wh.sum(axis=1).tolist() == [0, surplus]
    unpaid = rate(PricedTariff((FLAT, Export("net_metering"))), axis, metered)
    assert unpaid.left_wh is not None and unpaid.left_wh.sum(axis=1).tolist() == [0, surplus]
