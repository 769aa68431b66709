"""Sentences that were kept in English, taken apart again: which of the known ones is it, and what stands in its places."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

PLACE = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """Known sentences; places are written `%(name)s`, a per cent sign in a sentence with places `%%`."""

    plain: frozenset[str]
    patterns: tuple[tuple[str, re.Pattern[str]], ...]

    @classmethod
    def of(cls, *sentences: str) -> "Phrasebook":
        """A book of these sentences; those with more words of their own are tried first."""
        with_places = sorted(
            (s for s in sentences if PLACE.search(s)), key=lambda s: -len(PLACE.sub("", s))
        )  # fmt: skip
        return cls(
            frozenset(s for s in sentences if not PLACE.search(s)),
            tuple((s, _pattern(s)) for s in with_places),
        )

    def joined(self, others: Iterable["Phrasebook"]) -> "Phrasebook":
        """This book and others as one."""
        books = [self, *others]
        sentences = {s for b in books for s in b.plain} | {s for b in books for s, _ in b.patterns}
        return Phrasebook.of(*sorted(sentences))

    def taken_apart(self, text: str) -> tuple[str, dict[str, str]] | None:
        """The known sentence that a text is, with what stands in its places; None where it is none."""
        if text in self.plain:
            return text, {}
        for sentence, pattern in self.patterns:
            found = pattern.fullmatch(text)
            if found:
                return sentence, found.groupdict()
        return None


def _pattern(sentence: str) -> re.Pattern[str]:
    parts: list[str] = []
    seen: set[str] = set()
    end = 0
    for place in PLACE.finditer(sentence):
        parts.append(re.escape(sentence[end : place.start()].replace("%%", "%")))
        name = place[1]
        parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>.+?)")
        seen.add(name)
        end = place.end()
    parts.append(re.escape(sentence[end:].replace("%%", "%")))
    return re.compile("".join(parts), re.DOTALL)
