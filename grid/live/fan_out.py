"""The fan-out of one web process: one subscription per watched microgrid, each message framed once, handed to all sockets.

A socket holds the newest message only. One that cannot take it in time is dropped, never queued for: the next message is better than
all that it missed.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from grid.adapters.live_push import channel_of, last_text
from grid.adapters.shared_frames import SharedFrame, share
from grid.live.admission import Admission, DatabaseAway, judge_all
from grid.selectors.watching import Asked, Verdict

log = logging.getLogger(__name__)
TOO_SLOW, TRY_LATER = 4408, 1013
MOST_SOCKETS = 5000  # of one process; more come back later, or to another process
SLOW_S = 10.0
JUDGED_EVERY_S = 30.0
UNJUDGED_AT_MOST_S = 300.0
LEAST_JUDGED_AT_ONCE = 25  # a few at a time: they are judged beside the sockets that are being served
LOOK_ROUND_S = 0.25
HEAR_S, AWAY_S = 0.2, 1.0  # so long a new microgrid may wait for its subscription


class Watcher:
    """One socket: the newest message it has not been sent, and how it ends."""

    __slots__ = ("asked", "busy_since", "ended", "judged_at", "newest", "ready", "write")

    def __init__(self, asked: Asked, write: Callable[[SharedFrame], bool] | None = None) -> None:
        loop = asyncio.get_running_loop()
        self.asked, self.write = asked, write
        self.newest: SharedFrame | None = None
        self.ready = asyncio.Event()
        self.busy_since: float | None = None
        self.judged_at = loop.time()
        self.ended: asyncio.Future[int] = loop.create_future()

    def offer(self, frame: SharedFrame) -> None:
        """This is to be sent next, in place of what has not been sent yet."""
        self.newest = frame
        self.ready.set()

    def hand(self, frame: SharedFrame) -> None:
        """Send this at once where the server can and nothing waits; otherwise it is offered."""
        waits = self.newest is not None or self.busy_since is not None
        if waits or self.write is None or not self.write(frame):
            self.offer(frame)

    def end(self, code: int) -> None:
        """Close with this code."""
        if not self.ended.done():
            self.ended.set_result(code)


@dataclass(slots=True)
class Audience:
    """Those who watch one microgrid, and what they saw last."""

    public_id: UUID
    watchers: set[Watcher] = field(default_factory=set)
    newest: SharedFrame | None = None

    def tell(self, text: str) -> None:
        self.newest = share(text)
        for watcher in self.watchers:
            watcher.hand(self.newest)


class FanOut:
    """All sockets of this process's event loop."""

    def __init__(self) -> None:
        self.admission = Admission()
        self.sockets = 0
        self._audiences: dict[str, Audience] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._errands: set[asyncio.Task[None]] = set()

    def join(self, watcher: Watcher) -> None:
        """Send this socket the last message at once, then each new one."""
        channel = channel_of(watcher.asked.public_id)
        audience = self._audiences.get(channel)
        if audience is None:
            audience = self._audiences[channel] = Audience(watcher.asked.public_id)
            self._soon(self._catch_up(audience))
        audience.watchers.add(watcher)
        if audience.newest is not None:
            watcher.hand(audience.newest)
        if not self._tasks or any(task.done() for task in self._tasks):
            self._stop()
            self._tasks = [asyncio.create_task(self._hear_on()), asyncio.create_task(self._look_round())]

    def leave(self, watcher: Watcher) -> None:
        """This socket is gone; with the last one the subscription goes too."""
        channel = channel_of(watcher.asked.public_id)
        audience = self._audiences.get(channel)
        if audience is None:
            return
        audience.watchers.discard(watcher)
        if not audience.watchers:
            del self._audiences[channel]
        if not self._audiences:
            self._stop()

    def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks = []

    def _soon(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _catch_up(self, audience: Audience) -> None:
        before = audience.newest
        try:
            text = await sync_to_async(last_text, thread_sensitive=False)(audience.public_id)
        except (RedisError, OSError) as problem:
            log.warning("the last state cannot be read: %s", problem)
            return
        if text is not None and audience.newest is before and (before is None or before.text != text):
            audience.tell(text)

    async def _hear_on(self) -> None:
        """Hear what is published, over as many connections as it takes."""
        while self._audiences and self._is_ours():
            try:
                async with (
                    Redis.from_url(settings.REDIS_URL, health_check_interval=10) as client,
                    client.pubsub(ignore_subscribe_messages=True) as subscription,
                ):
                    await self._hear(subscription)
            except (RedisError, OSError) as problem:
                log.warning("Valkey is away, live pages stand still: %s", problem)
                await asyncio.sleep(AWAY_S)

    def _is_ours(self) -> bool:
        """Whether the running task is still the one that hears: the client of Valkey may take a cancellation for its time being up."""
        return asyncio.current_task() in self._tasks

    async def _hear(self, subscription: PubSub) -> None:
        """Subscribe to what is watched and hand on what comes; after each subscription the last message is looked up: none is missed."""
        subscribed: set[str] = set()
        while self._audiences and self._is_ours():
            fresh, stale = set(self._audiences) - subscribed, subscribed - set(self._audiences)
            if fresh:
                await subscription.subscribe(*fresh)
                for channel in fresh & set(self._audiences):
                    self._soon(self._catch_up(self._audiences[channel]))
            if stale:
                await subscription.unsubscribe(*stale)
            subscribed = (subscribed | fresh) - stale
            message = await subscription.get_message(timeout=HEAR_S)
            audience = self._audiences.get(message["channel"].decode()) if message else None
            if audience is not None and message is not None:
                audience.tell(message["data"].decode())

    async def _look_round(self) -> None:
        """Again and again: drop who is slow, judge again whose turn it is."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_ROUND_S)
            watchers = [w for audience in self._audiences.values() for w in audience.watchers]
            now = loop.time()
            for watcher in watchers:
                if watcher.busy_since is not None and now - watcher.busy_since > SLOW_S:
                    watcher.end(TOO_SLOW)
            due = sorted((w for w in watchers if now - w.judged_at > JUDGED_EVERY_S), key=lambda w: w.judged_at)
            if due:
                await self._judge_again(due[: max(LEAST_JUDGED_AT_ONCE, len(watchers) // 80)], now)

    async def _judge_again(self, due: list[Watcher], now: float) -> None:
        """A log-out, or a membership that ended, ends the stream; while the database is away nobody stays for long."""
        try:
            verdicts = await judge_all([watcher.asked for watcher in due])
        except DatabaseAway as problem:
            log.warning("watchers cannot be judged again, the database is away: %s", problem)
            for watcher in due:
                if now - watcher.judged_at > UNJUDGED_AT_MOST_S:
                    watcher.end(TRY_LATER)
            return
        for watcher, verdict in zip(due, verdicts, strict=True):
            watcher.judged_at = now
            if verdict != Verdict.MAY_WATCH:
                watcher.end(int(verdict))


_by_loop: "WeakKeyDictionary[asyncio.AbstractEventLoop, FanOut]" = WeakKeyDictionary()


def fan_out_here() -> FanOut:
    """The fan-out of the running event loop: a web process has one."""
    loop = asyncio.get_running_loop()
    if loop not in _by_loop:
        _by_loop[loop] = FanOut()
    return _by_loop[loop]
