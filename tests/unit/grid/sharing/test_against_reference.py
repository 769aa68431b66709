"""All five keys and their prices against plain fractions and loops, on seeded random cases (thousands: `script/bench share`)."""

import json
from decimal import Decimal
from typing import Any

import pytest

from grid.adapters.share_file import case_from
from grid.domain.prices import PriceRule
from grid.domain.sharing.case import ShareCase, share_case
from grid.domain.sharing.terms import ShareRule
from tests.share_reference import answer, exact, random_case

CASES = range(20)


def read(case: dict[str, Any]) -> ShareCase:
    return case_from(json.loads(json.dumps(case), parse_float=Decimal))


def solved(case: dict[str, Any]) -> dict[str, Any]:
    read_case = read(case)
    result = share_case(read_case)
    return {
        "received_wh": dict(zip(read_case.members, result.received_wh.T.tolist(), strict=True)),
        "delivered_wh": dict(zip(read_case.members, result.delivered_wh.T.tolist(), strict=True)),
        "buy_price_per_kwh": list(result.buy),
        "sell_price_per_kwh": list(result.sell),
        "matched_wh": result.matched_wh.tolist(),
    }


@pytest.mark.parametrize("rule", list(ShareRule))
def test_every_rule_equals_the_reference_to_the_watt_hour(rule: str) -> None:
    for seed in CASES:
        case = random_case(seed, rule)
        assert solved(case) == answer(case), (rule, seed)


@pytest.mark.parametrize("rule", list(ShareRule))
def test_the_order_in_which_members_and_orders_are_given_does_not_matter(rule: str) -> None:
    for seed in CASES:
        case = random_case(seed, rule)
        turned = case | {key: case[key][::-1] for key in ("members", "bids", "offers") if key in case}
        assert solved(turned) == solved(case), (rule, seed)


@pytest.mark.parametrize("rule", [rule for rule in ShareRule if rule != ShareRule.MARKET])
def test_no_watt_hour_is_lost_made_or_forced_on_anybody(rule: str) -> None:
    for seed in CASES:
        case = random_case(seed, rule)
        shared = solved(case)
        for t, matched in enumerate(shared["matched_wh"]):
            drawn = sum(values[t] for values in case["consumption_wh"].values())
            fed_in = sum(values[t] for values in case["production_wh"].values())
            assert matched <= min(drawn, fed_in) if rule == "static" else matched == min(drawn, fed_in)
            for side, given in (("received_wh", "consumption_wh"), ("delivered_wh", "production_wh")):
                assert sum(values[t] for values in shared[side].values()) == matched
                for name, values in shared[side].items():
                    assert 0 <= values[t] <= case[given][name][t]


@pytest.mark.parametrize("price_rule", [PriceRule.MID_MARKET, PriceRule.SUPPLY_DEMAND_RATIO])
def test_nobody_is_worse_off_than_alone_with_the_retailer(price_rule: str) -> None:
    """f <= sell and buy <= b, and what the members pay together is what the public grid asks."""
    for seed in CASES:
        case = random_case(seed, "dynamic") | {"price_rule": price_rule}
        shared = solved(case)
        for t, matched in enumerate(shared["matched_wh"]):
            b, f = (
                exact(value[t] if isinstance(value, list) else value)
                for value in (case["retail_price_per_kwh"], case["feed_in_price_per_kwh"])
            )
            drawn = sum(values[t] for values in case["consumption_wh"].values())
            fed_in = sum(values[t] for values in case["production_wh"].values())
            buy, sell = shared["buy_price_per_kwh"][t], shared["sell_price_per_kwh"][t]
            assert buy is None or f <= buy <= b
            assert sell is None or f <= sell <= b
            paid = drawn * (buy or 0) - fed_in * (sell or 0)
            assert paid == (drawn - matched) * b - (fed_in - matched) * f


def test_an_interval_whose_ratio_has_no_price_says_so() -> None:
    case = random_case(1, "dynamic") | {"price_rule": "supply_demand_ratio", "feed_in_price_per_kwh": 0, "retail_price_per_kwh": 0.3}
    assert list(share_case(read(case)).fell_back) == list(range(len(case["consumption_wh"][case["members"][0]["id"]])))
