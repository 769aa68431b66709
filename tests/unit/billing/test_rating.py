"""Rating against plain fractions: every line, no Wh twice, each rounded once."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.pricing.axis import TimeAxis
from billing.domain.pricing.parts import Energy, Period, Tier
from billing.domain.pricing.windows import Schedule, Window
from billing.domain.rating import CannotRate, RatedLines, RatePlan, SiteEnergy, VersionDays, rate_bills, rate_credits, round_half_away
from billing.domain.tariffs import TariffTerms
from kernel.intervals import Month

PEAK = Schedule((Window(1, 600, 660),))
INTERVALS = 6
GROUPS = [(0, "base"), (0, "peak"), (1, "base"), (1, "peak")]
prices = st.lists(st.integers(0, 900_000), min_size=INTERVALS, max_size=INTERVALS)
watt_hours = st.one_of(st.just(0), st.integers(0, 9), st.integers(0, 3_000_000))


def half_away(amount: Fraction) -> int:
    whole = int(abs(amount) + Fraction(1, 2))
    return whole if amount >= 0 else -whole


@dataclass(frozen=True)
class Case:
    """Six intervals, three under each of two versions: what holds, in the plain form that the reference walks through."""

    plan: RatePlan
    group: list[int]
    retail: list[int]
    export: list[int]
    incentive: list[int]
    standing: list[tuple[int, int]]


def price(micro: int) -> Decimal:
    return Decimal(micro) / 1_000_000


def case_of(
    group: list[int],
    retail: list[int],
    local: list[int],
    export: list[int],
    incentive: list[int],
    standing: list[tuple[int, int]],
    reference: list[int],
) -> Case:
    """Retail by group, export and incentive by version, standing as days and millionths by version."""
    versions = []
    each = len(group) // len(standing)
    for place, (days, micro) in enumerate(standing):
        own = slice(place * each, (place + 1) * each)
        terms = TariffTerms(
            place,
            price(micro),
            price(retail[2 * place]),
            price(export[place]),
            price(incentive[place]),
            Decimal("0.2"),
            parts=(Energy((flat("base", retail[2 * place]), flat("peak", retail[2 * place + 1])), PEAK),),
        )
        versions.append(VersionDays(terms.priced(), axis_of(group[own], days), own))
    along = [g // 2 for g in group]
    plan = RatePlan(
        versions, np.array([retail[g] for g in group]), np.array([export[v] for v in along]), np.array(local), np.array(reference)
    )
    return Case(plan, group, retail, export, incentive, standing)


def flat(name: str, micro: int) -> Period:
    return Period(name, (Tier(price(micro)),))


def axis_of(group: list[int], days: int) -> TimeAxis:
    """Intervals at midnight, or at ten where their group is a peak."""
    peak = np.array([g % 2 for g in group])
    zeros, one = np.zeros_like(peak), np.array([days])
    return TimeAxis(zeros, zeros, zeros, peak * 600, (Month(2026, 5),), one, np.array([31]), 0.25)


@st.composite
def months(draw: st.DrawFn) -> tuple[Case, list[list[tuple[int, int, int, int, int]]]]:
    """Prices, and some sites' (c, p, a, s, g) in each interval."""
    group = [draw(st.integers(0, 1)) + (2 if t >= 3 else 0) for t in range(INTERVALS)]
    case = case_of(
        group,
        draw(prices),
        draw(prices),
        draw(prices),
        [draw(st.integers(0, 50_000)) for _ in range(2)],
        [(draw(st.integers(1, 31)), draw(st.integers(0, 2_000_000))) for _ in range(2)],
        draw(prices),
    )
    sites = []
    for _ in range(draw(st.integers(1, 4))):
        row = []
        for _ in range(INTERVALS):
            drawn, fed_in = draw(watt_hours), draw(watt_hours)
            delivered = draw(st.integers(0, fed_in))
            carried = draw(st.integers(0, fed_in - delivered))
            row.append((drawn, fed_in, draw(st.integers(0, drawn)), delivered, carried))
        sites.append(row)
    return case, sites


def energy_of(sites: list[list[tuple[int, int, int, int, int]]]) -> SiteEnergy:
    columns = np.array(sites, dtype=np.int64)
    return SiteEnergy(*(columns[:, :, i] for i in range(5)))


def reference(case: Case, row: list[tuple[int, int, int, int, int]]) -> dict[str, dict[Any, tuple[int, Fraction]]]:
    """Quantity and exact cents by line, interval by interval, as the rules are written."""
    bill: dict[Any, tuple[int, Fraction]] = {}
    credit: dict[Any, tuple[int, Fraction]] = {}

    def add(lines: dict[Any, tuple[int, Fraction]], key: Any, wh: int, micro: int) -> None:
        quantity, cents = lines.get(key, (0, Fraction(0)))
        lines[key] = (quantity + wh, cents + Fraction(wh * micro, 10_000_000))

    for t, (drawn, fed_in, received, delivered, carried) in enumerate(row):
        version, window = GROUPS[case.group[t]]
        add(bill, ("local", window, version), received, int(case.plan.local_micro[t]))
        add(bill, ("grid", window, version), drawn - received, case.retail[case.group[t]])
        if case.incentive[version]:
            add(bill, ("incentive", "", version), received, -case.incentive[version])
        add(credit, ("carried", "", 0), carried, int(case.plan.reference_micro[t]))
        add(credit, ("export", "", version), fed_in - delivered - carried, case.export[version])
    for version, (days, micro) in enumerate(case.standing):
        if micro:
            bill["standing", "", version] = (days, Fraction(days * micro, 10_000))
    return {"bill": bill, "credit": credit}


def rows_of(lines: list[RatedLines], site: int) -> list[tuple[str, str, int, int]]:
    return sorted(
        (line.component, line.window, int(line.quantity[site]), int(line.net_minor[site]))
        for line in lines
        if line.quantity[site] and line.component != "local_delivered"
    )


@given(months())
def test_lines_are_those_of_the_rules(month: tuple[Case, list[list[tuple[int, int, int, int, int]]]]) -> None:
    case, sites = month
    energy = energy_of(sites)
    bills, credits = rate_bills(case.plan, energy), rate_credits(case.plan, energy)
    for site, row in enumerate(sites):
        expected = reference(case, row)
        for kind, lines in (("bill", bills), ("credit", credits)):
            assert rows_of(lines, site) == sorted(
                (key[0], key[1], quantity, half_away(cents)) for key, (quantity, cents) in expected[kind].items() if quantity
            )


@given(months())
def test_every_watt_hour_is_billed_once(month: tuple[Case, list[list[tuple[int, int, int, int, int]]]]) -> None:
    case, sites = month
    energy = energy_of(sites)
    bills, credits = rate_bills(case.plan, energy), rate_credits(case.plan, energy)

    def total(lines: list[RatedLines], *components: str) -> list[int]:
        return sum(line.quantity for line in lines if line.component in components).tolist()  # type: ignore[union-attr]

    assert total(bills, "local", "grid") == energy.import_wh.sum(axis=1).tolist()
    assert total(credits, "local_delivered", "carried", "export") == energy.export_wh.sum(axis=1).tolist()


@given(months())
def test_what_producers_share_is_weighed_by_delivered_energy_at_the_local_price(
    month: tuple[Case, list[list[tuple[int, int, int, int, int]]]],
) -> None:
    case, sites = month
    plan = case.plan
    [local] = [line for line in rate_credits(plan, energy_of(sites)) if line.component == "local_delivered"]
    assert local.exact_micro.tolist() == [
        sum(delivered * int(plan.local_micro[t]) for t, (_, _, _, delivered, _) in enumerate(row)) for row in sites
    ]


@given(st.integers(-(2**61), 2**61), st.sampled_from([10_000, 10_000_000]))
def test_rounding_is_half_away_from_zero(exact: int, per_minor: int) -> None:
    assert round_half_away(np.array([exact]), per_minor).tolist() == [half_away(Fraction(exact, per_minor))]


@pytest.mark.parametrize(("exact", "cents"), [(5_000_000, 1), (-5_000_000, -1), (4_999_999, 0), (-4_999_999, 0), (15_000_000, 2)])
def test_half_a_cent_goes_away_from_zero(exact: int, cents: int) -> None:
    assert round_half_away(np.array([exact]), 10_000_000).tolist() == [cents]


def one_interval(drawn: int, fed_in: int, received: int, delivered: int, micro: int = 300_000) -> tuple[RatePlan, SiteEnergy]:
    case = case_of([0], [micro, micro], [micro], [micro], [0], [(1, 0)], [micro])
    return case.plan, energy_of([[(drawn, fed_in, received, delivered, 0)]])


def quantities(lines: list[RatedLines]) -> list[RatedLines]:
    """The lines that somebody has a quantity on."""
    return [line for line in lines if line.quantity.any()]


def test_the_price_shown_is_the_exact_one_where_it_is_constant() -> None:
    [local, grid] = quantities(rate_bills(*one_interval(1000, 0, 400, 0, 123_457)))
    assert (local.price_micro.tolist(), grid.price_micro.tolist()) == ([123_457], [123_457])


def test_the_price_shown_is_the_mean_where_it_changes() -> None:
    plan = case_of([0, 0], [100_000] * 2, [100_000, 200_000], [0], [0], [(1, 0)], [0, 0]).plan
    [local, *_] = rate_bills(plan, energy_of([[(3, 0, 1, 0, 0), (3, 0, 2, 0, 0)]]))
    assert local.exact_micro.tolist() == [500_000]
    assert local.price_micro.tolist() == [166_667]


@pytest.mark.parametrize(("numbers", "words"), [((100, 0, 101, 0), "received more"), ((0, 100, 0, 101), "delivered more")])
def test_shares_that_do_not_fit_the_readings_are_refused(numbers: tuple[int, int, int, int], words: str) -> None:
    plan, energy = one_interval(*numbers)
    with pytest.raises(CannotRate, match=words):
        rate_bills(plan, energy)
        rate_credits(plan, energy)


def test_what_an_int64_cannot_hold_is_refused_not_wrapped() -> None:
    plan, energy = one_interval(2**50, 0, 0, 0, 1_000_000)
    with pytest.raises(CannotRate, match="too large"):
        rate_bills(plan, energy)
