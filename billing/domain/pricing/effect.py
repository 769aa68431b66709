"""What another tariff does to many customers: who pays more, by how much, and what it brings in all."""

from dataclasses import dataclass

import numpy as np

from billing.domain.pricing.sums import Ints

STEPS = (1, 2, 5)
MOST_BINS = 14


@dataclass(frozen=True, slots=True)
class Bin:
    """How many customers' amounts change by at least `from_minor` and less than `to_minor`."""

    from_minor: int
    to_minor: int
    customers: int


@dataclass(frozen=True, slots=True)
class TariffEffect:
    """Amounts of n customers before and after [minor units]."""

    before_minor: Ints
    after_minor: Ints

    @property
    def change_minor(self) -> Ints:
        change: Ints = self.after_minor - self.before_minor
        return change

    @property
    def paying_more(self) -> int:
        return int((self.change_minor > 0).sum())

    @property
    def paying_less(self) -> int:
        return int((self.change_minor < 0).sum())

    @property
    def paying_the_same(self) -> int:
        return int((self.change_minor == 0).sum())

    @property
    def revenue_before_minor(self) -> int:
        return int(self.before_minor.sum())

    @property
    def revenue_after_minor(self) -> int:
        return int(self.after_minor.sum())

    @property
    def revenue_change_minor(self) -> int:
        return self.revenue_after_minor - self.revenue_before_minor

    def bins(self) -> list[Bin]:
        """The changes in bins of one even width, without empty ones at the ends; none where there is no customer."""
        change = self.change_minor
        if not len(change):
            return []
        low, high = int(change.min()), int(change.max())
        width = _even_width(high - low)
        first, last = low // width, high // width
        counts = np.bincount(change // width - first, minlength=last - first + 1).tolist()
        return [Bin((first + i) * width, (first + i + 1) * width, count) for i, count in enumerate(counts)]


def _even_width(span_minor: int) -> int:
    """The smallest of 1, 2, 5 times a power of ten, at least one currency unit, that makes few enough bins."""
    size = 100
    while True:
        for step in STEPS:
            if span_minor < step * size * (MOST_BINS - 1):
                return step * size
        size *= 10
