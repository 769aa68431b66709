"""When a source is due: by date, by hours of operation, or by what it gives; and how much of it is there meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

MONTHS_A_YEAR = 12


class PlanRule(StrEnum):
    """What makes a plan due."""

    DATE = "date"
    HOURS = "hours"
    PERFORMANCE = "performance"


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """A plan as plain values; only the field of its rule counts.

    Attributes:
        every_months, next_date: by date; the next date moves on when the work is done.
        every_hours: hours of operation between two visits.
        below_share: of what the source usually gives on a clear day.
        remind_days: how many days before the date the work order is made.
    """

    rule: PlanRule
    every_months: int | None = None
    next_date: date | None = None
    every_hours: int | None = None
    below_share: float | None = None
    remind_days: int = 14


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What is known of a source when its plans are looked at; None where it is not known."""

    today: date
    hours_since: float | None = None
    share_of_usual: float | None = None
    days_judged: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """Work is due: until when, and why, in a sentence."""

    due_date: date
    reason: str


def add_months(day: date, months: int) -> date:
    """The same day `months` later, the month's last where it is shorter."""
    month = day.month - 1 + months
    year, month = day.year + month // MONTHS_A_YEAR, month % MONTHS_A_YEAR + 1
    after = date(year + month // MONTHS_A_YEAR, month % MONTHS_A_YEAR + 1, 1)
    return date(year, month, min(day.day, (after - timedelta(days=1)).day))


def due(plan: PlanTerms, facts: SourceFacts) -> Due | None:
    """Whether a plan makes work due today; None where it does not, or where what it needs is not known."""
    if plan.rule is PlanRule.DATE:
        return _due_by_date(plan, facts)
    in_time = facts.today + timedelta(days=plan.remind_days)
    if plan.rule is PlanRule.HOURS:
        if not plan.every_hours or facts.hours_since is None or facts.hours_since < plan.every_hours:
            return None
        return Due(in_time, f"{facts.hours_since:,.0f} hours of operation since the last time, of {plan.every_hours:,}.")
    if not plan.below_share or facts.share_of_usual is None or facts.share_of_usual >= plan.below_share:
        return None
    return Due(
        in_time,
        f"{facts.share_of_usual:.0%} of what is usual on clear days, over {facts.days_judged} of them; "
        f"the plan says below {plan.below_share:.0%}.",
    )


def _due_by_date(plan: PlanTerms, facts: SourceFacts) -> Due | None:
    if plan.next_date is None or plan.next_date > facts.today + timedelta(days=plan.remind_days):
        return None
    return Due(plan.next_date, "By date, as planned.")


def operating_hours(production_wh: NDArray[np.int64], interval_hours: float) -> NDArray[np.float64]:
    """Hours in which a source gave something; production int64 [m, T], answer float64 [m]."""
    hours: NDArray[np.float64] = (production_wh > 0).sum(axis=-1) * interval_hours
    return hours


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch `[start, end)` in which only `available_share` of a source is there; without an end it stays so."""

    source: int
    start_at: datetime
    end_at: datetime | None
    available_share: float


def availability(windows: Sequence[Window], sources: int, start_s: NDArray[np.int64], interval_minutes: int) -> NDArray[np.float64]:
    """How much of each source is there in each interval, 0 to 1: the mean over the interval, windows that overlap multiplied.

    `start_s` int64 [T] are the intervals' first instants [s since 1970]; the answer is float64 [sources, T].
    """
    there = np.ones((sources, len(start_s)))
    length_s = interval_minutes * 60
    for window in windows:
        first = window.start_at.timestamp()
        after = np.inf if window.end_at is None else window.end_at.timestamp()
        overlap_s = np.clip(np.minimum(start_s + length_s, after) - np.maximum(start_s, first), 0, length_s)
        there[window.source] *= 1 - (1 - window.available_share) * overlap_s / length_s
    return there
