"""SunSpec's registers as the standard writes them: signs, scales, sentinels, and what is written for a set-point."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.devices.sunspec import (
    BATTERY,
    CONTROLS,
    OUT_RATE,
    SETTINGS,
    STORAGE,
    Block,
    CannotRead,
    Point,
    Write,
    check_block,
    differences,
    encode,
    integer,
    limit_of,
    limit_writes,
    number,
    power_of,
    soc_of,
    state_of,
    storage_writes,
    text,
)

NONE = 0xFFFF


def registers(length: int, **points: int) -> list[int]:
    found = [0, length] + [NONE] * length
    for name, value in points.items():
        found[int(name[1:])] = value & 0xFFFF
    return found


@given(st.integers(-32767, 32767), st.integers(-10, 10))
def test_an_integer_point_is_its_register_times_its_scale(value, power):
    point = Point(2, "int16", 3)
    found = number([0, 2, value & 0xFFFF, power & 0xFFFF], point)
    assert found == pytest.approx(value * 10.0**power)


@given(st.floats(-1e6, 1e6, width=32))
def test_a_float_point_is_big_endian_ieee_754(value):
    pair = struct.unpack("!HH", struct.pack("!f", value))
    assert number([0, 2, *pair], Point(2, "float32")) == value


@pytest.mark.parametrize(("raw", "kind"), [((0x8000,), "int16"), ((0xFFFF,), "uint16"), ((0x7FC0, 0), "float32"), ((0x7F80, 0), "float32")])
def test_what_is_not_implemented_is_none(raw, kind):
    assert number([0, 2, *raw, 0], Point(2, kind)) is None


def test_a_missing_scale_is_not_a_scale_of_one():
    assert number([0, 2, 100, 0x8000], Point(2, "uint16", 3)) is None
    with pytest.raises(CannotRead):
        encode([0, 2, 100, 0x8000], Point(2, "uint16", 3), 1.0)


@given(st.integers(-3, 0), st.floats(-100, 100))
def test_what_is_encoded_is_read_back_within_half_a_step(power, percent):
    found = registers(24, p25=power)
    point = OUT_RATE
    try:
        found[point.offset] = encode(found, point, percent)
    except CannotRead:
        assert abs(percent) / 10.0**power > 0x7FFE
        return
    assert number(found, point) == pytest.approx(percent, abs=0.51 * 10.0**power)


BATTERY_BLOCK = Block(STORAGE, 40_100, 24)


def storage(**points: int) -> dict[int, list[int]]:
    known = {"p2": 5000, "p12": 0, "p13": 0, "p15": 0, "p18": 0, "p25": -2} | points
    return {STORAGE: registers(24, **known)}


@given(st.integers(0, 20_000), st.booleans())
def test_a_battery_is_told_both_rates_one_the_others_negative_and_never_more_than_it_can(watts, charges):
    charge_w, discharge_w = (watts, 0) if charges else (0, watts)
    rates, revert, mode = storage_writes(BATTERY_BLOCK, storage(), charge_w, discharge_w, 19.2)
    signed = [value - 0x10000 if value >= 0x8000 else value for value in rates.values]
    assert signed[0] == -signed[1]
    assert signed[0] == pytest.approx(min(watts / 5000, 1.0) * (-10_000 if charges else 10_000), abs=0.5)
    assert (rates.address, revert, mode) == (40_112, Write(40_115, (20,)), Write(40_105, (3,)))


def test_a_battery_that_does_not_say_what_it_can_is_not_told():
    with pytest.raises(CannotRead, match="WChaMax"):
        storage_writes(BATTERY_BLOCK, storage(p2=NONE), 100, 0, 20)


@given(st.integers(0, 30_000))
def test_a_limit_is_a_share_of_the_most_and_off_where_it_limits_nothing(limit_w):
    models = {SETTINGS: registers(30, p2=1000, p22=1), CONTROLS: registers(24, p5=1000, p7=0, p9=0, p23=-1)}
    value, revert, switch = limit_writes(Block(CONTROLS, 100, 24), models, limit_w, 20)
    assert value.values[0] == pytest.approx(min(limit_w / 10_000, 1.0) * 1000, abs=0.5)
    assert revert == Write(107, (20,))
    assert switch == Write(109, (1 if limit_w < 10_000 else 0,))
    for write in (value, revert, switch):
        models[CONTROLS][write.address - 100] = write.values[0]
    read = limit_of(models)
    assert (read is None) if limit_w >= 10_000 else read == pytest.approx(limit_w, abs=6)


def test_the_battery_speaks_for_its_charge_and_its_faults_go_first():
    models = {
        103: registers(50, p14=-250, p15=1, p38=4),
        STORAGE: storage(p8=5000, p22=-2)[STORAGE],
        BATTERY: registers(62, p11=640, p22=5, p47=0x8000, p56=-1),
    }
    assert power_of(models) == -2500
    assert soc_of(models) == pytest.approx(0.64)
    assert state_of(models) == "protecting itself"
    del models[BATTERY]
    assert soc_of(models) == pytest.approx(0.5)
    assert state_of(models) == "feeding in"
    assert integer(models[103], Point(38, "uint16")) == 4


def test_texts_lengths_and_differences():
    assert text(struct.unpack("!4H", b"Hybrid\0\0"), 0, 4) == "Hybrid"
    with pytest.raises(CannotRead, match="model 124"):
        check_block(Block(STORAGE, 0, 10))
    assert check_block(Block(64_001, 0, 3)).length == 3
    assert differences([Write(11, (1, 2))], [0, 1, 3], 10) == ["register 12 reads 3, 2 was written"]
