"""Days on which something was somebody's: stretches of local days, cut and joined."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

Span = tuple[date | None, date | None]  # first day and the day after the last; None: without an end on that side


@dataclass(frozen=True, slots=True)
class SeenDays:
    """The days of a site's history that somebody may see, as stretches in order; None: all of them."""

    spans: tuple[Span, ...] | None

    def __contains__(self, day: date) -> bool:
        return self.spans is None or any(_holds(span, day) for span in self.spans)

    def of(self, days: Iterable[date]) -> list[date]:
        """Those of some days that may be seen, in their order."""
        return [day for day in days if day in self]

    def within(self, first: date, after: date) -> tuple[date, date] | None:
        """The latest stretch of `[first, after)` that may be seen; None where none may."""
        return next(reversed(self.cut(first, after)), None)

    def cut(self, first: date, after: date) -> list[tuple[date, date]]:
        """All stretches of `[first, after)` that may be seen, in order."""
        spans = ((None, None),) if self.spans is None else self.spans
        found = [(max(first, since or first), min(after, until or after)) for since, until in spans]
        return [(begin, end) for begin, end in found if begin < end]

    @property
    def since(self) -> date | None:
        """The first day of the latest stretch; None: from the beginning. What is shown of today rests on nothing older."""
        return self.spans[-1][0] if self.spans else None


EVERYTHING, NOTHING = SeenDays(None), SeenDays(())


def _holds(span: Span, day: date) -> bool:
    first, after = span
    return (first is None or first <= day) and (after is None or day < after)
