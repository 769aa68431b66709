"""The German catalogue is whole, and what is read at runtime was made from it."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "locale" / "de" / "LC_MESSAGES"
PLACES = re.compile(r"%\(\w+\)s|\{\w+\}|%%")


def entries() -> Iterator[dict[str, str]]:
    """What stands in the file for people: keyword and text of each entry."""
    for block in (FOLDER / "django.po").read_text().split("\n\n"):
        entry: dict[str, str] = {}
        key = ""
        for line in block.splitlines():
            word = re.match(r"(msg\w+(?:\[\d\])?) (\".*\")$", line)
            if word:
                key = word[1]
                entry[key] = ast.literal_eval(word[2])
            elif line.startswith('"'):
                entry[key] += ast.literal_eval(line)
        if entry.get("msgid"):
            yield entry


def test_every_text_is_translated_with_its_places() -> None:
    found = list(entries())
    assert len(found) > 500
    for entry in found:
        told = [text for key, text in entry.items() if key.startswith("msgstr")]
        assert all(told), entry["msgid"]
        for text in told:
            assert sorted(PLACES.findall(text)) == sorted(PLACES.findall(entry["msgid"])), entry["msgid"]


def test_what_is_read_at_runtime_is_what_people_wrote() -> None:
    with (FOLDER / "django.mo").open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    for entry in entries():
        plural = entry.get("msgid_plural")
        if "msgctxt" in entry:
            assert catalogue.pgettext(entry["msgctxt"], entry["msgid"]) == entry["msgstr"]
        elif plural is None:
            assert catalogue.gettext(entry["msgid"]) == entry["msgstr"]
        else:
            assert catalogue.ngettext(entry["msgid"], plural, 1) == entry["msgstr[0]"]
            assert catalogue.ngettext(entry["msgid"], plural, 2) == entry["msgstr[1]"]
