"""How tests cut work off before any of its writes, kill the process that does it, or let several hands do it at once or in step."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection, connections

PATIENCE_S = 30
RAISED = 7
WAITS_FOR_LOCK_S = 0.05
LONGEST_STEP_S = 2.0


class Clock:
    """Counts the statements that change something and calls `strike` before the one with the given number.

    What only reads leaves the database as it was: struck down before it is struck down before the next that writes.
    """

    def __init__(self, strike_at: int | None, strike: Callable[[], None]) -> None:
        self.count, self.strike_at, self.strike = 0, strike_at, strike

    def __call__(self, execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        if sql.lstrip().startswith("SELECT"):
            return execute(sql, *arguments)
        self.count += 1
        if self.count == self.strike_at:
            self.strike()
        return execute(sql, *arguments)


class PowerCutError(Exception):
    """Struck down."""


def power_cut() -> None:
    raise PowerCutError


def in_a_process(work: Callable[[], Any]) -> int:
    """Do it in a process of its own; 0 where it ended well, `RAISED` where it did not, -9 where it was killed."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        code = RAISED
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def is_killed_before(strike_at: int, work: Callable[[], Any]) -> bool:
    """Do it in a process that kills itself before the write with that number; whether there was one, else it came to its end."""

    def struck() -> None:
        with connection.execute_wrapper(Clock(strike_at, lambda: os.kill(os.getpid(), signal.SIGKILL))):
            work()

    code = in_a_process(struck)
    assert code in (0, -signal.SIGKILL)
    return code != 0


def at_once(hands: int, work: Callable[[int], Any]) -> list[Any]:
    """Let several threads, each with a connection of its own, begin at the same moment."""
    gate = threading.Barrier(hands)

    def one(hand: int) -> Any:
        try:
            gate.wait(PATIENCE_S)
            return work(hand)
        finally:
            connection.close()

    with ThreadPoolExecutor(hands) as pool:
        return [future.result(PATIENCE_S) for future in [pool.submit(one, hand) for hand in range(hands)]]


class Step:
    """Lets hands go from statement to statement side by side, so that all have read before the first of them writes.

    Who waits for a lock, or is done, holds nobody up.
    """

    def __init__(self, hands: int) -> None:
        self.turn = threading.Condition()
        self.steps = [0] * hands
        self.asks_since: list[float | None] = [None] * hands

    def hand(self, number: int) -> Callable[..., Any]:
        """What is put around each statement of a hand."""

        def execute(go: Callable[..., Any], sql: str, *arguments: Any) -> Any:
            self._arrive(number)
            try:
                return go(sql, *arguments)
            finally:
                with self.turn:
                    self.asks_since[number] = None
                    self.turn.notify_all()

        return execute

    def leave(self, number: int) -> None:
        """A hand is done: nobody waits for it any more."""
        with self.turn:
            self.steps[number] = sys.maxsize
            self.turn.notify_all()

    def _arrive(self, number: int) -> None:
        with self.turn:
            self.steps[number] += 1
            self.turn.notify_all()
            begun = time.monotonic()
            while self._is_ahead(number) and time.monotonic() - begun < LONGEST_STEP_S:
                self.turn.wait(WAITS_FOR_LOCK_S)
            self.asks_since[number] = time.monotonic()

    def _is_ahead(self, number: int) -> bool:
        now = time.monotonic()
        return any(
            step < self.steps[number] and (since is None or now - since < WAITS_FOR_LOCK_S)
            for step, since in zip(self.steps, self.asks_since, strict=True)
        )


def in_step(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """Let several threads, each with a connection of its own, do a work each, statement by statement side by side."""
    step = Step(len(works))

    def one(hand: int) -> Any:
        try:
            with connection.execute_wrapper(step.hand(hand)):
                return works[hand]()
        finally:
            step.leave(hand)

    return at_once(len(works), one)


def second_after_reading(table: str, first: Callable[[], Any], second: Callable[[], Any]) -> None:
    """Let a second hand do all its work once the first has read a table, as far as it need not wait for the first."""
    has_read, is_done = threading.Event(), threading.Event()

    def hold(go: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        found = go(sql, *arguments)
        if not has_read.is_set() and sql.startswith("SELECT") and f'FROM "{table}"' in sql:
            has_read.set()
            is_done.wait(LONGEST_STEP_S)
        return found

    def one(hand: int) -> None:
        if hand:
            has_read.wait(PATIENCE_S)
            second()
            is_done.set()
            return
        try:
            with connection.execute_wrapper(hold):
                first()
        finally:
            has_read.set()

    at_once(2, one)
