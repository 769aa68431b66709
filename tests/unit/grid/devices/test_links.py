"""Targets, addresses, charging profiles and OpenADR's bodies: the rules that need no device."""

from datetime import UTC, datetime, timedelta

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.adapters.inverter_link import Order, encode_order
from grid.domain.devices.charging import (
    Place,
    amount_of,
    fallback_16,
    fallback_201,
    is_obeyed,
    limit_in,
    power_in,
    profile_16,
    profile_201,
    registers_in,
)
from grid.domain.devices.links import SENTENCES, Problem, Target, may_be_reached
from grid.domain.devices.openadr import CannotTake, duration_text, instant_text, may_be_called, read_object, read_report

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
PRIVATE = ("10.0.0.0/8", "192.168.0.0/16", "fd00::/8")


def test_each_problem_has_a_sentence():
    assert set(SENTENCES) == set(Problem)


@pytest.mark.parametrize("fields", [{"charge_w": 1, "discharge_w": 1}, {"charge_w": -1}, {"limit_w": -1}, {"holds_s": 0.0}])
def test_a_target_is_one_thing_that_ends(fields):
    with pytest.raises(ValueError, match=r"set-point"):
        Target("c", **({"holds_s": 20.0} | fields))


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("10.1.2.3", True),
        ("192.168.0.9", True),
        ("fd00::7", True),
        ("::ffff:10.0.0.1", True),
        ("11.0.0.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("::1", False),
        ("::ffff:169.254.169.254", False),
        ("10.0.0.1.example.org", False),
        ("2130706433", False),
        ("0x0a000001", False),
        ("", False),
        ("10.0.0.1 ", False),
    ],
)
def test_only_literal_addresses_inside_the_networks(address, may):
    assert may_be_reached(address, PRIVATE) is may


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("http://10.0.0.1/adr", True),
        ("https://[fd00::7]:8443/x", True),
        ("http://10.0.0.1:0/", False),
        ("ftp://10.0.0.1/", False),
        ("http://user:word@10.0.0.1/", False),
        ("http://10.0.0.1@example.org/", False),
        ("http://example.org/", False),
        ("http://10.0.0.1:99999/", False),
        ("//10.0.0.1/", False),
        ("http://10.0.0.1/" + "a" * 600, False),
    ],
)
def test_callbacks_go_nowhere_else(url, may):
    assert may_be_called(url, PRIVATE) is may


@pytest.mark.parametrize(
    ("place", "older", "newer"),
    [
        (Place(0), "ChargePointMaxProfile", "ChargingStationMaxProfile"),
        (Place(2), "TxDefaultProfile", "TxDefaultProfile"),
        (Place(2, "17"), "TxProfile", "TxProfile"),
    ],
)
def test_a_profile_fits_what_it_limits_and_ends(place, older, newer):
    first, second = profile_16(place, 6000, 19.6, NOW), profile_201(place, 6000, 19.6, NOW)
    assert (first["charging_profile_purpose"], second["charging_profile_purpose"]) == (older, newer)
    assert first["charging_schedule"]["duration"] == second["charging_schedule"][0]["duration"] == 20
    assert first["valid_to"] == "2026-01-05T12:00:20Z"
    assert (first.get("transaction_id"), second.get("transaction_id")) == ((17, "17") if place.transaction else (None, None))
    assert ("valid_to" in second) is (place.transaction is None)
    assert limit_in(first["charging_schedule"]) == limit_in(second["charging_schedule"][0]) == 6000


def test_the_fallback_lies_below_every_limit_and_has_no_end():
    for fallback, limit in (
        (fallback_16(4000, NOW), profile_16(Place(1), 1, 1, NOW)),
        (fallback_201(4000, NOW), profile_201(Place(1), 1, 1, NOW)),
    ):
        assert fallback["stack_level"] < limit["stack_level"]
        assert "valid_to" not in fallback


def test_currents_are_read_as_powers():
    schedule = {"charging_rate_unit": "A", "charging_schedule_period": [{"start_period": 0, "limit": 16, "number_phases": 1}]}
    assert limit_in(schedule) == 3680
    assert limit_in({**schedule, "charging_schedule_period": [{"start_period": 0, "limit": 16}]}) == 11_040
    assert limit_in(None) is None
    assert is_obeyed(6000, 5000) and is_obeyed(0, 0.5) and not is_obeyed(6000, 6200)


def sampled(value: str, measurand: str, **more: object) -> dict[str, object]:
    return {"value": value, "measurand": measurand, **more}


def test_powers_and_registers_of_both_versions():
    phases = [sampled("1.5", "Power.Active.Import", unit="kW", phase=f"L{n}") for n in (1, 2, 3)]
    assert power_in([{"timestamp": "t", "sampled_value": phases}]) == 4500
    whole = sampled("4.4", "Power.Active.Import", unit_of_measure={"unit": "W", "multiplier": 3})
    assert power_in([{"timestamp": "t", "sampled_value": [*phases, whole]}]) == 4400
    assert power_in([{"timestamp": "t", "sampled_value": []}]) is None
    register = sampled("1.25", "Energy.Active.Import.Register", unit="kWh")
    assert amount_of(register) == 1250
    said = registers_in("CP-1", 1, [{"timestamp": "t", "sampled_value": [whole, register]}])
    assert said == {
        "chargePointId": "CP-1",
        "connectorId": 1,
        "meterValue": [
            {"timestamp": "t", "sampledValue": [{"value": "1250.0", "measurand": "Energy.Active.Import.Register", "unit": "Wh"}]}
        ],
    }
    assert registers_in("CP-1", 1, [{"timestamp": "t", "sampled_value": [whole]}]) is None


@given(st.integers(0, 10 * 86_400))
def test_durations_are_written_as_iso_8601_has_them(seconds):
    text = duration_text(timedelta(seconds=seconds))
    date, _, time = text.removeprefix("P").partition("T")
    total = 86_400 * int(date[:-1]) if date else 0
    for unit, size in (("H", 3600), ("M", 60), ("S", 1)):
        if unit in time:
            amount, _, time = time.partition(unit)
            total += size * int(amount)
    assert total == seconds
    assert instant_text(NOW) == "2026-01-05T12:00:00Z"


@given(st.binary(max_size=300))
def test_no_body_does_more_than_be_refused(body):
    try:
        said = read_object(body)
        read_report(said)
    except CannotTake as refusal:
        assert refusal.where


def test_a_station_with_an_ammeter_only_tells_its_power_by_current_and_voltage() -> None:
    def told(*samples: dict[str, str], phases: int = 3) -> float | None:
        return power_in([{"timestamp": "t", "sampled_value": list(samples)}], phases)

    def amps(value: str, phase: str | None = None) -> dict[str, str]:
        return {"value": value, "measurand": "Current.Import", "unit": "A"} | ({"phase": phase} if phase else {})

    volts = {"value": "235", "measurand": "Voltage", "unit": "V", "phase": "L1-N"}
    assert told(amps("16", "L1"), amps("10", "L2"), amps("0", "L3"), volts) == 16 * 235 + 10 * 230
    assert told(amps("16")) == 16 * 230 * 3
    assert told(amps("16"), volts, phases=1) == 16 * 235
    assert told(volts) is None
    assert told(amps("16"), {"value": "3.6", "measurand": "Power.Active.Import", "unit": "kW"}) == 3600


def test_each_command_says_how_long_it_stands_and_what_follows() -> None:
    at = datetime(2026, 6, 1, 12, tzinfo=UTC)

    def said(**fields: object) -> dict[str, object]:
        order = Order("c-1", "urn:dev:mg:1", 500, 0, at, at + timedelta(seconds=20), **fields)
        return cbor2.loads(encode_order(order))

    assert (said()["id"], said()["ttl_s"], said()["fallback"]) == ("c-1", 20.0, "idle")
    assert said(is_limit=True, limit_w=100)["fallback"] == "free"
    assert said(closes=True)["fallback"] == "stays"
