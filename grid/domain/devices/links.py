"""What every device protocol does for the control rule: send a set-point that ends by itself, read back what the device makes of it.

A link never raises into a tick: what went wrong is part of its answer, as a named problem and a sentence. The fallback is the device's:
each set-point carries for how long it stands, and every protocol here has a way to say so.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Problem(StrEnum):
    """Why a set-point did not take hold, or nothing could be read."""

    NOT_ALLOWED = "not_allowed"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    WRONG_DEVICE = "wrong_device"
    REFUSED = "refused"
    NOT_OBEYED = "not_obeyed"
    MALFORMED = "malformed"
    BUSY = "busy"


SENTENCES = {
    Problem.NOT_ALLOWED: "Its address is not among those that devices may have.",
    Problem.UNREACHABLE: "Nobody answers at its address, or it is not connected.",
    Problem.TIMEOUT: "It did not answer in time.",
    Problem.WRONG_DEVICE: "What answers is not a device of this kind.",
    Problem.REFUSED: "It refused the set-point.",
    Problem.NOT_OBEYED: "It acknowledged, but what it says it does is something else.",
    Problem.MALFORMED: "What it said cannot be read.",
    Problem.BUSY: "It has not answered the set-point before this one.",
}


@dataclass(frozen=True, slots=True)
class Target:
    """A set-point [W] that stands for `holds_s` and then ends by itself; `limit_w` is the most a source may give or a load take.

    Raises:
        ValueError: it would charge and discharge at once, or something is negative.
    """

    command_id: str
    holds_s: float
    charge_w: int = 0
    discharge_w: int = 0
    limit_w: int | None = None

    def __post_init__(self) -> None:
        if min(self.charge_w, self.discharge_w, self.limit_w or 0) < 0 or self.holds_s <= 0:
            raise ValueError("set-points are not negative and stand for a while")
        if self.charge_w and self.discharge_w:
            raise ValueError("a set-point charges or discharges")


@dataclass(frozen=True, slots=True)
class Measured:
    """What a device says of itself; None where it says nothing. Powers [W] at its terminals, state of charge as a share of capacity."""

    charge_w: float | None = None
    discharge_w: float | None = None
    soc_share: float | None = None
    limit_w: float | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class LinkAnswer:
    """How it went: taken hold of and read back, or the problem; `detail` is for whoever looks after the device."""

    measured: Measured | None = None
    problem: Problem | None = None
    detail: str = ""

    @property
    def is_done(self) -> bool:
        return self.problem is None


class Link(Protocol):
    """One device behind one protocol; both calls end within the link's own bound of time."""

    def send(self, target: Target) -> LinkAnswer: ...

    def read(self) -> LinkAnswer: ...


def may_be_reached(address: str, networks: Sequence[str]) -> bool:
    """Whether a device may have this address: a literal IP address inside one of the networks, never a name that might lead elsewhere."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    nets = [ipaddress.ip_network(network) for network in networks]
    return any(found.version == net.version and found in net for net in nets)
