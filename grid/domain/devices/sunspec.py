"""SunSpec's information models: where a point lies, what its registers mean, and what to write for a set-point.

Models 1, 101 to 103, 111 to 113, 120, 121, 123, 124, 701, 702, 704 and 802 as the SunSpec Alliance publishes them; offsets count from the model's first
register, its id. Values that a device does not implement are sentinels (0x8000, 0xFFFF, NaN ...) and read as None.
"""

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MARK = (0x5375, 0x6E53)  # "SunS"
BASES = (40000, 50000, 0)
END_MODEL = 0xFFFF
MOST_MODELS = 64
INVERTERS_INT, INVERTERS_FLOAT = (101, 102, 103), (111, 112, 113)
COMMON, NAMEPLATE, SETTINGS, CONTROLS, STORAGE, DER_MEASUREMENT, BATTERY = 1, 120, 121, 123, 124, 701, 802
CAPACITY, DER_CONTROLS = 702, 704
SHORTEST = {
    1: 65,
    101: 50,
    102: 50,
    103: 50,
    111: 60,
    112: 60,
    113: 60,
    120: 26,
    121: 30,
    123: 24,
    124: 24,
    701: 121,
    702: 50,
    704: 65,
    802: 62,
}
CHARGE_AND_DISCHARGE = 3  # StorCtl_Mod: both rates are limited
FULL_PERCENT = 100.0
RANGES = {"int16": (-0x7FFF, 0x7FFF), "uint16": (0, 0xFFFE), "int32": (-0x7FFFFFFF, 0x7FFFFFFF)}


class CannotRead(ValueError):
    """The registers are no SunSpec map, or not of the length that the model has."""


@dataclass(frozen=True, slots=True)
class Point:
    """A value's place: offset of its first register, type, and the offset of its scale factor where it has one."""

    offset: int
    kind: str
    scale: int | None = None


W_INT, W_FLOAT, W_DER = Point(14, "int16", 15), Point(22, "float32"), Point(10, "int16", 116)
STATE_INT, STATE_FLOAT, STATE_DER = Point(38, "uint16"), Point(48, "uint16"), Point(4, "uint16")
RATED_W, MOST_W = Point(3, "uint16", 4), Point(2, "uint16", 22)
DER_RATED_W, DER_MOST_W = Point(2, "uint16", 45), Point(26, "uint16", 45)
LIMIT_PERCENT, LIMIT_REVERT_S, LIMIT_ON = Point(5, "uint16", 23), Point(7, "uint16"), Point(9, "uint16")
CHARGE_MOST_W, DISCHARGE_GRADIENT = Point(2, "uint16", 18), Point(4, "uint16", 19)
STORAGE_MODE, CHARGE_STATE = Point(5, "uint16"), Point(8, "uint16", 22)
OUT_RATE, IN_RATE, RATES_REVERT_S = Point(12, "int16", 25), Point(13, "int16", 25), Point(15, "uint16")
BATTERY_SOC, BATTERY_W, BATTERY_STATE = Point(11, "uint16", 56), Point(47, "int16", 63), Point(22, "uint16")
STATES = {1: "off", 2: "sleeping", 3: "starting", 4: "feeding in", 5: "throttled", 6: "shutting down", 7: "fault", 8: "standby"}
DER_STATES = {0: "off", 1: "sleeping", 2: "starting", 3: "feeding in", 4: "throttled", 5: "shutting down", 6: "fault", 7: "standby"}
BATTERY_STATES = {1: "disconnected", 2: "initialising", 3: "connected", 4: "standby", 5: "protecting itself", 6: "suspending", 99: "fault"}
FAULTS = {"fault", "protecting itself"}

Registers = Sequence[int]


@dataclass(frozen=True, slots=True)
class Block:
    """A model in a device's map: its id, the address of its first register, and how many registers follow id and length."""

    model: int
    address: int
    length: int


@dataclass(frozen=True, slots=True)
class Write:
    """Registers to write from an address on."""

    address: int
    values: tuple[int, ...]


def check_block(block: Block) -> Block:
    """Refuse a model that is shorter than its definition: its points would be somebody else's."""
    least = SHORTEST.get(block.model)
    if least is not None and block.length < least:
        raise CannotRead(f"model {block.model} has {block.length} registers, {least} are defined")
    return block


def integer(registers: Registers, point: Point) -> int | None:
    """An integer point without its scale; None where it is not implemented."""
    raw = registers[point.offset]
    if point.kind == "int16":
        return None if raw == 0x8000 else raw - 0x10000 if raw > 0x8000 else raw
    return None if raw == 0xFFFF else raw


def number(registers: Registers, point: Point) -> float | None:
    """A point's value in its unit; None where it, or its scale factor, is not implemented."""
    if point.kind == "float32":
        [value] = struct.unpack("!f", struct.pack("!HH", *registers[point.offset : point.offset + 2]))
        return float(value) if math.isfinite(value) else None
    value = integer(registers, point)
    power = scale_of(registers, point)
    return None if value is None or power is None else value * 10.0**power


def scale_of(registers: Registers, point: Point) -> int | None:
    """The power of ten of a point; a device may leave a scale factor out only where it is 0 by definition."""
    if point.scale is None:
        return 0
    raw = registers[point.scale]
    power = raw - 0x10000 if raw >= 0x8000 else raw
    return power if -10 <= power <= 10 else None


def encode(registers: Registers, point: Point, value: float) -> int:
    """The register for a value, by the device's own scale factor; of an int32 both together.

    Raises:
        CannotRead: the scale factor is not implemented, or the value does not fit.
    """
    power = scale_of(registers, point)
    if power is None:
        raise CannotRead("a scale factor is missing")
    raw = round(value / 10.0**power)
    low, high = RANGES[point.kind]
    if not low <= raw <= high:
        raise CannotRead(f"{value:g} does not fit into a register with scale {power}")
    return raw & (0xFFFFFFFF if point.kind == "int32" else 0xFFFF)


def text(registers: Registers, offset: int, length: int) -> str:
    """A string point."""
    raw = struct.pack(f"!{length}H", *registers[offset : offset + length])
    return raw.partition(b"\0")[0].decode("ascii", "replace").strip()


Models = Mapping[int, Registers]


def power_of(models: Models) -> float | None:
    """What the inverter gives at its terminals [W], negative where it takes; the newest of its models first."""
    if DER_MEASUREMENT in models:
        return number(models[DER_MEASUREMENT], W_DER)
    for model in (*INVERTERS_FLOAT, *INVERTERS_INT):
        if model in models:
            return number(models[model], W_FLOAT if model in INVERTERS_FLOAT else W_INT)
    return number(models[BATTERY], BATTERY_W) if BATTERY in models else None


def state_of(models: Models) -> str:
    """The device's own state, in a word; a battery's fault goes first."""
    found = []
    if BATTERY in models:
        found.append(BATTERY_STATES.get(integer(models[BATTERY], BATTERY_STATE) or 0, ""))
    for model in INVERTERS_FLOAT + INVERTERS_INT:
        if model in models:
            point = STATE_FLOAT if model in INVERTERS_FLOAT else STATE_INT
            found.append(STATES.get(integer(models[model], point) or 0, ""))
    if DER_MEASUREMENT in models:
        state = integer(models[DER_MEASUREMENT], STATE_DER)
        found.append(DER_STATES.get(-1 if state is None else state, ""))
    return next((state for state in found if state in FAULTS), next(filter(None, reversed(found)), ""))


def soc_of(models: Models) -> float | None:
    """The state of charge as a share of capacity: the battery's own, else the inverter's."""
    percent = number(models[BATTERY], BATTERY_SOC) if BATTERY in models else None
    if percent is None and STORAGE in models:
        percent = number(models[STORAGE], CHARGE_STATE)
    return None if percent is None or not 0 <= percent <= FULL_PERCENT else percent / FULL_PERCENT


def most_power_of(models: Models) -> float | None:
    """What 100 per cent of output is [W]: the setting, else the nameplate; the newer model first."""
    told = ((CAPACITY, DER_MOST_W), (CAPACITY, DER_RATED_W), (SETTINGS, MOST_W), (NAMEPLATE, RATED_W))
    found = (number(models[model], point) for model, point in told if model in models)
    return next(filter(None, found), None)


def limit_of(models: Models) -> float | None:
    """The limit in force [W]; None where none is, or where it cannot be told."""
    most = most_power_of(models)
    if CONTROLS not in models or most is None or integer(models[CONTROLS], LIMIT_ON) != 1:
        return None
    percent = number(models[CONTROLS], LIMIT_PERCENT)
    return None if percent is None else percent * most / FULL_PERCENT


def limit_writes(block: Block, models: Models, limit_w: int, holds_s: float) -> list[Write]:
    """What sets the most a source may give, for a while; the way back is set before the limit is switched on.

    Raises:
        CannotRead: the device has no rated power.
    """
    registers, most = models[CONTROLS], most_power_of(models)
    if most is None:
        raise CannotRead("neither model 121 nor 120 says what 100 per cent is")
    percent = min(limit_w / most, 1.0) * FULL_PERCENT
    writes = [Write(block.address + LIMIT_PERCENT.offset, (encode(registers, LIMIT_PERCENT, percent),))]
    if integer(registers, LIMIT_REVERT_S) is not None:
        writes.append(Write(block.address + LIMIT_REVERT_S.offset, (min(math.ceil(holds_s), 0xFFFE),)))
    return [*writes, Write(block.address + LIMIT_ON.offset, (1 if percent < FULL_PERCENT else 0,))]


def storage_writes(block: Block, models: Models, charge_w: int, discharge_w: int, holds_s: float) -> list[Write]:
    """What makes a battery charge or discharge with a power, or stand idle: both rates in per cent of the most, one the other's negative.

    A least discharge below zero is a charge (model 124, OutWRte and InWRte). The device's own limits still hold.

    Raises:
        CannotRead: the device does not say what 100 per cent is.
    """
    registers = models[STORAGE]
    most = number(registers, CHARGE_MOST_W)
    if not most:
        raise CannotRead("model 124 does not say the most charging power (WChaMax)")
    rate = max(-1.0, min((discharge_w - charge_w) / most, 1.0)) * FULL_PERCENT
    out, into = encode(registers, OUT_RATE, rate), encode(registers, IN_RATE, -rate)
    writes = [Write(block.address + OUT_RATE.offset, (out, into))]
    if integer(registers, RATES_REVERT_S) is not None:
        writes.append(Write(block.address + RATES_REVERT_S.offset, (min(math.ceil(holds_s), 0xFFFE),)))
    return [*writes, Write(block.address + STORAGE_MODE.offset, (CHARGE_AND_DISCHARGE,))]


def differences(writes: Sequence[Write], registers: Registers, address: int) -> list[str]:
    """Where what is read back from `address` on is not what was written."""
    return [
        f"register {write.address + n} reads {registers[write.address + n - address]}, {value} was written"
        for write in writes
        for n, value in enumerate(write.values)
        if registers[write.address + n - address] != value
    ]
