"""How a pure rule speaks: sentences are handed to the reader's language, figures get its marks."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Speech:
    """A language: `say` gives an English sentence in it, places `%(name)s` kept; `point` parts the decimals.

    A rule takes `say` as `_` and marks its sentences with it, so that they are found like all others.
    """

    say: Callable[[str], str]
    point: str = "."

    def number(self, number: Decimal) -> str:
        """A number without trailing zeros."""
        text = f"{number:f}"
        plain = text.rstrip("0").rstrip(".") if "." in text else text
        return plain.replace(".", self.point)

    def figure(self, written: str) -> str:
        """A figure that was written with a point."""
        return written.replace(".", self.point)


ENGLISH = Speech(lambda sentence: sentence)
