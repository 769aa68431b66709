"""SunSpec's newer controls: model 704 (DER AC controls) with the ratings of model 702, as the DER information model 1.2 defines them.

A battery is told watts (`WSet`, positive gives), a roof a share of `WMax`. Both end by themselves: after the reversion time a battery
goes to the reversion value, which is set to nothing first; a roof's limit is switched off.
"""

import math
from collections.abc import Mapping

from grid.domain.devices.sunspec import (
    CAPACITY,
    DER_CONTROLS,
    FULL_PERCENT,
    Block,
    CannotRead,
    Point,
    Registers,
    Write,
    encode,
    integer,
    most_power_of,
    number,
)

LIMIT_ON, LIMIT_PERCENT, LIMIT_REVERTS = Point(14, "uint16"), Point(15, "uint16", 54), Point(17, "uint16")
LIMIT_REVERT_S = 18
SET_ON, SET_MODE, SET_W, SET_REVERT_W = Point(22, "uint16"), 23, Point(24, "int32", 55), 26
SET_REVERTS, SET_REVERT_S = Point(30, "uint16"), 31
IN_WATTS = 2
CHARGE_MOST_W, DISCHARGE_MOST_W = Point(34, "uint16", 45), Point(35, "uint16", 45)
OFF, ON = 0, 1
NOT_THERE = 0xFFFF

Models = Mapping[int, Registers]


def can_set_power(models: Models) -> bool:
    """Whether a device takes a set-point in watts by model 704."""
    return DER_CONTROLS in models and integer(models[DER_CONTROLS], SET_ON) is not None


def can_limit_power(models: Models) -> bool:
    """Whether a device takes a limit by model 704."""
    return DER_CONTROLS in models and integer(models[DER_CONTROLS], LIMIT_ON) is not None


def _seconds(holds_s: float) -> tuple[int, int]:
    whole = min(math.ceil(holds_s), 0xFFFFFFFE)
    return whole >> 16, whole & 0xFFFF


def _has(registers: Registers, offset: int) -> bool:
    """Whether a 32-bit point is implemented."""
    return list(registers[offset : offset + 2]) != [NOT_THERE, NOT_THERE]


def der_storage_writes(block: Block, models: Models, charge_w: int, discharge_w: int, holds_s: float) -> list[Write]:
    """What makes a battery charge or discharge with a power, or stand idle, for a while.

    Raises:
        CannotRead: the device's scale factor is missing, or the power does not fit.
    """
    registers, rating = models[DER_CONTROLS], models.get(CAPACITY)
    most_in = number(rating, CHARGE_MOST_W) if rating else None
    most_out = number(rating, DISCHARGE_MOST_W) if rating else None
    power_w = min(discharge_w, most_out or math.inf) - min(charge_w, most_in or math.inf)
    high, low = divmod(encode(registers, SET_W, power_w), 1 << 16)
    writes = [Write(block.address + SET_MODE, (IN_WATTS, high, low))]
    if _has(registers, SET_REVERT_S) and integer(registers, SET_REVERTS) is not None:
        writes.append(Write(block.address + SET_REVERT_W, (0, 0)))
        writes.append(Write(block.address + SET_REVERTS.offset, (ON, *_seconds(holds_s))))
    return [*writes, Write(block.address + SET_ON.offset, (ON,))]


def der_limit_writes(block: Block, models: Models, limit_w: int, holds_s: float) -> list[Write]:
    """What sets the most a source may give, for a while; after it the limit is switched off.

    Raises:
        CannotRead: the device has no rated power.
    """
    registers, most = models[DER_CONTROLS], most_power_of(models)
    if most is None:
        raise CannotRead("none of the models 702, 121 and 120 says what 100 per cent is")
    percent = min(limit_w / most, 1.0) * FULL_PERCENT
    writes = [Write(block.address + LIMIT_PERCENT.offset, (encode(registers, LIMIT_PERCENT, percent),))]
    if _has(registers, LIMIT_REVERT_S) and integer(registers, LIMIT_REVERTS) is not None:
        writes.append(Write(block.address + LIMIT_REVERTS.offset, (OFF, *_seconds(holds_s))))
    return [*writes, Write(block.address + LIMIT_ON.offset, (ON if percent < FULL_PERCENT else OFF,))]


def der_limit_of(models: Models) -> float | None:
    """The limit in force [W] by model 704; None where none is."""
    most = most_power_of(models)
    if DER_CONTROLS not in models or most is None or integer(models[DER_CONTROLS], LIMIT_ON) != ON:
        return None
    percent = number(models[DER_CONTROLS], LIMIT_PERCENT)
    return None if percent is None else percent * most / FULL_PERCENT
