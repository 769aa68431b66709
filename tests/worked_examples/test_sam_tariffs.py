"""Months that NREL's SAM bills, worked by hand from the tariffs in tests/data/urdb (source: domain rules, section 8)."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from billing.domain.pricing.axis import common_year
from billing.domain.pricing.conventions import SAM
from billing.domain.pricing.engine import rate
from billing.domain.pricing.lines import Rated
from billing.domain.pricing.metered import Metered
from billing.domain.pricing.urdb import Metering, tariff_from_urdb

URDB = Path(__file__).resolve().parent.parent / "data" / "urdb"
JANUARY, JUNE = 0, 5
SCHEDULE = [[0] * 24] * 12


def even_month(month: int, kwh: float) -> np.ndarray:
    """A year in which only one month has energy, the same in each hour."""
    within = common_year().month == month
    return np.where(within, kwh * 1000 / within.sum(), 0.0)[None]


def billed(tariff: dict[str, Any], drawn: np.ndarray, fed_in: np.ndarray | None = None, metering: Metering = "none") -> Rated:
    read = tariff_from_urdb(tariff, metering=metering, tier_rule="chronological")
    energy = Metered(drawn, np.zeros_like(drawn) if fed_in is None else fed_in)
    return rate(read.tariff, common_year(), energy, conventions=SAM)


def from_file(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((URDB / f"{name}.json").read_text(), parse_float=Decimal)
    return found


def test_a_flat_rate_with_an_adjustment_and_a_monthly_charge() -> None:
    rated = billed(from_file("jea_rs"), even_month(JANUARY, 573.4405))
    assert rated.net[0, JANUARY] / 100 == pytest.approx(76.2308, abs=5e-5)


def test_daily_limits_make_tiers_of_the_month() -> None:
    rated = billed(from_file("pge_e1_t"), even_month(JANUARY, 573.4405))
    assert rated.net[0, JANUARY] / 100 == pytest.approx(169.9025, abs=5e-5)
    assert rated.of("minimum")[0].tolist() == [0.0] + [1000.0] * 11


def test_flat_demand_is_billed_in_steps() -> None:
    drawn = even_month(JANUARY, 0.0)
    drawn[0, 100] = 387_891.3
    rated = billed(from_file("c_flat_demand_tiers_seasonal"), drawn)
    assert rated.of("demand")[0, JANUARY] / 100 == pytest.approx(3651.9402, abs=5e-5)


def test_net_billing_buys_import_and_credits_export_in_the_month() -> None:
    tariff = {
        "fixedchargefirstmeter": Decimal("0.45"),
        "fixedchargeunits": "$/day",
        "energyratestructure": [[{"rate": Decimal("0.2925"), "sell": Decimal("0.082")}]],
        "energyweekdayschedule": SCHEDULE,
        "energyweekendschedule": SCHEDULE,
    }
    daylight = (np.arange(8760) % 24 >= 6) & (np.arange(8760) % 24 < 18)
    within = common_year().month == JUNE
    drawn = np.where(within & ~daylight, 262_465.6 / 360, 0.0)[None]
    fed_in = np.where(within & daylight, 528_810.0 / 360, 0.0)[None]
    rated = billed(tariff, drawn, fed_in, "net-billing")
    assert rated.net[0, JUNE] / 100 == pytest.approx(47.0963, abs=5e-5)


def test_a_ratchet_bills_a_part_of_months_before_and_of_the_year_before() -> None:
    """10 kW, but 100 in July and 50 in December; at least 80 % of two months before, where the year turns of three."""
    axis = common_year()
    drawn = np.full((1, 8760), 10_000.0)
    drawn[0, np.flatnonzero(axis.month == 6)[3]] = 100_000.0
    drawn[0, np.flatnonzero(axis.month == 11)[3]] = 50_000.0
    tariff = {
        "energyratestructure": [[{"rate": 0}]],
        "energyweekdayschedule": SCHEDULE,
        "energyweekendschedule": SCHEDULE,
        "flatdemandstructure": [[{"rate": 1}]],
        "flatdemandmonths": [0] * 12,
        "lookbackpercent": Decimal("0.8"),
        "lookbackrange": 2,
    }
    rated = billed(tariff, drawn)
    assert rated.net[0] / 100 == pytest.approx([40, 40, 40, 10, 10, 10, 100, 80, 80, 10, 10, 50])
    named = billed(tariff | {"lookbackrange": 0, "lookbackmonths": [False] * 11 + [True]}, drawn)
    assert named.net[0] / 100 == pytest.approx([40, 40, 40, 40, 40, 40, 100, 40, 40, 40, 40, 50])


def test_by_the_hour_every_time_of_use_is_billed_by_the_one_power_that_a_ratchet_gives() -> None:
    drawn = even_month(JANUARY, 0.0)
    drawn[0, 5], drawn[0, 12] = 30_000.0, 50_000.0
    halves = [[0] * 10 + [1] * 14] * 12
    tariff = {
        "energyratestructure": [[{"rate": 0}]],
        "energyweekdayschedule": SCHEDULE,
        "energyweekendschedule": SCHEDULE,
        "demandratestructure": [[{"rate": 1}], [{"rate": 2}], [{"rate": 9}]],
        "demandweekdayschedule": halves,
        "demandweekendschedule": halves,
        "lookbackpercent": Decimal("0.5"),
        "lookbackrange": 1,
    }
    assert billed(tariff, drawn).of("demand")[0] / 100 == pytest.approx([150, 75, *[0] * 10])


def test_a_step_that_ends_below_the_block_before_it_is_taken_off_again() -> None:
    """1 kW for 744 hours: 100 kWh/kW end at 100, the step inside the next block at 50, so 100 x 1 - 50 x 2 + 694 x 3."""
    tiers = [
        {"rate": 1, "unit": "kWh/kW", "max": 100},
        {"rate": 9, "unit": "kWh/kW", "max": 300},
        {"rate": 2, "unit": "kWh", "max": 50},
        {"rate": 3, "unit": "kWh/kW"},
    ]
    tariff = {"energyratestructure": [tiers], "energyweekdayschedule": SCHEDULE, "energyweekendschedule": SCHEDULE}
    rated = billed(tariff, even_month(JANUARY, 744.0))
    assert rated.net[0, JANUARY] / 100 == pytest.approx(2082)
