"""WebSockets as uvicorn serves them here: bounded buffers, shared frames, and an end that comes.

`uvicorn --ws microgrid_site.websocket_server:BoundedSocket`. The application runs under any ASGI server; this class adds what
the ASGI protocol has no word for.
"""

import socket
import struct
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory

from grid.adapters.shared_frames import SHARED_FRAMES, WINDOW_BITS, SharedFrame

KERNEL_BUFFER_BYTES = 64 * 1024
HIGH_WATER_BYTES = 64 * 1024  # what waits here beyond the kernel's buffer; the next message waits in the application
LAST_WORDS_S = 5.0


class BoundedSocket(WebSocketsSansIOProtocol):
    """One connection.

    A client that stops reading holds two small buffers and nothing else; it is cut off when it leaves a ping without an answer, or
    when the application closes and it does not take the last words within seconds.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.close_timeout = LAST_WORDS_S
        if self.config.ws_per_message_deflate:
            # Without context takeover a compressed frame is the same for all, and nothing is kept per client.
            self.conn.available_extensions = [
                ServerPerMessageDeflateFactory(
                    server_no_context_takeover=True,
                    client_no_context_takeover=True,
                    server_max_window_bits=WINDOW_BITS,
                    client_max_window_bits=WINDOW_BITS,
                )
            ]

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)
        raw = transport.get_extra_info("socket")
        if raw is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):  # the handshake was not refused
            self.scope["extensions"][SHARED_FRAMES] = {"write": self.write_shared}

    def write_shared(self, frame: SharedFrame) -> bool:
        """Put a shared frame on the wire at once; False where the client is behind, or needs a form of its own."""
        if not self.handshake_complete or not self.writable.is_set() or self._is_over():
            return False
        wire = self._wire(frame)
        if wire is None:
            return False
        self.transport.write(wire)
        return True

    def _is_over(self) -> bool:
        return self.disconnected or self.close_sent or self.transport.is_closing()

    async def send(self, message: Any) -> None:
        """As the server sends; a shared frame goes out as it is, and a close does not wait behind a full buffer."""
        if message["type"] == "websocket.close":
            self.writable.set()
        frame = message.get("shared")
        if frame is None or not self.handshake_complete:
            await super().send(message)
            return
        await self.writable.wait()
        if self._is_over():
            raise ClientDisconnected
        if not self.write_shared(frame):
            await super().send(message)

    def _wire(self, frame: SharedFrame) -> bytes | None:
        """The form that was agreed on at the handshake; None where this client needs one of its own."""
        if not self.conn.extensions:
            return frame.plain
        [agreed] = self.conn.extensions
        if isinstance(agreed, PerMessageDeflate) and agreed.local_no_context_takeover:
            return frame.deflated if agreed.local_max_window_bits >= WINDOW_BITS else None
        return None

    async def run_asgi(self) -> None:
        await super().run_asgi()
        if not self.disconnected:
            self.loop.call_later(LAST_WORDS_S, self._cut_off)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._cut_off()

    def _cut_off(self) -> None:
        """End at once: a peer that does not read would keep a closing connection, and all that it was sent, for ever."""
        if self.disconnected:
            return
        raw = self.transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()
