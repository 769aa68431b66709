"""A day that a person should look at: it waits, it is decided, and no review holds up a day for ever."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from django.db import connection

from energy.adapters.meter_day_rows import MeterDayRow, write_rows
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
)  # fmt: skip
from energy.selectors.reviews import days_in_review, review_picture
from energy.services.day_close import finalise_day
from energy.services.limits import learn
from energy.services.partitions import ensure_months
from energy.services.reviews import CannotReview, accept, deadline_of, edit, reopen
from members.models import User
from tests.integration.energy.conftest import Sender
from tests.unit.energy.villages import axis_of, home

pytestmark = pytest.mark.django_db
DAY = date(2016, 3, 24)  # a Thursday; Good Friday and Easter Monday follow
HISTORY = 60
SPIKE_AT, SPIKE_WH = 14, 4000


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_user(email="operator@hamlet.example", password="a long enough one")


@pytest.fixture
def known(microgrid: Microgrid, senders: dict[str, list[Sender]]) -> Sender:
    """The first home, after two months of final days from which its limits were learned."""
    first = DAY - timedelta(days=HISTORY)
    axis = axis_of(f"{first.isoformat()}T00:00+01:00", HISTORY)
    rng = np.random.default_rng(5)
    rows = []
    for sender in senders["site"]:
        wh = home(axis, rng).astype(np.int32).reshape(HISTORY, 96)
        rows += [
            MeterDayRow(day, sender.meter.pk, int(Channel.IMPORT), wh[i], np.zeros(96, np.int16), status=int(DayStatus.FINAL))
            for i, day in enumerate(axis.days)
        ]  # fmt: skip
    ensure_months(table="energy_meterday", days=axis.days)
    with connection.cursor() as cursor:
        write_rows(
            cursor,
            rows,
            microgrid_id=microgrid.pk,
            provenance="messages",
            now=microgrid.now(_real()),
            replace=False,
        )
    learn(microgrid=microgrid, now=microgrid.local_day(DAY).end_at)
    return senders["site"][0]


def _real() -> datetime:
    from tests.integration.energy.conftest import REAL_NOW

    return REAL_NOW


def now_of(sender: Sender) -> datetime:
    return sender.microgrid.now(_real())


def values(spike: bool = True) -> list[int]:
    axis = axis_of(f"{DAY.isoformat()}T00:00+01:00", 1)
    wh = home(axis, np.random.default_rng(9)).astype(int).tolist()
    if spike:
        wh[SPIKE_AT] = SPIKE_WH
    return wh


@pytest.fixture
def waiting(known: Sender, accept: Callable) -> Review:  # type: ignore[type-arg]
    """The review of a day with a spike, which the registers did not count."""
    block = known.day_block(DAY, values())
    counted = 1000 + sum(values(spike=False))
    accept(
        known.message(
            blocks=[type(block)(block.channel, block.start_at, 900, block.values_wh, 1000, counted)]
        )
    )
    report = finalise_day(microgrid=known.microgrid, day=DAY, now=now_of(known))
    assert report.waiting == 1
    return Review.objects.get(state=ReviewState.OPEN)


def current(sender: Sender) -> MeterDay:
    return MeterDay.objects.get(meter_id=sender.meter.pk, channel=Channel.IMPORT, day=DAY, is_current=True)


def test_limits_are_kept_with_when_and_from_what(known: Sender) -> None:
    learned = LearnedLimits.objects.get(meter=known.meter)
    assert (learned.meter_class, learned.days) == ("home", HISTORY)
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
    assert (version.cause, version.user, version.reason) == (
        VersionCause.EDIT,
        operator,
        "The meter was knocked",
    )
    first = MeterDay.objects.get(meter_id=known.meter.pk, channel=Channel.IMPORT, day=DAY, version=1)
    assert first.values_wh[SPIKE_AT] == SPIKE_WH


def test_a_final_day_is_looked_at_again(waiting: Review, known: Sender, operator: User) -> None:
    accept(reviews=[waiting], user=operator, now=now_of(known))
    finalise_day(microgrid=known.microgrid, day=DAY, now=now_of(known))
    reopen(review=waiting, user=operator, reason="A neighbour called", now=now_of(known))
    waiting.refresh_from_db()
    assert (waiting.state, waiting.decided_at) == (ReviewState.OPEN, None)
    assert current(known).status == DayStatus.FINAL
    edit(
        review=waiting,
        values_wh=waiting.proposals["like-day"],
        user=operator,
        reason="It was wrong",
        now=now_of(known),
    )
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
    ClassSettings.objects.create(
        microgrid=known.microgrid, meter_class="home", limit_factor=5, stuck_intervals=96
    )
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
