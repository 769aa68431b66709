"""What happens when a bill stays open: reminders by stages, interest by days, plans, and what is never done. Rules are data; all of it can be taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from kernel.intervals import months_later

YEAR_DAYS = 365
AGES = ((0, 30), (31, 60), (61, 90), (91, None))


@dataclass(frozen=True, slots=True)
class Stage:
    """A reminder: from so many days after the due date on, at this fee."""

    level: int
    days_after_due: int
    fee_minor: int


@dataclass(frozen=True, slots=True)
class BaseRatePeriod:
    """A base rate [per cent a year] and the day from which it holds."""

    valid_from: date
    percent: Decimal


@dataclass(frozen=True, slots=True)
class InterestPiece:
    """Days of one rate: `[first, end)`, per cent a year, and the exact interest [minor units]."""

    first: date
    end: date
    percent: Decimal
    exact_minor: Fraction

    @property
    def days(self) -> int:
        return (self.end - self.first).days


class Refusal(StrEnum):
    """Why a disconnection may not even be proposed."""

    LIFE_SUPPORT = "life_support"
    HARDSHIP = "hardship"
    WINTER = "winter"
    PLAN = "plan"
    TOO_EARLY = "too_early"
    TOO_LITTLE = "too_little"


def next_stage(
    stages: Sequence[Stage], *, due_date: date, today: date, sent_level: int, sent_date: date | None, rest_days: int
) -> Stage | None:
    """The reminder that is due now; none while the last one has not had its days. One stage at a time, none skipped.

    Args:
        sent_level: of the last reminder, 0 where there was none.
        rest_days: days that a reminder gives before the next one.
    """
    if sent_date is not None and (today - sent_date).days < rest_days:
        return None
    following = sorted((s for s in stages if s.level > sent_level), key=lambda s: s.level)
    if not following or (today - due_date).days < following[0].days_after_due:
        return None
    return following[0]


def age_of(due_date: date, today: date) -> int:
    """Which of the ages 0-30, 31-60, 61-90, over 90 days an open bill is of: 0 to 3."""
    days = max((today - due_date).days, 0)
    return next(i for i, (_, last) in enumerate(AGES) if last is None or days <= last)


def interest(rest_minor: int, first: date, end: date, base_rates: Sequence[BaseRatePeriod], points: Decimal) -> list[InterestPiece]:
    """Simple interest on what is open over `[first, end)`: base rate + points, exact days, a year of 365 (section 288 BGB's way).

    A negative base rate lowers the rate, never below 0. Days before the first known base rate bear none.
    """
    known = sorted(base_rates, key=lambda rate: rate.valid_from)
    pieces = []
    for i, rate in enumerate(known):
        start = max(first, rate.valid_from)
        until = min(end, known[i + 1].valid_from) if i + 1 < len(known) else end
        if start >= until:
            continue
        percent = max(rate.percent + points, Decimal(0))
        exact = Fraction(rest_minor) * Fraction(percent) * (until - start).days / (100 * YEAR_DAYS)
        pieces.append(InterestPiece(start, until, percent, exact))
    return pieces


def interest_minor(pieces: Sequence[InterestPiece]) -> int:
    """All pieces together, rounded once, half away from zero."""
    exact = sum((piece.exact_minor for piece in pieces), Fraction(0))
    return int((exact * 2 + 1) // 2)


def instalments(total_minor: int, count: int, first_date: date) -> list[tuple[date, int]]:
    """Split a sum into equal instalments, what is left over in the first ones, a cent each.

    They are due on the first one's day of each month, in a shorter month on its last day.
    """
    each, left = divmod(total_minor, count)
    return [(months_later(first_date, i), each + (i < left)) for i in range(count)]


def plan_is_broken(due: Sequence[tuple[date, int]], paid_minor: int, today: date, grace_days: int) -> bool:
    """Whether less was paid than was due `grace_days` ago."""
    owed = sum(amount for day, amount in due if day + timedelta(days=grace_days) < today)
    return paid_minor < owed


def is_winter(day: date, first_month: int, last_month: int) -> bool:
    """Whether a day lies in the months from the first to the last, over the turn of the year where the first is the later one."""
    if first_month <= last_month:
        return first_month <= day.month <= last_month
    return day.month >= first_month or day.month <= last_month


def refusals(
    *, life_support: bool, hardship: bool, winter: bool, plan_stands: bool, level: int, least_level: int, rest_minor: int, least_minor: int
) -> list[Refusal]:
    """Why a disconnection may not be proposed; empty only where nothing forbids it. Whoever decides is a person, never this."""
    found = [
        (life_support, Refusal.LIFE_SUPPORT),
        (hardship, Refusal.HARDSHIP),
        (winter, Refusal.WINTER),
        (plan_stands, Refusal.PLAN),
        (level < least_level, Refusal.TOO_EARLY),
        (rest_minor < least_minor, Refusal.TOO_LITTLE),
    ]
    return [refusal for holds, refusal in found if holds]
