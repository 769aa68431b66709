"""Silence is on the operator's page within two intervals, with the members it touches, and ends when it is heard again."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from energy.models import FeedSilence, Microgrid, SilenceKind
from energy.selectors.silences import silences
from energy.services.gateways import accept_body
from energy.services.silence import check_silence
from members.models import Membership, Role, User
from tests.integration.energy.conftest import REAL_NOW, Sender
from tests.integration.energy.test_gateways import NOW, Headend
from tests.integration.energy.test_imports import accepted

pytestmark = pytest.mark.django_db
TODAY = date(2016, 3, 29)
NOON = 48  # intervals that are over when the village's clock shows noon


def say(sender: Sender, accept: Callable[..., object], upto: int, values: list[int] | None = None) -> None:
    """One message per interval of the last hours, up to the one with the number `upto`."""
    for i in range(upto - 8, upto):
        accept(sender.message(blocks=[sender.part_block(TODAY, i, [values[i - upto] if values else 9])]))


def kinds(microgrid: Microgrid) -> list[tuple[str, str]]:
    rows = FeedSilence.objects.filter(microgrid=microgrid, ended_at__isnull=True)
    return sorted((row.kind, str(row.meter or row.gateway or row.feed)) for row in rows)


def test_a_meter_that_stops_is_told_with_its_member(sender: Sender, accept: Callable[..., object]) -> None:
    microgrid = sender.microgrid
    say(sender, accept, NOON - 1)
    assert check_silence(microgrid=microgrid, now=NOW).opened == 0  # one interval late: it may be under way
    say(sender, accept, NOON)
    assert check_silence(microgrid=microgrid, now=NOW + timedelta(minutes=29)).opened == 0
    assert check_silence(microgrid=microgrid, now=NOW + timedelta(minutes=30)).opened == 1
    assert check_silence(microgrid=microgrid, now=NOW + timedelta(minutes=31)).opened == 0
    [found], _ = silences(microgrid=microgrid, now=NOW + timedelta(minutes=31))
    assert (found.row.kind, found.row.since_at, found.members) == ("stopped", NOW, [sender.meter.site.member])
    assert found.what == f"Meter {sender.meter.code}"


def test_a_meter_that_is_heard_again_is_silent_no_longer(sender: Sender, accept: Callable[..., object]) -> None:
    say(sender, accept, NOON - 2)
    assert check_silence(microgrid=sender.microgrid, now=NOW).opened == 1
    accept(sender.message(blocks=[sender.part_block(TODAY, NOON - 2, [9, 9])]))
    assert check_silence(microgrid=sender.microgrid, now=NOW).ended == 1
    open_now, ended = silences(microgrid=sender.microgrid, now=NOW)
    assert (open_now, [row.meter for row in ended]) == ([], [sender.meter])


def test_a_meter_that_stops_after_it_made_up_for_a_long_silence_is_told_as_soon(sender: Sender, accept: Callable[..., object]) -> None:
    accept(sender.message(blocks=[sender.part_block(TODAY, 0, [9] * (NOON - 5))]), now=REAL_NOW - timedelta(minutes=74))
    for i in range(NOON - 5, NOON):
        at = REAL_NOW - timedelta(minutes=15 * (NOON - 1 - i))
        accept(sender.message(blocks=[sender.part_block(TODAY, i, [9])]), now=at)
    microgrid = sender.microgrid
    assert check_silence(microgrid=microgrid, now=NOW + timedelta(minutes=29)).opened == 0
    assert check_silence(microgrid=microgrid, now=NOW + timedelta(minutes=30)).opened == 1


def test_zeros_against_the_habit_are_told(sender: Sender, accept: Callable[..., object]) -> None:
    microgrid = sender.microgrid
    for back in range(1, 6):
        accept(sender.message(blocks=[sender.day_block(TODAY - timedelta(days=back), register=None)]))
    say(sender, accept, NOON, [9] * 6 + [0, 0])
    check_silence(microgrid=microgrid, now=NOW)
    assert kinds(microgrid) == [(SilenceKind.ZEROS, sender.meter.code)]
    assert FeedSilence.objects.get().since_at == NOW - timedelta(minutes=30)


def test_a_gateway_that_stops_is_told_with_all_it_speaks_for(microgrid: Microgrid) -> None:
    headend = Headend(microgrid)
    headend.send(headend.body(readings=[headend.reading(4, [5, 6])]))
    check_silence(microgrid=microgrid, now=NOW + timedelta(minutes=29))
    assert (SilenceKind.STOPPED, "head-end") not in kinds(microgrid)
    check_silence(microgrid=microgrid, now=NOW + timedelta(minutes=30))
    assert (SilenceKind.STOPPED, "head-end") in kinds(microgrid)
    found = next(s for s in silences(microgrid=microgrid, now=NOW)[0] if s.row.gateway)
    assert {headend.home, headend.charger, headend.roof} == set(found.meters)
    late = REAL_NOW + timedelta(minutes=31)
    body = headend.body(sent_at=microgrid.now(late).isoformat(), readings=[headend.reading(6, [7])])
    accept_body(key=headend.key, body=body, now=late)
    check_silence(microgrid=microgrid, now=microgrid.now(late))
    assert (SilenceKind.STOPPED, "head-end") not in kinds(microgrid)


def test_a_feed_of_files_that_stops_is_told(microgrid: Microgrid) -> None:
    code = microgrid.meters.filter(kind="site").order_by("code")[0].code
    for day in range(3):
        batch = accepted(microgrid, f"time;{code}\n2016-03-2{day} 00:00;1\n")
        type(batch).objects.filter(pk=batch.pk).update(accepted_at=NOW + timedelta(days=day))
    last = NOW + timedelta(days=2)
    check_silence(microgrid=microgrid, now=last + timedelta(hours=47))
    assert (SilenceKind.STOPPED, "wide") not in kinds(microgrid)
    check_silence(microgrid=microgrid, now=last + timedelta(hours=48))
    assert (SilenceKind.STOPPED, "wide") in kinds(microgrid)


def test_the_page_names_what_is_silent_or_says_that_all_is_heard(sender: Sender, accept: Callable[..., object]) -> None:
    user = User.objects.create_user("operator@hamlet.example", "a long password")
    Membership.objects.create(user=user, cooperative=sender.microgrid.cooperative, role=Role.OPERATOR)
    client = Client()
    client.force_login(user)
    assert "Everything is heard" in client.get(reverse("silence")).content.decode()
    say(sender, accept, NOON - 4)
    check_silence(microgrid=sender.microgrid, now=NOW)
    page = client.get(reverse("silence")).content.decode()
    assert f"Meter {sender.meter.code}" in page
    assert sender.meter.site.member.name in page
    assert "sends nothing" in page
    assert datetime.fromisoformat("2016-03-29T11:00+02:00") == FeedSilence.objects.get().since_at
