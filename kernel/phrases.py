"""Sentences that were kept in English, read back into their phrase and what stands in its places, and said in German.

Rows, messages and the pure domain hold English. A phrase brings its German along, or its German stands in the catalogue of texts, which
the caller's `say` looks up.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

PLACE = re.compile(r"\{(\w+)(?::(n|p|q|s|c))?\}|%\((\w+)\)s")
CODE = r"(?:(?!: ).)+?"
NUMBER = r"[+\-−]?[\d,]*\.?\d+(?:e[+\-]?\d+)?"
IN_CATALOGUE = "w"
SENTENCE_END = re.compile(r"(?<=\.) (?=[A-Z0-9“'])")
FIGURE = re.compile(r"[-−]?\d{1,3}(,\d{3})+(\.\d+)?|[-−]?\d+\.\d+")
DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
MARKS = str.maketrans(",.", ".,")
Say = Callable[[str], str]


def as_written(sentence: str) -> str:
    """No catalogue: what is looked up stays as it is."""
    return sentence


def german_figures(text: str) -> str:
    """English figures and ISO days in a text as Germans write them; days come first, they hold no figures."""
    days = DAY.sub(r"\3.\2.\1", text)
    return days if days != text else FIGURE.sub(lambda figure: figure[0].translate(MARKS), text)


@dataclass(frozen=True)
class Phrase:
    """One sentence or clause, in both languages or, without German, as the catalogue files it.

    `{place}` holds any text, `{place:n}` a figure, `{place:p}` another phrase, which is said in German too, `{place:q}` such a phrase
    or, where none fits, a name, `{place:s}` a sentence without its full stop, `{place:c}` a code: text without a colon and a space.
    `%(place)s`, as the catalogue writes it, holds a phrase or, where none fits, text whose figures and days are written anew; in quotation
    marks, `'%(place)s'`, it holds what somebody wrote and stays so. A per cent sign beside such places is written `%%`.
    """

    english: str
    german: str = ""

    @cached_property
    def kinds(self) -> dict[str, str]:
        """By place, what it holds."""
        return {
            found[1] or found[3]: IN_CATALOGUE if found[3] and not self._is_quoted(found) else found[2] or ""
            for found in PLACE.finditer(self.english)
        }

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What an English sentence of this phrase looks like; a place that comes twice holds the same."""
        parts: list[str] = []
        seen: set[str] = set()
        end = 0
        for found in PLACE.finditer(self.english):
            name = found[1] or found[3]
            inside = {"n": NUMBER, "c": CODE}.get(found[2] or "", ".+?")
            parts += [self._fixed(self.english[end : found.start()]), f"(?P={name})" if name in seen else f"(?P<{name}>{inside})"]
            seen.add(name)
            end = found.end()
        return re.compile("".join(parts) + self._fixed(self.english[end:]), re.DOTALL)

    @property
    def literal(self) -> int:
        """How much of it is fixed: what is said more exactly is tried first."""
        return len(PLACE.sub("", self.english))

    def filled(self, places: dict[str, str], say: Say) -> str:
        """Its German with what stands in its places."""
        if self.german:
            return self.german.format(**places)
        german = say(self.english)
        return german % places if places else german.replace("%%", "%")

    def _is_quoted(self, place: re.Match[str]) -> bool:
        return self.english[: place.start()].endswith("'") and self.english.startswith("'", place.end())

    def _fixed(self, text: str) -> str:
        return re.escape(text if self.german else text.replace("%%", "%"))


class PhraseBook:
    """Phrases, tried from the one with the most fixed words to the one with the fewest."""

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self.phrases = sorted(phrases, key=lambda phrase: -phrase.literal)
        self._whole = {phrase.english: phrase for phrase in self.phrases if not phrase.kinds}
        self._with_places = [phrase for phrase in self.phrases if phrase.kinds]

    @classmethod
    def of(cls, *sentences: str) -> "PhraseBook":
        """Sentences as the catalogue files them."""
        return cls([Phrase(sentence) for sentence in sentences])

    def joined(self, others: Iterable["PhraseBook"]) -> "PhraseBook":
        """This book and others as one."""
        return PhraseBook([phrase for book in (self, *others) for phrase in book.phrases])

    def said(self, english: str, say: Say = as_written) -> str:
        """In German as far as it is known: the whole, or those of its sentences that are; what is no phrase stays as it was written."""
        whole = self.german(english, say)
        if whole is not None:
            return whole
        parts = SENTENCE_END.split(english)
        return " ".join(self.german(part, say) or part for part in parts)

    def german(self, english: str, say: Say = as_written) -> str | None:
        """The sentence, or several one behind the other, in German; None where no phrase fits one of them.

        Several are tried first: a place for any text would swallow the sentence before it.
        """
        for end in _ends(english):
            first = self._one(english[:end], say)
            rest = self.german(english[end + 1 :], say) if first is not None else None
            if first is not None and rest is not None:
                return f"{first} {rest}"
        return self._one(english, say)

    def _one(self, english: str, say: Say) -> str | None:
        if english in self._whole:
            return self._whole[english].filled({}, say)
        for phrase in self._with_places:
            found = phrase.pattern.fullmatch(english)
            if found is None:
                continue
            places = {name: self._in_place(phrase.kinds[name], text, say) for name, text in found.groupdict().items()}
            said = {name: text for name, text in places.items() if text is not None}
            if len(said) == len(places):
                return phrase.filled(said, say)
        return None

    def _in_place(self, kind: str, text: str, say: Say) -> str | None:
        if kind == "n":
            return text.translate(MARKS)
        if kind == "p":
            return self.german(text, say)
        if kind == "s":
            return (self.german(f"{text}.", say) or text).removesuffix(".")
        if kind == IN_CATALOGUE:
            return self.german(text, say) or german_figures(text)
        return (self.german(text, say) if kind == "q" else None) or text


def _ends(text: str) -> list[int]:
    """Places of the spaces behind a sentence's end."""
    return [found.end() - 1 for found in re.finditer(r"\. ", text)]
