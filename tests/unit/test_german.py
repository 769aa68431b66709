"""What members read is there in German: every text that is marked for translation has one, and nothing is guessed."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "locale" / "de" / "LC_MESSAGES"
ROOMS = ("billing", "contracts", "energy", "grid", "kernel", "members", "microgrid_site")
MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
IN_CONTEXT = {"pgettext", "pgettext_lazy"}
A_TEXT = r"""u?((?:'(?:[^'\\]|\\.)*')|(?:"(?:[^"\\]|\\.)*"))"""
IN_TEMPLATES_IN_CONTEXT = re.compile(rf"\bn?pgettext\({A_TEXT}, ?{A_TEXT}")
IN_TEMPLATES = re.compile(r"""(?:\bn?gettext|(?<!\w)_)\(u?((?:'(?:[^'\\]|\\.)*')|(?:"(?:[^"\\]|\\.)*"))""")


def marked_in_code() -> Iterator[str]:
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            text = path.read_text()
            if "gettext" not in text and "speech.say" not in text:
                continue
            for node in ast.walk(ast.parse(text)):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                    continue
                said = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                if node.func.id in MARKS and said:
                    yield said[0]  # a plural is filed under its singular
                elif node.func.id in IN_CONTEXT and len(said) == 2:
                    yield "\x04".join(said)


def marked_in_templates() -> Iterator[str]:
    for path in (ROOT / "templates").rglob("*.html"):
        text = templatize(path.read_text())
        for found in IN_TEMPLATES.finditer(text):
            yield ast.literal_eval(found[1])
        for found in IN_TEMPLATES_IN_CONTEXT.finditer(text):
            yield f"{ast.literal_eval(found[1])}\x04{ast.literal_eval(found[2])}"


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
