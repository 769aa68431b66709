"""Charge points from a worker's side: their sockets are held by web processes, orders and answers pass through Valkey.

An order is published on the station's channel; nobody there, nobody connected. The process that holds the socket answers on a list that
ends by itself.
"""

import json
import secrets
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError

from energy.adapters.live_store import valkey
from grid.domain.devices.links import LinkAnswer, Measured, Problem, Target

KEEP_ANSWER_S = 30


def orders_channel(station: str) -> str:
    """Where orders to a station are published."""
    return f"ocpp-orders:{station}"


@dataclass(frozen=True, slots=True)
class OcppLink:
    """One connector of one station; a set-point is the most that cars may draw there."""

    station: str
    connector: int
    patience_s: float = 3.0

    def send(self, target: Target) -> LinkAnswer:
        """Set the limit with its end as a charging profile (none: take ours away), and read back the composite schedule."""
        if target.discharge_w:
            return LinkAnswer(problem=Problem.REFUSED, detail="charge points do not give")
        limit_w = target.charge_w if target.limit_w is None and target.charge_w else target.limit_w
        return self._order({"do": "limit", "limit_w": limit_w, "holds_s": target.holds_s})

    def read(self) -> LinkAnswer:
        """Which limit is in force."""
        return self._order({"do": "read", "limit_w": None, "holds_s": 60.0})

    def _order(self, order: dict[str, Any]) -> LinkAnswer:
        key = f"ocpp-answer:{secrets.token_hex(12)}"
        text = json.dumps({**order, "connector": self.connector, "answer": key, "patience_s": self.patience_s})
        try:
            if not valkey().publish(orders_channel(self.station), text):
                return LinkAnswer(problem=Problem.UNREACHABLE, detail="the station is not connected")
            found: Any = valkey().blpop([key], timeout=self.patience_s + 0.5)
        except (RedisError, OSError) as problem:
            return LinkAnswer(problem=Problem.UNREACHABLE, detail=f"Valkey is away: {problem}"[:200])
        if found is None:
            return LinkAnswer(problem=Problem.TIMEOUT, detail="no answer from the process that holds its socket")
        return read_answer(found[1])


def answer_as_bytes(answer: LinkAnswer) -> bytes:
    """An answer on its way between processes."""
    limit_w = answer.measured.limit_w if answer.measured else None
    return json.dumps(
        {"problem": answer.problem, "detail": answer.detail, "limit_w": limit_w, "is_read": answer.measured is not None}
    ).encode()


def read_answer(body: bytes) -> LinkAnswer:
    """The answer on the other side."""
    said = json.loads(body)
    measured = Measured(limit_w=said["limit_w"]) if said["is_read"] else None
    return LinkAnswer(measured, Problem(said["problem"]) if said["problem"] else None, said["detail"])
