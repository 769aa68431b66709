"""A month's cents spread over its days, so that the days sum to the month exactly, and a day's energy as in, out, stored and lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

MICRO_PER_MINOR = 10_000_000


@dataclass(frozen=True, slots=True)
class PublicDay:
    """What a microgrid took in, gave out, stored and lost on a day [Wh], and what neighbours paid and received for local energy [minor units].

    Attributes:
        paid_minor, received_minor: None until the month's bills are posted.
        shared_wh: of what was used, what neighbours gave.
        negative_intervals: how many intervals had a price below zero; ordinary.
    """

    day: date
    bought_wh: int
    produced_wh: int
    used_wh: int
    sold_wh: int
    charged_wh: int
    discharged_wh: int
    lost_wh: int
    shared_wh: int
    negative_intervals: int
    paid_minor: int | None = None
    received_minor: int | None = None

    @property
    def in_wh(self) -> int:
        return self.bought_wh + self.produced_wh

    @property
    def out_wh(self) -> int:
        return self.used_wh + self.sold_wh

    @property
    def stored_wh(self) -> int:
        """What storages took less what they gave; below zero: they gave more."""
        return self.charged_wh - self.discharged_wh

    @property
    def residual_wh(self) -> int:
        """What came in and is found nowhere: 0, or something is wrong."""
        return self.in_wh - self.out_wh - self.stored_wh - self.lost_wh

    @property
    def residual_minor(self) -> int | None:
        """What was paid and nobody received: 0, or something is wrong."""
        if self.paid_minor is None or self.received_minor is None:
            return None
        return self.paid_minor - self.received_minor

    @property
    def is_whole(self) -> bool:
        return self.residual_wh == 0 and not self.residual_minor


def spread_minor(total_minor: int, exact_micro: Sequence[int]) -> list[int]:
    """Spread posted cents over days by their exact amounts [Wh x millionths per kWh]; the days sum to `total_minor` exactly.

    Each day gets the difference of two rounded running sums, and an even part of what rounding the bills' lines gave or took. Amounts
    below zero (negative prices) are as good as others.
    """
    days, whole = len(exact_micro), sum(exact_micro)
    if not days:
        return []
    spread, so_far, before = [], 0, 0
    for i, exact in enumerate(exact_micro, start=1):
        so_far += exact
        # Numerator over days x MICRO_PER_MINOR: the running exact sum and i of `days` parts of the difference.
        numerator = so_far * days + (total_minor * MICRO_PER_MINOR - whole) * i
        now = _rounded(numerator, days * MICRO_PER_MINOR)
        spread.append(now - before)
        before = now
    return spread


def _rounded(numerator: int, denominator: int) -> int:
    """Half away from zero."""
    size = (abs(numerator) * 2 + denominator) // (2 * denominator)
    return size if numerator >= 0 else -size
