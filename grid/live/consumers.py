"""The live page's WebSocket: whoever may see a microgrid's totals hears each tick."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.http import parse_cookie

from grid.adapters.shared_frames import SHARED_FRAMES, SharedFrame
from grid.live.admission import DatabaseAway
from grid.live.fan_out import MOST_SOCKETS, TRY_LATER, FanOut, Watcher, fan_out_here
from grid.selectors.watching import Asked, Verdict

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def grid_stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Send the last state at once, then each new one as it comes; what a client says is ignored.

    Closes with 4401 where nobody is logged in, with 4404 where there is no such microgrid for this user (also later, when that changes),
    with 4408 where the client is too slow, with 1013 where it should come back later.
    """
    fan_out = fan_out_here()
    await receive()
    await send({"type": "websocket.accept"})
    fan_out.sockets += 1
    try:
        watcher = Watcher(Asked(_session_key(scope), scope["url_route"]["kwargs"]["public_id"]), _shortcut(scope))
        code = await _serve(fan_out, watcher, receive, send)
        if code is not None:
            await send({"type": "websocket.close", "code": code})
    except OSError:
        return  # the client is gone
    finally:
        fan_out.sockets -= 1


def _session_key(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"cookie":
            return parse_cookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME, "")
    return ""


def _shortcut(scope: Scope) -> Callable[[SharedFrame], bool] | None:
    """The server's own way to put a shared frame on the wire, where it has one."""
    found: Callable[[SharedFrame], bool] | None = scope.get("extensions", {}).get(SHARED_FRAMES, {}).get("write")
    return found


async def _serve(fan_out: FanOut, watcher: Watcher, receive: Receive, send: Send) -> int | None:
    """Let the socket in and serve it; the code to close with, None where the client went by itself."""
    if fan_out.sockets > MOST_SOCKETS:
        return TRY_LATER
    try:
        verdict = await fan_out.admission.ask(watcher.asked)
    except DatabaseAway:
        return TRY_LATER
    if verdict != Verdict.MAY_WATCH:
        return int(verdict)
    fan_out.join(watcher)
    speaking = asyncio.create_task(_speak(watcher, send))
    listening = asyncio.create_task(_listen(receive))
    try:
        ends: set[asyncio.Future[Any]] = {speaking, listening, watcher.ended}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        fan_out.leave(watcher)
        for task in (speaking, listening):
            task.cancel()
        outcomes = await asyncio.gather(speaking, listening, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
    return watcher.ended.result() if watcher.ended.done() else None


async def _speak(watcher: Watcher, send: Send) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await watcher.ready.wait()
        watcher.ready.clear()
        frame, watcher.newest = watcher.newest, None
        if frame is not None:
            watcher.busy_since = loop.time()
            await send({"type": "websocket.send", "text": frame.text, "shared": frame})
            watcher.busy_since = None


async def _listen(receive: Receive) -> None:
    """Nothing is asked for through this door; it is watched for the client's leaving."""
    while (await receive())["type"] != "websocket.disconnect":
        pass
