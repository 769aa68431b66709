"""A subscriber of MQTT 3.1.1 that takes and answers many messages at a time.

A general client reads a packet in several calls and hands each over by itself, which costs as much as the rest of taking a
message in. This one speaks only what ingest needs: connect, subscribe with QoS 1, take what came, publish with QoS 0, ping.
Layout of packets: OASIS MQTT 3.1.1, chapters 2 and 3.
"""

import asyncio
import ssl
import struct
from collections import deque
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, DISCONNECT = 1, 2, 3, 4, 8, 9, 12, 14
KEEP_ALIVE_S = 60
PATIENCE_S = 10.0
REFUSED = 0x80
LONGEST_PACKET = 1 << 20


class BrokerAway(ConnectionError):
    """The broker cannot be reached, refuses us, or is gone; the message says which."""


class MqttLink(asyncio.Protocol):
    """One connection; what comes is put into `waiting`, which may outlive it. Reading pauses while `most_waiting` wait."""

    def __init__(self, waiting: deque[bytes], most_waiting: int) -> None:
        self.waiting, self._most_waiting = waiting, most_waiting
        self._arrived = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._greeted: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._subscribed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._buffer = bytearray()
        self._lost: BrokerAway | None = None
        self._paused = False
        self._ping: asyncio.TimerHandle | None = None
        self._heard = True

    async def open(self, url: str, identifier: str, topic: str, *, qos: int = 1) -> None:
        """Connect with a persistent session and subscribe.

        Raises:
            BrokerAway: it does not answer, or refuses.
        """
        parts = urlsplit(url)
        secure = ssl.create_default_context() if parts.scheme == "mqtts" else None
        try:
            async with asyncio.timeout(PATIENCE_S):
                self._transport, _ = await asyncio.get_running_loop().create_connection(
                    lambda: self, parts.hostname or "127.0.0.1", parts.port or (8883 if secure else 1883), ssl=secure
                )
                self._transport.write(_connect(identifier, parts.username, parts.password))
                if code := await self._greeted:
                    raise BrokerAway(f"it refuses us with code {code}")
                self._transport.write(packet(SUBSCRIBE << 4 | 2, b"\x00\x01" + text(topic) + bytes([qos])))
                if await self._subscribed == REFUSED:
                    raise BrokerAway(f"it does not let us subscribe to {topic}")
        except (OSError, TimeoutError) as problem:
            self.close()
            raise (problem if isinstance(problem, BrokerAway) else BrokerAway(str(problem) or "no answer")) from None
        self._keep_alive()

    def close(self) -> None:
        """End the connection; the session stays at the broker."""
        if self._ping:
            self._ping.cancel()
        transport = getattr(self, "_transport", None)
        if transport is not None and not transport.is_closing():
            transport.write(packet(DISCONNECT << 4, b""))
            transport.close()

    async def take(self, most: int, *, patience_s: float, gather_s: float) -> list[bytes]:
        """What has come, at most `most`: waits `patience_s` for a first message, then `gather_s` for more.

        Raises:
            BrokerAway: the connection is lost and nothing waits.
        """
        if not self.waiting:
            if self._lost:
                raise self._lost
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), patience_s)
            except TimeoutError:
                return []
        if len(self.waiting) < most and not self._lost:
            await asyncio.sleep(gather_s)
        batch = [self.waiting.popleft() for _ in range(min(most, len(self.waiting)))]
        if self._paused and len(self.waiting) < self._most_waiting // 2:
            self._paused = False
            self._transport.resume_reading()
        return batch

    async def publish(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Send messages with QoS 0.

        Raises:
            BrokerAway: the connection is lost.
        """
        await self.write(b"".join(packet(PUBLISH << 4, text(topic) + payload) for topic, payload in messages))

    async def write(self, packets: bytes) -> None:
        """Send packets that are made already.

        Raises:
            BrokerAway: the connection is lost.
        """
        await self._writable.wait()
        if self._lost:
            raise self._lost
        self._transport.write(packets)

    def data_received(self, data: bytes) -> None:
        self._heard = True
        self._buffer += data
        acknowledgements: list[bytes] = []
        place = 0
        try:
            while (found := _next_packet(self._buffer, place)) is not None:
                start, place_after = found
                self._handle(self._buffer[place], start, place_after, acknowledgements)
                place = place_after
        except (ValueError, IndexError, struct.error) as problem:
            self._transport.abort()
            self.connection_lost(BrokerAway(f"it speaks another protocol ({problem})"))
            return
        del self._buffer[:place]
        if acknowledgements:
            self._transport.write(b"".join(acknowledgements))
            self._arrived.set()
        if len(self.waiting) > self._most_waiting and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def _handle(self, head: int, start: int, end: int, acknowledgements: list[bytes]) -> None:
        kind = head >> 4
        if kind == PUBLISH:
            body = start + 2 + (self._buffer[start] << 8 | self._buffer[start + 1])
            if head & 6:
                acknowledgements.append(b"\x40\x02" + self._buffer[body : body + 2])
                body += 2
            else:
                acknowledgements.append(b"")
            self.waiting.append(bytes(self._buffer[body:end]))
        elif kind == CONNACK and not self._greeted.done():
            self._greeted.set_result(self._buffer[start + 1])
        elif kind == SUBACK and not self._subscribed.done():
            self._subscribed.set_result(self._buffer[end - 1])

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, problem: Exception | None) -> None:
        self._lost = self._lost or BrokerAway(str(problem) if problem else "it closed the connection")
        for future in (self._greeted, self._subscribed):
            if not future.done():
                future.set_exception(self._lost)
                future.exception()  # somebody may have stopped waiting
        if self._ping:
            self._ping.cancel()
        self._arrived.set()
        self._writable.set()

    def _keep_alive(self) -> None:
        """Ping twice in the time of silence that the broker allows; one that says nothing meanwhile is gone."""
        if not self._heard and not self._paused:
            self._transport.abort()
            return
        self._heard = False
        self._transport.write(packet(PINGREQ << 4, b""))
        self._ping = asyncio.get_running_loop().call_later(KEEP_ALIVE_S / 2, self._keep_alive)


def _next_packet(buffer: bytearray, place: int) -> tuple[int, int] | None:
    """Where the body of the packet at `place` starts and ends; None where it has not come whole."""
    length, shift, at = 0, 0, place + 1
    while at < len(buffer):
        byte = buffer[at]
        length |= (byte & 127) << shift
        shift += 7
        at += 1
        if byte < 128:
            if length > LONGEST_PACKET:
                raise ValueError("a packet that is too long")
            return (at, at + length) if at + length <= len(buffer) else None
        if shift > 21:
            raise ValueError("a length without an end")
    return None


def packet(head: int, body: bytes) -> bytes:
    """One packet: its first byte, the length of its body, the body."""
    length, digits = len(body), bytearray()
    while True:
        length, digit = divmod(length, 128)
        digits.append(digit | (128 if length else 0))
        if not length:
            return bytes([head]) + digits + body


def text(value: str) -> bytes:
    """A text as packets carry it."""
    raw = value.encode()
    return len(raw).to_bytes(2, "big") + raw


def _connect(identifier: str, user: str | None, password: str | None) -> bytes:
    flags = (0x80 if user else 0) | (0x40 if user and password else 0)
    body = text("MQTT") + bytes([4, flags]) + KEEP_ALIVE_S.to_bytes(2, "big") + text(identifier)
    if user:
        body += text(unquote(user))
    if user and password:
        body += text(unquote(password))
    return packet(CONNECT << 4, body)
