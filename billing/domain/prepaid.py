"""Members who pay before they use: what is left, when they are told, and when a limit may be asked for. It is never switched by this.

Shown is what lies in the books for a member less what their use since the last bill comes to:

    shown = paid in - billed - not billed yet,    and    cost of use so far = billed + not billed yet

so the day on which a bill is posted changes neither side.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from billing.domain.arrears import is_winter

USUAL_DAYS = 14
LEAST_DAYS = 7
DAYS_BACK = 1  # a fall by days counts as over once so many days more are left


class Alarm(StrEnum):
    """What a falling balance passes, the worst last."""

    LOW = "low"
    LITTLE = "little"
    VERY_LOW = "very_low"
    FRIENDLY = "friendly"
    USED_UP = "used_up"


class Spared(StrEnum):
    """Why no limit is asked for, or put in force, just now."""

    LIFE_SUPPORT = "life_support"
    HARDSHIP_IN_WINTER = "hardship_in_winter"
    WINTER = "winter"
    PLAN = "plan"
    NIGHT = "night"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    NOT_USED_UP = "not_used_up"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a member is told: days left, and an amount [minor units]; and the friendly credit: how much below nothing, how long."""

    low_days: int
    very_low_days: int
    little_minor: int
    friendly_minor: int
    friendly_days: int


@dataclass(frozen=True, slots=True)
class Sparing:
    """When nobody's supply is limited: hours of the day `[from, to)` over midnight, weekends and holidays, months of winter."""

    night_from_hour: int
    night_to_hour: int
    spares_weekends: bool
    winter_first_month: int
    winter_last_month: int
    spares_all_in_winter: bool


@dataclass(frozen=True, slots=True)
class Balance:
    """What is shown to a member [minor units]: what lies in the books, what is not billed yet, and what a day usually costs."""

    books_minor: int
    unbilled_minor: int
    usual_minor: int

    @property
    def shown_minor(self) -> int:
        return self.books_minor - self.unbilled_minor

    @property
    def days_left(self) -> int | None:
        """Whole days at usual use; None where nothing is usually used."""
        if self.usual_minor <= 0:
            return None
        return max(self.shown_minor, 0) // self.usual_minor


@dataclass(frozen=True, slots=True)
class Fall:
    """Alarms that a balance passed just now, and those that it has risen above again."""

    passed: tuple[Alarm, ...]
    over: tuple[Alarm, ...]

    @property
    def worst(self) -> Alarm | None:
        """The one that is told; the others are passed with it."""
        return self.passed[-1] if self.passed else None


def usual_minor(spent: Sequence[tuple[date, int]], *, before: Sequence[tuple[int, int]]) -> int:
    """What a day usually costs [minor units]: the mean of the last days.

    Args:
        spent: cost of all use so far by day, in order of days; the newest last.
        before: for whoever has no week of these behind them, sums and the days that they are of: not billed yet, and the newest bill.
    """
    newest = [row for row in spent if row[0] >= spent[-1][0] - timedelta(days=USUAL_DAYS)] if spent else []
    if newest and (newest[-1][0] - newest[0][0]).days >= LEAST_DAYS:
        days, cost = (newest[-1][0] - newest[0][0]).days, newest[-1][1] - newest[0][1]
    else:
        cost, days = sum(amount for amount, _ in before), sum(count for _, count in before)
    # Half up: a day that costs a third of a cent costs nothing, and nothing is told of days.
    return max((2 * cost + days) // (2 * days), 0) if days else 0


def fallen(balance: Balance, terms: Thresholds, standing: Collection[Alarm], *, friendly_since: date | None, today: date) -> Fall:
    """Compare a balance with its thresholds; an alarm that stands is not passed again before the balance has risen clear of it.

    Args:
        standing: alarms that were passed and are not over.
        friendly_since: from when on the friendly credit is used; None where it is not.
    """
    below = [alarm for alarm in Alarm if _is_below(alarm, balance, terms, friendly_since, today)]
    passed = tuple(alarm for alarm in below if alarm not in standing)
    over = tuple(alarm for alarm in Alarm if alarm in standing and _is_clear(alarm, balance, terms, below))
    return Fall(passed, over)


def _is_below(alarm: Alarm, balance: Balance, terms: Thresholds, friendly_since: date | None, today: date) -> bool:
    left, shown = balance.days_left, balance.shown_minor
    if alarm == Alarm.LOW:
        return shown <= 0 or (left is not None and left <= terms.low_days)
    if alarm == Alarm.VERY_LOW:
        return shown <= 0 or (left is not None and left <= terms.very_low_days)
    if alarm == Alarm.LITTLE:
        return shown <= terms.little_minor
    if alarm == Alarm.FRIENDLY:
        return shown <= 0
    has_lasted = friendly_since is not None and (today - friendly_since).days >= terms.friendly_days
    return shown <= -terms.friendly_minor or (shown <= 0 and has_lasted)


def _is_clear(alarm: Alarm, balance: Balance, terms: Thresholds, below: Collection[Alarm]) -> bool:
    """Whether a balance is so far above a threshold that the next fall is another one; money that came in is always told apart from noise."""
    left = balance.days_left
    if alarm in below:
        return False
    if alarm in (Alarm.LOW, Alarm.VERY_LOW):
        least = terms.low_days if alarm == Alarm.LOW else terms.very_low_days
        return left is None or left > least + DAYS_BACK
    if alarm == Alarm.LITTLE:
        return balance.shown_minor > terms.little_minor + balance.usual_minor
    return alarm == Alarm.USED_UP or balance.shown_minor > 0


def spared(
    *, at: datetime, rule: Sparing, is_holiday: bool, life_support: bool, hardship: bool, plan_stands: bool, is_used_up: bool
) -> list[Spared]:
    """Why no limit may be asked for or put in force at a local time; empty only where nothing speaks against it."""
    winter = is_winter(at.date(), rule.winter_first_month, rule.winter_last_month)
    reasons = [
        (life_support, Spared.LIFE_SUPPORT),
        (hardship and winter, Spared.HARDSHIP_IN_WINTER),
        (rule.spares_all_in_winter and winter, Spared.WINTER),
        (plan_stands, Spared.PLAN),
        (_is_night(at.hour, rule), Spared.NIGHT),
        (rule.spares_weekends and at.weekday() >= 5, Spared.WEEKEND),
        (rule.spares_weekends and is_holiday, Spared.HOLIDAY),
        (not is_used_up, Spared.NOT_USED_UP),
    ]
    return [reason for holds, reason in reasons if holds]


def _is_night(hour: int, rule: Sparing) -> bool:
    first, last = rule.night_from_hour, rule.night_to_hour
    if first <= last:
        return first <= hour < last
    return hour >= first or hour < last
