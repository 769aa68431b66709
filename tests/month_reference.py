"""A month's bills written out by hand, as a spreadsheet would: fractions, loops, one interval after the other.

Nothing of the project's sharing, pricing or billing is used here. What goes in is what a meter reader and a notice board know: readings, whose a
site is on which day, tariffs with their prices, an index, the rules of sharing. What comes out is each document with its lines.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fractions import Fraction
from math import floor

Price = Fraction  # currency units per kWh


@dataclass(frozen=True)
class Version:
    """A tariff's prices from a day on: hours of the evening at another price; energy by the hour where it follows the index."""

    tariff: str
    since: date
    standing: Price
    base: Price
    evening: Price
    export: Price
    incentive: Price
    vat: Fraction
    spot_factor: Fraction | None = None
    spot_margin: Fraction = Fraction(0)

    def energy(self, hour: int, index: Price) -> tuple[str, str, Price]:
        """Component, window and price of a kWh drawn from the public grid."""
        if self.spot_factor is not None:
            return "spot", "day-ahead", quantised(self.spot_factor * index + self.spot_margin)
        window = "evening" if 17 <= hour < 21 else "base"
        return "grid", window, self.evening if window == "evening" else self.base

    def local_window(self, hour: int) -> str:
        if self.spot_factor is not None:
            return ""
        return "evening" if 17 <= hour < 21 else "base"


@dataclass(frozen=True)
class Stay:
    """Whose a site is, from a day up to and with another."""

    member: str
    first: date
    last: date


@dataclass(frozen=True)
class Rule:
    """How energy is shared from a day on: in proportion (`dynamic`), by fixed shares (`static`, `hybrid`), and at which price."""

    since: date
    key: str
    price: str = "mid_market"
    shares: dict[str, Fraction] = field(default_factory=dict)


@dataclass
class Village:
    """What is known. Readings by site and day, Wh per interval; `starts` the local beginnings of each day's intervals."""

    days: Sequence[date]
    starts: dict[date, list[datetime]]
    drawn: dict[str, dict[date, list[int]]]
    fed_in: dict[str, dict[date, list[int]]]
    stays: dict[str, list[Stay]]
    tariff_of: dict[str, str]
    versions: list[Version]
    reference: str
    rules: list[Rule]
    index: dict[datetime, Price]
    own: set[str] = field(default_factory=set)


@dataclass
class Paper:
    """A document: its lines as (component, window, quantity, cents), and its sums."""

    lines: list[tuple[str, str, int, int]]
    net: int
    vat: int

    @property
    def gross(self) -> int:
        return self.net + self.vat


Key = tuple[str, str, date, str]  # site, member, first day, kind


def cents(amount: Fraction) -> int:
    """Half away from zero."""
    sign = -1 if amount < 0 else 1
    return sign * floor(abs(amount) + Fraction(1, 2))


def quantised(price: Fraction) -> Fraction:
    """Six decimals, half to even."""
    return Fraction(round(price * 1_000_000), 1_000_000)


def split(total: int, weights: dict[str, Fraction]) -> dict[str, int]:
    """Whole parts of a total by weights: largest remainder, ties by name."""
    whole = sum(weights.values())
    exact = {name: total * weight / whole if whole else Fraction(0) for name, weight in weights.items()}
    parts = {name: floor(part) for name, part in exact.items()}
    left = total - sum(parts.values())
    for name in sorted(exact, key=lambda name: (parts[name] - exact[name], name))[:left]:
        parts[name] += 1
    return parts


def filled(c: dict[str, int], shares: dict[str, Fraction], matched: int) -> dict[str, Fraction]:
    """Water in buckets as wide as the shares and as large as the demand, until so much is poured; what is over goes by demand."""
    keyed = {name for name in c if shares.get(name)}
    if sum(c[name] for name in keyed) <= matched:
        over, others = (matched - sum(c[name] for name in keyed), sum(c[name] for name in c if name not in keyed))
        return {name: Fraction(wh) if name in keyed else (Fraction(over * wh, others) if others else Fraction(0)) for name, wh in c.items()}
    full: set[str] = set()
    while True:
        level = (matched - sum(c[name] for name in full)) / sum(shares[name] for name in keyed - full)
        more = {name for name in keyed - full if shares[name] * level >= c[name]}
        if not more:
            return {name: Fraction(c[name]) if name in full else shares.get(name, Fraction(0)) * level for name in c}
        full |= more


def shared(c: dict[str, int], p: dict[str, int], rule: Rule) -> tuple[dict[str, int], dict[str, int]]:
    """What each receives from and delivers to neighbours in one interval."""
    produced = sum(p.values())
    matched = min(sum(c.values()), produced)
    if rule.key == "dynamic":
        got = split(matched, {name: Fraction(wh) for name, wh in c.items()})
    else:
        exact = (
            {name: min(rule.shares.get(name, Fraction(0)) * produced, Fraction(c[name])) for name in c}
            if rule.key == "static"
            else filled(c, rule.shares, matched)
        )
        got = {name: floor(part) for name, part in exact.items()}
        left = floor(sum(exact.values())) - sum(got.values())
        for name in sorted(exact, key=lambda name: (got[name] - exact[name], name))[:left]:
            got[name] += 1
    return got, split(sum(got.values()), {name: Fraction(wh) for name, wh in p.items()})


def local_price(rule: Rule, drawn: int, taken: int, retail: Price, feed_in: Price) -> Price:
    """The price of a kWh from a neighbour in one interval."""
    if rule.price == "bill_sharing":
        return Fraction(0)
    if rule.price == "supply_demand_ratio" and 0 < feed_in <= retail:
        ratio = Fraction(taken, drawn) if drawn else Fraction(1)
        return quantised(feed_in * retail / ((retail - feed_in) * ratio + feed_in))
    return quantised((retail + feed_in) / 2)


def version_on(village: Village, tariff: str, day: date) -> Version:
    known = [v for v in village.versions if v.tariff == tariff and v.since <= day]
    return max(known, key=lambda v: v.since)


def bills(village: Village) -> dict[Key, Paper]:
    """Every document of the month."""
    lines: dict[Key, dict[tuple[str, str, date], tuple[int, Fraction]]] = defaultdict(dict)

    def add(key: Key, component: str, window: str, since: date, quantity: int, amount: Fraction) -> None:
        known = lines[key].get((component, window, since), (0, Fraction(0)))
        lines[key][component, window, since] = (known[0] + quantity, known[1] + amount)

    for day in village.days:
        rule = [rule for rule in village.rules if rule.since <= day][-1]
        here = {site: next(s for s in stays if s.first <= day <= s.last) for site, stays in village.stays.items()}
        terms = {site: version_on(village, village.tariff_of[site], day) for site in village.stays}
        for site, stay in here.items():
            if terms[site].standing:
                add((site, stay.member, stay.first, "bill"), "standing", "", terms[site].since, 1, terms[site].standing * 100)
        notice = version_on(village, village.reference, day)
        for place, start in enumerate(village.starts[day]):
            c = {site: village.drawn[site][day][place] for site in here}
            p = {site: village.fed_in[site][day][place] for site in here}
            got, gave = shared(c, p, rule)
            _, _, retail = notice.energy(start.hour, Fraction(0))
            local = local_price(rule, sum(c.values()), sum(got.values()), retail, notice.export)
            index = village.index[start.astimezone(UTC)]
            for site, stay in here.items():
                own, bill = terms[site], (site, stay.member, stay.first, "bill")
                credit = (site, stay.member, stay.first, "credit")
                add(bill, "local", own.local_window(start.hour), own.since, got[site], got[site] * local / 10)
                component, window, price = own.energy(start.hour, index)
                add(bill, component, window, own.since, c[site] - got[site], (c[site] - got[site]) * price / 10)
                if own.incentive:
                    add(bill, "incentive", "", own.since, got[site], -got[site] * own.incentive / 10)
                add(credit, "local_delivered", "", date.min, gave[site], gave[site] * local / 10)
                add(credit, "export", "", own.since, p[site] - gave[site], (p[site] - gave[site]) * own.export / 10)
    return _papers(village, lines)


def _papers(village: Village, lines: dict[Key, dict[tuple[str, str, date], tuple[int, Fraction]]]) -> dict[Key, Paper]:
    # What neighbours pay for local energy, as it stands on their bills, is what those who delivered it share.
    paid = sum(cents(amount) for rows in lines.values() for (component, *_), (_, amount) in rows.items() if component == "local")
    owed = {
        f"{site}\0{first}": rows["local_delivered", "", date.min][1] for (site, _, first, kind), rows in lines.items() if kind == "credit"
    }
    received = split(paid, owed)
    found = {}
    for key, rows in lines.items():
        site, member, first, kind = key
        told = [
            (component, window, quantity, received[f"{site}\0{first}"] if component == "local_delivered" else cents(amount))
            for (component, window, _), (quantity, amount) in rows.items()
        ]
        told = sorted(line for line in told if line[2] or line[3])
        if told:
            net = sum(line[3] for line in told)
            rate = next(v.vat for v in village.versions if v.tariff == village.tariff_of[site])
            vat = Fraction(0) if kind == "credit" or member in village.own else net * rate
            found[key] = Paper(told, net, cents(vat))
    return found
