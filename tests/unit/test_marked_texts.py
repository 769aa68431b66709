"""Templates hold no text that only stands there in English: what people read is marked for translation."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
# Folders whose pages are wholly bilingual; "" stands for the pages beside them. A folder is added when its pages are.
FOLDERS = (
    "",
    "account",
    "admin",
    "admin/billing",
    "alarms",
    "allauth/layouts",
    "books",
    "devices",
    "emergency",
    "live",
    "money",
    "parts",
    "portal",
    "public",
    "readings",
)
READ_ALOUD = {"alt", "aria-label", "aria-roledescription", "data-name", "placeholder", "title"}
MARKED = re.compile(
    r"\{%\s*blocktrans(?:late)?\b.*?%\}.*?\{%\s*endblocktrans(?:late)?\s*%\}|\{%\s*comment\s*%\}.*?\{%\s*endcomment\s*%\}|\{#.*?#\}", re.S
)
GIVEN = re.compile(r"""\{%\s*include\b[^%]*?\b(?:title|lead|summary)=("[^"]+"|'[^']+')""")
SPOKEN_BY_DJANGO = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.S)
WORD = re.compile(r"[A-Za-z]{2,}")
# Names that are the same in every language.
NAMES = {
    "Hz",
    "SAIDI",
    "min",
    "camt",
    "pain",
    "cos",
    "phi",
    "kvarh",
    "kVA",
    "kWh",
    "kW",
    "Wh",
    "CSV",
    "PDF",
    "DATEV",
    "IBAN",
    "BIC",
    "XML",
    "JSON",
    "URDB",
    "DEMO",
    "UTC",
    "Microgrid",
    "MWh",
    "CO",
    "ct",
}


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("script", "style")
        self.found += [value for name, value in attrs if name in READ_ALOUD and value]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data)


def unmarked(template: str) -> Iterator[str]:
    """Texts of a template that no language is asked for."""
    yield from GIVEN.findall(template)
    # Quotes inside tags of templates would end an attribute for a reader of HTML.
    plain = SPOKEN_BY_DJANGO.sub(" ", MARKED.sub(" ", template))
    texts = _Texts()
    texts.feed(plain)
    for text in texts.found:
        if set(WORD.findall(text)) - NAMES:
            yield " ".join(text.split())


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_text_is_english_only(folder: str) -> None:
    pages = sorted((TEMPLATES / folder).glob("*.html"))
    assert pages
    assert {page.name: found for page in pages if (found := list(unmarked(page.read_text())))} == {}


def test_what_is_unmarked_is_noticed() -> None:
    page = '<p title="{% translate "Left" %}">{% translate "Right" %} {{ sum }} kWh</p>'
    assert list(unmarked(page)) == []
    assert list(unmarked(f"{page}<p>wrong</p>")) == ["wrong"]
    assert list(unmarked('<i aria-label="wrong"></i>')) == ["wrong"]
    assert list(unmarked('{% include "head.html" with title="Wrong" %}')) == ['"Wrong"']
    assert list(unmarked("{% blocktranslate %}<b>right</b>{% endblocktranslate %}")) == []
