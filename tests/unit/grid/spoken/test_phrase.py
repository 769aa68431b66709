"""Sentences are read back into phrases and said in German."""

import inspect
import re

import numpy as np
import pytest

from grid.adapters.plan_file import plan_from
from grid.domain import findings
from grid.domain.alarms import Names, network_alarms
from grid.domain.control import drill_scenarios, grid_states, resynchronising
from grid.domain.control.dispatch import Situation, status_of
from grid.domain.network.powerflow import Flow
from grid.domain.network.stand_ins import SiteDraws
from grid.domain.planning.explanation import explain
from grid.domain.planning.search import find_plan
from grid.domain.spoken.book import BOOK, in_language
from kernel.phrases import PLACE
from tests.plan_scenarios import named_scenarios

CLOCK = [f"{hour:02d}:00" for hour in range(24)]


def test_what_alarms_are_called_is_not_taken_for_a_line() -> None:
    assert BOOK.german("line loading: L1") == "Leitungsauslastung: L1"
    assert BOOK.german("line L1") == "Leitung L1"
    assert BOOK.german("silent storage: B 2") == "stummer Speicher: B 2"


def test_what_holds_a_load_down_is_said_with_its_reason() -> None:
    assert (
        BOOK.german("1 load is held down: Car for work, planned to be ready by 17:00")
        == "1 Last wird gedrosselt: Car for work, nach Plan fertig bis 17:00 Uhr"
    )
    assert (
        BOOK.german("3 loads are held down: demand response until 11:00, Feierabend")
        == "3 Lasten werden gedrosselt: Lastverschiebung bis 11:00 Uhr, Feierabend"
    )


def test_every_phrase_uses_its_places_alike_and_is_read_back_as_itself() -> None:
    english = [phrase.english for phrase in BOOK.phrases]
    for phrase in BOOK.phrases:
        places = {found[1] for found in PLACE.finditer(phrase.english)}
        assert places == set(re.findall(r"\{(\w+)\}", phrase.german)), phrase.english
    assert len(english) - len(set(english)) <= 2  # words that two topics share


@pytest.mark.parametrize("ways", [[1], [2], [3], [1, 2], [1, 3], [2, 3], [1, 2, 3], [0, 1, 1, 2, 3]])
def test_whichever_way_silent_sites_are_stood_in_for_is_said_in_german(ways: list[int]) -> None:
    nothing = np.zeros(len(ways))
    said = BOOK.german(SiteDraws(nothing, nothing, nothing, np.array(ways, dtype=np.int8)).words)
    assert "Anschlüssen melden sich nicht oder sind nicht glaubhaft" in said
    assert not {"by", "forecast", "days", "share", "estimated"} & set(re.findall(r"\w+", said)), said


def test_other_languages_read_what_was_written() -> None:
    assert in_language("Supply and use are in balance.", "fr") == "Supply and use are in balance."
    assert in_language("Something nobody wrote.", "de") == "Something nobody wrote."


def flow(loading: float, voltage_pu: float) -> tuple[Flow, Names]:
    names = Names(["Bus 1", "Bus 2, left"], ["Line 1"], ["Trafo. A"], np.full(2, 0.9), np.full(2, 1.1), np.array([False, False]))
    empty = np.zeros(1)
    given = {
        "voltage_pu": np.array([voltage_pu, np.nan]),
        "line_loading": np.array([loading]),
        "transformer_loading": np.array([loading]),
        "line_power_w": empty,
        "transformer_power_w": empty,
        "losses_w": 0.0,
    }
    wanted = inspect.signature(Flow).parameters
    return Flow(**{name: given.get(name, empty) for name in wanted}), names


def spoken_findings() -> list[str]:
    told = []
    for loading, voltage_pu in ((1.2, 0.85), (0.85, 1.15), (0.5, 1.0995)):
        seen, names = flow(loading, voltage_pu)
        told += [one.sentence for one in findings.network_findings(seen, names, {("voltage_high", "Bus 1")})]
        told += [alarm.sentence for alarm in network_alarms(seen, names)]
    told += [one.sentence for one in findings.frequency_findings(np.array([48.7]))]
    told += [one.sentence for one in findings.exchange_findings(2e4, 2e4, 10_000, 10_000)]
    told += [one.sentence for one in findings.late_findings(20.0, 2.5)]
    told += [findings.stopped_finding(30.0, owner).sentence for owner in (True, False)]
    told += [one.sentence for one in findings.silence_findings(np.array([True, False]), ["B1"], np.array([False]))]
    return told + [one.sentence for one in findings.unacknowledged_findings(["B1"])]


def spoken_states() -> list[str]:
    limits = (10_000, 10_000)
    situations = [
        Situation(import_w, export_w, 0, 0, *limits, 3, 4) for import_w, export_w in ((9e3, 0), (0, 9e3), (0, 2e3), (2e3, 0), (0, 0))
    ]
    told = [sentence for one in situations for sentence in status_of(one)[1]]
    told += re.findall(r'"([A-Z][^"]+\.)"\)', inspect.getsource(grid_states))
    return told + [one.title for one in drill_scenarios.SCENARIOS.values()]


@pytest.mark.parametrize("sentence", sorted({*spoken_findings(), *spoken_states()}))
def test_what_ticks_say_is_said_in_german(sentence: str) -> None:
    german = BOOK.german(sentence)
    assert german is not None and german != sentence


def test_what_joining_waits_for_is_said_in_german() -> None:
    assert (
        len(re.findall(r"Closing\(", inspect.getsource(resynchronising)))
        == len([phrase for phrase in BOOK.phrases if phrase.english.startswith(("Waits to join", "The breaker is told"))]) + 1
    )  # the class itself


@pytest.mark.parametrize(
    "name",
    [
        "an ordinary day",
        "negative prices at noon",
        "peak price",
        "tight export limit with curtailment",
        "car and limit",
        "island with too little",
        "end value above the price",
        "washing in one run",
    ],
)
def test_why_a_plan_does_what_it_does_is_said_in_german(name: str) -> None:
    problem = plan_from(named_scenarios()[name])
    sentences = {sentence for reason in explain(problem, find_plan(problem), CLOCK) for sentence in reason.sentences}
    assert [sentence for sentence in sorted(sentences) if BOOK.german(sentence) is None] == []
