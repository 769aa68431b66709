"""An independent way to what a case of sharing comes to: every rule of the study written out plainly, in fractions and loops.

Nothing of the project's own sharing is used here. `answer(case)` takes the JSON object of a case and gives that of the result, prices as
fractions; `random_case(seed, rule)` makes cases, the corners of the rules among them.
"""

import random
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

Case = dict[str, Any]
Parts = dict[str, Fraction]


def exact(number: Any) -> Fraction:
    """A JSON number as it is written."""
    return Fraction(Decimal(repr(number)) if isinstance(number, float) else number)


def rounded(parts: Parts) -> dict[str, int]:
    """Whole Wh by largest remainder, ties by id as text."""
    whole = {name: floor(part) for name, part in parts.items()}
    left = floor(sum(parts.values())) - sum(whole.values())
    for name in sorted(parts, key=lambda name: (whole[name] - parts[name], name))[:left]:
        whole[name] += 1
    return whole


def in_proportion(total: int, weights: dict[str, int]) -> dict[str, int]:
    whole = sum(weights.values())
    return rounded({name: Fraction(total * w, whole) if whole else Fraction(0) for name, w in weights.items()})


def dynamic(c: dict[str, int], p: dict[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    matched = min(sum(c.values()), sum(p.values()))
    return in_proportion(matched, c), in_proportion(matched, p)


def static(c: dict[str, int], p: dict[str, int], keys: Parts) -> tuple[dict[str, int], dict[str, int]]:
    produced = sum(p.values())
    exact_parts = {name: min(keys[name] * produced, Fraction(c[name])) for name in c}
    if floor(sum(exact_parts.values())) > min(produced, sum(c.values())):  # keys a hair above one, on very much energy
        whole = sum(keys.values())
        exact_parts = {name: min(keys[name] / whole * produced, Fraction(c[name])) for name in c}
    received = rounded(exact_parts)
    return received, in_proportion(sum(received.values()), p)


def hybrid(c: dict[str, int], p: dict[str, int], keys: Parts) -> tuple[dict[str, int], dict[str, int]]:
    matched = min(sum(c.values()), sum(p.values()))
    keyed = [name for name in c if keys[name] > 0]
    given = {name: Fraction(0) for name in c}
    if sum(c[name] for name in keyed) <= matched:
        given |= {name: Fraction(c[name]) for name in keyed}
        rest = matched - sum(c[name] for name in keyed)
        others = sum(c[name] for name in c if name not in keyed)
        given |= {name: Fraction(rest * c[name], others) for name in c if name not in keyed and others}
    else:
        open_, left = set(keyed), Fraction(matched)
        while True:  # fill by the keys; who is served leaves, the others share what is left anew
            weight = sum(keys[name] for name in open_)
            served = [name for name in open_ if c[name] - given[name] <= left * keys[name] / weight]
            if not served:
                given |= {name: left * keys[name] / weight for name in open_}
                break
            for name in served:
                given[name] = Fraction(c[name])
                open_.discard(name)
            left = Fraction(matched - sum(given[name] for name in keyed if name not in open_))
    return rounded(given), in_proportion(matched, p)


def hierarchical(c: dict[str, int], p: dict[str, int], feeder: dict[str, str]) -> tuple[dict[str, int], dict[str, int]]:
    received = {name: min(c[name], p[name]) for name in c}
    delivered = dict(received)
    groups = [[name for name in c if feeder[name] == one] for one in sorted(set(feeder.values()))]
    for group in [*groups, list(c)]:
        took, gave = dynamic({name: c[name] - received[name] for name in group}, {name: p[name] - delivered[name] for name in group})
        for name in group:
            received[name] += took[name]
            delivered[name] += gave[name]
    return received, delivered


def market(case: Case, t: int, names: list[str]) -> tuple[dict[str, int], dict[str, int], Fraction | None]:
    """Walk both sides order by order."""

    def side(key: str, sign: int) -> list[list[Any]]:
        rows = [row for row in case[key] if row["interval"] == t and row["wh"] > 0]
        rows.sort(key=lambda row: (sign * exact(row["price_per_kwh"]), datetime.fromisoformat(row["placed_at"]), row["member"]))
        return [[row["member"], row["wh"], exact(row["price_per_kwh"])] for row in rows]

    bids, offers = side("bids", -1), side("offers", 1)
    received, delivered = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    price = None
    while bids and offers and bids[0][2] >= offers[0][2]:
        wh = min(bids[0][1], offers[0][1])
        price = (bids[0][2] + offers[0][2]) / 2
        received[bids[0][0]] += wh
        delivered[offers[0][0]] += wh
        for book in (bids, offers):
            book[0][1] -= wh
            if not book[0][1]:
                book.pop(0)
    return received, delivered, price


def prices(rule: str, c: int, p: int, m: int, b: Fraction, f: Fraction) -> tuple[Any, Any]:
    if rule == "bill_sharing":
        return (b * (c - m) / c if c else None), (f * (p - m) / p if p else None)
    if rule == "supply_demand_ratio" and 0 < f <= b:
        ratio = Fraction(m, c) if c else Fraction(0)
        local = f * b / ((b - f) * ratio + f)
        buy = local * ratio + b * (1 - ratio) if c else None
    else:
        local = (b + f) / 2
        buy = (m * local + (c - m) * b) / c if c else None
    return buy, ((m * local + (p - m) * f) / p if p else None)


def answer(case: Case) -> dict[str, Any]:
    names = [row["id"] for row in case["members"]]
    intervals = len(case["consumption_wh"][names[0]])
    out: dict[str, Any] = {
        "received_wh": {name: [] for name in names},
        "delivered_wh": {name: [] for name in names},
        "buy_price_per_kwh": [],
        "sell_price_per_kwh": [],
        "matched_wh": [],
    }
    for t in range(intervals):
        c = {name: case["consumption_wh"][name][t] for name in names}
        p = {name: case["production_wh"][name][t] for name in names}
        if case["rule"] == "market":
            received, delivered, buy = market(case, t, names)
            sell = buy
        else:
            if case["rule"] == "dynamic":
                received, delivered = dynamic(c, p)
            elif case["rule"] == "hierarchical":
                received, delivered = hierarchical(c, p, {row["id"]: row["feeder"] for row in case["members"]})
            else:
                keys = {row["id"]: exact(row["key"]) for row in case["members"]}
                received, delivered = (static if case["rule"] == "static" else hybrid)(c, p, keys)
            b, f = (
                exact(value[t] if isinstance(value, list) else value)
                for value in (case["retail_price_per_kwh"], case["feed_in_price_per_kwh"])
            )
            buy, sell = prices(case["price_rule"], sum(c.values()), sum(p.values()), sum(received.values()), b, f)
        for name in names:
            out["received_wh"][name].append(received[name])
            out["delivered_wh"][name].append(delivered[name])
        out["matched_wh"].append(sum(received.values()))
        out["buy_price_per_kwh"].append(buy)
        out["sell_price_per_kwh"].append(sell)
    return out


def random_case(seed: int, rule: str) -> Case:
    """A case of a few members and intervals, with ties, zeros, huge numbers and every corner of the rules now and then."""
    r = random.Random(f"{rule} {seed}")
    names = r.sample(["a", "A", "ä", "b", "B 10", "B 9", "B 1", "Z", "meter-7", "meter-70", "é", "0", "00", "~"], r.randint(1, 9))
    if r.random() < 0.04:
        names = [f"site {number}" for number in r.sample(range(1000), r.randint(10, 70))]
    intervals = r.randint(1, 6)
    scale = r.choice([1, 3, 10, 900, 900, 10**5, 2**31, 2**61, 10**24])

    def energies() -> list[int]:
        kind = r.choice(["none", "same", "few", "any", "any"])
        if kind == "none":
            return [0] * intervals
        return [{"same": scale, "few": r.randint(0, 2) * scale, "any": r.randint(0, scale)}[kind] for _ in range(intervals)]

    case: Case = {
        "rule": rule,
        "members": [{"id": name, "feeder": r.choice(["1", "2", "3", name])} for name in names],
        "consumption_wh": {name: energies() for name in names},
        "production_wh": {name: energies() for name in names},
        "retail_price_per_kwh": r.choice([0.3, 30, [round(r.uniform(0.1, 0.5), 4) for _ in range(intervals)]]),
        "feed_in_price_per_kwh": r.choice([0.08, 0, -0.02, 0.1, [round(r.uniform(-0.05, 0.1), 5) for _ in range(intervals)]]),
        "price_rule": "uniform_auction" if rule == "market" else r.choice(["mid_market", "supply_demand_ratio", "bill_sharing"]),
    }
    if rule in ("static", "hybrid"):
        for row, key in zip(case["members"], _keys(r, len(names)), strict=True):
            row["key"] = key
    if rule == "market":
        case |= {key: _orders(r, names, intervals, scale) for key in ("bids", "offers")}
    return case


def _keys(r: random.Random, count: int) -> list[float]:
    """Keys that sum to 1, exactly or nearly, some of them 0."""
    some = r.choice([[0, 1, 1, 50], [1], [1, 1_000_000], [0, 1, 10**9]])  # equal, or one against very small ones
    weights = [r.choice([*some, r.randint(0, 50)] if len(some) > 1 else some) for _ in range(count)]
    weights[r.randrange(count)] += not sum(weights)
    digits = r.choice([3 if count < 10 else 6, 6, 11, 17])  # of many, three digits would round to more than one
    keys = [round(w / sum(weights), digits) for w in weights]
    if digits < 11:
        fullest = max(range(count), key=keys.__getitem__)
        others = sum((exact(key) for i, key in enumerate(keys) if i != fullest), Fraction(0))
        keys[fullest] = float(1 - others)
    return keys


def _orders(r: random.Random, names: list[str], intervals: int, scale: int) -> list[dict[str, Any]]:
    """Orders with few prices and few instants, so that most of them tie; instants in several offsets."""
    start = datetime(2026, 3, 1, 11, tzinfo=UTC)
    levels = r.choice([[0.1, 0.15, 0.2], [-0.05, 0, 0.1], [r.uniform(0.05, 0.4) for _ in range(20)]])
    return [
        {
            "member": r.choice(names),
            "interval": r.randrange(intervals),
            "wh": r.choice([0, 1, scale, r.randint(0, scale)]),
            "price_per_kwh": r.choice(levels),
            "placed_at": (start + timedelta(minutes=r.randint(0, 2)))
            .astimezone(timezone(timedelta(hours=r.choice([-7, 0, 2]))))
            .isoformat(),
        }
        for _ in range(r.randint(0, 14))
    ]
