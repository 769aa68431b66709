"""A day that a person should look at: it waits, it is decided, and no review holds up a day for ever."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from energy.domain.quality import METHOD_MASK, Check, Method
from energy.models import (
    Channel,
    ClassSettings,
    DayStatus,
    LearnedLimits,
    MeterDay,
    MeterDayVersion,
    Microgrid,
    Review,
    ReviewState,
    VersionCause,
)
from energy.selectors.reviews import days_in_review, review_picture
from energy.services.day_close import finalise_day
from energy.services.reviews import CannotReview, accept, deadline_of, edit, reopen
from members.models import User
from tests.integration.energy.conftest import KNOWN_DAYS, REAL_NOW, REVIEWED_DAY, SPIKE_AT, SPIKE_WH, Sender, reviewed_values

pytestmark = pytest.mark.django_db
DAY = REVIEWED_DAY


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_user(email="operator@hamlet.example", password="a long enough one")


def now_of(sender: Sender) -> datetime:
    return sender.microgrid.now(REAL_NOW)


def values(spike: bool = True) -> list[int]:
    return reviewed_values(spike=spike)


def current(sender: Sender) -> MeterDay:
    return MeterDay.objects.get(meter_id=sender.meter.pk, channel=Channel.IMPORT, day=DAY, is_current=True)


def test_limits_are_kept_with_when_and_from_what(known: Sender) -> None:
    learned = LearnedLimits.objects.get(meter=known.meter)
    assert (learned.meter_class, learned.days) == ("home", KNOWN_DAYS)
    assert learned.last_day == DAY
    assert 0 < learned.numbers["rise_wh"] < learned.numbers["height_wh"] < SPIKE_WH


def test_a_sound_day_is_final_at_once(known: Sender, accept: Callable) -> None:  # type: ignore[type-arg]
    accept(known.message(blocks=[known.day_block(DAY, values(spike=False))]))
    report = finalise_day(microgrid=known.microgrid, day=DAY, now=now_of(known))
    assert report.waiting == 0
    assert current(known).status == DayStatus.FINAL


def test_a_spike_waits_with_proposals(waiting: Review, known: Sender) -> None:
    assert waiting.found & Check.SPIKE
    assert SPIKE_AT in waiting.intervals
    assert waiting.measured_wh[waiting.intervals.index(SPIKE_AT)] == SPIKE_WH
    assert set(waiting.proposals) >= {"calculated", "like-day", "profile"}
    place = waiting.intervals.index(SPIKE_AT)
    assert waiting.proposals["calculated"][place] < 500
    row = current(known)
    assert row.status == DayStatus.PROVISIONAL
    assert row.quality[SPIKE_AT] & Check.SPIKE
    assert days_in_review(microgrid=known.microgrid, now=now_of(known)) == {DAY}


def test_weekends_and_holidays_are_no_working_days(microgrid: Microgrid) -> None:
    deadline = deadline_of(microgrid=microgrid, day=DAY, working_days=2)
    assert deadline == microgrid.local_day(date(2016, 3, 30)).end_at


def test_accepted_it_is_final_as_measured(waiting: Review, known: Sender, operator: User) -> None:
    accept_review = accept
    assert accept_review(reviews=[waiting], user=operator, now=now_of(known)) == 1
    assert accept_review(reviews=[waiting], user=operator, now=now_of(known)) == 0
    assert finalise_day(microgrid=known.microgrid, day=DAY, now=now_of(known)).waiting == 0
    row = current(known)
    assert (row.status, row.values_wh[SPIKE_AT], row.version) == (DayStatus.FINAL, SPIKE_WH, 1)


def test_its_deadline_settles_it(waiting: Review, known: Sender) -> None:
    report = finalise_day(microgrid=known.microgrid, day=DAY, now=waiting.deadline_at)
    assert report.waiting == 0
    waiting.refresh_from_db()
    assert (waiting.state, waiting.decided_by) == (ReviewState.EXPIRED, None)
    assert current(known).status == DayStatus.FINAL


def test_a_deadline_long_gone_holds_up_nothing(known: Sender, accept: Callable) -> None:  # type: ignore[type-arg]
    accept(known.message(blocks=[known.day_block(DAY, values())]))
    report = finalise_day(microgrid=known.microgrid, day=DAY, now=now_of(known) + timedelta(days=20))
    assert report.waiting == 0
    assert Review.objects.get().state == ReviewState.EXPIRED


def test_an_edit_is_a_new_version_with_who_and_why(waiting: Review, known: Sender, operator: User) -> None:
    wanted = waiting.proposals["calculated"]
    with pytest.raises(CannotReview, match="why"):
        edit(review=waiting, values_wh=wanted, user=operator, reason=" ", now=now_of(known))
    edit(review=waiting, values_wh=wanted, user=operator, reason="The meter was knocked", now=now_of(known))
    assert finalise_day(microgrid=known.microgrid, day=DAY, now=now_of(known)).waiting == 0
    row = current(known)
    assert (row.version, row.status) == (2, DayStatus.FINAL)
    assert [row.values_wh[i] for i in waiting.intervals] == wanted
    assert {row.quality[i] & METHOD_MASK for i in waiting.intervals} == {Method.EDITED}
    version = MeterDayVersion.objects.get(meter_id=known.meter.pk, day=DAY, version=2)
    assert (version.cause, version.user, version.reason) == (VersionCause.EDIT, operator, "The meter was knocked")
    first = MeterDay.objects.get(meter_id=known.meter.pk, channel=Channel.IMPORT, day=DAY, version=1)
    assert first.values_wh[SPIKE_AT] == SPIKE_WH


def test_a_final_day_is_looked_at_again(waiting: Review, known: Sender, operator: User) -> None:
    accept(reviews=[waiting], user=operator, now=now_of(known))
    finalise_day(microgrid=known.microgrid, day=DAY, now=now_of(known))
    reopen(review=waiting, user=operator, reason="A neighbour called", now=now_of(known))
    waiting.refresh_from_db()
    assert (waiting.state, waiting.decided_at) == (ReviewState.OPEN, None)
    assert current(known).status == DayStatus.FINAL
    edit(review=waiting, values_wh=waiting.proposals["like-day"], user=operator, reason="It was wrong", now=now_of(known))
    assert finalise_day(microgrid=known.microgrid, day=DAY, now=now_of(known)).finalised == 1
    assert current(known).version == 2
    with pytest.raises(CannotReview, match="later version"):
        reopen(review=waiting, user=operator, reason="Once more", now=now_of(known))


def test_later_readings_end_a_review(waiting: Review, known: Sender, accept: Callable) -> None:  # type: ignore[type-arg]
    accept(known.message(blocks=[known.part_block(DAY, SPIKE_AT, [60])]))
    assert finalise_day(microgrid=known.microgrid, day=DAY, now=now_of(known)).waiting == 0
    waiting.refresh_from_db()
    assert waiting.state == ReviewState.SUPERSEDED


def test_a_class_may_be_checked_less_strictly(known: Sender, accept: Callable) -> None:  # type: ignore[type-arg]
    ClassSettings.objects.create(microgrid=known.microgrid, meter_class="home", limit_factor=5, stuck_intervals=96)
    mild = values()
    mild[SPIKE_AT] = 500
    accept(known.message(blocks=[known.day_block(DAY, mild)]))
    assert finalise_day(microgrid=known.microgrid, day=DAY, now=now_of(known)).waiting == 0
    ClassSettings.objects.all().delete()
    assert not Review.objects.exists()


def test_the_picture_shows_the_day_and_its_like_days(waiting: Review) -> None:
    picture = review_picture(waiting)
    assert picture.measured_wh[SPIKE_AT] == SPIKE_WH
    assert [day.weekday() for day, _ in picture.like_days] == [DAY.weekday()] * 4
    assert len(picture.starts) == 96
    assert picture.proposals["like-day"][SPIKE_AT] != SPIKE_WH
