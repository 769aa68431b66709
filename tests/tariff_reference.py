"""A year by an OpenEI tariff written out by hand, by our own conventions: fractions, loops, one hour after the other.

Nothing of the project's pricing is used here. Tiers are filled as energy is drawn; true days; each line is rounded once.
"""

import calendar
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from tests.month_reference import cents

Tariff = Mapping[str, Any]
ENDLESS = 10**18


def number(value: Any) -> Fraction:
    return Fraction(0) if value is None else Fraction(str(value))


def limit_wh(tier: Mapping[str, Any], days: int, peak_w: int) -> int:
    """Where a tier of energy ends in a month."""
    if tier.get("max") is None:
        return ENDLESS
    kwh = number(tier["max"])
    unit = (tier.get("unit") or "kWh").lower()
    times = {"kwh": 1000, "kwh daily": 1000 * days, "kwh/kw": peak_w, "kwh/kw daily": peak_w * days}[unit]
    return min(cents(kwh * times), ENDLESS)


class Filling:
    """Tiers of one month, filled by the hour; the month's energy counts over all periods."""

    def __init__(self, structure: Sequence[Sequence[Mapping[str, Any]]], days: int, peak_w: int) -> None:
        self.ends, self.so_far = [], 0
        for tiers in structure:
            limits = [limit_wh(tier, days, peak_w) for tier in tiers[:-1]]
            self.ends.append([max(limits[: place + 1]) for place in range(len(limits))] + [ENDLESS])
        self.wh: dict[tuple[int, int], int] = defaultdict(int)

    def take(self, wh: int, period: int) -> None:
        while wh:
            tier = next(place for place, end in enumerate(self.ends[period]) if self.so_far < end)
            part = min(wh, self.ends[period][tier] - self.so_far)
            self.wh[period, tier] += part
            self.so_far += part
            wh -= part


def in_steps(tiers: Sequence[Mapping[str, Any]], power_w: int) -> int:
    """What a power costs in steps of kW [cents]."""
    cost, below = 0, 0
    for place, tier in enumerate(tiers):
        last = place == len(tiers) - 1 or tier.get("max") is None
        end = ENDLESS if last else cents(number(tier["max"]) * 1000)
        cost += cents(max(min(power_w, end) - below, 0) * price(tier) / 10)
        below = max(below, end)
    return cost


def price(tier: Mapping[str, Any]) -> Fraction:
    return number(tier["rate"]) + number(tier.get("adj"))


def bills(
    tariff: Tariff, starts: Sequence[datetime], drawn_wh: Sequence[int], fed_in_wh: Sequence[int], sells: bool
) -> list[dict[str, int]]:
    """Twelve months of hours, in cents."""
    found: list[dict[str, int]] = []
    for month in range(1, 13):
        hours = [place for place, start in enumerate(starts) if start.month == month]
        days, peak_w = calendar.monthrange(starts[0].year, month)[1], max(drawn_wh[hour] for hour in hours)

        def period_of(kind: str, hour: int, month: int = month) -> int:
            day = "weekday" if starts[hour].weekday() < 5 else "weekend"
            period: int = tariff[f"{kind}{day}schedule"][month - 1][starts[hour].hour]
            return period

        structure = tariff["energyratestructure"]
        bought, sold = (Filling(structure, days, peak_w) for _ in range(2))
        for hour in hours:
            bought.take(drawn_wh[hour], period_of("energy", hour))
            sold.take(fed_in_wh[hour] if sells else 0, period_of("energy", hour))
        energy = sum(cents(wh * price(structure[p][t]) / 10) for (p, t), wh in bought.wh.items())
        credit = sum(cents(wh * number(structure[p][t].get("sell")) / 10) for (p, t), wh in sold.wh.items())
        demand = 0
        if tariff.get("flatdemandmonths"):
            demand += in_steps(tariff["flatdemandstructure"][tariff["flatdemandmonths"][month - 1]], peak_w)
        if tariff.get("demandratestructure"):
            peaks: dict[int, int] = defaultdict(int)
            for hour in hours:
                period = period_of("demand", hour)
                peaks[period] = max(peaks[period], drawn_wh[hour])
            demand += sum(in_steps(tariff["demandratestructure"][period], power) for period, power in peaks.items())
        year_days = 365 + calendar.isleap(starts[0].year)
        amounts = {"fixed": _spanned(_fixed(tariff), days, year_days), "energy": energy, "demand": demand, "export_credit": credit}
        net = amounts["fixed"] + energy + demand - credit
        minimum = sum(max(_spanned(one, days, year_days) - max(net, 0), 0) for one in _least(tariff) if one[1] != "$/year")
        found.append(amounts | {"minimum": minimum, "total": net + minimum})
    of_year = sum(max(month["total"] - month["minimum"], 0) + month["minimum"] for month in found)
    for amount, unit in _least(tariff):
        if unit == "$/year":
            missing = max(cents(amount * 100) - of_year, 0)
            found[-1]["minimum"] += missing
            found[-1]["total"] += missing
    return found


def _fixed(tariff: Tariff) -> tuple[Fraction, str]:
    if tariff.get("fixedchargefirstmeter") is not None:
        return number(tariff["fixedchargefirstmeter"]), tariff.get("fixedchargeunits") or "$/month"
    return number(tariff.get("fixedmonthlycharge")), "$/month"


def _least(tariff: Tariff) -> list[tuple[Fraction, str]]:
    """Minimum amounts: the newer name, and the older ones where it does not take their place."""
    found = []
    if tariff.get("mincharge") is not None:
        found.append((number(tariff["mincharge"]), tariff.get("minchargeunits") or "$/month"))
    by_year = {unit == "$/year" for _, unit in found}
    if tariff.get("minmonthlycharge") is not None and False not in by_year:
        found.append((number(tariff["minmonthlycharge"]), "$/month"))
    if tariff.get("annualmincharge") is not None and True not in by_year:
        found.append((number(tariff["annualmincharge"]), "$/year"))
    return found


def _spanned(given: tuple[Fraction, str], days: int, year_days: int) -> int:
    """An amount by the day, month or year in one month."""
    amount, unit = given
    return cents(amount * 100 * {"$/day": Fraction(days), "$/month": Fraction(1), "$/year": Fraction(days, year_days)}[unit])
