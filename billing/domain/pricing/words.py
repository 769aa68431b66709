"""A tariff's parts in words, one sentence each: for who decides on a tariff and reads no JSON."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from billing.domain.pricing.hours_in_words import hours_in_words, months_in_words
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
    Part,
    PeakMultiplier,
    Period,
    Reactive,
    Spot,
    Standing,
    Tier,
    Vat,
)
from billing.domain.pricing.reactive import cos_phi
from billing.domain.pricing.windows import Schedule
from kernel.speech import ENGLISH, Speech


def tier_words(speech: Speech) -> dict[str, str]:
    """What the steps of tiers are counted by."""
    _ = speech.say
    return {
        "month": _("kWh a month"),
        "day": _("kWh a day"),
        "kw": _("kWh per kW of the month's peak"),
        "kw_day": _("kWh a day per kW of the month's peak"),
    }


def plain(number: Decimal) -> str:
    """A number without trailing zeros."""
    return ENGLISH.number(number)


def part_in_words(part: Part, currency: str, speech: Speech = ENGLISH) -> str:
    """What one part says."""
    return WRITERS[type(part)](part, currency, speech)


def prices_in_words(tiers: tuple[Tier, ...], currency: str, per: str, unit: str = "", speech: Speech = ENGLISH) -> str:
    """A price, or the steps of prices: `0.30 up to 200 kWh a month, then 0.34 EUR per kWh`."""
    _ = speech.say
    said = []
    for place, tier in enumerate(tiers):
        price = speech.number(tier.price)
        if place == len(tiers) - 1:
            price = _("%(price)s %(currency)s per %(unit)s") % {"price": price, "currency": currency, "unit": per}
        if tier.up_to is not None:
            limit = {"price": price, "most": speech.number(tier.up_to), "unit": unit or tier_words(speech)[tier.unit]}
            price = _("%(price)s up to %(most)s %(unit)s") % limit
        said.append(_("then %(price)s") % {"price": price} if place else price)
    return ", ".join(said)


def _periods(periods: tuple[Period, ...], schedule: Schedule, currency: str, per: str, unit: str, speech: Speech) -> str:
    if len(periods) == 1:
        return prices_in_words(periods[0].tiers, currency, per, unit, speech)
    _ = speech.say
    grid = schedule.grid()
    told = []
    for place, period in enumerate(periods):
        holds = grid == place
        when = hours_in_words(holds, speech) if holds.any() else _("never")
        told.append(f"{period.name} {prices_in_words(period.tiers, currency, per, unit, speech)} ({when})")
    return "; ".join(told)


def _energy(part: Energy, currency: str, speech: Speech) -> str:
    _ = speech.say
    prices = {"prices": _periods(part.periods, part.schedule, currency, "kWh", "", speech)}
    if not any(len(period.tiers) > 1 for period in part.periods):
        return _("Energy: %(prices)s") % prices
    if part.tier_rule == "chronological":
        return _("Energy: %(prices)s, tiers filled as energy is drawn") % prices
    return _("Energy: %(prices)s, tiers spread over the periods") % prices


def _peak(part: PeakMultiplier, currency: str, speech: Speech) -> str:
    _ = speech.say
    peaks = ", ".join(f"{name} x {speech.number(times)}" for name, times in part.multipliers)
    price = prices_in_words((Tier(part.base_price),), currency, "kWh", "", speech)
    return _("Energy: %(prices)s") % {"prices": f"{price}, {peaks}"}


def _spot(part: Spot, currency: str, speech: Speech) -> str:
    _, number = speech.say, speech.number
    more = []
    if part.surplus_factor != 1:
        more.append(_("x %(factor)s while the village has more than it needs") % {"factor": number(part.surplus_factor)})
    if part.scarce_factor != 1:
        more.append(_("x %(factor)s while the grid is near its limit") % {"factor": number(part.scarce_factor)})
    if part.floor is not None:
        more.append(_("at least %(price)s") % {"price": number(part.floor)})
    if part.cap is not None:
        more.append(_("at most %(price)s") % {"price": number(part.cap)})
    fallbacks = {
        "last_week": _("the same quarter hour a week before"),
        "day_before": _("the same quarter hour of the day before"),
        "fixed": _("the version's price of energy per kWh"),
    }
    places = {
        "index": part.index,
        "factor": number(part.factor),
        "margin": number(part.margin),
        "currency": currency,
        "more": "".join(f", {word}" for word in more),
        "fallback": fallbacks[part.fallback],
    }
    return (
        _(
            "Energy at the index '%(index)s': %(factor)s x index + %(margin)s %(currency)s per kWh%(more)s; where the index is missing, %(fallback)s"
        )
        % places
    )


def _local(part: Local, currency: str, speech: Speech) -> str:
    _ = speech.say
    if part.rule == "discount":
        return _("Energy from neighbours at %(percent)s %% of the own grid price") % {"percent": speech.number(part.share * 100)}
    rules = {
        "mid_market": _("Energy from neighbours at the middle between retail and feed-in price"),
        "supply_demand_ratio": _("Energy from neighbours at the supply-demand ratio's price"),
        "bill_sharing": _("Energy from neighbours at the community's shared cost"),
        "auction": _("Energy from neighbours at the auction's price"),
    }
    return rules[part.rule]


def _demand(part: Demand, currency: str, speech: Speech) -> str:
    _ = speech.say
    if part.months:
        months = ", ".join(f"{period.name} {prices_in_words(period.tiers, currency, 'kW', 'kW', speech)}" for period in part.periods)
        said = _("%(months)s, by calendar month") % {"months": months}
    else:
        said = _periods(part.periods, part.schedule, currency, "kW", "kW", speech)
    measures = {
        "highest": _("Power, the month's highest quarter hour: %(prices)s"),
        "mean_of_three": _("Power, the mean of the month's three highest quarter hours: %(prices)s"),
        "coincident": _("Power, the power drawn when the microgrid had its peak: %(prices)s"),
    }
    told = measures[part.measure] % {"prices": said}
    if part.has_ratchet:
        told += _(", at least %(percent)s %% of the highest of %(months)s months before") % {
            "percent": speech.number(part.ratchet_percent),
            "months": part.ratchet_months,
        }
        if part.ratchet_of:
            named = months_in_words(sorted(month - 1 for month in part.ratchet_of), speech)
            told += _(" (only %(months)s count)") % {"months": named}
    return told


def _capacity(part: Capacity, currency: str, speech: Speech) -> str:
    _ = speech.say
    steps = ", ".join(
        _("%(price)s up to %(most)s %(unit)s") % {"price": speech.number(amount), "most": size, "unit": "A"} for size, amount in part.steps
    )
    return _("Connection by fuse: %(steps)s (%(currency)s a month)") % {"steps": steps, "currency": currency}


def _export(part: Export, currency: str, speech: Speech) -> str:
    _ = speech.say
    rules = {
        "net_metering": _("Feeding in: kWh fed in are set off against kWh drawn in the same period"),
        "net_billing": _("Feeding in: paid for what is fed in"),
        "feed_in": _("Feeding in: paid for what is fed in"),
        "buy_all_sell_all": _("Feeding in: the whole production is sold and the whole use bought"),
    }
    told = rules[part.rule]
    if part.rule == "net_metering":
        told += _(", surplus waits for later months") if part.carry else _(", surplus is lost at the month's end")
        if part.year_end_price:
            told += _(", what is left in December is paid at %(price)s %(currency)s per kWh") % {
                "price": speech.number(part.year_end_price),
                "currency": currency,
            }
    if part.periods:
        told += f": {_periods(part.periods, part.schedule, currency, 'kWh', '', speech)}"
    return told


def _incentive(part: Incentive, currency: str, speech: Speech) -> str:
    _ = speech.say
    places = {"price": speech.number(part.price), "currency": currency}
    if part.basis == "local":
        return _("Thank-you: %(price)s %(currency)s for each kWh received from neighbours") % places
    hours = hours_in_words(part.schedule.grid() > 0, speech)
    return _("Thank-you: %(price)s %(currency)s for each kWh drawn %(hours)s") % {**places, "hours": hours}


def _levy(part: Levy, currency: str, speech: Speech) -> str:
    _ = speech.say
    charges = []
    if part.price:
        charges.append(_("%(price)s %(currency)s per %(unit)s") % {"price": speech.number(part.price), "currency": currency, "unit": "kWh"})
    if part.percent:
        charges.append(_("%(percent)s %% of %(on)s") % {"percent": speech.number(part.percent), "on": _on(part.on, speech)})
    return _("Levy '%(name)s': %(charges)s") % {"name": part.name, "charges": _joined(charges, speech)}


def _discount(part: Discount, currency: str, speech: Speech) -> str:
    _ = speech.say
    charges = []
    if part.percent:
        charges.append(_("%(percent)s %% off %(on)s") % {"percent": speech.number(part.percent), "on": _on(part.on, speech)})
    if part.amount_per_month:
        charges.append(_("%(amount)s %(currency)s off a month") % {"amount": speech.number(part.amount_per_month), "currency": currency})
    return _("Discount '%(name)s': %(charges)s") % {"name": part.name, "charges": _joined(charges, speech)}


def _joined(charges: Sequence[str], speech: Speech) -> str:
    _ = speech.say
    return _(" and ").join(charges) or _("nothing")


def _on(kinds: tuple[str, ...], speech: Speech) -> str:
    _, names = speech.say, kind_names(speech)
    return ", ".join(names.get(kind, kind) for kind in kinds) if kinds else _("everything")


def kind_names(speech: Speech) -> dict[str, str]:
    """What the kinds of parts are called."""
    _ = speech.say
    return {
        "standing": _("standing charge"),
        "energy": _("energy"),
        "peak_multiplier": _("peak price"),
        "spot": _("spot price"),
        "local": _("local energy"),
        "demand": _("demand"),
        "capacity": _("capacity"),
        "reactive": _("reactive energy"),
        "export": _("feed-in"),
        "incentive": _("thank-you"),
        "levy": _("levy"),
        "discount": _("discount"),
        "vat": _("VAT"),
        "minimum": _("minimum"),
    }


def _reactive(part: Reactive, currency: str, speech: Speech) -> str:
    _ = speech.say
    return _("Reactive energy: %(price)s %(currency)s per kvarh above %(percent)s %% of the active energy (cos phi %(cos_phi)s)") % {
        "price": speech.number(part.price),
        "currency": currency,
        "percent": speech.number(part.free_share * 100),
        "cos_phi": speech.figure(f"{cos_phi(part.free_share):.2f}"),
    }


def _vat(part: Vat, currency: str, speech: Speech) -> str:
    _ = speech.say
    treatments = {
        "standard": _("standard"),
        "reverse_charge": _("reverse charge"),
        "small_business": _("small business"),
        "exempt": _("exempt"),
    }
    return _("VAT %(percent)s %% on %(on)s, %(treatment)s") % {
        "percent": speech.number(part.rate * 100),
        "on": _on(part.on, speech),
        "treatment": treatments.get(part.treatment, part.treatment),
    }


def _standing(part: Standing, currency: str, speech: Speech) -> str:
    _ = speech.say
    return {
        "day": _("Standing charge: %(amount)s %(currency)s a day"),
        "month": _("Standing charge: %(amount)s %(currency)s a month"),
        "year": _("Standing charge: %(amount)s %(currency)s a year"),
    }[part.per] % {"amount": speech.number(part.amount), "currency": currency}


def _minimum(part: Minimum, currency: str, speech: Speech) -> str:
    _ = speech.say
    return {
        "day": _("At least %(amount)s %(currency)s a day, before VAT"),
        "month": _("At least %(amount)s %(currency)s a month, before VAT"),
        "year": _("At least %(amount)s %(currency)s a year, before VAT"),
    }[part.per] % {"amount": speech.number(part.amount), "currency": currency}


# Each writer takes the kind it stands for; the key says so, types cannot.
WRITERS: dict[type[Part], Callable[[Any, str, Speech], str]] = {
    Standing: _standing,
    Energy: _energy,
    PeakMultiplier: _peak,
    Spot: _spot,
    Local: _local,
    Demand: _demand,
    Capacity: _capacity,
    Reactive: _reactive,
    Export: _export,
    Incentive: _incentive,
    Levy: _levy,
    Discount: _discount,
    Vat: _vat,
    Minimum: _minimum,
}
