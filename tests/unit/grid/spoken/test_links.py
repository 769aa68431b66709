"""How links to devices go, and what rows call themselves, has German with the same figures in it."""

import pytest

from grid.domain.devices.links import SENTENCES
from grid.domain.spoken.book import BOOK
from grid.domain.spoken.links import LINKS, ROWS
from kernel.phrases import PLACE

FILLED = {"n": "7", "p": "in balance", "q": "in balance", None: "Elm"}


@pytest.mark.parametrize("sentence", SENTENCES.values())
def test_each_problem_of_a_link_is_said(sentence: str) -> None:
    assert BOOK.german(sentence) not in (None, sentence)


@pytest.mark.parametrize("phrase", [*LINKS, *ROWS], ids=lambda phrase: phrase.english[:40])
def test_a_sentence_is_read_back_with_its_places(phrase) -> None:
    english = PLACE.sub(lambda place: FILLED[place[2]], phrase.english)
    german = BOOK.german(english)
    assert german
    assert german != english
    assert german.count("7") == english.count("7")
    assert german.count("Elm") == english.count("Elm")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("gives 4.20 kW, at most 3.00 kW, 64 % charged", "gibt 4,20 kW ab, höchstens 3,00 kW, zu 64 % geladen"),
        ("It did not answer in time. At register 40000.", "Es hat nicht rechtzeitig geantwortet. Bei Register 40000."),
        ("surplus at 2016-04-02 11:34:45 UTC", "Überschuss am 02.04.2016, 11:34:45 UTC"),
        ("first in, first out from 2010-01-01", "zuerst hinein, zuerst hinaus ab 01.01.2010"),
    ],
)
def test_figures_and_days_are_written_as_germans_do(written: str, said: str) -> None:
    assert BOOK.german(written) == said
