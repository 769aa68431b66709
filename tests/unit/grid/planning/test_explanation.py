"""Why a plan does what it does."""

import pytest

from grid.adapters.plan_file import plan_from
from grid.domain.planning.explanation import explain, passages_of
from grid.domain.planning.search import find_plan
from tests.plan_scenarios import named_scenarios

NAMED = named_scenarios()
CLOCK = [f"{hour:02d}:00" for hour in range(24)]


def told(name: str) -> list[str]:
    problem = plan_from(NAMED[name])
    return [" ".join(reason.sentences) for reason in explain(problem, find_plan(problem), CLOCK)]


def test_a_charge_names_its_source_what_it_is_for_and_what_it_would_fetch_now() -> None:
    assert told("an ordinary day")[8] == ("battery charges 2.6 kW from the roofs: that energy is worth 0.34 at 18:00; 0.08 if sold now.")


def test_a_discharge_names_where_it_came_from_and_what_it_replaces() -> None:
    sentences = told("an ordinary day")
    assert sentences[6] == "battery gives 0.4 kW that it held from the start, instead of energy bought at 0.30."
    assert "it stored at 09:00, instead of energy bought at 0.38" in sentences[19]


def test_an_idle_hour_says_what_the_battery_waits_for() -> None:
    sentences = told("an ordinary day")
    assert "the storages are full" in sentences[12]
    assert "kept for 17:00, when it replaces 0.38" in sentences[0]


def test_negative_prices_peaks_and_curtailment_are_named() -> None:
    assert "taking energy now earns 0.17 per kWh" in told("negative prices at noon")[10]
    assert "keeps the highest import low" in told("peak price")[19]
    assert "the export limit is reached" in told("tight export limit with curtailment")[12]
    assert "the lowest price of its window" in told("car and limit")[9]


def test_every_interval_of_every_scenario_has_a_sentence() -> None:
    for name in ("two unlike storages", "island with too little", "end value above the price", "washing in one run"):
        assert all(told(name)), name


def test_what_is_charged_leaves_again_or_stays() -> None:
    problem = plan_from(NAMED["self-discharge"])
    plan = find_plan(problem)
    passages = passages_of(problem, plan, 0)
    assert sum(p.discharged_wh for p in passages if p.end < 24) == pytest.approx(plan.discharge_w.sum(), abs=1e-3)
    assert sum(p.charged_wh for p in passages) == pytest.approx(plan.charge_w.sum(), abs=1e-3)
