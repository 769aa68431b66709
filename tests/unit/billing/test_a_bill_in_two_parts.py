"""A bill of two stretches of days is the bill of the whole, up to the rounding of its lines; neighbours in the same rating change nothing."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.domain.pricing.axis import axis_of_days
from billing.domain.rating import RatedLines, RatePlan, SiteEnergy, VersionDays, rate_bills, rate_credits
from billing.domain.tariffs import TariffTerms, WindowTerms
from billing.domain.vat import Category, VatTreatment, vat_sums
from kernel.intervals import LocalDay, zone

BERLIN = zone("Europe/Berlin")
FIRST, DAYS = date(2016, 3, 25), 5  # 27 March has 92 quarter hours
LOCAL_DAYS = [LocalDay(FIRST + timedelta(days=i), BERLIN, 15) for i in range(DAYS)]
OFFSETS = np.concatenate([[0], np.cumsum([day.interval_count for day in LOCAL_DAYS])])
TERMS = TariffTerms(
    1,
    Decimal("0.105"),
    Decimal("0.27"),
    Decimal("-0.021"),
    Decimal("0.013"),
    Decimal("0.19"),
    (WindowTerms("evening", "every_day", 1020, 1260, Decimal("1.2")),),
)
TAXED = VatTreatment(Category.STANDARD, Decimal("0.19"))


def energy_of(seed: int, sites: int) -> SiteEnergy:
    chance = np.random.default_rng(seed)
    shape = sites, int(OFFSETS[-1])
    drawn, fed_in = chance.integers(0, 900, shape), chance.integers(0, 700, shape)
    drawn[chance.random(shape) < 0.3] = 0
    fed_in[chance.random(sites) < 0.4] = 0  # some have no roof
    return SiteEnergy(drawn, fed_in, chance.integers(0, drawn + 1), chance.integers(0, fed_in + 1), np.zeros_like(drawn))


def rated(energy: SiteEnergy, local_micro: np.ndarray, first: int, after: int) -> list[RatedLines]:
    """All lines, bills' and credits', over the days `[first, after)`."""
    span, days = slice(int(OFFSETS[first]), int(OFFSETS[after])), LOCAL_DAYS[first:after]
    places = np.concatenate([TERMS.window_indexes(day.local_starts()) for day in days])
    plan = RatePlan(
        [VersionDays(TERMS.priced(), axis_of_days(days), slice(None))],
        TERMS.retail_micro_by_window()[places],
        np.full(len(places), TERMS.export_micro),
        local_micro[span],
        TERMS.retail_micro_by_window()[places],
    )
    part = energy.within(np.arange(len(energy.import_wh)), span)
    return [*rate_bills(plan, part), *rate_credits(plan, part)]


def by_name(lines: list[RatedLines], what: str) -> dict[tuple[str, str], np.ndarray]:
    found: dict[tuple[str, str], np.ndarray] = {}
    for line in lines:
        key = line.component, line.window
        found[key] = found.get(key, 0) + getattr(line, what)
    return {key: value for key, value in found.items() if value.any()}


cases = st.tuples(st.integers(0, 2**32 - 1), st.integers(1, DAYS - 1), st.integers(-50_000, 300_000))


@settings(max_examples=12)
@given(cases)
def test_both_parts_together_are_the_whole(case: tuple[int, int, int]) -> None:
    seed, cut, price = case
    energy, local = energy_of(seed, 3), np.full(int(OFFSETS[-1]), price)
    whole = rated(energy, local, 0, DAYS)
    parts = [rated(energy, local, 0, cut), rated(energy, local, cut, DAYS)]
    for what in ("quantity", "exact_micro"):
        first, second, both = (by_name(lines, what) for lines in (*parts, whole))
        for key in {*first, *second, *both}:
            nothing = np.zeros(3, dtype=np.int64)
            split = first.get(key, nothing) + second.get(key, nothing)
            assert (split == both.get(key, nothing)).all(), (what, key)
    nets = [by_name(lines, "net_minor") for lines in (*parts, whole)]
    for key in set().union(*nets):
        nothing = np.zeros(3, dtype=np.int64)
        first, second, both = (net.get(key, nothing) for net in nets)
        # Three roundings of at most half a cent each.
        assert (np.abs(first + second - both) <= 1).all(), key


@settings(max_examples=8)
@given(cases)
def test_who_is_rated_together_and_in_which_order_changes_nothing(case: tuple[int, int, int]) -> None:
    seed, _, price = case
    energy, local = energy_of(seed, 4), np.full(int(OFFSETS[-1]), price)
    together = by_name(rated(energy, local, 0, DAYS), "net_minor")
    order = np.random.default_rng(seed).permutation(4)
    shuffled = by_name(rated(energy.within(order, slice(None)), local, 0, DAYS), "net_minor")
    assert {key: value[order].tolist() for key, value in together.items()} == {key: value.tolist() for key, value in shuffled.items()}
    alone = [by_name(rated(energy.within(np.array([row]), slice(None)), local, 0, DAYS), "net_minor") for row in range(4)]
    for key, value in together.items():
        assert [int(one.get(key, np.zeros(1, dtype=np.int64))[0]) for one in alone] == value.tolist()


@settings(max_examples=60)
@given(st.lists(st.integers(-9_999, 9_999), min_size=2, max_size=8), st.data())
def test_vat_of_two_parts_is_that_of_the_whole_up_to_a_cent(nets: list[int], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(nets) - 1))
    whole = vat_sums((TAXED, net) for net in nets)[0].vat_minor
    parts = [vat_sums((TAXED, net) for net in some)[0].vat_minor for some in (nets[:cut], nets[cut:])]
    assert abs(sum(parts) - whole) <= 1
