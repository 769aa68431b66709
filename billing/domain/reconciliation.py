"""Sums that must agree on the way from meter to money: two sides each, compared row by row, so that gaps cannot hide in a sum."""

from collections.abc import Sequence
from dataclasses import dataclass

from kernel.speech import ENGLISH, Speech


@dataclass(frozen=True, slots=True)
class Gap:
    """One row on which two sides differ.

    Attributes:
        kind: what the row is: `site`, `document`, `payment`, `transaction`, `line` (of a statement), `day`, ...
        key: by which its page is found.
        why: in words for a treasurer.
    """

    kind: str
    key: str
    name: str
    left: int
    right: int
    why: str

    @property
    def difference(self) -> int:
        return self.left - self.right


@dataclass(frozen=True, slots=True)
class Link:
    """Two neighbouring sums of the chain [Wh or minor units], and every row on which they differ.

    Attributes:
        code: short and lasting, for addresses and alarms.
        waiting: rows that are not there yet but may still come (a payment on its way to a chain): shown, no alarm.
    """

    code: str
    name: str
    unit: str
    left_name: str
    left: int
    right_name: str
    right: int
    gaps: Sequence[Gap] = ()
    waiting: int = 0

    @property
    def difference(self) -> int:
        return self.left - self.right

    @property
    def agrees(self) -> bool:
        """Both sums are one and no row differs, also where differences cancel out."""
        return not self.gaps and self.difference == 0


def alarm_text(links: Sequence[Link], speech: Speech = ENGLISH) -> str:
    """What does not agree, a sentence each; empty where everything does."""
    _ = speech.say
    sentence = _("%(link)s: %(left_name)s %(left)s, %(right_name)s %(right)s [%(unit)s]; rows that differ: %(rows)s.")
    return "\n".join(
        sentence
        % {
            "link": link.name,
            "left_name": link.left_name,
            "left": link.left,
            "right_name": link.right_name,
            "right": link.right,
            "unit": link.unit,
            "rows": len(link.gaps),
        }
        for link in links
        if not link.agrees
    )
