"""The life of an alarm: findings of a tick become alarms that stay until the finding is gone, and do not chatter.

Habits of ISA-18.2 (IEC 62682): an alarm asks somebody to act, has a priority, is raised after an on-delay and cleared after an
off-delay, and waits for its acknowledgement even when its cause has gone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum


class Priority(IntEnum):
    """How soon somebody has to act: at once, within minutes, within the shift, when there is time."""

    CRITICAL = 1
    HIGH = 2
    MEDIUM = 3
    LOW = 4


class FindingKind(StrEnum):
    """What may be wrong with the grid; the subject says where."""

    LINE_LOADING = "line_loading"
    TRANSFORMER_LOADING = "transformer_loading"
    VOLTAGE_LOW = "voltage_low"
    VOLTAGE_HIGH = "voltage_high"
    CUT_OFF = "cut_off"
    FREQUENCY = "frequency"
    NO_SOLUTION = "no_solution"
    IMPORT_LIMIT = "import_limit"
    EXPORT_LIMIT = "export_limit"
    SITES_SILENT = "sites_silent"
    STORAGE_SILENT = "storage_silent"
    UNACKNOWLEDGED = "unacknowledged"
    NOT_OBEYED = "not_obeyed"
    CONTROL_LATE = "control_late"
    PLAN_MISSING = "plan_missing"
    UNBALANCE = "unbalance"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Delays:
    """How long a finding must last before it is raised, and be gone before it is cleared [s]."""

    on_s: float
    off_s: float


DEFAULT_DELAYS = Delays(on_s=8, off_s=30)
DELAYS: Mapping[FindingKind, Delays] = {
    FindingKind.EMERGENCY: Delays(0, 0),
    FindingKind.CONTROL_LATE: Delays(0, 30),
    FindingKind.CUT_OFF: Delays(0, 15),
    FindingKind.FREQUENCY: Delays(0, 15),
    FindingKind.NO_SOLUTION: Delays(4, 15),
    FindingKind.SITES_SILENT: Delays(60, 30),
    FindingKind.STORAGE_SILENT: Delays(60, 30),
    FindingKind.UNACKNOWLEDGED: Delays(15, 15),
    FindingKind.NOT_OBEYED: Delays(15, 30),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in one tick: what, where (a code, or nothing for the whole microgrid), how urgent, and in words."""

    kind: FindingKind
    subject: str
    priority: Priority
    sentence: str

    @property
    def key(self) -> tuple[str, str]:
        return (str(self.kind), self.subject)


@dataclass(frozen=True, slots=True)
class Watched:
    """An alarm that is not at its end: pending (`raised_at` empty), active, or cleared and not yet acknowledged.

    Attributes:
        seen_at: since when the finding is there without a break.
        absent_since: since when an active alarm's finding is gone.
    """

    id: int
    kind: FindingKind
    subject: str
    priority: Priority
    sentence: str
    seen_at: datetime
    raised_at: datetime | None
    absent_since: datetime | None
    cleared_at: datetime | None

    @property
    def key(self) -> tuple[str, str]:
        return (str(self.kind), self.subject)

    @property
    def is_pending(self) -> bool:
        return self.raised_at is None

    @property
    def is_active(self) -> bool:
        return self.raised_at is not None and self.cleared_at is None


@dataclass(frozen=True, slots=True)
class Steps:
    """What a tick changes.

    Attributes:
        watch: findings nobody knew: pending, or raised at once where their kind has no on-delay.
        raise_: alarms whose on-delay is over, or that come back.
        returned: alarms whose finding is there again before the off-delay was over.
        absent: active alarms whose finding is gone for the first time.
        clear: active alarms whose off-delay is over.
        drop: pending ones that went away by themselves.
        changed: active alarms whose priority changed.
    """

    watch: tuple[Finding, ...] = ()
    raise_: tuple[tuple[int, Finding], ...] = ()
    returned: tuple[int, ...] = ()
    absent: tuple[int, ...] = ()
    clear: tuple[int, ...] = ()
    drop: tuple[int, ...] = ()
    changed: tuple[tuple[int, Finding], ...] = ()


def next_steps(
    findings: Sequence[Finding], watched: Sequence[Watched], *, judged: Iterable[FindingKind], now: datetime, pace: float
) -> Steps:
    """Compare a tick's findings with what is watched.

    `judged` are the kinds that this tick could judge at all: an alarm of another kind stays as it is, because no news is no good
    news. `pace` is how fast the microgrid's clock runs: delays are meant for people, so they are stretched by it.
    """
    found = {finding.key: finding for finding in findings}
    known = {one.key for one in watched}
    kinds = set(judged) | {finding.kind for finding in findings}
    taken = [_step_of(one, found.get(one.key), now, pace) for one in watched if one.kind in kinds]

    def of(name: str) -> tuple[int, ...]:
        return tuple(one_id for step, one_id in taken if step == name)

    by_id = {one.id: found[one.key] for one in watched if one.key in found}
    return Steps(
        watch=tuple(finding for key, finding in found.items() if key not in known),
        raise_=tuple((one_id, by_id[one_id]) for one_id in of("raise")),
        returned=of("returned"),
        absent=of("absent"),
        clear=of("clear"),
        drop=of("drop"),
        changed=tuple((one_id, by_id[one_id]) for one_id in of("changed")),
    )


def raises_at_once(finding: Finding) -> bool:
    """Whether a finding of its kind waits for nothing."""
    return DELAYS.get(finding.kind, DEFAULT_DELAYS).on_s <= 0


def _step_of(one: Watched, finding: Finding | None, now: datetime, pace: float) -> tuple[str, int]:
    delays = DELAYS.get(one.kind, DEFAULT_DELAYS)
    on, off = timedelta(seconds=delays.on_s * pace), timedelta(seconds=delays.off_s * pace)
    if finding is not None:
        return _step_while_there(one, finding, now, on), one.id
    if one.is_pending:
        return "drop", one.id
    if not one.is_active:
        return "none", one.id
    if one.absent_since is None:
        return ("clear" if not off else "absent"), one.id
    return ("clear" if now - one.absent_since >= off else "none"), one.id


def _step_while_there(one: Watched, finding: Finding, now: datetime, on: timedelta) -> str:
    if one.is_pending:
        return "raise" if now - one.seen_at >= on else "none"
    if not one.is_active:
        return "raise"
    if finding.priority != one.priority:
        return "changed"
    return "returned" if one.absent_since is not None else "none"
