"""Reviews: what waits, and what a person needs to see in order to decide."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from energy.domain.quality import Check, Method
from energy.models import Channel, MeterDay, Microgrid, Review, ReviewState
from energy.selectors.day_block import axis_until
from energy.selectors.scope import operated_microgrids
from members.models import User

LIKE_DAYS_SHOWN = 4
WEEKS_LOOKED_BACK = 8
WORDS = {
    Check.SPIKE: "spike",
    Check.STUCK: "stuck",
    Check.UNUSUAL: "unusual day",
    Check.HIGH: "out of range",
    Check.SUM_FAILED: "does not match its register",
    Check.IMPLAUSIBLE: "production at night",
    Check.CLOCK: "clock was off",
}


def visible_reviews(user: User) -> QuerySet[Review]:
    """Reviews of the microgrids that the user operates, what is due first on top."""
    return (
        Review.objects.filter(microgrid__in=operated_microgrids(user).order_by().values("pk"))
        .select_related("meter__site", "microgrid", "decided_by")
        .order_by("deadline_at", "day", "meter__code", "pk")
    )


def days_in_review(*, microgrid: Microgrid, now: datetime) -> set[date]:
    """Days that nothing but a review holds up, and its time is not over."""
    return set(Review.objects.filter(microgrid=microgrid, state=ReviewState.OPEN, deadline_at__gt=now).values_list("day", flat=True))


def found_words(found: int) -> list[str]:
    """What was found, in words."""
    return [words for check, words in WORDS.items() if found & check]


@dataclass(frozen=True, slots=True)
class ReviewPicture:
    """The day of a review against its like days, and the proposals; whole Wh, one value per interval."""

    review: Review
    starts: list[str]
    measured_wh: list[int | None]
    like_days: list[tuple[date, list[int]]]
    proposals: dict[str, list[int | None]]

    def as_json(self) -> dict[str, Any]:
        """For the chart."""
        return {
            "starts": self.starts,
            "measured": self.measured_wh,
            "intervals": self.review.intervals,
            "production": self.review.channel in (Channel.PRODUCTION, Channel.EXPORT),
            "like": [{"day": day.isoformat(), "values": values} for day, values in self.like_days],
            "proposals": [{"name": name, "values": values} for name, values in self.proposals.items()],
        }


def review_picture(review: Review) -> ReviewPicture:
    """Read what a person needs to see."""
    days = axis_until(review.microgrid, review.day, WEEKS_LOOKED_BACK * 7)
    alike = [day for day, weekday in zip(days.days[:-1], days.weekdays[:-1].tolist(), strict=True) if weekday == days.weekdays[-1]][
        -2 * LIKE_DAYS_SHOWN :
    ]
    rows = MeterDay.objects.filter(meter_id=review.meter_id, channel=review.channel, day__in=[*alike, review.day]).order_by("-day")
    count = review.microgrid.local_day(review.day).interval_count
    like = [(row.day, list(row.values_wh)) for row in rows if row.is_current and row.day != review.day and len(row.values_wh) == count][
        :LIKE_DAYS_SHOWN
    ]
    own = next((row for row in rows if row.day == review.day and row.version == review.version), None)
    measured: list[int | None] = list(own.values_wh) if own else [None] * count
    for at, wh in zip(review.intervals, review.measured_wh, strict=True):
        measured[at] = wh
    starts = [start.isoformat() for start in review.microgrid.local_day(review.day).local_starts()]
    return ReviewPicture(
        review, starts, measured, like, {name: _with(measured, review.intervals, values) for name, values in proposals_of(review).items()}
    )


def proposals_of(review: Review) -> dict[str, list[int]]:
    """Whole Wh for the intervals in question by method, in the order in which methods are tried."""
    return {method.label: review.proposals[method.label] for method in Method if method.label in review.proposals}


def _with(measured: list[int | None], intervals: list[int], values: list[int]) -> list[int | None]:
    """The day with a proposal in it."""
    result = list(measured)
    for at, wh in zip(intervals, values, strict=True):
        result[at] = wh
    return result


def steps_of(review: Review, user: User) -> dict[str, Review | None]:
    """The open reviews before and after this one."""
    ids = list(visible_reviews(user).filter(state=ReviewState.OPEN).values_list("pk", flat=True))
    others = [pk for pk in ids if pk != review.pk]
    place = ids.index(review.pk) if review.pk in ids else 0
    after = others[place] if place < len(others) else (others[0] if others else None)
    before = others[place - 1] if others and place > 0 else None
    found = {row.pk: row for row in visible_reviews(user).filter(pk__in=[pk for pk in (before, after) if pk])}
    return {"before": found.get(before or 0), "after": found.get(after or 0)}
