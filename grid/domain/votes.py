"""Members' votes on a rule of sharing: one member, one vote; enough must take part, and more say yes than no."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What a vote came to."""

    ADOPTED = "adopted"
    REJECTED = "rejected"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Count:
    """How many could vote and how they did."""

    eligible: int
    yes: int
    no: int
    abstained: int

    @property
    def cast(self) -> int:
        """All votes, abstentions among them: they count for the quorum."""
        return self.yes + self.no + self.abstained


def outcome(count: Count, quorum_percent: int) -> Outcome:
    """Judge a vote: the quorum is of all who could vote, the majority of those who said yes or no; a draw rejects."""
    if count.cast * 100 < quorum_percent * count.eligible or not count.cast:
        return Outcome.TOO_FEW
    return Outcome.ADOPTED if count.yes > count.no else Outcome.REJECTED
