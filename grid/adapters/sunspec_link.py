"""Inverters and batteries that speak SunSpec over Modbus TCP: found by their chain of models, told, read back.

One connection per exchange, every transaction bounded by what is left of the exchange's time. Addresses of registers are the device's
own: the chain begins at 40000, 50000 or 0 and may reach to the end of the 16-bit range.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException, ModbusIOException

from grid.domain.devices.links import LinkAnswer, Measured, Problem, Target, may_be_reached
from grid.domain.devices.sunspec import (
    BASES,
    CONTROLS,
    DER_CONTROLS,
    END_MODEL,
    MARK,
    MOST_MODELS,
    SHORTEST,
    STORAGE,
    Block,
    CannotRead,
    Registers,
    Write,
    check_block,
    differences,
    limit_of,
    limit_writes,
    power_of,
    soc_of,
    state_of,
    storage_writes,
)
from grid.domain.devices.sunspec_der import can_limit_power, can_set_power, der_limit_of, der_limit_writes, der_storage_writes

MOST_REGISTERS = 120  # in one transaction; the standard allows 125, some gateways fewer
LAST_REGISTER = 0xFFFF
EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    5: "acknowledged, still working",
    6: "device busy",
    10: "gateway has no path",
    11: "gateway: the device does not answer",
}
NO_ANSWER_BEHIND_GATEWAY = (10, 11)
NO_END = "it has no reversion time: it keeps the set-point when the platform is silent"


class _Failed(Exception):
    """An exchange ended early."""

    def __init__(self, problem: Problem, detail: str) -> None:
        super().__init__(detail)
        self.problem, self.detail = problem, detail


@dataclass(frozen=True, slots=True)
class SunSpecLink:
    """One device behind one unit id; `is_storage` says whether set-points charge and discharge or limit production."""

    address: str
    port: int
    unit_id: int
    is_storage: bool
    networks: Sequence[str]
    patience_s: float = 3.0

    def send(self, target: Target) -> LinkAnswer:
        """Write a set-point with its end, then read it back."""
        return self._exchange(target)

    def read(self) -> LinkAnswer:
        """What the device says of itself."""
        return self._exchange(None)

    def _exchange(self, target: Target | None) -> LinkAnswer:
        if not may_be_reached(self.address, self.networks):
            return LinkAnswer(problem=Problem.NOT_ALLOWED, detail=self.address)
        deadline = time.monotonic() + self.patience_s
        client = ModbusTcpClient(self.address, port=self.port, timeout=self.patience_s, retries=0)
        talk = _Talk(client, self.unit_id, deadline)
        try:
            talk.connect()
            return self._converse(talk, target)
        except _Failed as failed:
            return LinkAnswer(problem=failed.problem, detail=failed.detail)
        except CannotRead as unread:
            return LinkAnswer(problem=Problem.WRONG_DEVICE, detail=str(unread))
        finally:
            client.close()

    def _converse(self, talk: "_Talk", target: Target | None) -> LinkAnswer:
        blocks = talk.find_models()
        models = {model: talk.read_block(block) for model, block in blocks.items()}
        if target is None:
            return LinkAnswer(_measured(models))
        model = self._model(models)
        if model not in blocks:
            raise CannotRead(f"the device has no model {model}: it cannot be told")
        block = blocks[model]
        writes = self._writes(block, models, target)
        for write in writes:
            talk.write(write)
        models[model] = talk.read_block(block)
        differing = differences(writes, models[model], block.address)
        problem = Problem.NOT_OBEYED if differing else None
        note = "" if len(writes) > 2 else NO_END
        return LinkAnswer(_measured(models), problem, "; ".join(differing) or note)

    def _model(self, models: dict[int, Registers]) -> int:
        """By which model the device is told: the newer one where it takes what is to be told."""
        if self.is_storage:
            return DER_CONTROLS if can_set_power(models) else STORAGE
        return DER_CONTROLS if can_limit_power(models) else CONTROLS

    def _writes(self, block: Block, models: dict[int, Registers], target: Target) -> list[Write]:
        is_newer = block.model == DER_CONTROLS
        if self.is_storage:
            tell = der_storage_writes if is_newer else storage_writes
            return tell(block, models, target.charge_w, target.discharge_w, target.holds_s)
        if target.limit_w is None:
            raise _Failed(Problem.REFUSED, "a source is told a limit")
        limit = der_limit_writes if is_newer else limit_writes
        return limit(block, models, target.limit_w, target.holds_s)


def _measured(models: dict[int, Registers]) -> Measured:
    power = power_of(models)
    return Measured(
        None if power is None else max(-power, 0.0),
        None if power is None else max(power, 0.0),
        soc_of(models),
        limit_of(models) if DER_CONTROLS not in models else der_limit_of(models),
        state_of(models),
    )


class _Talk:
    """Transactions of one exchange."""

    def __init__(self, client: ModbusTcpClient, unit_id: int, deadline: float) -> None:
        self._client, self._unit_id, self._deadline = client, unit_id, deadline

    def connect(self) -> None:
        if not self._client.connect():
            raise _Failed(Problem.UNREACHABLE, "no connection")

    def find_models(self) -> dict[int, Block]:
        """The first block of each known model, by following the chain."""
        base = next((base for base in BASES if self._is_marked(base)), None)
        if base is None:
            raise CannotRead("no SunSpec map at 40000, 50000 or 0")
        found: dict[int, Block] = {}
        at = base + 2
        for _ in range(MOST_MODELS):
            model, length = self._read(at, 2)
            if model == END_MODEL:
                return found
            if at + 2 + length > LAST_REGISTER:
                raise CannotRead("the chain of models leaves the address space")
            if model in SHORTEST and model not in found:
                found[model] = check_block(Block(model, at, length))
            at += 2 + length
        raise CannotRead(f"the chain of models does not end after {MOST_MODELS}")

    def _is_marked(self, base: int) -> bool:
        try:
            return tuple(self._read(base, 2)) == MARK
        except _Failed as failed:
            if failed.problem is Problem.REFUSED:  # no registers there
                return False
            raise

    def read_block(self, block: Block) -> Registers:
        """All registers of a model, id and length among them."""
        found: list[int] = []
        total = 2 + block.length
        while len(found) < total:
            found += self._read(block.address + len(found), min(MOST_REGISTERS, total - len(found)))
        return found

    def _read(self, address: int, count: int) -> list[int]:
        answer = self._ask("read_holding_registers", address, count=count)
        if len(answer.registers) != count:
            raise _Failed(Problem.MALFORMED, f"{len(answer.registers)} registers instead of {count}")
        return list(answer.registers)

    def write(self, write: Write) -> None:
        self._ask("write_registers", write.address, values=list(write.values))

    def _ask(self, name: str, address: int, **words: object) -> Any:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise _Failed(Problem.TIMEOUT, f"at register {address}")
        self._client.comm_params.timeout_connect = left
        try:
            answer = getattr(self._client, name)(address, device_id=self._unit_id, **words)
        except ConnectionException as problem:
            raise _Failed(Problem.UNREACHABLE, str(problem)) from problem
        except ModbusIOException as problem:
            raise _Failed(Problem.TIMEOUT, f"at register {address}") from problem
        except (ModbusException, OSError) as problem:
            raise _Failed(Problem.MALFORMED, str(problem)) from problem
        if answer.isError():
            code = answer.exception_code
            problem_kind = Problem.UNREACHABLE if code in NO_ANSWER_BEHIND_GATEWAY else Problem.REFUSED
            raise _Failed(problem_kind, f"register {address}: {EXCEPTIONS.get(code, f'exception {code}')}")
        return answer
