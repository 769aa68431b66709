"""What members read is there in German: every text that is marked for translation has one, and nothing is guessed."""

import ast
import gettext
import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "locale" / "de" / "LC_MESSAGES"
ROOMS = ("billing", "energy", "grid", "kernel", "members", "microgrid_site")
MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
IN_TEMPLATES = re.compile(r"""(?:\bn?gettext|(?<!\w)_)\(u?((?:'(?:[^'\\]|\\.)*')|(?:"(?:[^"\\]|\\.)*"))""")


def marked_in_code() -> Iterator[str]:
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            text = path.read_text()
            if "gettext" not in text and "speech.say" not in text:
                continue
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS:
                    for one in node.args[:1]:  # a plural is filed under its singular
                        if isinstance(one, ast.Constant) and isinstance(one.value, str):
                            yield one.value


def marked_in_templates() -> Iterator[str]:
    for path in (ROOT / "templates").rglob("*.html"):
        for found in IN_TEMPLATES.finditer(templatize(path.read_text())):
            yield ast.literal_eval(found[1])


def test_every_text_has_its_german() -> None:
    with (LOCALE / "django.mo").open("rb") as file:
        german = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    known = {key[0] if isinstance(key, tuple) else key for key, text in german.items() if text}
    marked = {*marked_in_code(), *marked_in_templates()} - {""}
    assert len(marked) > 500
    assert sorted(marked - known) == []


def test_no_german_is_guessed_or_missing() -> None:
    entries = (LOCALE / "django.po").read_text().split("\n\n")[1:]
    assert [entry for entry in entries if re.search(r"^#,.*fuzzy", entry, re.M)] == []
    assert [entry for entry in entries if re.search(r'^msgstr(\[\d\])? ""$(?!\n")', entry, re.M)] == []


IN_GERMAN = ("alarms", "devices", "emergency", "live", "readings", "parts")
"""Folders of templates, or single ones, in which every word for people is marked for translation; add yours."""
SAME_IN_GERMAN = {
    "Hz",
    "kW",
    "kWh",
    "MWh",
    "Wh",
    "min",
    "SAIDI",
    "CO",
    "CSV",
    "JSON",
    "PDF",
    "URL",
    "IBAN",
    "BIC",
    "JA",
}
"""Units, names and abbreviations that both languages write alike."""
SPOKEN_ATTRIBUTES = re.compile(
    r"""\b(?:aria-label|aria-roledescription|placeholder|title|alt|data-name)=("[^"]*"|'[^']*')"""
)
TAG = re.compile(r"<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>", re.S)
SILENT = re.compile(r"<(script|style|symbol)\b.*?</\1>|<!--.*?-->", re.S)
WORD = re.compile(r"[A-Za-zÄÖÜäöüß]{2,}")


def german_templates() -> list[Path]:
    root = ROOT / "templates"
    return sorted(
        {
            path
            for name in IN_GERMAN
            for path in ([root / name] if name.endswith(".html") else (root / name).rglob("*.html"))
        }
    )


def left_in_english(text: str) -> list[str]:
    """Words that a template writes for people outside of what is marked; a place where the template fills something in is a space."""
    written, marked = "", False
    for token in Lexer(text).tokenize():
        if token.token_type == TokenType.BLOCK:
            name = token.contents.split()[0]
            marked = name in ("blocktranslate", "blocktrans", "comment") or (
                marked and not name.startswith("end")
            )
        # A quote in a place would end the attribute it stands in.
        written += token.contents if token.token_type == TokenType.TEXT and not marked else " "
    written = SILENT.sub(" ", written)
    spoken = [*SPOKEN_ATTRIBUTES.findall(written), TAG.sub(" ", written)]
    return [
        word for part in spoken for word in WORD.findall(html.unescape(part)) if word not in SAME_IN_GERMAN
    ]


@pytest.mark.parametrize("path", german_templates(), ids=lambda path: "/".join(path.parts[-2:]))
def test_no_english_is_left_in_a_template_that_speaks_german(path: Path) -> None:
    assert left_in_english(path.read_text()) == []


def test_what_is_left_is_found() -> None:
    left = left_in_english(
        '{% load i18n %}<p class="small" title="a hint">{{ x }} and {% if a %}more{% endif %}</p>{% translate "fine" %}'
        '{% blocktranslate with a=b %}{{ a }} well{% plural %}wells{% endblocktranslate %}<a href="{% url "x" %}" aria-label="{% translate "ok" %}">5 kW</a>'
    )
    assert left == ["hint", "and", "more"]
