"""When an event of a demand response programme may be called, and what it brought."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray


class CannotCall(ValueError):
    """The event breaks what members consented to; the message names the limit and the nearest that would do."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What members consented to: notice before an event, its greatest length, events and their length in a calendar month."""

    notice: timedelta
    most_event: timedelta
    most_events: int
    most_month: timedelta


@dataclass(frozen=True, slots=True)
class Span:
    """`[start_at, end_at)`."""

    start_at: datetime
    end_at: datetime

    @property
    def length(self) -> timedelta:
        return self.end_at - self.start_at


def check_call(terms: Terms, event: Span, *, now: datetime, this_month: Sequence[Span]) -> None:
    """Refuse an event beyond the terms.

    Args:
        terms: of the programme.
        event: what is to be called.
        now: when it is called.
        this_month: the other events of the same local month that were not cancelled.

    Raises:
        CannotCall: notice, length, number or hours of the month.
    """
    if event.length <= timedelta(0):
        raise CannotCall("An event ends after it begins.")
    if event.start_at < now + terms.notice:
        raise CannotCall(
            f"Members are told {_text(terms.notice)} ahead: the event can begin at the earliest {_text(terms.notice)} from now."
        )
    if event.length > terms.most_event:
        raise CannotCall(f"The event lasts {_text(event.length)}; {_text(terms.most_event)} are allowed.")
    if len(this_month) + 1 > terms.most_events:
        raise CannotCall(f"{len(this_month)} events were called in this month; {terms.most_events} are allowed.")
    used = sum((other.length for other in this_month), timedelta(0))
    if used + event.length > terms.most_month:
        raise CannotCall(
            f"{_text(used)} of {_text(terms.most_month)} in this month are used; left: {_text(max(terms.most_month - used, timedelta(0)))}."
        )
    if any(event.start_at < other.end_at and other.start_at < event.end_at for other in this_month):
        raise CannotCall("Another event lies in these hours.")


def _text(length: timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    if minutes % 60 == 0:
        return f"{minutes // 60} h"
    return f"{minutes // 60} h {minutes % 60} min" if minutes > 60 else f"{minutes} min"


def delivered_wh(baseline_wh: NDArray[np.int64], measured_wh: NDArray[np.int64]) -> int:
    """By how much less was drawn over the whole event [Wh]; negative where it was more."""
    return int(baseline_wh.sum() - measured_wh.sum())
