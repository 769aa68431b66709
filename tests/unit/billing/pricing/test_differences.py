"""A tariff in words: what it says, and what changes from one version to the next."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from billing.domain.pricing.differences import changes
from billing.domain.pricing.hours_in_words import hours_a_week, hours_in_words
from billing.domain.pricing.parts import KINDS
from billing.domain.pricing.reading import parts_from_json
from billing.domain.pricing.words import part_in_words
from billing.domain.tariffs import TariffTerms, WindowTerms

EVENING = WindowTerms("evening", "every_day", 1020, 1260, Decimal("1.2"))
EXAMPLES: list[dict[str, Any]] = [
    {"kind": "standing", "amount": "9", "per": "month"},
    {"kind": "energy", "periods": [{"name": "all", "tiers": [{"price": "0.30", "up_to": "200"}, {"price": "0.34"}]}]},
    {
        "kind": "peak_multiplier",
        "base_price": "0.3",
        "multipliers": [{"name": "peak", "times": "1.2"}],
        "schedule": [{"period": 1, "from": "17:00", "to": "21:00"}],
    },
    {"kind": "spot", "index": "day-ahead", "margin": "0.1", "cap": "0.5", "surplus_factor": "0.8"},
    {"kind": "local", "rule": "discount", "share": "0.6"},
    {"kind": "demand", "periods": [{"name": "all", "tiers": [{"price": "5"}]}], "ratchet_percent": "80", "ratchet_months": 11},
    {"kind": "capacity", "steps": [{"fuse_a": 35, "amount": "10"}]},
    {"kind": "reactive", "price": "0.02", "free_share": "0.5"},
    {"kind": "export", "rule": "net_metering", "year_end_price": "0.05"},
    {"kind": "incentive", "price": "0.02", "basis": "off_peak", "schedule": [{"period": 1, "from": "12:00", "to": "14:00"}]},
    {"kind": "levy", "name": "fund", "percent": "2", "on": ["energy"]},
    {"kind": "discount", "name": "founders", "amount_per_month": "1.50"},
    {"kind": "vat", "rate": "0.07"},
    {"kind": "minimum", "amount": "60", "per": "year"},
]


def terms(*parts: dict[str, Any], **changed: Any) -> TariffTerms:
    given = {
        "version_id": 1,
        "standing_per_day": Decimal("0.30"),
        "energy_per_kwh": Decimal("0.27"),
        "export_per_kwh": Decimal("0.08"),
        "incentive_per_kwh": Decimal(0),
        "vat_rate": Decimal("0.19"),
        "windows": (EVENING,),
        "parts": parts_from_json(list(parts)),
    }
    return TariffTerms(**(given | changed))


def said(before: TariffTerms, after: TariffTerms) -> list[tuple[str, str]]:
    return [(change.kind, change.text) for change in changes(before, after, "EUR")]


def test_every_kind_of_part_has_words() -> None:
    told = {part["kind"]: part_in_words(parts_from_json([part])[0], "EUR") for part in EXAMPLES}
    assert set(told) == set(KINDS)
    assert told["energy"] == "Energy: 0.3 up to 200 kWh a month, then 0.34 EUR per kWh, tiers filled as energy is drawn"
    assert told["demand"].endswith("5 EUR per kW, at least 80 % of the highest of 11 months before")
    assert told["incentive"] == "Thank-you: 0.02 EUR for each kWh drawn every day 12:00-14:00"


def test_windows_and_a_painted_week_of_the_same_prices_differ_in_nothing() -> None:
    painted = {
        "kind": "energy",
        "periods": [{"name": "low", "tiers": [{"price": "0.27"}]}, {"name": "high", "tiers": [{"price": "0.324"}]}],
        "schedule": [{"period": 1, "from": "17:00", "to": "21:00"}],
    }
    assert said(terms(), terms(painted)) == []


def test_prices_are_compared_hour_by_hour() -> None:
    painted = {
        "kind": "energy",
        "periods": [{"name": "low", "tiers": [{"price": "0.27"}]}, {"name": "high", "tiers": [{"price": "0.4"}]}],
        "schedule": [{"period": 1, "from": "17:00", "to": "22:00", "days": ["sat", "sun"], "months": [12, 1, 2]}],
    }
    assert said(terms(), terms(painted)) == [
        (
            "less",
            "Energy, 26 hours a week, Dec-Feb: Mon-Fri, holidays 17:00-21:00; Mar-Nov: every day 17:00-21:00: 0.324 EUR per kWh becomes 0.27 EUR per kWh",
        ),
        ("more", "Energy, 2 hours a week, Dec-Feb: Sat, Sun 17:00-21:00: 0.324 EUR per kWh becomes 0.4 EUR per kWh"),
        ("more", "Energy, 0.5 hours a week, Dec-Feb: Sat, Sun 21:00-22:00: 0.27 EUR per kWh becomes 0.4 EUR per kWh"),
    ]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (terms(standing_per_day=Decimal("0.33")), [("more", "Standing charge: 0.3 becomes 0.33 EUR a day (+10.0 %)")]),
        (terms(vat_rate=Decimal("0.07")), [("less", "VAT: 19 becomes 7 % (-63.2 %)")]),
        (terms(EXAMPLES[10]), [("new", "New. Levy 'fund': 2 % of energy")]),
    ],
)
def test_other_prices_and_parts_are_named(after: TariffTerms, expected: list[tuple[str, str]]) -> None:
    assert said(terms(), after) == expected


def test_a_part_that_goes_and_one_that_changes_are_told_apart() -> None:
    dearer = EXAMPLES[10] | {"percent": "3"}
    assert said(terms(EXAMPLES[10]), terms()) == [("gone", "No longer: Levy 'fund': 2 % of energy")]
    assert said(terms(EXAMPLES[10]), terms(dearer)) == [("other", "Levy 'fund': 3 % of energy. Before: Levy 'fund': 2 % of energy")]


def test_hours_are_told_for_all_and_for_none_of_the_week() -> None:
    everywhere = np.ones((12, 8, 1440), dtype=bool)
    assert (hours_in_words(everywhere), hours_a_week(everywhere)) == ("at all hours", 168.0)
    nights = np.zeros_like(everywhere)
    nights[:, :, 1320:] = nights[:, :, :360] = True
    assert hours_in_words(nights) == "every day 00:00-06:00 and 22:00-24:00"
