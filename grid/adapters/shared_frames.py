"""A WebSocket message framed once for all who get it: the bytes on the wire, plain and compressed (RFC 6455, RFC 7692).

A frame from a server is not masked, and without context takeover its compressed form does not depend on what was sent before: the same
bytes serve every client. Framing and compressing for each of a thousand is what makes a fan-out slow.
"""

import struct
import zlib
from dataclasses import dataclass

WINDOW_BITS = 12  # a client may ask for less; it then gets a frame of its own
TAIL = b"\x00\x00\xff\xff"
SHARED_FRAMES = "microgrid.shared_frames"  # name of the extension under which a server takes them
FINAL_TEXT, COMPRESSED = 0x81, 0x40


@dataclass(frozen=True, slots=True)
class SharedFrame:
    """One text message; `plain` and `deflated` are whole frames."""

    text: str
    plain: bytes
    deflated: bytes


def share(text: str) -> SharedFrame:
    """Frame a text both ways."""
    data = text.encode()
    squeeze = zlib.compressobj(level=5, wbits=-WINDOW_BITS, memLevel=8)
    small = (squeeze.compress(data) + squeeze.flush(zlib.Z_SYNC_FLUSH)).removesuffix(TAIL)
    return SharedFrame(text, _frame(FINAL_TEXT, data), _frame(FINAL_TEXT | COMPRESSED, small))


def _frame(first: int, payload: bytes) -> bytes:
    """RFC 6455, section 5.2: the length in 7, 16 or 64 bits."""
    length = len(payload)
    if length < 126:
        return struct.pack("!BB", first, length) + payload
    if length < 2**16:
        return struct.pack("!BBH", first, 126, length) + payload
    return struct.pack("!BBQ", first, 127, length) + payload
