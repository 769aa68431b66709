"""What if a time-of-use tariff with tiers had held for a year of quarter hours, for many members at once.

`script/bench whatif [--members 1000] [--days 365] [--against pysam] [--peer-members 20] [--json]`. Timed is the whole rating by our own
conventions: calendar, sums, tiers, rounded lines, VAT. Against Utilityrate5 the same tariff and energy are billed by SAM's conventions too,
each bill of the peer's members is compared (`worst`, currency units), and customer-years per second are set against each other.
"""

import argparse
import json
import resource
import sys
import time
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from benchmarks.random_tariffs import RateCase
from benchmarks.rate import CENT, ask_pysam
from benchmarks.sizes import at_least
from billing.domain.pricing.axis import axis_of_days, common_year
from billing.domain.pricing.conventions import OWN, SAM
from billing.domain.pricing.engine import rate
from billing.domain.pricing.lines import Rated
from billing.domain.pricing.metered import Metered
from billing.domain.pricing.money import MINOR
from billing.domain.pricing.parts import PricedTariff, Vat
from billing.domain.pricing.urdb import tariff_from_urdb
from kernel.intervals import LocalDay

ZONE = ZoneInfo("Europe/Berlin")
FIRST_DAY = date(2018, 1, 1)
PER_HOUR = 4


def main(argv: list[str]) -> int:
    """Measure; print one JSON object last. Ends with 1 where the peer's answer differs."""
    parser = argparse.ArgumentParser(prog="script/bench whatif", description=__doc__)
    parser.add_argument("--members", type=at_least(1), default=1000)
    parser.add_argument("--days", type=at_least(1), default=365)
    parser.add_argument("--against", choices=["pysam"])
    parser.add_argument("--peer-members", type=at_least(1), default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    days = [LocalDay(FIRST_DAY + timedelta(days=i), ZONE) for i in range(options.days)]
    wh = _draw_wh(options.members, sum(day.interval_count for day in days))
    tariff = tariff_of(_urdb())
    rated, seconds = _best_of_three(lambda: _rate_own(tariff, days, wh))
    years = options.members * options.days / 365
    summary: dict[str, Any] = {
        "name": "whatif",
        "seconds": round(seconds, 3),
        "items": options.members,
        "items_per_s": round(options.members / seconds, 1),
        "customer_years_per_s": round(years / seconds, 1),
        "intervals": wh.shape[1],
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "revenue": round(float(rated.net.sum()) / MINOR, 2),
    }
    if options.against:
        if options.days != 365:
            parser.error("the peer bills whole years: leave --days at 365")
        summary |= _against_pysam(wh, options.peer_members)
    print(json.dumps(summary))
    return 0 if summary.get("worst", 0.0) <= CENT else 1


def tariff_of(urdb: dict[str, Any]) -> PricedTariff:
    """The tariff with VAT, as a member of ours would have it."""
    as_written = json.loads(json.dumps(urdb), parse_float=Decimal)
    read = tariff_from_urdb(as_written, metering="none", tier_rule="chronological")
    return PricedTariff((*read.tariff.parts, Vat(Decimal("0.19"))), "EUR")


def _rate_own(tariff: PricedTariff, days: list[LocalDay], wh: NDArray[np.int64]) -> Rated:
    return rate(tariff, axis_of_days(days), Metered(wh, wh).without_export(), conventions=OWN)


def _against_pysam(wh: NDArray[np.int64], peer_members: int) -> dict[str, Any]:
    """The same task by the same rules: ours for all members, the peer's for some."""
    tariff, axis = tariff_of(_urdb()), common_year(PER_HOUR)
    plain = PricedTariff(tariff.parts[:-1], "USD")
    energy = wh.astype(np.float64)
    rated, seconds = _best_of_three(lambda: rate(plain, axis, Metered(energy, energy).without_export(), conventions=SAM))
    count = min(peer_members, len(wh))
    nothing = np.zeros(wh.shape[1])
    cases = [RateCase(f"member {i}", _urdb(), wh[i] / 1000, nothing, "none", "chronological") for i in range(count)]
    answer = ask_pysam(cases)
    bills = np.array([[month["total"] for month in months] for months in answer["months"]])
    worst = float(np.abs(bills - rated.net[:count] / MINOR).max())
    return {
        "worst": worst,
        "against": {
            "name": "Utilityrate5",
            "version": answer["version"],
            "seconds": round(answer["seconds"] * len(wh) / count, 1),
            "members": count,
            "customer_years_per_s": round(count / answer["seconds"], 1),
            "ours_by_its_rules_s": round(seconds, 3),
            "ratio": round(answer["seconds"] / count / (seconds / len(wh)), 1),
        },
    }


def _best_of_three(work: Any) -> tuple[Rated, float]:
    """The result and the shortest of three runs [s]; other work on the machine only ever adds to a run."""
    shortest, result = np.inf, None
    for _ in range(3):
        began = time.perf_counter()
        result = work()
        shortest = min(shortest, time.perf_counter() - began)
    assert result is not None
    return result, float(shortest)


def _draw_wh(members: int, intervals: int) -> NDArray[np.int64]:
    """Households that differ in size and habit; whole Wh."""
    random = np.random.default_rng(0)
    hour = np.arange(intervals) / PER_HOUR
    day = 1 + 0.6 * np.sin((hour % 24 - 9) / 24 * 2 * np.pi)
    year = 1 + 0.3 * np.cos(hour / 8760 * 2 * np.pi)
    size = random.gamma(4.0, 30.0, members)
    wh = random.gamma(1.5, 0.6, (members, intervals))
    wh *= size[:, None] * (day * year)
    return wh.astype(np.int64)


def _urdb() -> dict[str, Any]:
    """Three periods by season and weekday, each with three tiers of the month's energy."""
    prices = [(0.21, 0.24, 0.28), (0.29, 0.33, 0.38), (0.38, 0.43, 0.49)]
    tiers = [
        [{"rate": rate, "unit": "kWh", **({"max": limit} if limit else {})} for rate, limit in zip(row, (200, 450, None), strict=True)]
        for row in prices
    ]
    winter = [0] * 6 + [1] * 11 + [2] * 4 + [1] * 2 + [0]
    summer = [0] * 7 + [1] * 7 + [2] * 5 + [1] * 3 + [0] * 2
    weekend = [0] * 9 + [1] * 12 + [0] * 3
    return {
        "fixedchargefirstmeter": 0.25,
        "fixedchargeunits": "$/day",
        "minmonthlycharge": 12,
        "energyratestructure": tiers,
        "energyweekdayschedule": [summer if 4 <= month <= 8 else winter for month in range(12)],
        "energyweekendschedule": [weekend] * 12,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
