"""What a gateway says in JSON: intervals with registers, instantaneous power in SunSpec's terms, OCPP meter values.

Parsed at the door into plain values; the energy of charge points is the difference of cumulative registers at the interval's
ends, so nothing drifts by rounding and a lost message costs no energy.
"""

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from energy.domain.telemetry import (
    CHANNEL_NAMES,
    INTERVAL_LENGTHS_S,
    LARGEST_COUNT,
    LARGEST_INTERVAL_WH,
    REACTIVE,
    SAMPLE_NAMES,
    IntervalBlock,
    Sample,
)

LARGEST_BODY_BYTES = 2**20
MOST_VALUES, MOST_ITEMS = 50_000, 2_000
DEEPEST = 12
REGISTER_TOLERANCE_S = 2  # a register of a clock-aligned reading may be taken this far from the interval's edge
OCPP_CHANNELS = {
    "Energy.Active.Import.Register": "import",
    "Energy.Active.Export.Register": "export",
    "Energy.Reactive.Import.Register": "reactive",
}
QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
MESSAGE_ID = re.compile(r"[\x21-\x7e]{1,120}")


class CannotTake(ValueError):
    """A gateway's body cannot be taken; `reason` is one of the counted reasons, `where` the place in the body."""

    def __init__(self, reason: str, where: str = "", detail: str = "") -> None:
        super().__init__(": ".join(part for part in (reason, where, detail) if part))
        self.reason, self.where, self.detail = reason, where, detail


@dataclass(frozen=True, slots=True)
class NamedBlock:
    """Intervals of the meter that the gateway calls `reference`."""

    reference: str
    block: IntervalBlock


@dataclass(frozen=True, slots=True)
class NamedSample:
    """Instantaneous values of a meter; `power_w` is signed as SunSpec has it where the meter's kind decides its name."""

    reference: str
    sample: Sample
    power_w: float | None = None


@dataclass(frozen=True, slots=True)
class RegisterReading:
    """A cumulative register at an instant."""

    reference: str
    channel: str
    at: datetime
    register_wh: int


@dataclass(frozen=True, slots=True)
class GatewayBody:
    """All that a body says."""

    message_id: str
    sent_at: datetime
    blocks: tuple[NamedBlock, ...] = ()
    samples: tuple[NamedSample, ...] = ()
    registers: tuple[RegisterReading, ...] = ()

    @property
    def references(self) -> set[str]:
        """The meters it speaks of, by the gateway's names."""
        named = {block.reference for block in self.blocks} | {sample.reference for sample in self.samples}
        return named | {register.reference for register in self.registers}


@dataclass(slots=True)
class _Budget:
    """A bound on what one body may hold."""

    left: int = MOST_VALUES
    items: int = field(default=MOST_ITEMS)

    def take(self, values: int, items: int = 0) -> None:
        self.left -= values
        self.items -= items
        if self.left < 0 or self.items < 0:
            raise CannotTake("too_large", "", f"at most {MOST_VALUES} values and {MOST_ITEMS} items")


def read_body(body: bytes) -> GatewayBody:
    """Read a gateway's body.

    Raises:
        CannotTake: `malformed` with the place in the body, or `too_large`.
    """
    if len(body) > LARGEST_BODY_BYTES:
        raise CannotTake("too_large", "", f"{len(body)} bytes, {LARGEST_BODY_BYTES} at most")
    if _depth(body) > DEEPEST:
        raise CannotTake("malformed", "", f"nests deeper than {DEEPEST}")
    try:
        said = json.loads(body, parse_constant=_no_constant)
    except ValueError:
        raise CannotTake("malformed", "", "not JSON in UTF-8") from None
    root = _object(said, "body")
    message_id = root.get("message_id")
    if not isinstance(message_id, str) or not MESSAGE_ID.fullmatch(message_id):
        raise CannotTake("malformed", "message_id", "1 to 120 printable characters without spaces")
    budget = _Budget()
    readings, powers, values = (_items(root, name, budget) for name in ("readings", "samples", "meter_values"))
    result = GatewayBody(
        message_id,
        _instant(root.get("sent_at"), "sent_at"),
        tuple(_reading(item, f"readings[{i}]", budget) for i, item in enumerate(readings)),
        tuple(_sample(item, f"samples[{i}]", budget) for i, item in enumerate(powers)),
        tuple(r for i, item in enumerate(values) for r in _meter_value(item, f"meter_values[{i}]", budget)),
    )
    if not result.references:
        raise CannotTake("malformed", "body", "has no readings, samples or meter_values")
    return result


def _depth(body: bytes) -> int:
    """How deep lists and objects nest, told before a parser recurses into them."""
    marks = np.frombuffer(QUOTED.sub(b"", body), dtype=np.uint8)
    opens = (marks == ord("[")) | (marks == ord("{"))
    closes = (marks == ord("]")) | (marks == ord("}"))
    level = np.cumsum(opens.astype(np.int32) - closes)
    return int(level.max(initial=0))


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise CannotTake("malformed", where, "must be an object")
    return value


def _items(parent: Mapping[str, Any], name: str, budget: _Budget) -> list[Any]:
    found = parent.get(name, [])
    if not isinstance(found, list):
        raise CannotTake("malformed", name, "must be a list")
    budget.take(0, len(found))
    return found


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 120:
        raise CannotTake("malformed", where, "must be a text of 1 to 120 characters")
    return value


def _instant(value: Any, where: str) -> datetime:
    try:
        found = datetime.fromisoformat(value)
        if found.tzinfo is None:
            raise ValueError
        return found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise CannotTake("malformed", where, "must be ISO 8601 with an offset") from None


def _whole(value: Any, where: str, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise CannotTake("malformed", where, "must be whole Wh and not negative")
    return value


def _number(value: Any, where: str) -> float:
    if type(value) not in (int, float) or not math.isfinite(value) or abs(value) > 1e15:
        raise CannotTake("malformed", where, "must be a number")
    return float(value)


def _reading(item: Any, where: str, budget: _Budget) -> NamedBlock:
    said = _object(item, where)
    channel = said.get("channel")
    if channel not in CHANNEL_NAMES:
        raise CannotTake("malformed", f"{where}.channel", f"must be one of {', '.join(CHANNEL_NAMES)}")
    minutes = said.get("interval_minutes")
    if type(minutes) is not int or minutes * 60 not in INTERVAL_LENGTHS_S:
        raise CannotTake("malformed", f"{where}.interval_minutes", "must be 5, 10, 15, 30 or 60")
    values = said.get("values_wh")
    if not isinstance(values, list) or not values:
        raise CannotTake("malformed", f"{where}.values_wh", "must be a list of whole Wh")
    budget.take(len(values))
    registers = [
        None if said.get(name) is None else _whole(said[name], f"{where}.{name}", LARGEST_COUNT - 1)
        for name in ("register_start_wh", "register_end_wh")
    ]
    if (registers[0] is None) != (registers[1] is None):
        raise CannotTake("malformed", f"{where}.register_end_wh", "registers come in pairs")
    block = IntervalBlock(
        channel,
        _instant(said.get("start_at"), f"{where}.start_at"),
        minutes * 60,
        tuple(_whole(value, f"{where}.values_wh", LARGEST_INTERVAL_WH) for value in values),
        *registers,
    )
    return NamedBlock(_text(said.get("meter"), f"{where}.meter"), block)


def _sample(item: Any, where: str, budget: _Budget) -> NamedSample:
    """A sample by our names, or SunSpec's `W` with its scale factor `W_SF` (models 101 to 103 and 701)."""
    said = _object(item, where)
    budget.take(len(said))
    values = {name: _number(said[name], f"{where}.{name}") for name in SAMPLE_NAMES if name in said}
    power = None
    if "W" in said:
        scale = said.get("W_SF", 0)
        if type(scale) is not int or not -10 <= scale <= 10:
            raise CannotTake("malformed", f"{where}.W_SF", "must be a whole number from -10 to 10")
        power = _number(said["W"], f"{where}.W") * 10.0**scale
    if not values and power is None:
        raise CannotTake("malformed", where, f"has none of W, {', '.join(SAMPLE_NAMES)}")
    sample = Sample(_instant(said.get("at"), f"{where}.at"), values)
    return NamedSample(_text(said.get("meter"), f"{where}.meter"), sample, power)


def _meter_value(item: Any, where: str, budget: _Budget) -> list[RegisterReading]:
    """OCPP 1.6 MeterValues.req with the charge point's identity beside it: registers of the whole connector only."""
    said = _object(item, where)
    connector = said.get("connectorId")
    if type(connector) is not int or not 0 <= connector < 1000:
        raise CannotTake("malformed", f"{where}.connectorId", "must be a whole number")
    reference = f"{_text(said.get('chargePointId'), f'{where}.chargePointId')}/{connector}"
    found = []
    for i, value in enumerate(_items(said, "meterValue", budget)):
        place = f"{where}.meterValue[{i}]"
        at = _instant(_object(value, place).get("timestamp"), f"{place}.timestamp")
        for j, sampled in enumerate(_items(value, "sampledValue", budget)):
            reading = _sampled(_object(sampled, place), f"{place}.sampledValue[{j}]", reference, at)
            if reading is not None:
                found.append(reading)
    if not found:
        raise CannotTake("malformed", where, "has no Energy.Active.Import.Register or Export.Register")
    return found


def _sampled(said: Mapping[str, Any], where: str, reference: str, at: datetime) -> RegisterReading | None:
    channel = OCPP_CHANNELS.get(str(said.get("measurand", "Energy.Active.Import.Register")))
    if channel is None or said.get("phase") is not None:
        return None
    base = "varh" if channel == REACTIVE else "Wh"
    unit = said.get("unit", base)
    if unit not in (base, f"k{base}"):
        raise CannotTake("malformed", f"{where}.unit", f"must be {base} or k{base}")
    try:
        amount = float(said["value"]) * (1000 if unit != base else 1)
    except (KeyError, TypeError, ValueError):
        raise CannotTake("malformed", f"{where}.value", "must be a number as text") from None
    if not math.isfinite(amount) or not 0 <= amount < LARGEST_COUNT:
        raise CannotTake("malformed", f"{where}.value", "must not be negative")
    return RegisterReading(reference, channel, at, round(amount))


Edges = dict[datetime, int]


def registers_at_edges(readings: Sequence[RegisterReading], interval_s: int) -> dict[tuple[str, str], Edges]:
    """Registers that were read at an interval's edge, by reference and channel; readings in between say nothing of intervals."""
    found: dict[tuple[str, str], Edges] = {}
    for reading in readings:
        past = (reading.at.timestamp() + REGISTER_TOLERANCE_S) % interval_s
        if past <= 2 * REGISTER_TOLERANCE_S:
            edge = reading.at + timedelta(seconds=REGISTER_TOLERANCE_S - past)
            edges = found.setdefault((reading.reference, reading.channel), {})
            edges[edge.replace(microsecond=0)] = reading.register_wh
    return found


def blocks_between(edges: Mapping[datetime, int], fresh: Collection[datetime], channel: str, interval_s: int) -> list[IntervalBlock]:
    """Runs of intervals whose two ends are known, one of them at least in `fresh`.

    Where a register is missing or goes back there is no interval: what lies between is estimated later, never guessed here.
    """
    step = timedelta(seconds=interval_s)
    runs: list[list[datetime]] = []
    for edge in sorted(edges):
        after = edge + step
        if after not in edges or not (edge in fresh or after in fresh):
            continue
        if not 0 <= edges[after] - edges[edge] <= LARGEST_INTERVAL_WH:
            continue
        if runs and runs[-1][-1] == edge:
            runs[-1].append(after)
        else:
            runs.append([edge, after])
    return [
        IntervalBlock(channel, run[0], interval_s, tuple(edges[b] - edges[a] for a, b in pairwise(run)), edges[run[0]], edges[run[-1]])
        for run in runs
    ]
