"""A SunSpec inverter with battery in a thread: pymodbus's own server over a register map as devices have them, and faults on demand."""

import asyncio
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from benchmarks.live_clients import free_port

NOT_THERE = 0xFFFF
MINUS_ONE, MINUS_TWO = 0xFFFF, 0xFFFE


def letters(words: str, registers: int) -> list[int]:
    return list(struct.unpack(f"!{registers}H", words.encode().ljust(2 * registers, b"\0")))


def model(number: int, length: int, points: Mapping[int, int]) -> list[int]:
    """A model's registers; points by their offset from its id, everything else not implemented."""
    registers = [number, length] + [NOT_THERE] * length
    for offset, value in points.items():
        registers[offset] = value & 0xFFFF
    return registers


def common() -> list[int]:
    head = letters("Wiesengrund", 16) + letters("Hybrid 10", 16) + letters("", 8) + letters("2.1", 8) + letters("SN-0815", 16)
    return [1, 66, *head, 1, 0x8000]


def integer_inverter(watts: int, state: int = 4) -> list[int]:
    """Model 103 with W = watts, told in tens."""
    return model(103, 50, {14: round(watts / 10), 15: 1, 38: state})


def float_inverter(watts: float) -> list[int]:
    high, low = struct.unpack("!HH", struct.pack("!f", watts))
    return model(113, 60, {22: high, 23: low, 48: 4})


def der_measurement(watts: int) -> list[int]:
    return model(701, 153, {4: 3, 10: watts, 116: 0})


CAPACITY = model(702, 50, {26: 1000, 34: 500, 35: 500, 45: 1})
DER_CONTROLS = model(
    704,
    65,
    {
        14: 0,
        15: 1000,
        16: 1000,
        17: 0,
        18: 0,
        19: 0,
        20: 0,
        21: 0,
        22: 0,
        23: 1,
        24: 0,
        25: 0,
        26: 0,
        27: 0,
        30: 0,
        31: 0,
        32: 0,
        33: 0,
        34: 0,
        54: MINUS_ONE,
        55: 0,
    },
)
NAMEPLATE = model(120, 26, {3: 1000, 4: 1})
SETTINGS = model(121, 30, {2: 1000, 22: 1})
CONTROLS = model(123, 24, {3: 0, 5: 1000, 6: 0, 7: 0, 8: 0, 9: 0, 23: MINUS_ONE})
STORAGE = model(
    124, 24, {2: 500, 3: 100, 4: 100, 5: 0, 8: 6250, 12: 0, 13: 0, 14: 0, 15: 0, 16: 0, 18: 1, 19: 0, 22: MINUS_TWO, 25: MINUS_TWO}
)
BATTERY = model(802, 62, {11: 640, 22: 3, 47: 0x8000, 56: MINUS_ONE, 63: 0})


@dataclass
class SunSpecDevice:
    """The device; `refuse` answers every write with this exception, `hang` with nothing, `ignore` takes writes and does not keep them."""

    models: list[list[int]]
    base: int = 40000
    ends: bool = True
    refuse: ExcCodes | None = None
    hang: bool = False
    ignore: bool = False
    written: list[tuple[int, list[int]]] = field(default_factory=list)
    port: int = field(default_factory=free_port)

    def __enter__(self) -> "SunSpecDevice":
        self._loop, self._ready = asyncio.new_event_loop(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._server.shutdown(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._ready.set()
        self._loop.run_forever()

    async def _start(self) -> None:
        registers = [0x5375, 0x6E53] + [value for one in self.models for value in one]
        registers += [0xFFFF, 0] if self.ends else []
        device = SimDevice(7, [SimData(self.base, values=registers, datatype=DataType.REGISTERS)], action=self._touched)
        self._server = ModbusTcpServer(device, address=("127.0.0.1", self.port))
        await self._server.serve_forever(background=True)

    async def _touched(
        self, function: int, start: int, address: int, count: int, registers: list[int], values: list[int] | None
    ) -> ExcCodes | None:
        if values is None:
            return None
        if self.hang:
            await asyncio.sleep(30)
        if self.refuse is not None:
            return self.refuse
        self.written.append((address, list(values)))
        if self.ignore:
            values[:] = registers[address - start : address - start + count]
        return None

    def at(self, number: int) -> int:
        """The address of a model."""
        address = self.base + 2
        for one in self.models:
            if one[0] == number:
                return address
            address += len(one)
        raise LookupError(number)
