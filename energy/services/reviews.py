"""Reviews of meter days: opened when a day is closed, settled by a person or by their deadline."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.db import connection, transaction

from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.domain.public_holidays import country_of, holiday_test
from energy.domain.quality import METHOD_MASK, Method
from energy.models import Channel, DayStatus, MeterDay, MeterDayVersion, Microgrid, Review, ReviewState, VersionCause
from energy.services.intake import hold_intake
from members.models import User

Key = tuple[int, int]
REOPENED_WORKING_DAYS = 2
KEPT = "Kept as measured: nobody decided in time."
LATER = "A later version came."


class CannotReview(ValueError):
    """The decision cannot be taken; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """What the close of a day wants a person to look at: intervals in question, what was measured, what could stand there instead."""

    key: Key
    version: int
    found: int
    intervals: list[int]
    measured_wh: list[int]
    proposals: dict[str, list[int]]


def deadline_of(*, microgrid: Microgrid, day: date, working_days: int) -> datetime:
    """The end of the last of so many working days after `day`; Saturdays, Sundays and holidays do not count."""
    country = microgrid.country or country_of(microgrid.time_zone)
    is_holiday = holiday_test(country, microgrid.region)
    last, left = day, working_days
    while left:
        last += timedelta(days=1)
        if last.weekday() < 5 and not is_holiday(last):
            left -= 1
    return microgrid.local_day(last).end_at


def settle_reviews(*, microgrid: Microgrid, day: date, doubts: Sequence[Doubt], days_of: Callable[[Key], int], now: datetime) -> set[Key]:
    """Open reviews for doubts, settle those whose time is over; returns what still waits. Part of the caller's transaction.

    A doubt whose deadline has passed before anybody could look is settled as it is opened: it is told, and holds up nothing.
    """
    there = {
        (review.meter_id, review.channel, review.version): review
        for review in Review.objects.select_for_update().filter(microgrid=microgrid, day=day).order_by("pk")
    }
    current = {(*doubt.key, doubt.version): doubt for doubt in doubts}
    _supersede(there, current, now)
    waiting, fresh = set(), []
    for place, doubt in current.items():
        review = there.get(place)
        if review is None:
            review = _opened(microgrid, day, doubt, deadline_of(microgrid=microgrid, day=day, working_days=days_of(doubt.key)), now)
            fresh.append(review)
        elif review.state == ReviewState.OPEN and review.deadline_at <= now:
            _expire(review, now)
            review.save(update_fields=["state", "decided_at", "reason"])
        if review.state == ReviewState.OPEN:
            waiting.add(doubt.key)
    Review.objects.bulk_create(fresh)
    return waiting


def _opened(microgrid: Microgrid, day: date, doubt: Doubt, deadline: datetime, now: datetime) -> Review:
    meter, channel = doubt.key
    review = Review(
        microgrid=microgrid,
        meter_id=meter,
        channel=channel,
        day=day,
        version=doubt.version,
        found=doubt.found,
        intervals=doubt.intervals,
        measured_wh=doubt.measured_wh,
        proposals=doubt.proposals,
        opened_at=now,
        deadline_at=deadline,
    )
    if deadline <= now:
        _expire(review, now)
    return review


def _expire(review: Review, now: datetime) -> None:
    review.state, review.decided_at, review.reason = ReviewState.EXPIRED, now, KEPT


def _supersede(there: dict[tuple[int, int, int], Review], current: dict[tuple[int, int, int], Doubt], now: datetime) -> None:
    """Open reviews of versions that are no longer the current ones, or in which nothing is found any more, are over."""
    for place, review in there.items():
        if review.state == ReviewState.OPEN and place not in current:
            review.state, review.decided_at, review.reason = ReviewState.SUPERSEDED, now, LATER
            review.save(update_fields=["state", "decided_at", "reason"])


def _locked(review: Review) -> Review:
    """The review, kept with its meter day in the order in which a day is closed."""
    hold_intake(microgrid_id=review.microgrid_id)
    return Review.objects.select_for_update(of=("self",)).select_related("microgrid", "meter").get(pk=review.pk)


@transaction.atomic
def accept(*, reviews: Sequence[Review], user: User, now: datetime, reason: str = "") -> int:
    """Keep what was measured; the days become final with the next close. Returns how many were decided; others were already.

    `now` is the microgrid's.
    """
    still_open = Review.objects.filter(pk__in=[review.pk for review in reviews], state=ReviewState.OPEN)
    kept = list(still_open.select_for_update().order_by("pk").values_list("pk", flat=True))
    return Review.objects.filter(pk__in=kept).update(state=ReviewState.ACCEPTED, decided_by=user, decided_at=now, reason=reason[:300])


@transaction.atomic
def edit(*, review: Review, values_wh: Sequence[int], user: User, reason: str, now: datetime) -> Review:
    """Put other values into the intervals in question: a new version of the day, edited by `user` for `reason`.

    Raises:
        CannotReview: no reason, values that do not fit, or a version that is no longer the current one.
    """
    review = _locked(review)
    if not reason.strip():
        raise CannotReview("Say why: the reason stays with the new version.")
    if review.state not in (ReviewState.OPEN, ReviewState.ACCEPTED, ReviewState.EXPIRED):
        raise CannotReview(f"This review is {review.get_state_display()}; reopen it first.")
    if len(values_wh) != len(review.intervals) or any(value < 0 for value in values_wh):
        unit = Channel(review.channel).unit
        raise CannotReview(f"Give {len(review.intervals)} whole numbers of {unit}, none of them negative.")
    before = _current(review)
    row = MeterDayRow(
        review.day,
        review.meter_id,
        review.channel,
        np.array(before.values_wh, np.int32),
        np.array(before.quality, np.int16),
        before.version + 1,
        DayStatus.PROVISIONAL,
        before.register_start_wh,
        before.register_end_wh,
        list(before.message_ids),
    )
    row.values_wh[review.intervals] = list(values_wh)
    row.quality[review.intervals] = (row.quality[review.intervals] & np.int16(~METHOD_MASK)) | np.int16(Method.EDITED)
    MeterDayVersion.objects.create(
        day=review.day,
        meter_id=review.meter_id,
        channel=review.channel,
        version=row.version,
        cause=VersionCause.EDIT,
        user=user,
        reason=reason.strip()[:300],
        made_at=now,
    )
    MeterDay.objects.filter(day=review.day, meter_id=review.meter_id, channel=review.channel, is_current=True).update(is_current=False)
    with connection.cursor() as cursor:
        write_rows(cursor, [row], microgrid_id=review.microgrid_id, provenance=f"edit {review.public_id}", now=now, replace=False)
    review.state, review.decided_by, review.decided_at = ReviewState.EDITED, user, now
    review.reason, review.edited_version = reason.strip()[:300], row.version
    review.save(update_fields=["state", "decided_by", "decided_at", "reason", "edited_version"])
    return review


def _current(review: Review) -> MeterDay:
    found = (
        MeterDay.objects.select_for_update()
        .filter(day=review.day, meter_id=review.meter_id, channel=review.channel, is_current=True)
        .first()
    )
    if found is None or found.version != review.version:
        raise CannotReview("A later version of this day has come; look at that one.")
    return found


@transaction.atomic
def reopen(*, review: Review, user: User, reason: str, now: datetime) -> Review:
    """Look again at what was decided: as long as its version is the current one, with a new deadline.

    A day that is final stays so until it is edited.

    Raises:
        CannotReview: it is open, no reason, or its version is no longer the current one.
    """
    review = _locked(review)
    if review.state == ReviewState.OPEN:
        raise CannotReview("This review is open already.")
    if not reason.strip():
        raise CannotReview("Say why it is looked at again.")
    _current(review)
    today = now.astimezone(review.microgrid.zone).date()
    review.deadline_at = deadline_of(microgrid=review.microgrid, day=today, working_days=REOPENED_WORKING_DAYS)
    review.state, review.decided_by, review.decided_at = ReviewState.OPEN, None, None
    review.reason = f"Reopened by {user}: {reason.strip()}"[:300]
    review.save(update_fields=["state", "decided_by", "decided_at", "reason", "deadline_at"])
    return review
