"""Commands to devices behind links: handed over, answered, never holding up a tick."""

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from energy.models import Microgrid
from grid.domain.devices.links import Link, LinkAnswer, Problem, Target
from grid.models import DeviceCommand, DeviceLink, LinkProtocol
from grid.services.device_links import MOST_AT_ONCE, open_link, record_answer
from grid.services.openadr_events import hold_limit

log = logging.getLogger(__name__)


@dataclass(slots=True)
class LinkDesk:
    """Conversations under way, one per link: a device that is slow keeps nobody waiting but itself."""

    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="device-link"))
    _open: dict[int, tuple[UUID, Future[LinkAnswer]]] = field(default_factory=dict)

    def give(self, link_id: int, command_id: UUID, link: Link, target: Target) -> bool:
        """Begin a conversation; False where the one before has not ended."""
        if link_id in self._open:
            return False
        self._open[link_id] = (command_id, self._pool.submit(_converse, link, target))
        return True

    @property
    def is_busy(self) -> bool:
        """Whether a conversation is under way."""
        return bool(self._open)

    def take(self, patience_s: float) -> list[tuple[int, UUID, LinkAnswer]]:
        """What has ended, waiting at most so long; by link and command."""
        wait([future for _, future in self._open.values()], timeout=patience_s)
        ended = [(pk, command_id, f) for pk, (command_id, f) in self._open.items() if f.done()]
        for pk, _, _ in ended:
            del self._open[pk]
        return [(pk, command_id, future.result()) for pk, command_id, future in ended]


def _converse(link: Link, target: Target) -> LinkAnswer:
    """A link is meant not to raise; one that does has still said something about its device."""
    try:
        return link.send(target)
    except Exception as problem:
        log.exception("a link failed in a way of its own")
        return LinkAnswer(problem=Problem.MALFORMED, detail=f"{type(problem).__name__}: {problem}"[:200])


DESK = LinkDesk()


@dataclass(frozen=True, slots=True)
class LinkCommand:
    """A command to the device that is meant by kind (storage, source, consumer) and id; a limit of None is none any more."""

    public_id: UUID
    device: tuple[str, int]
    charge_w: int
    discharge_w: int
    limit_w: int | None
    expires_at: datetime


def link_command(row: DeviceCommand) -> LinkCommand:
    """A stored command."""
    return LinkCommand(row.public_id, device_of(row), row.charge_w, row.discharge_w, row.limit_w, row.expires_at)


def device_of(row: DeviceCommand | DeviceLink) -> tuple[str, int]:
    """Kind and id of the device that a command or link leads to."""
    for kind in ("storage", "source", "consumer", "breaker"):
        if (pk := getattr(row, f"{kind}_id", None)) is not None:
            return kind, pk
    raise ValueError("leads to no device")


def send_by_links(
    *, microgrid: Microgrid, commands: Sequence[LinkCommand], now: datetime, real_now: datetime, patience_s: float, desk: LinkDesk = DESK
) -> set[str]:
    """Send those commands whose device has a link; returns the ids of those that devices took and read back, earlier ones among them.

    Answers that are not there within `patience_s` are taken in at the next call. A command that finds its device still busy is not
    sent: it ends, and the next tick decides anew. Commands end by the microgrid's clock (`now`); links live by the real one.
    """
    done: set[str] = set()
    links = links_of(microgrid) if commands else {}
    for command in commands:
        row, target = links.get(command.device), _target(command, now, microgrid.clock_speed)
        if row is None or target is None:
            continue
        if row.protocol == LinkProtocol.OPENADR:
            done |= _tell_client(row, target, now, real_now)
        elif desk.give(row.pk, command.public_id, open_link(row), target):
            DeviceLink.objects.filter(pk=row.pk).update(
                sent_at=real_now, sent_charge_w=target.charge_w, sent_discharge_w=target.discharge_w, sent_limit_w=target.limit_w
            )
        else:
            record_answer(link_id=row.pk, answer=LinkAnswer(problem=Problem.BUSY), now=real_now)
    for link_id, command_id, answer in desk.take(patience_s):
        record_answer(link_id=link_id, answer=answer, now=real_now)
        if answer.is_done:
            done.add(str(command_id))
    return done


def links_of(microgrid: Microgrid) -> dict[tuple[str, int], DeviceLink]:
    """The enabled links by kind and id of their devices."""
    rows = DeviceLink.objects.filter(microgrid=microgrid, is_enabled=True).select_related("microgrid")
    return {device_of(row): row for row in rows}


def _target(command: LinkCommand, now: datetime, clock_speed: float) -> Target | None:
    """The set-point as it stands from now on, in real seconds; None where it has ended."""
    holds_s = (command.expires_at - now).total_seconds() / max(clock_speed, 1.0)
    if holds_s <= 0:
        return None
    return Target(str(command.public_id), holds_s, command.charge_w, command.discharge_w, command.limit_w)


def _tell_client(row: DeviceLink, target: Target, now: datetime, real_now: datetime) -> set[str]:
    """A flexible load fetches its events: telling it is writing one."""
    DeviceLink.objects.filter(pk=row.pk).update(sent_at=real_now, sent_limit_w=target.limit_w)
    answer = hold_limit(link=row, limit_w=target.limit_w, now=now, real_now=real_now)
    record_answer(link_id=row.pk, answer=answer, now=real_now)
    return {target.command_id} if answer.is_done else set()
