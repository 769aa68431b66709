"""Emergencies as stretches of ticks: where a grid was not as it should be, and how what happened is told in order."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
TROUBLED = frozenset({"EMERGENCY", "ISLANDED", "BLACKSTART", "RESYNC"})
ORDINARY = frozenset({"NORMAL", "SURPLUS", "DEFICIT"})
"""Day in, day out: sun or no sun. Told as one, or they would hide what happened."""
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
    """Each change of status with the reasons of its first tick; ordinary ones are one, and no event where nothing else came before."""
    changes = []
    before: str | None = None
    for at, status, reasons in ticks:
        told = "ordinary" if status in ORDINARY else status.lower()
        if told != before and not (before is None and told == "ordinary"):
            changes.append(Happening(at, f"State: {told}", " ".join(reasons)))
        before = told
    return changes


def like_sentences(said: Iterable[str], most: int) -> list[tuple[str, int]]:
    """Sentences with how often each was said, whatever its figures, the most frequent first; the first of each kind speaks."""
    counts: dict[str, list[str]] = {}
    for sentence in said:
        counts.setdefault(FIGURE.sub("#", sentence), []).append(sentence)
    ranked = sorted(counts.values(), key=len, reverse=True)
    return [(like[0], len(like)) for like in ranked[:most]]


def thin(values: Sequence[float | None], most: int) -> list[int]:
    """Positions of at most `most` values, evenly spread, the first and the last among them."""
    count = len(values)
    if count <= most:
        return list(range(count))
    return sorted({round(i * (count - 1) / (most - 1)) for i in range(most)})
