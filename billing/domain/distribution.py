"""A sum shared out among members: by what each delivered, by the capital each holds, or by both; nothing is lost to rounding.

Weights are exact integers, amounts are rounded once by largest remainder, ties go by the member's number as text: so the order in which
members are listed does not matter, and whoever weighs more never gets less.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from kernel.apportionment import largest_remainder

WHOLE_PERCENT = 100


class CannotShareOut(ValueError):
    """It cannot be shared out; the message says why."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one member is counted by.

    Attributes:
        name: breaks ties; the member's number.
        delivered_wh: energy delivered in the period [Wh].
        capital_days: paid-in capital times the days it was held in the period [minor units x days].
    """

    name: str
    delivered_wh: int
    capital_days: int


@dataclass(frozen=True, slots=True)
class Holding:
    """Capital paid in on a day and, where it is, given back on another; counted from the one to the day before the other."""

    amount_minor: int
    paid_in: date
    returned: date | None = None

    def days_within(self, first: date, last: date) -> int:
        """On how many days of `[first, last]` it is held."""
        begin = max(first, self.paid_in)
        end = last if self.returned is None else min(last, self.returned - timedelta(days=1))
        return max((end - begin).days + 1, 0)


@dataclass(frozen=True, slots=True)
class SharedOut:
    """What each gets, in the order of the claims, and what the cap leaves over: together the whole sum [minor units]."""

    amounts_minor: list[int]
    left_minor: int


def capital_days(holdings: Sequence[Holding], first: date, last: date) -> int:
    """Capital times days held within `[first, last]` [minor units x days]."""
    return sum(h.amount_minor * h.days_within(first, last) for h in holdings)


def weights_of(claims: Sequence[Claim], *, energy_percent: int) -> list[int]:
    """Exact weights: `energy_percent` by delivered Wh, the rest by capital; what nobody is measured by goes by the other measure.

    Raises:
        CannotShareOut: nobody delivered anything and nobody holds capital.
    """
    delivered, capital = sum(c.delivered_wh for c in claims), sum(c.capital_days for c in claims)
    if min((c.delivered_wh for c in claims), default=0) < 0 or min((c.capital_days for c in claims), default=0) < 0:
        raise CannotShareOut("Nobody is counted by less than nothing.")
    by_energy = counted_by_energy(delivered, capital, energy_percent)
    by_capital = WHOLE_PERCENT - by_energy
    if not (delivered if by_energy else capital):
        raise CannotShareOut("Nobody delivered energy in the period, and nobody holds shares.")
    return [by_energy * c.delivered_wh * (capital or 1) + by_capital * c.capital_days * (delivered or 1) for c in claims]


def counted_by_energy(delivered_wh: int, capital: int, energy_percent: int) -> int:
    """Which part of a sum goes by energy [%]: as wanted, where there is both energy and capital to go by."""
    return 0 if not delivered_wh else WHOLE_PERCENT if not capital else energy_percent


def share_out(total_minor: int, claims: Sequence[Claim], *, energy_percent: int, cap_minor: int | None = None) -> SharedOut:
    """Share a sum out; nobody gets more than the cap, and what that leaves goes to the others by the same weights.

    Only where all who have a weight are at the cap something is left over.

    Raises:
        CannotShareOut: the sum is not positive, or there is nothing to go by.
    """
    if total_minor <= 0:
        raise CannotShareOut("Only a positive sum can be shared out.")
    weights = weights_of(claims, energy_percent=energy_percent)
    amounts = [0] * len(claims)
    rest, free = total_minor, [i for i, weight in enumerate(weights) if weight]
    while cap_minor is not None:
        whole = sum(weights[i] for i in free)
        over = {i for i in free if rest * weights[i] > cap_minor * whole}
        if not over:
            break
        for i in over:
            amounts[i] = cap_minor
        rest -= cap_minor * len(over)
        free = [i for i in free if i not in over]
    if free:
        parts = largest_remainder(rest, [weights[i] for i in free], [claims[i].name for i in free])
        for i, part in zip(free, parts, strict=True):
            amounts[i] = part
        rest = 0
    return SharedOut(amounts, rest)


def reserve_of(used_minor: int, rate: Decimal) -> int:
    """What of a sum goes to the reserves first, rounded up."""
    return -int(-Fraction(rate) * used_minor // 1)


def used_for(shared_minor: int, rate: Decimal) -> int:
    """The smallest sum of which `shared_minor` is left once the reserves have their part."""
    used = -int(-Fraction(shared_minor) / (1 - Fraction(rate)) // 1)
    while used - reserve_of(used, rate) < shared_minor:
        used += 1
    return used


def dividend_minor(claims: Sequence[Claim], rate: Decimal, *, year: int) -> int:
    """A year's rate on the capital for the days it was held, rounded down."""
    days = (date(year + 1, 1, 1) - date(year, 1, 1)).days
    return int(Fraction(rate) * sum(c.capital_days for c in claims) / days)


def withheld_minor(gross_minor: int, rate: Decimal) -> int:
    """Tax that is kept back of an amount, rounded down in the member's favour."""
    return int(Fraction(rate) * gross_minor)
