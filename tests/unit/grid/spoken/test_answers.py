"""What forms, the API and mails answer has German, with the same figures in it."""

import pytest

from grid.domain.spoken.answers import ANSWERS
from grid.domain.spoken.book import BOOK
from kernel.phrases import PLACE

FILLED = {"n": "7", "p": "in balance", "q": "in balance", "s": "in balance", "c": "L1", None: "Elm"}


@pytest.mark.parametrize("phrase", ANSWERS, ids=lambda phrase: phrase.english[:40])
def test_a_sentence_is_read_back_with_its_places(phrase) -> None:
    english = PLACE.sub(lambda place: FILLED[place[2]], phrase.english)
    german = BOOK.german(english)
    assert german
    assert german != english
    assert german.count("7") == english.count("7")
    assert german.count("Elm") == english.count("Elm")
