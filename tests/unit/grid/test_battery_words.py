"""Why a battery did what it did, told in both languages."""

from decimal import Decimal

import pytest

from grid.domain.battery_words import ENGLISH, GERMAN, WORDS, Deed, Word


def test_a_planned_discharge_names_energy_and_price():
    deed = Deed(Word.PLAN, 0, 1200, 1200, Decimal("0.3"))
    assert ENGLISH.sentence(deed) == "Gave 1.20 kWh, as planned: otherwise a kilowatt-hour would have cost the village 0.300."
    assert GERMAN.sentence(deed) == "Gab nach Plan 1,20 kWh ab: Sonst hätte eine Kilowattstunde das Dorf 0,300 gekostet."


def test_what_was_asked_is_said_where_the_meter_shows_something_else():
    assert ENGLISH.sentence(Deed(Word.BALANCE, 300, 0, 900, Decimal("0.08"))).endswith("Asked for were 0.90 kWh.")
    assert "Asked" not in ENGLISH.sentence(Deed(Word.BALANCE, 860, 0, 900, Decimal("0.08")))
    assert ENGLISH.sentence(Deed(Word.NONE, 0, 0, 0, None)) == "Rested."


@pytest.mark.parametrize("words", WORDS.values(), ids=list(WORDS))
def test_every_language_has_words_for_everything(words):
    for told in (words.took, words.gave, words.rested):
        assert set(told) == set(Word)
    assert set(words.labels) == set(ENGLISH.labels)
