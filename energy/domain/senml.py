"""Reading SenML records (RFC 8428, CBOR labels) as the telemetry that they mean; a device whose key is known is not trusted."""

import math
import struct
from datetime import UTC, datetime
from typing import Any

from energy.domain.acceptance import LARGEST_COUNT, LONGEST_BLOCK, CannotAccept
from energy.domain.cbor import CannotRead, load
from energy.domain.cose import Envelope
from energy.domain.sensors import COVER_OPEN, FLAG_RECORDS, QUANTITIES
from energy.domain.telemetry import (
    BASE_NAME,
    BASE_TIME,
    BASE_UNIT,
    BASE_VERSION,
    BOOLEAN_VALUE,
    CHANNEL_NAMES,
    DATA_VALUE,
    INTERVAL_LENGTHS_S,
    LARGEST_INTERVAL_WH,
    NAME,
    REACTIVE,
    SAMPLE_NAMES,
    TIME,
    UNIT,
    VALUE,
    IntervalBlock,
    Sample,
    Telemetry,
)

SENML_VERSION = 10
HEAD_LABELS = {BASE_NAME, BASE_TIME, BASE_UNIT, BASE_VERSION}
VALUES = {VALUE, BOOLEAN_VALUE, DATA_VALUE}
LABELS = {NAME, UNIT, TIME} | VALUES
REGISTER = "/register"
CHANNELS = frozenset(CHANNEL_NAMES)
REGISTERS = {channel + REGISTER: channel for channel in CHANNEL_NAMES}
# As registered for SenML (RFC 8428, section 12.1; varh by RFC 8798); a flag is a ratio of all or nothing.
_UNIT_OF_ENDING = {"deg": "deg", "w": "W", "wh": "Wh", "v": "V", "hz": "Hz", "c": "Cel", "m2": "W/m2", "open": "/"}
SAMPLES = frozenset(SAMPLE_NAMES) | {quantity.record for quantity in QUANTITIES.values()} | {COVER_OPEN}
UNITS = (
    dict.fromkeys([*CHANNELS, *REGISTERS], "Wh")
    | dict.fromkeys([REACTIVE, REACTIVE + REGISTER], "varh")
    | {"interval": "s"}
    | {name: _UNIT_OF_ENDING[name.rsplit("_", 1)[1]] for name in SAMPLES}
)
Rows = list[tuple[Any, Any]]


def read_payload(envelope: Envelope) -> Telemetry:
    """Read the records of a verified message.

    Raises:
        CannotAccept: `malformed`, `too_large` or `wrong_unit`.
    """
    try:
        records, items = load(envelope.payload)
        if len(records) > LONGEST_BLOCK + 1:
            raise CannotAccept("too_large", "records")
        if items != 1 + len(records) + 2 * sum(map(len, records)):
            raise CannotAccept("malformed", "a label that comes twice, or an item within another")
        device_name, base, base_unit, body = _head(records)
        sent_at = datetime.fromtimestamp(base, UTC)
        blocks, samples = _sort_records(body, base, base_unit)
    except CannotAccept:
        raise
    except CannotRead as problem:
        raise CannotAccept("malformed", str(problem)) from None
    except (ValueError, TypeError, KeyError, IndexError, ArithmeticError, OSError, AttributeError, struct.error) as problem:
        raise CannotAccept("malformed", type(problem).__name__) from None
    return Telemetry(device_name, envelope.counter, sent_at, blocks, samples)


def _head(records: list[dict[int, Any]]) -> tuple[str, float, str | None, list[dict[int, Any]]]:
    """Device, base time, base unit, and the records without the base; the first record may carry a value of its own."""
    head = records[0]
    if not isinstance(head[BASE_NAME], str) or head.get(BASE_VERSION, SENML_VERSION) != SENML_VERSION:
        raise CannotAccept("malformed", "device name or version")
    own = {label: part for label, part in head.items() if label not in HEAD_LABELS}
    body = [own, *records[1:]] if own else records[1:]
    labels = set().union(*body)
    if not labels <= LABELS:
        raise CannotAccept("malformed", "a label that is none of ours")
    if labels & VALUES != {VALUE} and any(len(VALUES.intersection(record)) > 1 for record in body):
        raise CannotAccept("malformed", "a record with two values")
    return head[BASE_NAME], head[BASE_TIME], head.get(BASE_UNIT), body


def _sort_records(
    records: list[dict[int, Any]], base: float, base_unit: str | None
) -> tuple[tuple[IntervalBlock, ...], tuple[Sample, ...]]:
    _check_units(records, base_unit)
    intervals: dict[str, Rows] = {}
    registers: dict[str, Rows] = {}
    packed: dict[str, tuple[Any, tuple[int, ...]]] = {}
    samples: dict[float, dict[str, float]] = {}
    interval_s = 0
    for record in records:
        name = record[NAME]
        if name in CHANNELS:
            if DATA_VALUE in record:
                _put_once(packed, name, (record.get(TIME, 0), _unpack(record)))
            elif name in intervals:
                intervals[name].append((record.get(TIME, 0), record[VALUE]))
            else:
                intervals[name] = [(record.get(TIME, 0), record[VALUE])]
        elif name == "interval":
            if interval_s not in (0, record[VALUE]) or not math.isfinite(record.get(TIME, 0)):
                raise CannotAccept("malformed", "interval length")
            interval_s = record[VALUE]
        elif name in REGISTERS:
            registers.setdefault(REGISTERS[name], []).append((record.get(TIME, 0), record[VALUE]))
        elif name in SAMPLES:
            _put_once(samples.setdefault(record.get(TIME, 0), {}), name, _number(name, record))
        else:
            raise CannotAccept("malformed", "unknown record")
    if not packed.keys().isdisjoint(intervals):
        raise CannotAccept("malformed", "intervals both packed and in records of their own")
    if not registers.keys() <= packed.keys() | intervals.keys():
        raise CannotAccept("malformed", "registers without intervals")
    runs = packed | {name: _run(rows, interval_s) for name, rows in intervals.items()}
    return tuple(
        _block(name, start, values, sorted(registers.get(name, [])), interval_s, base) for name, (start, values) in runs.items()
    ), tuple(Sample(datetime.fromtimestamp(base + offset, UTC), values) for offset, values in sorted(samples.items()))


def _check_units(records: list[dict[int, Any]], base_unit: str | None) -> None:
    """A unit may be left out; one that is given must be the right one."""
    if base_unit is None:
        said = [(record[NAME], record[UNIT]) for record in records if UNIT in record]
    else:
        said = [(record[NAME], record.get(UNIT, base_unit)) for record in records]
    for name, unit in said:
        if UNITS.get(name, unit) != unit:
            raise CannotAccept("wrong_unit", f"{name} is in {UNITS[name]}")


def _put_once(found: dict[str, Any], name: str, value: Any) -> None:
    if name in found:
        raise CannotAccept("malformed", f"{name} twice at one time")
    found[name] = value


def _number(name: str, record: dict[int, Any]) -> float:
    """The value of a sample; flags may be truth values."""
    value = record[BOOLEAN_VALUE] if BOOLEAN_VALUE in record else record[VALUE]
    if isinstance(value, bool) != (BOOLEAN_VALUE in record) or not isinstance(value, int | float):
        raise CannotAccept("malformed", "a sample is not a number")
    number = float(value)
    if not math.isfinite(number):
        raise CannotAccept("malformed", "a sample is not a finite number")
    if name in FLAG_RECORDS:
        if number not in (0.0, 1.0):
            raise CannotAccept("malformed", "a flag is neither set nor unset")
    elif BOOLEAN_VALUE in record:
        raise CannotAccept("malformed", "a truth value where a number belongs")
    return number


def _unpack(record: dict[int, Any]) -> tuple[int, ...]:
    """Whole Wh of intervals that follow each other, four bytes each, the highest first."""
    data = record[DATA_VALUE]
    if len(data) > 4 * LONGEST_BLOCK:
        raise CannotAccept("malformed", "packed intervals")
    return struct.unpack(f">{len(data) // 4}I", data)


def _run(rows: Rows, interval_s: int) -> tuple[Any, tuple[int, ...]]:
    """Start and values of intervals that came in records of their own."""
    rows.sort()
    start = rows[0][0]
    if [offset for offset, _ in rows] != [start + i * interval_s for i in range(len(rows))]:
        raise CannotAccept("malformed", "intervals do not follow each other")
    return start, tuple(value for _, value in rows)


def _block(name: str, start: Any, values: tuple[int, ...], registers: Rows, interval_s: int, base: float) -> IntervalBlock:
    if interval_s not in INTERVAL_LENGTHS_S or type(interval_s) is not int:
        raise CannotAccept("malformed", "interval length")
    if set(map(type, values)) != {int} or min(values) < 0 or max(values) > LARGEST_INTERVAL_WH:
        raise CannotAccept("malformed", "energy must be whole Wh and not negative")
    first = last = None
    if registers:
        (at_start, first), (at_end, last) = registers[0], registers[-1]
        if at_start != start or at_end != start + interval_s * len(values):
            raise CannotAccept("malformed", "registers must be read at the start and the end of the intervals")
        if not all(type(value) is int and 0 <= value < LARGEST_COUNT for value in (first, last)):
            raise CannotAccept("malformed", "register")
    return IntervalBlock(name, datetime.fromtimestamp(base + start, UTC), interval_s, values, first, last)
