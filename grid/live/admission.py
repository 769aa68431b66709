"""Letting sockets in: while one question to the database is open, those who come meanwhile wait for the next, all together."""

import asyncio
import logging
from collections.abc import Sequence

from channels.db import database_sync_to_async
from django.db import Error as DatabaseError
from django.utils import timezone

from grid.selectors.watching import Asked, Verdict, judge

log = logging.getLogger(__name__)
MOST_AT_ONCE = 250


class DatabaseAway(ConnectionError):
    """Nobody can be judged now."""


async def judge_all(asked: Sequence[Asked]) -> list[Verdict]:
    """A verdict each.

    Raises:
        DatabaseAway: there is no answer.
    """
    try:
        return await database_sync_to_async(judge)(asked, timezone.now())
    except DatabaseError as problem:
        raise DatabaseAway(str(problem)) from problem


class Admission:
    """The queue at the door of one process: a storm of reconnections costs a few questions, not thousands."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Asked, asyncio.Future[Verdict]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Verdict:
        """The verdict on one socket.

        Raises:
            DatabaseAway: there is no answer.
        """
        answer: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_on())
        return await answer

    async def _ask_on(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            try:
                verdicts = await judge_all([asked for asked, _ in batch])
            except DatabaseAway as problem:
                log.warning("%d sockets cannot be let in, the database is away: %s", len(batch), problem)
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(problem)
                continue
            for (_, answer), verdict in zip(batch, verdicts, strict=True):
                if not answer.done():
                    answer.set_result(verdict)
