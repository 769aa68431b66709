"""What people read of a page, and which of it a German page still says in English."""

import gettext
import re
from html.parser import HTMLParser
from pathlib import Path

READ_ALOUD = {"alt", "aria-label", "data-name", "placeholder", "title"}
# Small words without which no English sentence does; those that German has too are left out.
SMALL_WORDS = frozenset(
    [
        "the",
        "of",
        "is",
        "are",
        "to",
        "and",
        "not",
        "by",
        "for",
        "with",
        "no",
        "nothing",
        "what",
        "who",
        "which",
        "how",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "from",
        "they",
        "be",
        "were",
        "at",
        "or",
        "has",
        "have",
        "had",
        "been",
        "can",
        "may",
        "would",
        "each",
        "every",
        "their",
        "your",
        "you",
        "our",
        "we",
        "as",
        "but",
        "where",
        "when",
        "here",
        "there",
        "out",
        "only",
        "one",
        "more",
        "than",
        "before",
        "after",
        "into",
        "until",
        "already",
        "yet",
    ]
)
CATALOGUE = Path(__file__).resolve().parents[1] / "locale" / "de" / "LC_MESSAGES" / "django.mo"


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("script", "style")
        self.found += [" ".join(value.split()) for name, value in attrs if name in READ_ALOUD and value]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self.silent and data.strip():
            self.found.append(" ".join(data.split()))


def texts_of(page: str) -> list[str]:
    """Texts of a page, those for ears included."""
    texts = _Texts()
    texts.feed(page)
    return texts.found


def left_in_english(english: str, german: str, data: frozenset[str] = frozenset()) -> list[str]:
    """What the German page says as the English one does, though it is a sentence, or has a German that was not taken; `data` may."""
    with CATALOGUE.open("rb") as file:
        known = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    same = set(texts_of(english)) & set(texts_of(german)) - data
    return sorted(text for text in same if _is_sentence(text) or _has_german(text, known))


def _is_sentence(text: str) -> bool:
    words = re.findall(r"[a-z']+", text.lower())
    return " " in text and len(words) > 1 and not SMALL_WORDS.isdisjoint(words)


def _has_german(text: str, known: dict[object, str]) -> bool:
    said = {known.get(form, form).casefold() for form in (text, text[:1].lower() + text[1:])}
    return said != {text.casefold()}
