"""Two transactions that wait for each other: the database ends one of them, whole; what is safe to repeat is repeated."""

import functools
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection

P = ParamSpec("P")
R = TypeVar("R")
ATTEMPTS = 4
PAUSE_S = 0.1
DEADLOCK = "40P01"


class TooBusy(RuntimeError):
    """Others moved the same members' money again and again; nothing was changed."""


def is_deadlock(problem: OperationalError) -> bool:
    """Whether the database ended this transaction so that another could go on."""
    return getattr(problem.__cause__, "sqlstate", None) == DEADLOCK


def repeated_after_deadlock(work: Callable[P, R]) -> Callable[P, R]:
    """Let a service that is one transaction and safe to repeat run again where the database ended it for another.

    Inside a transaction of the caller's it is left to them: that one is over.

    Raises:
        TooBusy: it happened time and again.
    """

    @functools.wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            return work(*args, **kwargs)
        for attempt in range(ATTEMPTS):
            try:
                return work(*args, **kwargs)
            except OperationalError as problem:
                if not is_deadlock(problem):
                    raise
                time.sleep(PAUSE_S * 2**attempt)
        raise TooBusy("Others are booking for the same members just now. Nothing was changed; try again in a minute.")

    return run
