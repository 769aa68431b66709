"""A service's sentence or a label in the language of the page."""

from collections.abc import Iterable
from typing import Any

from django.utils.functional import lazystr
from django.utils.translation import get_language

from grid.domain.spoken.book import in_language


class _Said:
    """Said when it is written out, in the language of that moment."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence

    def __str__(self) -> str:
        return said(self.sentence)


def said(sentence: object) -> str:
    """What was written, or why a service refused, as the reader reads it."""
    return in_language(str(sentence), get_language() or "en")


def said_lazy(sentence: str) -> Any:
    """The same for what stands at a class, before anybody reads it."""
    return lazystr(_Said(sentence))


def said_choices(choices: Iterable[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Values with their labels as the reader reads them."""
    return [(value, said_lazy(str(label))) for value, label in choices]
