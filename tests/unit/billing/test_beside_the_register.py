"""Reactive energy and selling all against plain fractions; a month of several versions is the month of one."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.domain.pricing.axis import axis_of_days
from billing.domain.pricing.parts import Energy, Export, Levy, Local, Period, PricedTariff, Reactive, Tier
from billing.domain.rating import RatedLines, RatePlan, SiteEnergy, VersionDays, rate_period
from kernel.intervals import LocalDay, zone

BERLIN = zone("Europe/Berlin")
DAYS = [LocalDay(date(2016, 3, 24) + timedelta(days=i), BERLIN, 60) for i in range(6)]  # the 27th has 23 hours
OFFSETS = np.concatenate([[0], np.cumsum([day.interval_count for day in DAYS])]).astype(int)
SHARES = ("0", "0.4843", "0.5", "1.3")
LOCAL, FED_IN, GRID = 190_000, 80_000, 270_000
SITES = 4


def flat(price: str) -> tuple[Period, ...]:
    return (Period("all", (Tier(Decimal(price)),)),)


def energy_of(seed: int) -> SiteEnergy:
    chance = np.random.default_rng(seed)
    shape = SITES, int(OFFSETS[-1])
    net = chance.integers(-900, 900, shape)
    drawn, fed_in = np.maximum(net, 0), np.maximum(-net, 0)
    received, delivered = chance.integers(0, drawn + 1), chance.integers(0, fed_in + 1)
    reactive = chance.integers(0, 1200, shape) * (chance.random(shape) < chance.random((SITES, 1)))
    return SiteEnergy(
        drawn, fed_in, received, delivered, np.zeros_like(drawn), reactive_varh=reactive, own_wh=chance.integers(0, 500, shape)
    )


def tariff(share: str, energy: str = "0.27", rule: str = "buy_all_sell_all") -> PricedTariff:
    levy = Levy("town", percent=Decimal("3"), on=("reactive",))
    sells = Export(rule, flat("0.08"))  # type: ignore[arg-type]
    return PricedTariff((Local("mid_market"), sells, Energy(flat(energy)), Reactive(Decimal("0.0217"), Decimal(share)), levy))


def rated(tariffs: list[PricedTariff], cuts: list[int], energy: SiteEnergy) -> tuple[list[RatedLines], list[RatedLines]]:
    """Bills and credits over all days, a tariff from each cut on."""
    edges = [0, *cuts, len(DAYS)]
    versions = [
        VersionDays(one, axis_of_days(DAYS[a:b]), slice(int(OFFSETS[a]), int(OFFSETS[b])))
        for one, a, b in zip(tariffs, edges[:-1], edges[1:], strict=True)
    ]
    along = {price: np.full(int(OFFSETS[-1]), price) for price in (GRID, FED_IN, LOCAL)}
    found = rate_period(RatePlan(versions, along[GRID], along[FED_IN], along[LOCAL], along[GRID]), energy)
    return found.bills, found.credits


def of(lines: list[RatedLines], component: str, site: int) -> list[tuple[int, int]]:
    return [(int(x.quantity[site]), int(x.net_minor[site])) for x in lines if x.component == component]


def half_away(exact: Fraction) -> int:
    return int(abs(exact) + Fraction(1, 2)) * (1 if exact >= 0 else -1)


seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=25)
@given(seeds, st.sampled_from(SHARES))
def test_every_line_is_what_plain_fractions_say(seed: int, share: str) -> None:
    energy = energy_of(seed)
    assert energy.reactive_varh is not None and energy.own_wh is not None
    bills, credits = rated([tariff(share)], [], energy)
    for site in range(SITES):
        drawn, fed_in, received, delivered, reactive, own = (
            int(getattr(energy, name)[site].sum())
            for name in ("import_wh", "export_wh", "received_wh", "delivered_wh", "reactive_varh", "own_wh")
        )
        above = max(reactive - half_away(Fraction(share) * (drawn + own)), 0)
        charged = half_away(Fraction(above) * Fraction("0.0217") / 10)
        assert sum(net for _, net in of(bills, "reactive", site)) == charged
        assert sum(wh for wh, _ in of(bills, "reactive", site)) == above
        assert of(bills, "levy", site)[0][1] == half_away(Fraction(3 * charged, 100))
        bought, sold = drawn + own - received, fed_in + own - delivered
        assert of(bills, "grid", site) == [(bought, half_away(Fraction(bought * 27, 1000)))]
        assert of(credits, "export", site) == [(sold, half_away(Fraction(sold * 8, 1000)))]
        assert of(bills, "own_use", site) == of(credits, "own_use", site) == [(own, 0)]


@settings(max_examples=25)
@given(seeds, st.sampled_from(SHARES), st.sets(st.integers(1, len(DAYS) - 1), min_size=1, max_size=3))
def test_a_month_of_several_versions_is_charged_as_one(seed: int, share: str, cuts: set[int]) -> None:
    energy, edges = energy_of(seed), sorted(cuts)
    changed = [tariff(share, f"0.{27 + i}") for i in range(len(edges) + 1)]
    whole, _ = rated([tariff(share)], [], energy)
    parts, _ = rated(changed, edges, energy)
    for site in range(SITES):
        [(above, charged)] = of(whole, "reactive", site) or [(0, 0)]
        told_apart = of(parts, "reactive", site)
        assert sum(varh for varh, _ in told_apart) == above
        # Each version's line is rounded once, by half a cent at most, and so is the whole's.
        assert abs(sum(net for _, net in told_apart) - charged) <= (len(changed) + 1) / 2


@settings(max_examples=15)
@given(seeds, st.integers(1, len(DAYS) - 1))
def test_selling_all_from_a_day_on_takes_own_use_of_those_days_alone(seed: int, cut: int) -> None:
    energy = energy_of(seed)
    assert energy.own_wh is not None
    bills, credits = rated([tariff("0.5", rule="feed_in"), tariff("0.5")], [cut], energy)
    own = energy.own_wh[:, int(OFFSETS[cut]) :].sum(axis=1)
    bought = (energy.import_wh - energy.received_wh).sum(axis=1) + own
    sold = (energy.export_wh - energy.delivered_wh).sum(axis=1) + own
    for site in range(SITES):
        assert of(bills, "own_use", site) == [(own[site], 0)]
        assert sum(wh for wh, _ in of(bills, "grid", site)) == bought[site]
        assert sum(wh for wh, _ in of(credits, "export", site)) == sold[site]
