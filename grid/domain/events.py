"""Emergencies as stretches of ticks: where a grid was not as it should be, and how what happened is told in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

TROUBLED = frozenset({"EMERGENCY", "ISLANDED", "BLACKSTART", "RESYNC"})
QUIET_BETWEEN = timedelta(minutes=10)
"""Trouble that comes back sooner belongs to the same event."""


@dataclass(frozen=True, slots=True)
class Event:
    """A stretch of trouble: from its first troubled tick to its last, and the statuses on the way."""

    start_at: datetime
    end_at: datetime
    statuses: tuple[str, ...]
    ticks: int


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the course of events."""

    at: datetime
    what: str
    detail: str
    by: str = ""


def find_events(ticks: Sequence[tuple[datetime, str]], quiet: timedelta = QUIET_BETWEEN) -> list[Event]:
    """Events among ticks in time order; a tick that is not troubled ends nothing by itself."""
    found: list[Event] = []
    for at, status in ticks:
        if status not in TROUBLED:
            continue
        last = found[-1] if found else None
        if last is not None and at - last.end_at <= quiet:
            statuses = last.statuses if status in last.statuses else (*last.statuses, status)
            found[-1] = Event(last.start_at, at, statuses, last.ticks + 1)
        else:
            found.append(Event(at, at, (status,), 1))
    return found


def status_changes(ticks: Sequence[tuple[datetime, str, Sequence[str]]]) -> list[Happening]:
    """Each change of status with the reasons of its first tick."""
    changes = []
    before = None
    for at, status, reasons in ticks:
        if status != before:
            changes.append(Happening(at, f"State: {status.lower()}", " ".join(reasons)))
        before = status
    return changes


def thin(values: Sequence[float | None], most: int) -> list[int]:
    """Positions of at most `most` values, evenly spread, the first and the last among them."""
    count = len(values)
    if count <= most:
        return list(range(count))
    return sorted({round(i * (count - 1) / (most - 1)) for i in range(most)})
