"""Two cases worked by hand from the formulas of the domain: reactive energy above its free share, and a roof that sells all it makes.

*Reactive.* 1,000 kWh drawn in March, 700 kvarh beside it; half of the active energy is free: 700 - 0.5 x 1,000 = 200 kvarh, at
0.02 a kvarh 4.00. On the 11th the price of energy changes and that of reactive energy does not. Up to then 300 kWh with 250 kvarh (100 above
their half), from then on 700 kWh with 450 kvarh (100 above theirs): together 200. Had the first days had 100 kvarh and the others 600, each for
itself would be 0 + 250; the month as a whole is 200, told apart 100 : 600, so 28.571 and 171.429 kvarh.

*Buy all, sell all.* Four quarter hours: the roof makes 500, 800, 0, 200 Wh, the house uses 300, 300, 400, 500. Its meter sees 0, 0, 400, 300 drawn
and 200, 500, 0, 0 fed in; 300, 300, 0, 200 were used at once, 800 in all. Neighbours give 100 in the third quarter hour and take 150 in the second.
b = 0.30, f = 0.08, m = 0.19. Bought: 100 x m = 0.019, (1,500 - 100) x b = 0.42. Sold: 150 x m = 0.0285, (1,500 - 150) x f = 0.108.
"""

from datetime import date
from decimal import Decimal

import numpy as np

from billing.domain.pricing.axis import TimeAxis, axis_of_days
from billing.domain.pricing.parts import Energy, Export, Local, Period, PricedTariff, Reactive, Tier
from billing.domain.rating import RatedLines, RatePlan, SiteEnergy, VersionDays, rate_period
from kernel.intervals import LocalDay, Month, zone

MARCH = [LocalDay(day, zone("Europe/Berlin"), 60) for day in Month(2016, 3).days()]
REACTIVE = Reactive(Decimal("0.02"), Decimal("0.5"))


def flat(name: str, price: str) -> tuple[Period, ...]:
    return (Period(name, (Tier(Decimal(price)),)),)


def plan_of(versions: list[tuple[PricedTariff, TimeAxis, slice]], intervals: int) -> RatePlan:
    along = {name: np.full(intervals, price) for name, price in (("b", 300_000), ("f", 80_000), ("m", 190_000))}
    held = [VersionDays(tariff, axis, within) for tariff, axis, within in versions]
    return RatePlan(held, along["b"], along["f"], along["m"], along["b"])


def lines(found: list[RatedLines], component: str) -> list[tuple[int, int]]:
    return [(int(x.quantity[0]), int(x.net_minor[0])) for x in found if x.component == component]


def month_with(first_varh: int, then_varh: int, *, changes: bool) -> list[tuple[int, int]]:
    """300 kWh drawn in the first ten days and 700 after them, each in one hour, with reactive energy in the same hours."""
    offsets = np.concatenate([[0], np.cumsum([day.interval_count for day in MARCH])]).astype(int)
    drawn, reactive = (np.zeros((1, offsets[-1]), dtype=np.int64) for _ in range(2))
    at = [offsets[3], offsets[20]]
    drawn[0, at], reactive[0, at] = [300_000, 700_000], [first_varh, then_varh]
    nothing = np.zeros_like(drawn)
    tariffs = [PricedTariff((Energy(flat("base", price)), REACTIVE)) for price in ("0.30", "0.32")]
    whole = [(tariffs[0], axis_of_days(MARCH), slice(0, int(offsets[-1])))]
    in_two = [
        (tariffs[0], axis_of_days(MARCH[:10]), slice(0, int(offsets[10]))),
        (tariffs[1], axis_of_days(MARCH[10:]), slice(int(offsets[10]), int(offsets[-1]))),
    ]
    energy = SiteEnergy(drawn, nothing, nothing, nothing, nothing, reactive_varh=reactive)
    plan = plan_of(in_two if changes else whole, int(offsets[-1]))
    return lines(rate_period(plan, energy).bills, "reactive")


def test_reactive_energy_above_half_of_the_active_energy() -> None:
    assert month_with(250_000, 450_000, changes=False) == [(200_000, 400)]


def test_another_price_of_energy_leaves_the_month_s_reactive_energy_as_it_is() -> None:
    assert month_with(250_000, 450_000, changes=True) == [(71_429, 143), (128_571, 257)]
    assert month_with(100_000, 600_000, changes=True) == [(28_571, 57), (171_429, 343)]
    assert sum(net for _, net in month_with(100_000, 600_000, changes=True)) == 400


def test_a_roof_that_sells_all_it_makes() -> None:
    drawn, fed_in = np.array([[0, 0, 400, 300]]), np.array([[200, 500, 0, 0]])
    received, delivered = np.array([[0, 0, 100, 0]]), np.array([[0, 150, 0, 0]])
    own = np.array([[300, 300, 0, 200]])
    axis = axis_of_days([LocalDay(date(2016, 3, 1), zone("Europe/Berlin"), 6 * 60)])
    assert axis.intervals == 4
    energy = SiteEnergy(drawn, fed_in, received, delivered, np.zeros_like(drawn), own_wh=own)
    sells = PricedTariff((Local("mid_market"), Export("buy_all_sell_all", flat("all", "0.08")), Energy(flat("base", "0.30"))))
    found = rate_period(plan_of([(sells, axis, slice(None))], 4), energy)
    assert lines(found.bills, "local") == [(100, 2)]
    assert lines(found.bills, "grid") == [(1400, 42)]
    assert lines(found.credits, "local_delivered") == [(150, 3)]
    assert lines(found.credits, "export") == [(1350, 11)]
    assert lines(found.bills, "own_use") == lines(found.credits, "own_use") == [(800, 0)]
