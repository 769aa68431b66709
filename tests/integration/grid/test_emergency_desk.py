"""Emergencies for people: begun by ticks, called out and answered; orders by hand in two steps; drills; the page without a database."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from energy.adapters.live_store import LiveSample, write_samples
from energy.models import Consumer, Meter, StorageUnit, Transformer
from energy.services.devices import enrol_devices
from energy.services.grid_meters import place_grid_meter
from grid.adapters.live_push import keep_story, push_state
from grid.models import DeviceCommand, Emergency, EmergencyCall, EmergencyContact, EmergencyStep, GridAlarm, OperatorOverride
from grid.selectors.emergencies import emergency_story
from grid.services.control import run_tick
from grid.services.emergencies import ANSWER_WITHIN, answer_call, call_waiting
from grid.services.overrides import CannotOverride, Order, confirm_override, end_override, propose_override
from grid.web.emergency_pass import COOKIE
from members.models import Notification, Role
from tests.integration.grid.conftest import REAL_NOW, SHOWN_NOW, user_with

pytestmark = pytest.mark.django_db
TICK = timedelta(seconds=4)


@pytest.fixture(autouse=True)
def no_broker(settings):
    """No broker listens there; commands are looked at in the database."""
    settings.MQTT_URL = "mqtt://127.0.0.1:9"


@pytest.fixture
def devices(microgrid):
    keys = {meter.pk: meter.pk.to_bytes(4) * 8 for meter in microgrid.meters.all()}
    return enrol_devices(microgrid=microgrid, public_keys=keys, now=SHOWN_NOW)


@pytest.fixture
def contacts(microgrid, operator):
    second = user_with(microgrid, "second@hamlet.example", Role.OPERATOR)
    for position, user in enumerate((operator, second), 1):
        EmergencyContact.objects.create(microgrid=microgrid, user=user, position=position, phone="+49 385 1")
    return [operator, second]


@pytest.fixture
def switch(microgrid):
    """The meter beside the switch to the public grid; tells whether it is open."""

    def tell(*, is_open: bool, at, beyond_v: float = 230.0) -> None:
        branch = Transformer.objects.get(microgrid=microgrid)
        meter = Meter.objects.filter(transformer=branch).first() or place_grid_meter(
            microgrid=microgrid, branch=branch, code="PCC", now=SHOWN_NOW
        )
        values = {
            "coupling_open": float(is_open),
            "voltage_v": 230.0,
            "frequency_hz": 50.0,
            "grid_voltage_v": beyond_v,
            "grid_frequency_hz": 50.0,
            "import_w": 0.0,
            "export_w": 0.0,
        }
        write_samples({microgrid.pk: {meter.pk: LiveSample(at.timestamp(), values)}})

    return tell


def tick(microgrid, at):
    return run_tick(microgrid=microgrid, now=at, real_now=REAL_NOW + (at - SHOWN_NOW))


def test_an_emergency_begins_is_called_out_and_ends(microgrid, live, devices, contacts):
    live(sun_w=9000.0)
    width = dict(microgrid.lines.values_list("pk", "max_current_a"))
    microgrid.lines.update(max_current_a=0.5)
    assert tick(microgrid, SHOWN_NOW).status == "EMERGENCY"
    row = Emergency.objects.get()
    assert "of its rating" in row.cause and not row.is_drill
    assert [call.user for call in row.calls.all()] == contacts[:1]
    note = Notification.objects.get(kind="emergency")
    assert note.user == contacts[0] and note.by_mail and note.subject == "Emergency: Hamlet"
    assert GridAlarm.objects.get(kind="emergency").cleared_at is None

    for pk, amperes in width.items():
        microgrid.lines.filter(pk=pk).update(max_current_a=amperes)
    from grid.selectors.network import forget_networks

    forget_networks()
    at = SHOWN_NOW
    for _ in range(12):
        at += TICK
        live(sun_w=700.0, at=at)
        state = tick(microgrid, at)
    assert state.status != "EMERGENCY"
    row.refresh_from_db()
    assert row.ended_at is not None and at - row.ended_at < timedelta(seconds=20)
    assert GridAlarm.objects.get(kind="emergency").cleared_at is not None
    assert row.steps.earliest("pk").text.startswith("Begun as emergency:")


def test_the_next_is_called_until_somebody_answers(microgrid, live, devices, contacts):
    live(sun_w=9000.0)
    microgrid.lines.update(max_current_a=0.5)
    tick(microgrid, SHOWN_NOW)
    assert call_waiting(real_now=REAL_NOW + ANSWER_WITHIN / 2) == 0
    assert call_waiting(real_now=REAL_NOW + ANSWER_WITHIN) == 1
    assert EmergencyCall.objects.count() == 2
    answer_call(emergency=Emergency.objects.get(), by=contacts[1], real_now=REAL_NOW + 2 * ANSWER_WITHIN)
    answer_call(emergency=Emergency.objects.get(), by=contacts[1], real_now=REAL_NOW + 3 * ANSWER_WITHIN)
    assert call_waiting(real_now=REAL_NOW + 9 * ANSWER_WITHIN) == 0
    assert EmergencyStep.objects.filter(by=contacts[1]).count() == 1


def test_an_open_switch_is_an_island_whose_loads_and_sources_are_told(microgrid, live, devices, contacts, switch):
    storages = StorageUnit.objects.filter(site__microgrid=microgrid)
    storages.update(discharge_max_w=1000, charge_max_w=1000)
    live(sun_w=0.0)
    switch(is_open=True, at=SHOWN_NOW, beyond_v=0.0)
    state = tick(microgrid, SHOWN_NOW)
    assert state.status == "ISLANDED"
    assert Emergency.objects.get().cause == "The switch to the public grid is open."
    told = DeviceCommand.objects.filter(consumer__isnull=False)
    assert told.exists() and set(told.values_list("limit_w", "fallback")) == {(0, "free")}
    highest = max(c.priority_tier for c in Consumer.objects.filter(site__microgrid=microgrid))
    assert max(c.consumer.priority_tier for c in told) == highest
    assert not told.filter(consumer__priority_tier=0).exists()


def test_an_order_by_hand_takes_two_steps_and_ends_by_itself(microgrid, live, devices, operator):
    first, second = StorageUnit.objects.filter(site__microgrid=microgrid).order_by("pk")
    order = Order("storage", 1, "test of the inverter", storage=first, discharge_w=500)
    row = propose_override(microgrid=microgrid, order=order, by=operator, now=SHOWN_NOW)
    live(sun_w=9000.0)
    tick(microgrid, SHOWN_NOW)
    assert DeviceCommand.objects.get(storage=first).charge_w > 0, "a proposal changes nothing"
    confirm_override(override=row, by=operator, now=SHOWN_NOW + TICK)
    with pytest.raises(CannotOverride):
        confirm_override(override=row, by=operator, now=SHOWN_NOW + TICK)
    live(sun_w=9000.0, at=SHOWN_NOW + 2 * TICK)
    state = tick(microgrid, SHOWN_NOW + 2 * TICK)
    newest = DeviceCommand.objects.filter(storage=first).latest("pk")
    assert (newest.charge_w, newest.discharge_w) == (0, 500)
    assert DeviceCommand.objects.filter(storage=second).latest("pk").charge_w > 0, "the other one balances"
    assert "1 device follows an operator's order." in state.reasons
    later = SHOWN_NOW + timedelta(seconds=90)
    live(sun_w=9000.0, at=later)
    tick(microgrid, later)
    assert DeviceCommand.objects.filter(storage=first).latest("pk").charge_w > 0, "it ended by itself"


@pytest.mark.parametrize(
    "changes",
    [
        {"discharge_w": 10**9},
        {"charge_w": 5, "discharge_w": 5},
        {"reason": "  "},
        {"minutes": 0},
        {"minutes": 1441},
        {"kind": "tier", "storage": None, "tier": 0},
        {"kind": "source", "storage": None},
    ],
)
def test_what_cannot_be_ordered(microgrid, operator, changes):
    storage = StorageUnit.objects.filter(site__microgrid=microgrid).first()
    fields = {"kind": "storage", "minutes": 5, "reason": "because", "storage": storage, "discharge_w": 100} | changes
    with pytest.raises(CannotOverride):
        propose_override(microgrid=microgrid, order=Order(**fields), by=operator, now=SHOWN_NOW)
    with transaction.atomic(), pytest.raises(IntegrityError):
        OperatorOverride.objects.create(
            microgrid=microgrid, kind="tier", tier=0, minutes=5, reason="no", proposed_by=operator, proposed_at=SHOWN_NOW
        )


def test_a_proposal_runs_out_and_a_newer_order_ends_an_older(microgrid, operator):
    def propose(tier: int = 4) -> OperatorOverride:
        return propose_override(microgrid=microgrid, order=Order("tier", 60, "storm", tier=tier), by=operator, now=SHOWN_NOW)

    with pytest.raises(CannotOverride):
        confirm_override(override=propose(), by=operator, now=SHOWN_NOW + timedelta(minutes=11))
    old = confirm_override(override=propose(), by=operator, now=SHOWN_NOW)
    new = confirm_override(override=propose(), by=operator, now=SHOWN_NOW + TICK)
    old.refresh_from_db()
    assert old.ended_early_at == SHOWN_NOW + TICK
    end_override(override=new, by=operator, now=SHOWN_NOW + 2 * TICK)
    end_override(override=new, by=operator, now=SHOWN_NOW + 3 * TICK)
    new.refresh_from_db()
    assert new.ended_early_at == SHOWN_NOW + 2 * TICK and new.ended_by == operator


def log_in(client, user):
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_drill_switches_nothing_and_calls_people(client, microgrid, live, devices, contacts):
    live(sun_w=3000.0)
    log_in(client, contacts[0])
    page = client.post("/emergency/drills/", {"scenario": "loss-of-grid"}, follow=True)
    assert page.status_code == 200
    row = Emergency.objects.get()
    assert row.is_drill and row.called_by == contacts[0]
    assert row.outcome["timeline"] and row.outcome["lowest_hz"] <= 50
    assert row.outcome["shed_by_tier"].get("0", 0) == 0
    assert not DeviceCommand.objects.exists()
    assert Notification.objects.get().subject == "DRILL, nothing is switched: Hamlet"
    assert "A drill is running already." in client.post("/emergency/drills/", {"scenario": "night-falls"}, follow=True).content.decode()
    client.post(f"/emergency/{row.public_id}/answer/")
    assert EmergencyCall.objects.get().answered_at is not None
    client.post(f"/emergency/drills/{row.public_id}/end/")
    row.refresh_from_db()
    assert row.ended_at is not None


def test_an_operator_overrides_through_the_pages(client, microgrid, operator):
    log_in(client, operator)
    storage = StorageUnit.objects.filter(site__microgrid=microgrid).first()
    asked = {"kind": "storage", "storage": storage.pk, "direction": "charge", "power_w": 300, "minutes": 5, "reason": "test"}
    page = client.post("/emergency/orders/", asked, follow=True)
    row = OperatorOverride.objects.get()
    assert row.confirmed_at is None and 'id="override-confirm"' in page.content.decode()
    client.post(f"/emergency/orders/{row.public_id}/", {"step": "confirm"})
    row.refresh_from_db()
    assert row.confirmed_by == operator and row.charge_w == 300
    assert 'id="override-end"' in client.get(f"/emergency/orders/{row.public_id}/").content.decode()
    client.post(f"/emergency/orders/{row.public_id}/", {"step": "end"})
    row.refresh_from_db()
    assert row.ended_by == operator
    assert client.post("/emergency/orders/", asked | {"minutes": 9999}).status_code == 200
    assert OperatorOverride.objects.count() == 1


def test_who_may_look_and_who_may_act(client, microgrid, household, stranger, operator):
    for user in (household, stranger):
        log_in(client, user)
        assert client.get("/emergency/orders/").status_code == 404
        assert client.get("/emergency/desk/").status_code == 404
    log_in(client, user_with(microgrid, "auditor@hamlet.example", Role.AUDITOR))
    page = client.get("/emergency/desk/")
    assert page.status_code == 200 and "drill-form" not in page.content.decode()
    assert client.get("/emergency/orders/").status_code == 404
    assert client.post("/emergency/drills/", {"scenario": "loss-of-grid"}).status_code == 404
    EmergencyContact.objects.create(microgrid=microgrid, user=household, position=1)
    assert log_in(client, household).get("/emergency/desk/").status_code == 200, "a contact may look"


def test_the_page_needs_no_database_once_it_was_seen(client, microgrid, live, devices, contacts, django_assert_num_queries):
    live(sun_w=9000.0)
    microgrid.lines.update(max_current_a=0.5)
    tick(microgrid, SHOWN_NOW)
    assert client.get("/emergency/").status_code == 302, "log in first"
    log_in(client, contacts[0])
    assert client.get("/emergency/").status_code == 200
    german = client.get("/emergency/", headers={"Accept-Language": "de"}).content.decode()
    assert '<html lang="de">' in german and "Wen Sie anrufen" in german
    assert client.cookies[COOKIE].value
    keep_story(microgrid.public_id, emergency_story(microgrid, SHOWN_NOW))
    with django_assert_num_queries(0):
        page = client.get("/emergency/").content.decode()
    assert 'data-status="EMERGENCY"' in page and "of its rating" in page and "+49 385 1" in page and "called" in page
    assert "<script" not in page and "As of 3 Jun 2016, 12:00:00 in the village" in page
    client.cookies[COOKIE] = "forged"
    client.logout()
    assert client.get("/emergency/").status_code == 302


@pytest.mark.parametrize(
    ("import_w", "language", "word"), [(800, "en", "We draw from outside"), (0, "en", "In balance"), (0, "de", "Im Gleichgewicht")]
)
def test_a_deficit_that_is_kept_is_not_called_drawing_beside_nothing(client, microgrid, contacts, import_w, language, word):
    state = {"status": "DEFICIT", "at": SHOWN_NOW.isoformat(), "import_w": import_w, "export_w": 0, "reasons": []}
    push_state(microgrid.public_id, state)
    keep_story(microgrid.public_id, emergency_story(microgrid, SHOWN_NOW))
    log_in(client, contacts[0])
    page = client.get("/emergency/", headers={"Accept-Language": language}).content.decode()
    assert f'data-status="DEFICIT">{word}</h1>' in page


def test_the_story_is_plain(microgrid, contacts):
    story = emergency_story(microgrid, microgrid.now(timezone.now()))
    assert [c["position"] for c in story["contacts"]] == [1, 2]
    assert story["open"] == story["overrides"] == []
    assert connection.vendor == "postgresql"
