"""The door of charge points: `/ocpp/<station>`, OCPP 1.6 or 2.0.1 over WebSocket, its name and key by HTTP basic authentication."""

import asyncio
import base64
import binascii
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone
from redis.asyncio import Redis
from redis.exceptions import RedisError

from grid.adapters.ocpp_link import KEEP_ANSWER_S, answer_as_bytes, orders_channel
from grid.adapters.ocpp_stations import VERSIONS, Station16, Station201, Version
from grid.models import LinkProtocol
from grid.services import charging
from grid.services.device_links import link_of_key

log = logging.getLogger(__name__)
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
LARGEST_MESSAGE = 64 * 1024
MOST_MESSAGES_PER_MINUTE = 600
MOST_STATIONS = 1000
TOO_MUCH, ELSEWHERE, AWAY = 1008, 1000, 1013
_stations = 0


async def charge_point(scope: Scope, receive: Receive, send: Send) -> None:
    """Let a station in that names a version we speak and has the key of one of our links; serve it until it goes."""
    global _stations
    await receive()
    station = scope["url_route"]["kwargs"]["station"]
    version = next((v for v in VERSIONS if v.subprotocol in scope["subprotocols"]), None)
    if version is None:
        await _turn_away(scope, send, 400)
        return
    try:
        known = await database_sync_to_async(link_of_key)(protocol=LinkProtocol.OCPP, station=station, key=_key_in(scope, station))
    except DatabaseError:
        await _turn_away(scope, send, 503)
        return
    if known is None:
        await _turn_away(scope, send, 401)
        return
    if _stations >= MOST_STATIONS:
        await _turn_away(scope, send, 503)
        return
    await send({"type": "websocket.accept", "subprotocol": version.subprotocol})
    _stations += 1
    try:
        await _Conversation(station, version, receive, send).hold()
    finally:
        _stations -= 1


def _key_in(scope: Scope, station: str) -> str:
    """The key of basic authentication where its user is the station itself; empty otherwise."""
    for name, value in scope["headers"]:
        if name == b"authorization" and value[:6].lower() == b"basic ":
            try:
                user, _, key = base64.b64decode(value[6:], validate=True).decode().partition(":")
            except (binascii.Error, ValueError):
                return ""
            return key if user == station else ""
    return ""


async def _turn_away(scope: Scope, send: Send, status: int) -> None:
    """Answer the handshake with a status where the server can, else with its own refusal."""
    if "websocket.http.response" in scope.get("extensions", {}):
        headers = [(b"www-authenticate", b'Basic realm="ocpp"')] if status == 401 else []
        await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": b""})
    else:
        await send({"type": "websocket.close", "code": 4401 if status == 401 else 4400})


class _Ended(Exception):
    """The conversation is over; the code to close with, None where the station went."""

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code


class _Conversation:
    """One station's socket, as the library wants a connection and as it reaches the house."""

    def __init__(self, station: str, version: Version, receive: Receive, send: Send) -> None:
        self._name, self._receive, self._send = station, receive, send
        self._serial = secrets.token_hex(8)
        self._sent_this_minute: list[float] = []
        self._is_over = False
        self._station: Station16 | Station201 = version.station(station, self, self)

    async def hold(self) -> None:
        """Serve until the station goes, is replaced by a newer connection of its own, or says too much."""
        code: int | None = AWAY
        tasks: set[asyncio.Task[None]] = set()
        try:
            self._station.running = await database_sync_to_async(charging.running_sessions)(self._name)
            tasks = {asyncio.create_task(self._station.start()), asyncio.create_task(self._obey())}
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        except _Ended as end:
            code = end.code
        except (RedisError, DatabaseError) as problem:
            log.warning("%s is sent away, a server is: %s", self._name, problem)
        except OSError:
            code = None
        finally:
            self._is_over = True
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if code is not None:
            await self._close(code)

    async def _close(self, code: int) -> None:
        try:
            await self._send({"type": "websocket.close", "code": code})
        except OSError:
            return  # gone meanwhile

    async def recv(self) -> str:
        """The next message, bounded in size and number."""
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            raise _Ended(None)
        text = event.get("text")
        now = asyncio.get_running_loop().time()
        self._sent_this_minute = [at for at in self._sent_this_minute if now - at < 60] + [now]
        if text is None or len(text) > LARGEST_MESSAGE or len(self._sent_this_minute) > MOST_MESSAGES_PER_MINUTE:
            raise _Ended(TOO_MUCH)
        return str(text)

    async def send(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})

    async def _obey(self) -> None:
        """Carry out orders that workers publish; a newer connection of the same station ends this one."""
        async with (
            Redis.from_url(settings.REDIS_URL, health_check_interval=10) as client,
            client.pubsub(ignore_subscribe_messages=True) as orders,
        ):
            await orders.subscribe(orders_channel(self._name))
            await client.publish(orders_channel(self._name), json.dumps({"came": self._serial}))
            while not self._is_over:  # the client of Valkey may take a cancellation for its own time being up
                message = await orders.get_message(timeout=1.0)
                if message is None:
                    continue
                order = json.loads(message["data"])
                if "came" in order:
                    if order["came"] != self._serial:
                        raise _Ended(ELSEWHERE)
                    continue
                answer = await self._station.carry_out(order)
                await client.rpush(order["answer"], answer_as_bytes(answer))
                await client.expire(order["answer"], KEEP_ANSWER_S)

    # What the house does (`grid.adapters.ocpp_stations.House`).

    async def booted(self, model: str, version: str) -> dict[int, int]:
        return await database_sync_to_async(charging.note_boot)(station=self._name, model=model, version=version, now=timezone.now())

    async def phases_at(self, connector: int) -> int:
        return await database_sync_to_async(charging.phases_at)(station=self._name, connector=connector)

    async def is_heard(self) -> None:
        await database_sync_to_async(charging.note_contact)(station=self._name, now=timezone.now())

    async def has_state(self, connector: int, state: str) -> None:
        await database_sync_to_async(charging.note_state)(station=self._name, connector=connector, state=state, now=timezone.now())

    async def may_charge(self, tag: str) -> bool:
        return await database_sync_to_async(charging.may_charge)(station=self._name, tag=tag)

    async def began(self, connector: int, reference: str | None, tag: str, at: str, wh: float | None) -> str | None:
        return await database_sync_to_async(charging.begin_session)(
            station=self._name, connector=connector, reference=reference, tag=tag, started_at=_instant(at), start_wh=wh
        )

    async def ended(self, reference: str, at: str, wh: float | None, reason: str) -> None:
        await database_sync_to_async(charging.end_session)(
            station=self._name, reference=reference, ended_at=_instant(at), end_wh=wh, reason=reason
        )

    async def measured(self, connector: int, values: Sequence[Mapping[str, Any]], message_id: str) -> None:
        refused = await database_sync_to_async(charging.take_measured)(
            station=self._name, connector=connector, values=values, message_id=message_id, now=timezone.now()
        )
        if refused:
            log.warning("registers of %s were not taken: %s", self._name, refused)


def _instant(text: str) -> datetime:
    """A station's instant; without an offset it is UTC, as OCPP has it."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
