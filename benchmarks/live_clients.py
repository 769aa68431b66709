"""Clients of the live page by the thousand, on one event loop: they shake hands, read frames, and note when each came."""

import asyncio
import base64
import json
import os
import re
import socket
import struct
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TICK = re.compile(rb'"tick":(\d+)')
TAIL = b"\x00\x00\xff\xff"
SMALL_BUFFER_BYTES = 4096
ESTABLISHED = "01"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_open(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Client(asyncio.Protocol):
    """One browser: reads whole frames, answers pings; one that does not read stops after its handshake."""

    def __init__(self, crowd: "Crowd", request: bytes, *, reading: bool) -> None:
        self.crowd, self._request, self.reading = crowd, request, reading
        self._buffer = bytearray()
        self._is_open = False
        self.heard = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self._request)

    def connection_lost(self, problem: Exception | None) -> None:
        self.crowd.clients.discard(self)
        if not self.heard.done():
            self.heard.set_exception(ConnectionError("closed before the first message"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_open:
            head, mark, rest = self._buffer.partition(b"\r\n\r\n")
            if not mark:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.transport.abort()
                return
            self._is_open, self._buffer = True, bytearray(rest)
            if not self.reading:
                self.transport.pause_reading()
                self.heard.set_result(None)
                return
        self._read_frames()

    def _read_frames(self) -> None:
        while len(self._buffer) >= 2:
            length, start = self._buffer[1] & 127, 2
            if length == 126:
                length, start = int.from_bytes(self._buffer[2:4]), 4
            elif length == 127:
                length, start = int.from_bytes(self._buffer[2:10]), 10
            if len(self._buffer) < start + length:
                return
            opcode, payload = self._buffer[0] & 15, bytes(self._buffer[start : start + length])
            compressed = bool(self._buffer[0] & 0x40)
            del self._buffer[: start + length]
            if opcode == 1:
                self.crowd.take(payload, compressed)
                if not self.heard.done():
                    self.heard.set_result(None)
            elif opcode == 9:
                self._answer(payload)

    def _answer(self, payload: bytes) -> None:
        self.transport.write(struct.pack("!BB", 0x8A, 0x80 | len(payload)) + bytes(4) + payload)


class Crowd:
    """All clients, and when they heard which tick."""

    def __init__(self, port: int, path: str, *, offers_deflate: bool) -> None:
        self._port, self._path, self._deflate = port, path, offers_deflate
        self.clients: set[Client] = set()
        self._arrivals: dict[int, list[float]] = {}
        self._ticks: dict[bytes, int] = {}
        self.frame_bytes = 0

    def take(self, payload: bytes, compressed: bool) -> None:
        """A frame is whole; equal bytes are read once, or the readers would be what is measured."""
        now = time.perf_counter()
        tick = self._ticks.get(payload)
        if tick is None:
            text = zlib.decompressobj(wbits=-15).decompress(payload + TAIL) if compressed else payload
            found = TICK.search(text)
            if found is None or json.loads(text)["type"] != "grid.state":
                raise AssertionError("a message that is none")
            tick = self._ticks[payload] = int(found[1])
            self.frame_bytes = len(payload)
            if len(self._ticks) > 2000:
                self._ticks.clear()
        self._arrivals.setdefault(tick, []).append(now)

    async def connect(self, keys: Sequence[str], *, at_once: int, reading: bool = True, until_heard: bool = False) -> None:
        """Come in, so many at a time, each with a session of its own."""
        for first in range(0, len(keys), at_once):
            comers = await asyncio.gather(*(self._one(key, reading) for key in keys[first : first + at_once]))
            if until_heard or reading:
                await asyncio.gather(*(client.heard for client in comers))

    async def _one(self, key: str, reading: bool) -> Client:
        loop = asyncio.get_running_loop()
        kind = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if not reading:
            kind.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
        kind.setblocking(False)
        while True:
            try:
                await loop.sock_connect(kind, ("127.0.0.1", self._port))
                break
            except BlockingIOError:
                await asyncio.sleep(0.01)
        _, client = await loop.create_connection(lambda: Client(self, self._request(key), reading=reading), sock=kind)
        self.clients.add(client)
        return client

    def _request(self, key: str) -> bytes:
        lines = [
            f"GET {self._path} HTTP/1.1",
            f"Host: 127.0.0.1:{self._port}",
            f"Origin: http://127.0.0.1:{self._port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            f"Cookie: sessionid={key}",
        ]
        if self._deflate:
            lines.append("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def kept(self) -> int:
        """How many connections the server holds: it alone knows, a client that does not read hears of no end."""
        rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
        return sum(row[1].endswith(f":{self._port:04X}") and row[3] == ESTABLISHED for row in rows)

    def cut(self) -> None:
        """All connections end at once, without a word."""
        for client in list(self.clients):
            client.transport.abort()
        self.clients.clear()

    def delays(self, sent: Sequence[tuple[int, float]]) -> NDArray[np.float64]:
        """Seconds from each tick to each client that heard it."""
        return np.array([at - began for tick, began in sent for at in self._arrivals.get(tick, [])])
