"""Joining the public grid again, with the real broker: an order with an id and a life, its answer, and what takes it back."""

from datetime import timedelta

import pytest

from energy.adapters.live_store import LiveSample, write_samples
from energy.models import Transformer
from energy.services.devices import enrol_devices
from energy.services.grid_meters import place_grid_meter
from grid.models import CommandFallback, CommandStatus, ControlRule, DeviceCommand
from grid.services.control import run_tick
from tests.integration.grid.conftest import REAL_NOW, SHOWN_NOW
from tests.integration.grid.test_control import Inverters

pytestmark = pytest.mark.django_db
JOINABLE = {
    "coupling_open": 1.0,
    "voltage_v": 230.0,
    "frequency_hz": 50.05,
    "grid_voltage_v": 229.0,
    "grid_frequency_hz": 50.0,
    "grid_phase_deg": 40.0,
    "import_w": 0.0,
    "export_w": 0.0,
}


@pytest.fixture
def beside(microgrid):
    """The meter beside the switch to the public grid; its device works the breaker."""
    branch = Transformer.objects.get(microgrid=microgrid)
    meter = place_grid_meter(microgrid=microgrid, branch=branch, code="PCC", now=SHOWN_NOW)
    ControlRule.objects.create(microgrid=microgrid, breaker=meter, resync_after_s=4)
    return meter


@pytest.fixture
def devices(microgrid, beside):
    keys = {meter.pk: meter.pk.to_bytes(4) * 8 for meter in microgrid.meters.all()}
    return enrol_devices(microgrid=microgrid, public_keys=keys, now=SHOWN_NOW)


def test_the_breaker_is_told_to_close_in_step_and_no_more_once_it_may_not(microgrid, live, beside, devices):
    name = devices[beside.pk].name

    def tick(seconds: int, **changes: float):
        at = SHOWN_NOW + timedelta(seconds=seconds)
        live(sun_w=0.0, at=at)
        write_samples({microgrid.pk: {beside.pk: LiveSample(at.timestamp(), JOINABLE | changes)}})
        return run_tick(microgrid=microgrid, now=at, real_now=REAL_NOW)

    with Inverters({name}, True) as there:
        assert tick(0).status == "ISLANDED"
        assert tick(4, grid_frequency_hz=49.7).status == "RESYNC"
        assert not DeviceCommand.objects.filter(breaker=beside).exists(), "the frequencies differ"
        state = tick(8)
        [command] = DeviceCommand.objects.filter(breaker=beside)
        assert (command.closes, command.fallback, command.status) == (True, CommandFallback.STAY, CommandStatus.ACKNOWLEDGED)
        assert command.expires_at > command.issued_at
        assert any("The breaker is told to close: 0.05 Hz, 40°, 0.4% apart." in reason for reason in state.reasons)
        tick(12)
        assert DeviceCommand.objects.filter(breaker=beside).count() == 1, "it stands"
        tick(16, grid_voltage_v=200.0)
        taken_back = DeviceCommand.objects.filter(breaker=beside).latest("pk")
        assert not taken_back.closes
        assert tick(20, coupling_open=0.0).status in ("NORMAL", "DEFICIT")
    orders = [order for told, order in there.told if told == name]
    assert [order["close"] for order in orders] == [True, False]
    assert orders[0]["in_step"] == {"slip_hz": 0.1, "phase_deg": 10.0, "voltage_pu": 0.03}
    assert orders[0]["id"] == str(command.public_id)
