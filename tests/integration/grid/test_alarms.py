"""Alarms on real ticks and in real hands: raised, acknowledged, shelved, ended; seen by whom they concern."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from energy.models import AlarmKind, DeviceAlarm, FeedSilence, Line
from energy.services.devices import enrol_devices
from grid.domain.alarm_life import Finding, FindingKind, Priority
from grid.domain.spoken.book import BOOK
from grid.models import AlarmPriority, GridAlarm, GridAlarmKind
from grid.selectors.network import forget_networks
from grid.services.alarms import CannotShelve, acknowledge, clear_alarm, raise_alarm, shelve, take_in
from grid.services.control import run_tick
from members.models import Role
from tests.integration.grid.conftest import SHOWN_NOW, user_with

pytestmark = pytest.mark.django_db
LINE = Finding(FindingKind.LINE_LOADING, "L1", Priority.MEDIUM, "Line L1 carries 84% of its rating.")


def later(seconds: float):
    return SHOWN_NOW + timedelta(seconds=seconds)


def kinds(alarm: GridAlarm) -> list[str]:
    return list(alarm.steps.order_by("at", "pk").values_list("kind", flat=True))


def test_the_names_are_the_domains() -> None:
    assert set(GridAlarmKind.values) == set(FindingKind)
    assert set(AlarmPriority.values) == set(Priority)


def test_a_loaded_line_is_an_alarm_until_it_is_not(microgrid, live, settings):
    settings.MQTT_URL = "mqtt://127.0.0.1:9"
    Line.objects.filter(microgrid=microgrid).update(max_current_a=1.0)
    forget_networks()
    for seconds in (0, 4, 8):
        live(sun_w=9000.0, at=later(seconds))
        run_tick(microgrid=microgrid, now=later(seconds))
        assert GridAlarm.objects.filter(raised_at__isnull=False, kind="line_loading").exists() is (seconds == 8)
    alarm = GridAlarm.objects.filter(kind="line_loading").first()
    assert alarm.priority == Priority.CRITICAL
    assert alarm.subject in alarm.sentence
    Line.objects.filter(microgrid=microgrid).update(max_current_a=10_000.0)
    forget_networks()
    for seconds in (12, 20, 44):
        live(sun_w=9000.0, at=later(seconds))
        run_tick(microgrid=microgrid, now=later(seconds))
        alarm.refresh_from_db()
        assert alarm.is_active is (seconds < 44)
    assert kinds(alarm) == ["raised", "cleared"]


def test_an_alarm_ends_once_it_is_over_and_seen(microgrid, operator):
    alarm = raise_alarm(microgrid=microgrid, finding=LINE, now=SHOWN_NOW)
    assert raise_alarm(microgrid=microgrid, finding=LINE, now=later(1)).pk == alarm.pk
    clear_alarm(microgrid=microgrid, kind=LINE.kind, subject="L1", now=later(2))
    take_in(microgrid=microgrid, findings=[LINE], judged=[LINE.kind], now=later(3))
    alarm.refresh_from_db()
    assert (alarm.is_active, alarm.count) == (True, 2)
    clear_alarm(microgrid=microgrid, kind=LINE.kind, subject="L1", now=later(4))
    assert GridAlarm.objects.unfinished().count() == 1
    acknowledge(alarm=alarm, by=operator, now=later(5))
    acknowledge(alarm=alarm, by=operator, now=later(6))
    assert not GridAlarm.objects.unfinished().exists()
    assert kinds(alarm) == ["raised", "cleared", "raised_again", "cleared", "acknowledged"]
    assert raise_alarm(microgrid=microgrid, finding=LINE, now=later(7)).pk != alarm.pk


def test_the_database_holds_one_of_a_kind(microgrid):
    raise_alarm(microgrid=microgrid, finding=LINE, now=SHOWN_NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        GridAlarm.objects.create(microgrid=microgrid, kind=LINE.kind, subject="L1", priority=3, sentence="Twice.", seen_at=SHOWN_NOW)


def test_a_shelf_has_a_reason_and_an_end(microgrid, operator):
    alarm = raise_alarm(microgrid=microgrid, finding=LINE, now=SHOWN_NOW)
    for length, reason in ((timedelta(hours=1), " "), (timedelta(hours=25), "x"), (timedelta(0), "x")):
        with pytest.raises(CannotShelve):
            shelve(alarm=alarm, by=operator, now=SHOWN_NOW, length=length, reason=reason)
    shelve(alarm=alarm, by=operator, now=SHOWN_NOW, length=timedelta(hours=1), reason="Crew on its way")
    assert not GridAlarm.objects.listed(later(3599)).exists()
    assert GridAlarm.objects.listed(later(3600)).exists()
    take_in(microgrid=microgrid, findings=[LINE], judged=[LINE.kind], now=later(3601))
    alarm.refresh_from_db()
    assert alarm.shelved_reason == ""
    assert kinds(alarm) == ["raised", "shelved", "shelf_ended"]


def test_an_operator_sees_all_alarms_in_one_place_and_acts(microgrid, operator, client):
    client.force_login(operator)
    assert "No alarm of the grid" in client.get(reverse("alarms")).content.decode()
    alarm = raise_alarm(microgrid=microgrid, finding=LINE, now=SHOWN_NOW)
    devices = enrol_devices(microgrid=microgrid, public_keys={microgrid.meters.first().pk: b"k" * 32}, now=SHOWN_NOW)
    [device] = devices.values()
    DeviceAlarm.objects.create(device=device, kind=AlarmKind.COVER_OPEN, raised_at=timezone.now(), last_at=timezone.now())
    page = client.get(reverse("alarms")).content.decode()
    assert LINE.sentence in page
    german = client.get(reverse("alarms"), headers={"Accept-Language": "de"}).content.decode()
    board = german[german.index('id="alarm-board"') :]
    assert str(BOOK.german(LINE.sentence)) in board, board[:3000]
    assert "Leitungsauslastung" in board and "Quittieren" in board
    assert LINE.sentence not in german
    assert AlarmKind.COVER_OPEN.label.capitalize() in page
    assert '<span class="visually-hidden">, not acknowledged: </span>2' in page
    same = client.get(reverse("alarm-board"), {"version": version(page)})
    assert same.status_code == 204
    answer = client.post(reverse("alarm-step", args=[alarm.public_id]), {"step": "acknowledge"}, follow=True)
    assert "Line loading: L1: acknowledged." in answer.content.decode().replace("line loading", "Line loading")
    fresh = client.get(reverse("alarm-board"), {"version": version(page), "part": "side"}, headers={"HX-Request": "true"})
    assert "hx-swap-oob" in fresh.content.decode()
    client.post(reverse("alarm-step", args=[alarm.public_id]), {"step": "shelve", "minutes": "60", "reason": "Crew on its way"})
    life = client.get(reverse("alarm", args=[alarm.public_id])).content.decode()
    assert "Crew on its way" in life
    assert operator.email in life


def version(page: str) -> str:
    return page.split("?version=")[1].split('"')[0]


def test_auditors_look_and_do_not_touch(microgrid, household, stranger, client):
    auditor = user_with(microgrid, "auditor@hamlet.example", Role.AUDITOR)
    alarm = raise_alarm(microgrid=microgrid, finding=LINE, now=SHOWN_NOW)
    client.force_login(auditor)
    assert client.get(reverse("alarm", args=[alarm.public_id])).status_code == 200
    assert client.post(reverse("alarm-step", args=[alarm.public_id]), {"step": "acknowledge"}).status_code == 404
    assert client.post(reverse("api-grid-alarm-acknowledge", args=[alarm.public_id])).status_code == 404
    client.force_login(household)
    assert client.get(reverse("alarms")).status_code == 404
    assert client.get(reverse("api-grid-alarms", args=[microgrid.public_id])).status_code == 404
    client.force_login(stranger)
    assert client.get(reverse("alarm", args=[alarm.public_id])).status_code == 404
    alarm.refresh_from_db()
    assert alarm.acknowledged_at is None


def test_the_api_takes_the_same_steps(microgrid, operator, client):
    alarm = raise_alarm(microgrid=microgrid, finding=LINE, now=microgrid.now(timezone.now()))
    client.force_login(operator)
    rows = client.get(reverse("api-grid-alarms", args=[microgrid.public_id])).json()["results"]
    assert [(row["id"], row["priority"]) for row in rows] == [(str(alarm.public_id), "medium")]
    shelved = client.post(
        reverse("api-grid-alarm-shelve", args=[alarm.public_id]), {"minutes": 60, "reason": "Crew"}, content_type="application/json"
    )
    assert shelved.json()["shelved_reason"] == "Crew"
    assert client.get(reverse("api-grid-alarms", args=[microgrid.public_id])).json()["results"] == []
    wrong = client.post(reverse("api-grid-alarm-shelve", args=[alarm.public_id]), {"minutes": 0}, content_type="application/json")
    assert wrong.status_code == 400
    client.post(reverse("api-grid-alarm-unshelve", args=[alarm.public_id]))
    seen = client.post(reverse("api-grid-alarm-acknowledge", args=[alarm.public_id])).json()
    assert [step["kind"] for step in seen["steps"]] == ["acknowledged", "unshelved", "shelved", "raised"]
    assert client.get(reverse("api-grid-alarms", args=[microgrid.public_id]), {"state": "x"}).status_code == 400


def test_silent_feeds_stand_beside_the_alarms(microgrid, operator, client):
    FeedSilence.objects.create(microgrid=microgrid, kind="stopped", feed="wide", since_at=SHOWN_NOW, found_at=SHOWN_NOW)
    client.force_login(operator)
    assert "1 meter or feed stopped" in client.get(reverse("alarms")).content.decode()
