"""Kept sentences are read back into phrase and places, and said again: by a German of their own, or by the catalogue's."""

from kernel.phrases import Phrase, PhraseBook

CATALOGUE = {
    "%(missing)s of %(days)s days have no readings.": "An %(missing)s von %(days)s Tagen fehlen Werte.",
    "Taken back: %(why)s": "Zurückgenommen: %(why)s",
    "by hand": "von Hand",
    "%(share)s %% of %(all)s %%": "%(share)s %% von %(all)s %%",
    "100%% of it": "100 %% davon",
    "%(who)s pays %(who)s": "%(who)s zahlt an sich selbst",
}
FILED = PhraseBook.of(*CATALOGUE)


def say(sentence: str) -> str:
    return CATALOGUE[sentence]


def test_places_are_carried_over_and_figures_are_written_as_germans_do() -> None:
    book = PhraseBook(
        [
            Phrase("{who} has {count:n} apples; {more:p}.", "{who} hat {count} Äpfel; {more}."),
            Phrase("no pears", "keine Birnen"),
            Phrase("Well.", "Nun."),
        ]
    )
    assert book.german("Ann has 1,234.5 apples; no pears.") == "Ann hat 1.234,5 Äpfel; keine Birnen."
    assert book.german("Well. Ann has 2 apples; no pears.") == "Nun. Ann hat 2 Äpfel; keine Birnen."
    assert book.german("Ann has 2 apples; some plums.") is None
    assert book.german("Ann has two apples; no pears.") is None


def test_a_name_stands_where_no_phrase_fits() -> None:
    book = PhraseBook([Phrase("{limit:q} binds.", "{limit} bindet."), Phrase("import limit", "Bezugsgrenze")])
    assert [book.german(f"{name} binds.") for name in ("import limit", "Line 7")] == ["Bezugsgrenze bindet.", "Line 7 bindet."]


def test_what_the_catalogue_says_is_filled_with_phrases_figures_and_days() -> None:
    assert FILED.said("3 of 31 days have no readings.", say) == "An 3 von 31 Tagen fehlen Werte."
    assert FILED.said("Taken back: by hand", say) == "Zurückgenommen: von Hand"
    assert FILED.said("Taken back: 1,234.50 EUR", say) == "Zurückgenommen: 1.234,50 EUR"
    assert FILED.said("Taken back: paid on 2016-03-27", say) == "Zurückgenommen: paid on 27.03.2016"


def test_a_per_cent_sign_is_doubled_beside_places_only() -> None:
    assert FILED.said("7 % of 9 %", say) == "7 % von 9 %"
    assert FILED.said("100%% of it", say) == "100 % davon"


def test_a_place_that_comes_twice_holds_the_same() -> None:
    assert FILED.said("Ann pays Ann", say) == "Ann zahlt an sich selbst"
    assert FILED.said("Ann pays Ben", say) == "Ann pays Ben"


def test_sentences_that_are_known_are_said_among_others_that_are_not() -> None:
    text = "Nobody knows. 3 of 31 days have no readings. Well."
    assert FILED.german(text, say) is None
    assert FILED.said(text, say) == "Nobody knows. An 3 von 31 Tagen fehlen Werte. Well."


def test_books_are_joined() -> None:
    both = FILED.joined([PhraseBook([Phrase("{count:n} by {way:q}", "{count} {way}")])])
    assert both.said("2 by by hand", say) == "2 von Hand"
