"""SunSpec over Modbus TCP against a device with a register map of its own: found, told, read back; and each way it can fail."""

import time

import pytest
from pymodbus.constants import ExcCodes

from benchmarks.live_clients import free_port
from grid.adapters.sunspec_link import SunSpecLink
from grid.domain.devices.links import Problem, Target
from tests.integration.grid.sunspec_device import (
    BATTERY,
    CAPACITY,
    CONTROLS,
    DER_CONTROLS,
    NAMEPLATE,
    SETTINGS,
    STORAGE,
    SunSpecDevice,
    common,
    der_measurement,
    float_inverter,
    integer_inverter,
    model,
)

HERE = ("127.0.0.0/8",)
HYBRID = [common(), integer_inverter(-2340), NAMEPLATE, SETTINGS, CONTROLS, STORAGE, BATTERY]


def link(device: SunSpecDevice, *, is_storage: bool = True, patience_s: float = 3.0) -> SunSpecLink:
    return SunSpecLink("127.0.0.1", device.port, 7, is_storage, HERE, patience_s)


@pytest.mark.parametrize("base", [40000, 50000, 0])
def test_a_battery_is_found_told_to_charge_and_read_back(base):
    with SunSpecDevice(HYBRID, base=base) as device:
        answer = link(device).send(Target("c-1", holds_s=20, charge_w=2500))
        at = device.at(124)
    assert answer.problem is None, answer
    assert device.written == [
        (at + 12, [0x10000 - 5000, 5000]),  # at least -50 % of 5 kW is given: half of it is taken
        (at + 15, [20]),
        (at + 5, [3]),
    ]
    assert answer.measured is not None
    assert (answer.measured.charge_w, answer.measured.discharge_w) == (2340, 0)
    assert answer.measured.soc_share == pytest.approx(0.64)
    assert answer.measured.state == "connected" or answer.measured.state == "feeding in"


def test_discharge_and_idle():
    with SunSpecDevice(HYBRID) as device:
        at = device.at(124)
        assert link(device).send(Target("c-1", holds_s=20, discharge_w=9000)).is_done
        assert link(device).send(Target("c-2", holds_s=20)).is_done
    assert [values for address, values in device.written if address == at + 12] == [
        [10000, 0x10000 - 10000],  # no more than it can
        [0, 0],
    ]


def test_a_roof_is_limited_for_a_while_and_freed():
    with SunSpecDevice([common(), float_inverter(7321.5), NAMEPLATE, SETTINGS, CONTROLS]) as device:
        roof = link(device, is_storage=False)
        held = roof.send(Target("c-1", holds_s=20, limit_w=4200))
        freed = roof.send(Target("c-2", holds_s=20, limit_w=12_000))
        at = device.at(123)
    assert device.written == [(at + 5, [420]), (at + 7, [20]), (at + 9, [1]), (at + 5, [1000]), (at + 7, [20]), (at + 9, [0])]
    assert held.measured is not None and freed.measured is not None
    assert held.measured.limit_w == pytest.approx(4200)
    assert held.measured.discharge_w == pytest.approx(7321.5)
    assert freed.measured.limit_w is None


def test_the_newer_controls_are_told_in_watts_and_end_in_nothing():
    with SunSpecDevice([common(), der_measurement(-1500), CAPACITY, DER_CONTROLS, STORAGE, BATTERY]) as device:
        answer = link(device).send(Target("c-1", holds_s=20, charge_w=2500))
        given = link(device).send(Target("c-2", holds_s=70_000, discharge_w=9000))
        at = device.at(704)
    assert answer.is_done and given.is_done, (answer, given)
    below_zero = 0x100000000 - 2500
    assert device.written == [
        (at + 23, [2, below_zero >> 16, below_zero & 0xFFFF]),
        (at + 26, [0, 0]),
        (at + 30, [1, 0, 20]),
        (at + 22, [1]),
        (at + 23, [2, 0, 5000]),
        (at + 26, [0, 0]),
        (at + 30, [1, 1, 70_000 - 65_536]),
        (at + 22, [1]),  # no more than it can
    ]
    assert answer.measured is not None
    assert answer.measured.charge_w == 1500


def test_a_roof_with_the_newer_controls_is_limited_for_a_while_and_freed():
    with SunSpecDevice([common(), der_measurement(7000), CAPACITY, CONTROLS, DER_CONTROLS]) as device:
        roof = link(device, is_storage=False)
        held = roof.send(Target("c-1", holds_s=20, limit_w=4200))
        freed = roof.send(Target("c-2", holds_s=20, limit_w=12_000))
        at = device.at(704)
    assert device.written == [
        (at + 15, [420]),
        (at + 17, [0, 0, 20]),
        (at + 14, [1]),
        (at + 15, [1000]),
        (at + 17, [0, 0, 20]),
        (at + 14, [0]),
    ]
    assert held.measured is not None and freed.measured is not None
    assert held.measured.limit_w == pytest.approx(4200)
    assert freed.measured.limit_w is None


def test_model_701_is_read_in_parts_and_goes_before_the_older_ones():
    with SunSpecDevice([common(), integer_inverter(100), der_measurement(5555), SETTINGS, CONTROLS]) as device:
        answer = link(device, is_storage=False).read()
    assert answer.measured is not None
    assert answer.measured.discharge_w == 5555


def test_what_is_not_implemented_is_not_zero():
    silent = model(103, 50, {14: 0x8000, 15: 0, 38: 4})
    with SunSpecDevice([common(), silent, CONTROLS]) as device:
        answer = link(device, is_storage=False).read()
        refused = link(device, is_storage=False).send(Target("c", holds_s=9, limit_w=10))
    assert answer.measured is not None
    assert (answer.measured.discharge_w, answer.measured.soc_share) == (None, None)
    assert (refused.problem, device.written) == (Problem.WRONG_DEVICE, [])


def test_a_device_without_reversion_time_is_told_and_named():
    stubborn = model(124, 24, {2: 5000, 5: 0, 12: 0, 13: 0, 18: 0, 25: 0, 8: 50, 22: 0})
    with SunSpecDevice([common(), integer_inverter(0), stubborn]) as device:
        answer = link(device).send(Target("c", holds_s=20, charge_w=1000))
    assert answer.is_done
    assert "keeps the set-point" in answer.detail


def test_what_goes_wrong_has_a_name():
    target = Target("c", holds_s=20, charge_w=100)
    with SunSpecDevice(HYBRID, refuse=ExcCodes.DEVICE_BUSY) as device:
        refused = link(device).send(target)
    with SunSpecDevice(HYBRID, ignore=True) as device:
        ignored = link(device).send(target)
    with SunSpecDevice(HYBRID, hang=True) as device:
        began = time.monotonic()
        hung = link(device, patience_s=0.5).send(target)
        assert time.monotonic() - began < 2.0
    with SunSpecDevice([common(), integer_inverter(0)]) as device:
        no_battery = link(device).send(target)
    with SunSpecDevice([common()], base=30000) as device:
        elsewhere = link(device).send(target)
    with SunSpecDevice([common(), model(124, 4, {})]) as device:
        short = link(device).send(target)
    with SunSpecDevice([model(64000 + n, 2, {}) for n in range(80)]) as device:
        endless = link(device, patience_s=5).send(target)
    nobody = SunSpecLink("127.0.0.1", free_port(), 7, True, HERE, 0.5).send(target)
    assert (refused.problem, refused.detail.endswith("device busy")) == (Problem.REFUSED, True)
    assert ignored.problem is Problem.NOT_OBEYED
    assert hung.problem is Problem.TIMEOUT
    assert {one.problem for one in (no_battery, elsewhere, short, endless)} == {Problem.WRONG_DEVICE}
    assert "no model 124" in no_battery.detail
    assert nobody.problem is Problem.UNREACHABLE


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "printer.local", "8.8.8.8"])
def test_only_addresses_that_devices_may_have(address):
    answer = SunSpecLink(address, 502, 1, True, ("10.0.0.0/8", "192.168.0.0/16")).read()
    assert answer.problem is Problem.NOT_ALLOWED
