"""What a gateway says is parsed at the door: registers become intervals, anything else is named by its place."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.domain.gateway_messages import CannotTake, RegisterReading, blocks_between, read_body, registers_at_edges

AT = datetime(2016, 3, 29, 10, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def body(**parts: Any) -> bytes:
    said = {"message_id": "a-1", "sent_at": "2016-03-29T10:00:05Z", **parts}
    return json.dumps({name: part for name, part in said.items() if part is not None}).encode()


def meter_value(*values: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {
        "chargePointId": "CP",
        "connectorId": 1,
        "meterValue": [
            {"timestamp": at, "sampledValue": [{"value": value, "measurand": "Energy.Active.Import.Register", **more}]}
            for at, value in values
        ],
    }


def test_ocpp_registers_of_a_connector_are_read() -> None:
    said = read_body(body(meter_values=[meter_value(("2016-03-29T09:45:01Z", "12.5"), unit="kWh")]))
    [reading] = said.registers
    assert (reading.reference, reading.channel, reading.register_wh) == ("CP/1", "import", 12_500)


def test_other_measurands_and_phases_say_nothing_of_energy() -> None:
    item = meter_value(("2016-03-29T09:45:00Z", "7"))
    item["meterValue"][0]["sampledValue"] += [
        {"value": "230", "measurand": "Voltage", "unit": "V"},
        {"value": "3", "measurand": "Energy.Active.Import.Register", "phase": "L1"},
    ]
    assert len(read_body(body(meter_values=[item])).registers) == 1


def test_sunspec_power_is_scaled_by_its_factor() -> None:
    [sample] = read_body(body(samples=[{"meter": "I", "at": "2016-03-29T10:00:00Z", "W": -412, "W_SF": 1}])).samples
    assert sample.power_w == -4120


def test_registers_make_intervals_only_where_both_ends_are_known() -> None:
    registers = [(0, 100), (1, 150), (2, 150), (4, 400), (5, 390), (6, 500)]
    readings = [RegisterReading("CP/1", "import", AT + QUARTER * i, wh) for i, wh in registers]
    readings.append(RegisterReading("CP/1", "import", AT + QUARTER * 3 - timedelta(minutes=4), 300))
    edges = registers_at_edges(readings, 900)["CP/1", "import"]
    blocks = blocks_between(edges, set(edges), "import", 900)
    assert [(b.start_at, b.values_wh, b.register_start_wh, b.register_end_wh) for b in blocks] == [
        (AT, (50, 0), 100, 150),
        (AT + QUARTER * 5, (110,), 390, 500),
    ]


def test_clocks_two_seconds_off_the_edge_are_on_it() -> None:
    for off in (-2, -1, 0, 1, 2):
        reading = RegisterReading("CP/1", "import", AT + timedelta(seconds=off), 1)
        assert list(registers_at_edges([reading], 900)["CP/1", "import"]) == [AT]
    assert registers_at_edges([RegisterReading("CP/1", "import", AT + timedelta(seconds=3), 1)], 900) == {}


@given(st.lists(st.integers(0, 10_000), min_size=2, max_size=40), st.data())
def test_in_whatever_pieces_registers_come_the_intervals_are_the_same(steps: list[int], data: st.DataObject) -> None:
    edges = {AT + QUARTER * i: sum(steps[: i + 1]) for i in range(len(steps))}
    whole = [v for b in blocks_between(edges, set(edges), "import", 900) for v in b.values_wh]
    order = data.draw(st.permutations(list(edges)))
    known: dict[datetime, int] = {}
    found: dict[datetime, int] = {}
    while order:
        count = data.draw(st.integers(1, len(order)))
        fresh = {at: edges[at] for at in order[:count]}
        order = order[count:]
        for block in blocks_between(known | fresh, set(fresh), "import", 900):
            for i, value in enumerate(block.values_wh):
                found[block.start_at + QUARTER * i] = value
        known |= fresh
    assert [found[at] for at in sorted(found)] == whole == steps[1:]


READING = {"meter": "M", "channel": "import", "start_at": "2016-03-29T09:45:00Z", "interval_minutes": 15, "values_wh": [1]}


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"\xff", ""),
        (b"[" * 100_000, ""),
        (b"[]", "body"),
        (b'{"message_id": NaN}', ""),
        (body(), "body"),
        (body(message_id="a b"), "message_id"),
        (body(sent_at="2016-03-29T10:00:05", readings=[READING]), "sent_at"),
        (body(readings=READING), "readings"),
        (body(readings=[1]), "readings[0]"),
        (body(readings=[READING | {"channel": "heat"}]), "readings[0].channel"),
        (body(readings=[READING | {"values_wh": [1.5]}]), "readings[0].values_wh"),
        (body(readings=[READING | {"values_wh": [True]}]), "readings[0].values_wh"),
        (body(readings=[READING | {"values_wh": [-1]}]), "readings[0].values_wh"),
        (body(readings=[READING | {"values_wh": [2**31]}]), "readings[0].values_wh"),
        (body(readings=[READING | {"interval_minutes": 7}]), "readings[0].interval_minutes"),
        (body(readings=[READING | {"register_start_wh": 1}]), "readings[0].register_end_wh"),
        (body(readings=[READING | {"start_at": "9999-12-31T23:59:59-23:00"}]), "readings[0].start_at"),
        (body(samples=[{"meter": "I", "at": "2016-03-29T10:00:00Z"}]), "samples[0]"),
        (body(samples=[{"meter": "I", "at": "2016-03-29T10:00:00Z", "W": 1, "W_SF": 99}]), "samples[0].W_SF"),
        (body(meter_values=[meter_value(("2016-03-29T09:45:00Z", "nan"))]), "meter_values[0].meterValue[0].sampledValue[0].value"),
        (body(meter_values=[meter_value(("2016-03-29T09:45:00Z", "1"), unit="J")]), "meter_values[0].meterValue[0].sampledValue[0].unit"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_place(content: bytes, where: str) -> None:
    with pytest.raises(CannotTake) as refused:
        read_body(content)
    assert (refused.value.reason, refused.value.where) == ("malformed", where)


@pytest.mark.parametrize(
    "content", [b" " * (2**20 + 1), body(readings=[READING | {"values_wh": [1] * 50_001}]), body(readings=[READING] * 2_001)]
)
def test_what_is_too_large_is_refused(content: bytes) -> None:
    with pytest.raises(CannotTake, match="too_large"):
        read_body(content)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "message_id",
                        "sent_at",
                        "readings",
                        "samples",
                        "meter_values",
                        "meter",
                        "at",
                        "W",
                        "channel",
                        "values_wh",
                        "meterValue",
                        "sampledValue",
                        "chargePointId",
                        "connectorId",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
def test_whatever_comes_is_read_or_refused(said: Any) -> None:
    try:
        read_body(json.dumps(said).encode())
    except CannotTake as problem:
        assert problem.reason in ("malformed", "too_large")
