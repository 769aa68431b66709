"""Control ticks with real Valkey, database and broker: seen, decided, commanded, acknowledged, told."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import aiomqtt
import cbor2
import psycopg
import pytest
from django.conf import settings
from django.db import connection

from energy.adapters.live_store import valkey
from energy.models import Device, Meter
from energy.models.assets import AssetStatus
from energy.models.meters import MeterKind
from energy.services.devices import enrol_devices
from grid.adapters.inverter_link import ACKS, COMMANDS
from grid.adapters.live_push import channel_of
from grid.adapters.virtual_devices import mqtt_client
from grid.models import CommandStatus, DeviceCommand, GridState
from grid.selectors.drawing import draw
from grid.selectors.states import latest_state, spelled_out
from grid.services.control import forget_ticks, run_tick
from tests.integration.grid.conftest import SHOWN_NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def devices(microgrid) -> dict[int, Device]:
    meters = list(microgrid.meters.all())
    keys = {meter.pk: meter.pk.to_bytes(4) * 8 for meter in meters}
    return enrol_devices(microgrid=microgrid, public_keys=keys, now=SHOWN_NOW)


class Inverters:
    """Inverters at the other end of the broker: they remember what they were told and acknowledge it."""

    def __init__(self, names: set[str], answers: bool) -> None:
        self.names, self.answers, self.told = names, answers, []
        self._ready, self._loop = threading.Event(), asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Inverters":
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(10)

    def _run(self) -> None:
        self._task = self._loop.create_task(self._obey())
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            return

    async def _obey(self) -> None:
        async with mqtt_client(settings.MQTT_URL, "inverters-of-a-test") as client:
            await client.subscribe(f"{COMMANDS}#", qos=1)
            self._ready.set()
            async for message in client.messages:
                name = str(message.topic).removeprefix(COMMANDS)
                if name not in self.names:
                    continue
                order = cbor2.loads(message.payload)
                self.told.append((name, order))
                if self.answers:
                    await client.publish(f"{ACKS}{name}", cbor2.dumps({"id": order["id"], "at": 0}), qos=1)


@pytest.fixture
def inverters(devices) -> Callable[..., Inverters]:
    def stand(*, answers: bool = True) -> Inverters:
        return Inverters({device.name for device in devices.values()}, answers)

    return stand


@pytest.fixture
def away(settings) -> Iterator[None]:
    """No broker listens there."""
    settings.MQTT_URL = "mqtt://127.0.0.1:9"
    yield


def test_surplus_is_commanded_into_the_batteries_and_acknowledged(microgrid, live, inverters):
    live(sun_w=9000.0)
    with inverters() as there:
        state = run_tick(microgrid=microgrid, now=SHOWN_NOW)
    assert state.status == "SURPLUS"
    assert state.sites_reporting == state.sites_total == Meter.objects.filter(kind=MeterKind.SITE).count()
    commands = list(DeviceCommand.objects.all())
    assert len(commands) == 2
    assert {c.status for c in commands} == {CommandStatus.ACKNOWLEDGED}
    told = {order["id"]: order for _, order in there.told}
    assert {str(c.public_id): (c.charge_w, c.discharge_w) for c in commands} == {
        key: (order["charge_w"], order["discharge_w"]) for key, order in told.items()
    }
    total = sum(c.charge_w for c in commands)
    assert 0 < total <= state.export_w
    assert all(0 < c.charge_w <= c.storage.charge_max_w for c in commands)
    assert commands[0].expires_at - SHOWN_NOW == timedelta(seconds=5 * settings.CONTROL_TICK_SECONDS)


def test_the_balance_of_a_tick_holds(microgrid, live, devices, away):
    live(sun_w=700.0)
    state = run_tick(microgrid=microgrid, now=SHOWN_NOW)
    assert state.import_w + state.production_w + state.discharge_w == state.consumption_w + state.charge_w + state.export_w


def test_the_same_situation_needs_no_second_command(microgrid, live, inverters):
    live(sun_w=9000.0)
    with inverters() as there:
        run_tick(microgrid=microgrid, now=SHOWN_NOW)
        run_tick(microgrid=microgrid, now=SHOWN_NOW + timedelta(seconds=4))
    assert len(there.told) == DeviceCommand.objects.count() == 2


def test_an_unanswered_command_is_given_again_and_expires(microgrid, live, inverters):
    live(sun_w=9000.0)
    with inverters(answers=False) as there:
        run_tick(microgrid=microgrid, now=SHOWN_NOW)
        first = set(DeviceCommand.objects.values_list("pk", flat=True))
        state = run_tick(microgrid=microgrid, now=SHOWN_NOW + timedelta(seconds=5))
    assert len(there.told) == 4
    assert set(DeviceCommand.objects.filter(pk__in=first).values_list("status", flat=True)) == {CommandStatus.EXPIRED}
    assert "2 commands wait for their acknowledgement." in state.reasons


def test_without_the_broker_ticks_go_on(microgrid, live, devices, away):
    live(sun_w=9000.0)
    assert run_tick(microgrid=microgrid, now=SHOWN_NOW).status == "SURPLUS"
    later = SHOWN_NOW + timedelta(seconds=60)
    live(sun_w=0.0, at=later)
    assert run_tick(microgrid=microgrid, now=later).status == "DEFICIT"
    assert not DeviceCommand.objects.filter(status=CommandStatus.ACKNOWLEDGED).exists()
    assert DeviceCommand.objects.filter(issued_at=SHOWN_NOW, status=CommandStatus.EXPIRED).count() == 2


def test_a_battery_in_maintenance_or_silent_is_left_alone(microgrid, live, devices, away):
    [first, second] = [s for site in microgrid.sites.all() for s in site.storages.all()]
    first.status = AssetStatus.MAINTENANCE
    first.save()
    live(sun_w=9000.0)
    run_tick(microgrid=microgrid, now=SHOWN_NOW)
    assert [c.storage for c in DeviceCommand.objects.all()] == [second]
    DeviceCommand.objects.all().delete()
    later = SHOWN_NOW + timedelta(seconds=60)
    live(sun_w=9000.0, at=later, silent=frozenset({second.meter.pk}))
    state = run_tick(microgrid=microgrid, now=later)
    assert not DeviceCommand.objects.exists()
    assert "1 of 2 storages are silent and stay idle." in state.reasons


def test_old_readings_are_silence_and_silence_is_no_tick(microgrid, live, devices):
    live(sun_w=9000.0)
    assert run_tick(microgrid=microgrid, now=SHOWN_NOW + timedelta(seconds=21)) is None
    assert not GridState.objects.exists()


def test_one_owner_at_a_time(microgrid, live, devices, away):
    live(sun_w=0.0)
    parameters = connection.get_connection_params()
    with psycopg.connect(**{k: v for k, v in parameters.items() if k in {"dbname", "user", "password", "host", "port"}}) as other:
        query = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
        assert other.execute(query, [f"grid control {microgrid.pk}"]).fetchone() == (True,)
        assert run_tick(microgrid=microgrid, now=SHOWN_NOW) is None
        other.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [f"grid control {microgrid.pk}"])
    assert run_tick(microgrid=microgrid, now=SHOWN_NOW) is not None


def test_watchers_are_told_once_encoded(microgrid, live, devices, away):
    live(sun_w=9000.0)
    with valkey().pubsub(ignore_subscribe_messages=True) as watching:
        watching.subscribe(channel_of(microgrid.public_id))
        watching.get_message(timeout=5)
        state = run_tick(microgrid=microgrid, now=SHOWN_NOW)
        event = watching.get_message(timeout=5)
    message = json.loads(event["data"])
    assert message["type"] == "grid.state"
    assert message["tick"] == state.pk
    assert message == latest_state(microgrid)
    assert set(message["storage_soc_wh"]) == {s.capacity_wh // 2 for site in microgrid.sites.all() for s in site.storages.all()}
    spelled = spelled_out(message, draw(microgrid, SHOWN_NOW))
    assert len(spelled["lines"]) == microgrid.lines.count()
    assert all(0.9 < node["vm_pu"] < 1.1 for node in spelled["nodes"])
    assert message["losses_w"] > 0
    assert max(message["loading"]) == pytest.approx(1000 * state.highest_loading, abs=0.51)
    assert len(json.dumps(message, separators=(",", ":"))) < 2500


def test_an_overloaded_line_is_an_emergency(microgrid, live, devices, away):
    live(sun_w=9000.0)
    microgrid.lines.update(max_current_a=0.5)
    state = run_tick(microgrid=microgrid, now=SHOWN_NOW)
    assert state.status == "EMERGENCY"
    assert "of its rating" in state.reasons[0]


def test_history_is_forgotten(microgrid, live, devices, away):
    live(sun_w=0.0)
    for minutes in (0, 70):
        at = SHOWN_NOW + timedelta(minutes=minutes)
        live(sun_w=0.0, at=at)
        run_tick(microgrid=microgrid, now=at)
    now = SHOWN_NOW + timedelta(minutes=70)
    assert GridState.objects.count() == 2
    forget_ticks(microgrid=microgrid, before=SHOWN_NOW + timedelta(minutes=10))
    assert [state.at for state in GridState.objects.all()] == [now]
    assert set(DeviceCommand.objects.values_list("issued_at", flat=True)) == {now}


def test_the_broker_error_is_the_one_expected(away):
    async def reach() -> None:
        async with mqtt_client(settings.MQTT_URL, "nobody"):
            pass

    with pytest.raises(aiomqtt.MqttError):
        asyncio.run(reach())
