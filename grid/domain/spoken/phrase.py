"""A sentence with places, in two languages, and reading a written sentence back into it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

PLACE = re.compile(r"\{(\w+)(?::(n|p|q|s|c))?\}")
CODE = r"(?:(?!: ).)+?"
NUMBER = r"[+\-−]?[\d,]*\.?\d+(?:e[+\-]?\d+)?"


@dataclass(frozen=True)
class Phrase:
    """One sentence or clause in both languages.

    `{place}` holds any text, `{place:n}` a figure, `{place:p}` another phrase, which is said in German too, `{place:q}` such a phrase
    or, where none fits, a name, `{place:s}` a sentence without its full stop, `{place:c}` a code: text without a colon and a space.
    """

    english: str
    german: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What an English sentence of this phrase looks like."""
        parts, end = [], 0
        for found in PLACE.finditer(self.english):
            inside = {"n": NUMBER, "c": CODE}.get(found[2], ".+?")
            parts += [re.escape(self.english[end : found.start()]), f"(?P<{found[1]}>{inside})"]
            end = found.end()
        return re.compile("".join(parts) + re.escape(self.english[end:]), re.DOTALL)

    @cached_property
    def kinds(self) -> dict[str, str]:
        """By place, what it holds: n, p, q, s, c or nothing."""
        return {found[1]: found[2] or "" for found in PLACE.finditer(self.english)}

    @property
    def literal(self) -> int:
        """How much of it is fixed: what is said more exactly is tried first."""
        return len(PLACE.sub("", self.english))


class PhraseBook:
    """Phrases, tried from the one with the most fixed words to the one with the fewest."""

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self.phrases = sorted(phrases, key=lambda phrase: -phrase.literal)

    def german(self, english: str) -> str | None:
        """The sentence, or several one behind the other, in German; None where no phrase fits one of them.

        Several are tried first: a place for any text would swallow the sentence before it.
        """
        for end in _ends(english):
            first = self._one(english[:end])
            rest = self.german(english[end + 1 :]) if first is not None else None
            if first is not None and rest is not None:
                return f"{first} {rest}"
        return self._one(english)

    def _one(self, english: str) -> str | None:
        for phrase in self.phrases:
            found = phrase.pattern.fullmatch(english)
            if found is None:
                continue
            said = {name: self._said(phrase.kinds[name], text) for name, text in found.groupdict().items()}
            if None not in said.values():
                return phrase.german.format(**said)
        return None

    def _said(self, kind: str, text: str) -> str | None:
        if kind == "n":
            return text.translate(str.maketrans(",.", ".,"))
        if kind == "p":
            return self.german(text)
        if kind == "s":
            return (self.german(f"{text}.") or text).removesuffix(".")
        return (self.german(text) if kind == "q" else None) or text


def _ends(text: str) -> list[int]:
    """Places of the spaces behind a sentence's end."""
    return [found.end() - 1 for found in re.finditer(r"\. ", text)]
