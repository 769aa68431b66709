"""Whom to call in an emergency: one after the other, until somebody says they act."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta


def next_to_call(
    contacts: Sequence[int], called_at: Mapping[int, datetime], is_answered: bool, now: datetime, patience: timedelta
) -> int | None:
    """The contact who is called now: the first, then the next each time nobody has answered for `patience`; None: wait.

    Args:
        contacts: in the order in which they are called.
        called_at: when each was called.
    """
    waiting = [contact for contact in contacts if contact not in called_at]
    if is_answered or not waiting:
        return None
    if called_at and now - max(called_at.values()) < patience:
        return None
    return waiting[0]
