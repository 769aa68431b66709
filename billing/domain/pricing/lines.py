"""What rating yields: lines with quantity, price and amount for many customers and months, and their sums."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from billing.domain.pricing.money import exact_amount
from billing.domain.pricing.sums import Numbers


@dataclass(frozen=True, slots=True)
class Line:
    """One line for n customers and M months.

    Attributes:
        kind: the part's kind, or `export_credit`.
        name: period, levy or discount; empty where the kind says all.
        tier: number of the tier from 1; 0 where there is but one.
        unit: `Wh`, `W`, `varh`, `day`, `month` or empty.
        quantity: [n, M] or None.
        price: in currency units per kWh, kW, kvarh, day or month; None where it changes by interval.
        amount: minor units, [n, M]: whole and rounded where conventions are exact, else unrounded. Credits are negative.
        exact_micro: sum of Wh x millionths per kWh before rounding, where the price changes by interval; [n, M] or None.
    """

    kind: str
    name: str
    tier: int
    unit: str
    quantity: Numbers | None
    price: Decimal | None
    amount: Numbers
    exact_micro: Numbers | None = None


@dataclass(frozen=True, slots=True)
class VatLine:
    """VAT on the lines of one rate; [n, M]."""

    rate: Decimal
    treatment: str
    net: Numbers
    vat: Numbers


@dataclass(frozen=True, slots=True)
class Rated:
    """All lines of n customers over M months, and the VAT on them; `left_wh` [n, P] is surplus that waits for later months."""

    lines: tuple[Line, ...]
    vat: tuple[VatLine, ...]
    nothing: Numbers
    left_wh: Numbers | None = None

    def of(self, *kinds: str) -> Numbers:
        """The net amount of lines of some kinds; [n, M]."""
        return self._sum(line.amount for line in self.lines if line.kind in kinds)

    @property
    def net(self) -> Numbers:
        """The net amount; [n, M]."""
        return self._sum(line.amount for line in self.lines)

    @property
    def gross(self) -> Numbers:
        """Net and VAT; [n, M]."""
        return self.net + self._sum(line.vat for line in self.vat)

    def _sum(self, amounts: Iterable[Numbers]) -> Numbers:
        total = self.nothing.copy()
        for amount in amounts:
            total += amount
        return total


def sum_where(lines: Iterable[Line], wanted: Callable[[Line], bool], nothing: Numbers) -> Numbers:
    """The amounts of the lines that are wanted; [n, M]."""
    total = nothing.copy()
    for line in lines:
        if wanted(line):
            total += line.amount
    return total


def percent_of(amount: Numbers, percent: Decimal, exact: bool) -> Numbers:
    """A percentage of an amount in minor units, rounded once where exact."""
    if not exact:
        return amount * (float(percent) / 100)
    # An amount in minor units is a quantity of hundredths of a currency unit, each worth its percentage.
    return exact_amount(amount.astype(np.int64), percent, 100 * 100)
