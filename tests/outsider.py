"""Somebody who wants to prove that our cents are wrong: months billed anew by the published rules, with every part of a tariff at once.

Fractions and loops, one interval after the other. Sharing and local prices are those of `tests/month_reference.py`, which shares no code with the
project either; what a tariff's parts, a change of prices, a move, and everybody's standing to VAT make of them is written out here.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fractions import Fraction
from math import floor

from tests.month_reference import Rule, Stay, cents, local_price, quantised, shared, split

Key = tuple[str, str, date, str]  # site, member, first day, kind
F, NOTHING = Fraction, Fraction(0)
# What all of Germany keeps, of the months that are tried.
HOLIDAYS = {date(2016, 3, 25), date(2016, 3, 28), date(2016, 10, 3), date(2016, 12, 25), date(2016, 12, 26)}


def is_holiday(day: date) -> bool:
    return day in HOLIDAYS


@dataclass(frozen=True)
class Terms:
    """A tariff's prices from a day on. Steps: (price, limit or None, unit); `evening` at 17 to 21 on weekdays."""

    tariff: str
    since: date
    standing: Fraction
    export: Fraction
    incentive: Fraction
    vat: Fraction
    day: Sequence[tuple[Fraction, Fraction | None, str]] = ()
    evening: Sequence[tuple[Fraction, Fraction | None, str]] = ()
    demand: Sequence[tuple[Fraction, Fraction | None]] = ()
    ratchet_percent: Fraction = NOTHING
    levy: Fraction = NOTHING
    town_percent: Fraction = NOTHING
    off_percent: Fraction = NOTHING
    off_a_month: Fraction = NOTHING
    a_year: Fraction = NOTHING
    least_a_month: Fraction = NOTHING
    vat_on_standing: Fraction | None = None
    spot: tuple[Fraction, Fraction] | None = None
    evening_on_every_day: bool = False

    def price(self, start: datetime, index: Fraction) -> Fraction:
        """What a kWh from the public grid costs in an interval; of steps the first."""
        if self.spot is not None:
            return quantised(self.spot[0] * index + self.spot[1])
        return (self.evening if self.is_evening(start) else self.day)[0][0]

    def is_evening(self, start: datetime) -> bool:
        is_day = start.weekday() < 5 and not is_holiday(start.date())
        return self.spot is None and 17 <= start.hour < 21 and (self.evening_on_every_day or is_day)


@dataclass
class Village:
    """What is known; `before_w` is the highest power in the month before, by site and member."""

    days: Sequence[date]
    days_in_month: int
    days_in_year: int
    starts: dict[date, list[datetime]]
    drawn: dict[str, dict[date, list[int]]]
    fed_in: dict[str, dict[date, list[int]]]
    stays: dict[str, list[Stay]]
    tariff_of: dict[str, str]
    terms: list[Terms]
    rules: list[Rule]
    index: dict[datetime, Fraction]
    own: set[str]
    before_w: dict[tuple[str, str], int]
    shows_no_vat: bool = False
    owes_as_recipient: set[str] = field(default_factory=set)
    delivers_with: dict[str, Fraction] = field(default_factory=dict)
    owed_for: dict[str, Fraction] = field(default_factory=dict)


@dataclass
class Paper:
    """A document: lines as (component, cents), net by rate with its VAT, and what we owe as recipient."""

    lines: list[tuple[str, int]]
    vat: dict[Fraction, tuple[int, int]]
    as_recipient: int = 0

    @property
    def net(self) -> int:
        return sum(minor for _, minor in self.lines)

    @property
    def gross(self) -> int:
        return self.net + sum(vat for _, vat in self.vat.values())


@dataclass
class _Piece:
    """The days of one stay under one version: what was drawn, received, delivered, fed in."""

    terms: Terms
    days: int = 0
    intervals: list[tuple[datetime, int, int, Fraction, Fraction]] = field(default_factory=list)  # start, c, a, m, index
    delivered: Fraction = NOTHING
    delivered_wh: int = 0
    exported: int = 0


def papers(village: Village) -> dict[Key, Paper]:
    """Every document of the month."""
    pieces: dict[tuple[str, str, date], dict[date, _Piece]] = defaultdict(dict)
    for day in village.days:
        rule = [rule for rule in village.rules if rule.since <= day][-1]
        here = {site: next(s for s in stays if s.first <= day <= s.last) for site, stays in village.stays.items()}
        now = {site: _on(village, village.tariff_of[site], day) for site in here}
        piece = {}
        for site, stay in here.items():
            of_stay = pieces[site, stay.member, stay.first]
            piece[site] = of_stay.setdefault(now[site].since, _Piece(now[site]))
            piece[site].days += 1
        notice = _on(village, "members", day)
        for place, start in enumerate(village.starts[day]):
            c = {site: village.drawn[site][day][place] for site in here}
            p = {site: village.fed_in[site][day][place] for site in here}
            got, gave = shared(c, p, rule)
            m = local_price(rule, sum(c.values()), sum(got.values()), notice.price(start, F(0)), notice.export)
            for site in here:
                piece[site].intervals.append((start, c[site], got[site], m, village.index[start.astimezone(UTC)]))
                piece[site].delivered += gave[site] * m / 10
                piece[site].delivered_wh += gave[site]
                piece[site].exported += p[site] - gave[site]
    return _documents(village, pieces)


def _on(village: Village, tariff: str, day: date) -> Terms:
    return max((t for t in village.terms if t.tariff == tariff and t.since <= day), key=lambda t: t.since)


def _documents(village: Village, pieces: dict[tuple[str, str, date], dict[date, _Piece]]) -> dict[Key, Paper]:
    billed = {key: {since: _lines(village, key[:2], piece) for since, piece in of_stay.items()} for key, of_stay in pieces.items()}
    paid = sum(minor for of_stay in billed.values() for lines in of_stay.values() for what, minor in lines if what == "local")
    owed = {f"{site}\0{first}": sum((x.delivered for x in of_stay.values()), F(0)) for (site, _, first), of_stay in pieces.items()}
    received = split(paid, owed)
    found: dict[Key, Paper] = {}
    for (site, member, first), of_stay in pieces.items():
        by_rate: dict[Fraction, int] = defaultdict(int)
        lines = []
        for since, rows in billed[site, member, first].items():
            terms = of_stay[since].terms
            for what, minor in rows:
                rate = terms.vat_on_standing if what == "standing" and terms.vat_on_standing is not None else terms.vat
                taxed = not (village.shows_no_vat or member in village.own or member in village.owes_as_recipient)
                by_rate[rate if taxed else F(0)] += minor
                lines.append((what, minor))
        if any(minor for _, minor in lines) or any(x.days for x in of_stay.values() if x.intervals and any(i[1] for i in x.intervals)):
            found[site, member, first, "bill"] = Paper(sorted(x for x in lines if x[1]), _taxed(by_rate))
        credit = [("local_delivered", received[f"{site}\0{first}"])]
        credit += [("export", cents(x.exported * x.terms.export / 10)) for x in of_stay.values()]
        if any(x.delivered_wh or x.exported for x in of_stay.values()):
            net = sum(minor for _, minor in credit)
            rate = village.delivers_with.get(member, F(0))
            found[site, member, first, "credit"] = Paper(
                sorted(x for x in credit if x[1]), _taxed({rate: net}), cents(net * village.owed_for.get(member, F(0)))
            )
    return found


def _taxed(by_rate: dict[Fraction, int]) -> dict[Fraction, tuple[int, int]]:
    return {rate: (net, cents(net * rate)) for rate, net in by_rate.items()}


def _lines(village: Village, whose: tuple[str, str], piece: _Piece) -> list[tuple[str, int]]:
    """What a stay is charged under one version, line by line in cents."""
    terms, month = piece.terms, F(piece.days, village.days_in_month)
    peak_w = 4 * max(c for _, c, *_ in piece.intervals)
    lines = [("standing", cents(terms.standing * 100 * piece.days))]
    if terms.a_year:
        lines.append(("standing", cents(terms.a_year * 100 * piece.days / village.days_in_year)))
    local: dict[bool, Fraction] = defaultdict(Fraction)
    received = drawn = 0
    for start, c, a, m, _ in piece.intervals:
        local[terms.is_evening(start)] += a * m / 10
        received, drawn = received + a, drawn + c
    lines += [("local", cents(amount)) for amount in local.values()]
    lines.append(("incentive", -cents(received * terms.incentive / 10)))
    grid = _energy(village, piece, peak_w)
    lines += grid
    demand = _demand(village, whose, piece, peak_w)
    lines += demand
    of_energy = sum(minor for what, minor in grid if what == "grid")
    lines.append(("levy", cents(drawn * terms.levy / 10)))
    lines.append(("levy", cents((of_energy + sum(minor for _, minor in demand)) * terms.town_percent / 100)))
    lines.append(("discount", -cents(of_energy * terms.off_percent / 100)))
    lines.append(("discount", -cents(terms.off_a_month * 100 * month)))
    missing = cents(terms.least_a_month * 100 * month) - max(sum(minor for _, minor in lines), 0)  # what comes back is not eaten up
    if terms.least_a_month and missing > 0:
        lines.append(("minimum", missing))
    return [line for line in lines if line[1]]


def _energy(village: Village, piece: _Piece, peak_w: int) -> list[tuple[str, int]]:
    terms = piece.terms
    if terms.spot is not None:
        exact = sum(((c - a) * terms.price(start, index) / 10 for start, c, a, _, index in piece.intervals), F(0))
        return [("spot", cents(exact))]
    so_far, wh = 0, defaultdict(int)
    ends = {late: [_end(village, piece, peak_w, step) for step in (terms.evening if late else terms.day)] for late in (False, True)}
    for start, c, a, _, _ in piece.intervals:
        late, rest = terms.is_evening(start), c - a
        while rest:
            step = next(i for i, end in enumerate(ends[late]) if end is None or so_far < end)
            end = ends[late][step]
            part = rest if end is None else min(rest, end - so_far)
            wh[late, step] += part
            so_far, rest = so_far + part, rest - part
    return [("grid", cents(many * (terms.evening if late else terms.day)[step][0] / 10)) for (late, step), many in wh.items()]


def _end(village: Village, piece: _Piece, peak_w: int, step: tuple[Fraction, Fraction | None, str]) -> int | None:
    """Where a step ends in the days of the piece [Wh]: a month's limit in proportion, a day's for each day, per kW of the peak."""
    _, limit, unit = step
    if limit is None:
        return None
    times = {"month": F(1000 * piece.days, village.days_in_month), "day": F(1000 * piece.days), "kw": F(peak_w)}[unit]
    return floor(limit * times + F(1, 2))


def _demand(village: Village, whose: tuple[str, str], piece: _Piece, peak_w: int) -> list[tuple[str, int]]:
    terms, below, lines = piece.terms, NOTHING, []
    # A ratchet is of whole watts, as power is.
    power = max(peak_w, floor(village.before_w.get(whose, 0) * terms.ratchet_percent / 100 + F(1, 2)))
    for price, limit in terms.demand:
        end = power if limit is None else min(power, limit * 1000)
        amount = max(end - below, F(0)) * price * piece.days / (10 * village.days_in_month)
        lines.append(("demand", cents(amount)))
        below = max(below, end)
    return lines
