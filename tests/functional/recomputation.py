"""A second pair of hands: recomputes shares, prices, bills and credits of an exported month.

Written from the published rules alone, in plain loops, integers, Fractions and Decimals. It shares no code with the
product and reads nothing but the files that `demo --export` writes for an auditor.
"""

import csv
import gzip
import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

SIX = Decimal("0.000001")


def half_away(amount):
    """Round to a whole minor unit, half away from zero."""
    amount = Fraction(amount)
    sign = -1 if amount < 0 else 1
    return sign * int(abs(amount) + Fraction(1, 2))


def split(total, weights):
    """Split a whole by largest remainder; ties by name as text. `weights` maps name to weight."""
    whole = sum(weights.values())
    if whole == 0:
        return dict.fromkeys(weights, 0)
    parts = {name: total * weight // whole for name, weight in weights.items()}
    remainders = {name: Fraction(total * weight) / whole - parts[name] for name, weight in weights.items()}
    left = total - sum(parts.values())
    for name in sorted(weights, key=lambda n: (-remainders[n], n))[: int(left)]:
        parts[name] += 1
    return {name: int(part) for name, part in parts.items()}


@dataclass
class Interval:
    """What an auditor knows of one interval."""

    imports: dict = field(default_factory=dict)
    exports: dict = field(default_factory=dict)
    not_local: dict = field(default_factory=dict)
    carried: dict = field(default_factory=dict)


def read_intervals(folder: Path):
    """Read the metered facts; returns intervals by start and the shares that the cooperative claims."""
    intervals, claimed = defaultdict(Interval), {}
    with gzip.open(folder / "intervals.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            interval = intervals[row["start"]]
            interval.imports[row["site"]] = int(row["import_wh"])
            interval.exports[row["site"]] = int(row["export_wh"])
            interval.not_local[row["site"]] = int(row["not_local_wh"])
            interval.carried[row["site"]] = int(row["carried_wh"])
            claimed[row["start"], row["site"]] = (int(row["received_wh"]), int(row["delivered_wh"]))
    return intervals, claimed


def share(interval: Interval):
    """The dynamic proportional key in whole Wh: received and delivered by site, and M."""
    local = {site: fed_in - interval.not_local[site] for site, fed_in in interval.exports.items()}
    matched = min(sum(interval.imports.values()), sum(local.values()))
    return split(matched, interval.imports), split(matched, local)


def version_on(tariff, day: date):
    for version in tariff["versions"]:
        starts = date.fromisoformat(version["valid_from"])
        ends = date.fromisoformat(version["valid_to"]) if version["valid_to"] else date.max
        if starts <= day < ends:
            return version
    raise AssertionError(f"no tariff version on {day}")


def window_of(version, local: datetime):
    """Name and multiplier of the time-of-use window that holds the local time."""
    for window in version["windows"]:
        kind = "weekend" if local.weekday() >= 5 else "weekday"
        if kind not in window["days"]:
            continue
        minutes = local.hour * 60 + local.minute
        if window["start_minute"] <= minutes < window["end_minute"]:
            return window["name"], Decimal(window["multiplier"])
    return "base", Decimal(1)


def prices_at(tariff, start: str):
    """Window, retail, feed-in and mid-market price of the interval, six decimals, half even."""
    local = datetime.fromisoformat(start).astimezone(ZoneInfo(tariff["time_zone"]))
    version = version_on(tariff, local.date())
    window, multiplier = window_of(version, local)
    retail = (Decimal(version["energy_per_kwh"]) * multiplier).quantize(SIX, rounding=ROUND_HALF_EVEN)
    feed_in = Decimal(version["export_per_kwh"]).quantize(SIX, rounding=ROUND_HALF_EVEN)
    local_price = ((retail + feed_in) / 2).quantize(SIX, rounding=ROUND_HALF_EVEN)
    return window, retail, feed_in, local_price


def recompute(folder: Path):
    """Recompute the whole month; returns lines {(kind, site): {(component, window): (quantity, net_minor)}} and more."""
    tariff = json.loads((folder / "tariff.json").read_text())
    intervals, claimed = read_intervals(folder)
    zone = ZoneInfo(tariff["time_zone"])
    wh = defaultdict(int)
    money = defaultdict(Fraction)
    local_value = defaultdict(Fraction)
    days, sites, share_faults = set(), set(), []
    for start in sorted(intervals):
        interval = intervals[start]
        window, retail, feed_in, local_price = prices_at(tariff, start)
        day = datetime.fromisoformat(start).astimezone(zone).date()
        days.add(day)
        incentive = Decimal(version_on(tariff, day)["incentive_per_kwh"])
        received, delivered = share(interval)
        for site, drawn in interval.imports.items():
            sites.add(site)
            got, gave = received[site], delivered[site]
            if claimed[start, site] != (got, gave):
                share_faults.append((start, site, claimed[start, site], (got, gave)))
            for key, amount, price in (
                ((("bill", site), "local", window), got, local_price),
                ((("bill", site), "grid", window), drawn - got, retail),
                ((("bill", site), "incentive", ""), got, -incentive),
                ((("credit", site), "carried", ""), interval.carried[site], retail),
                ((("credit", site), "export", ""), interval.exports[site] - gave - interval.carried[site], feed_in),
            ):
                wh[key] += amount
                money[key] += amount * Fraction(price) / 10
            local_value[site] += gave * Fraction(local_price)
            wh[("credit", site), "local_delivered", ""] += gave
    lines = defaultdict(dict)
    for (document, component, window), quantity in wh.items():
        if quantity and component != "local_delivered":
            lines[document][component, window] = (quantity, half_away(money[document, component, window]))
    for site in sites:
        standing = sum(Fraction(version_on(tariff, day)["standing_per_day"]) for day in days) * 100
        lines["bill", site]["standing", ""] = (len(days), half_away(standing))
    paid = sum(net for doc in lines.values() for (component, _), (_, net) in doc.items() if component == "local")
    for site, cents in split(paid, {s: v for s, v in local_value.items() if v}).items():
        lines["credit", site]["local_delivered", ""] = (wh[("credit", site), "local_delivered", ""], cents)
    for support in tariff["supports"]:
        for site in support["sites"]:
            cents = half_away(Fraction(support["per_day"]) * len(days) * 100)
            lines["credit", site]["low_income", support["name"]] = (len(days), cents)
    return tariff, lines, share_faults, paid


def vat(net_minor: int, rate: str) -> int:
    return int((Decimal(net_minor) * Decimal(rate)).quantize(Decimal(1), rounding=ROUND_HALF_UP))
