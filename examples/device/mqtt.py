"""The least of MQTT 3.1.1 that a device needs, on one TLS socket: connect, subscribe, publish with QoS 1, hear, ping."""

import select
import socket
import struct
import time

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, PINGRESP, DISCONNECT = (0x10, 0x20, 0x30, 0x40, 0x82, 0x90, 0xC0, 0xD0, 0xE0)
LONGEST_PACKET = 262144


class Disconnected(OSError):
    """The broker has gone, or will not have us."""


class Client:
    """One connection; after any error make another one."""

    def __init__(self, host, port, context, name, keep_alive_s=60, patience_s=15):
        self._keep_alive_s = keep_alive_s
        self._packet_id = 0
        raw = socket.create_connection((host, port), timeout=patience_s)
        try:
            self._socket = context.wrap_socket(raw, server_hostname=host)
        except BaseException:
            raw.close()
            raise
        self._waiting = []  # messages that came while we waited for something else
        flags = 0x02  # clean session: what we keep lies on our own disk
        body = _text("MQTT") + struct.pack("!BBH", 4, flags, keep_alive_s) + _text(name)
        self._send(CONNECT, body)
        kind, answer = self._read(patience_s)
        if kind & 0xF0 != CONNACK or answer[1:2] != b"\x00":
            raise Disconnected(f"the broker does not let us in: {answer!r}")

    def subscribe(self, topic, patience_s=15):
        """Hear what is published on `topic`."""
        body = struct.pack("!H", self._next_id()) + _text(topic) + b"\x01"
        self._send(SUBSCRIBE, body)
        answer = self._wait_for(SUBACK, patience_s)
        if answer[2] == 0x80:
            raise Disconnected("the broker does not let us hear " + topic)

    def publish(self, topic, payload):
        """Send; the broker's own acknowledgement means nothing to us: we wait for the platform's receipt."""
        body = _text(topic) + struct.pack("!H", self._next_id()) + payload
        self._send(PUBLISH | 0x02, body)

    def hear(self, wait_s):
        """The next (topic, payload) within `wait_s` seconds, or None."""
        deadline = time.monotonic() + wait_s
        while not self._waiting:
            left = deadline - time.monotonic()
            if left <= 0 or not self._readable(left):
                self._ping_when_due()
                return None
            self._take(*self._read(15))
        return self._waiting.pop(0)

    def close(self):
        """Say good-bye."""
        try:
            self._send(DISCONNECT, b"")
        except OSError:
            pass  # it is gone already, which is what we want
        self._socket.close()

    def _wait_for(self, wanted, patience_s):
        deadline = time.monotonic() + patience_s
        while True:
            kind, body = self._read(max(deadline - time.monotonic(), 0.01))
            if kind & 0xF0 == wanted & 0xF0:
                return body
            self._take(kind, body)

    def _take(self, kind, body):
        if kind & 0xF0 != PUBLISH:
            return  # PUBACK, PINGRESP: that the broker lives is all they say
        length = struct.unpack("!H", body[:2])[0]
        topic, rest = body[2 : 2 + length].decode(), body[2 + length :]
        if kind & 0x06:
            self._send(PUBACK, rest[:2])
            rest = rest[2:]
        self._waiting.append((topic, rest))

    def _ping_when_due(self):
        if time.monotonic() - self._sent_at > self._keep_alive_s / 2:
            self._send(PINGREQ, b"")

    def _next_id(self):
        self._packet_id = self._packet_id % 65535 + 1
        return self._packet_id

    def _send(self, kind, body):
        length, head = len(body), bytes([kind])
        while True:
            digit, length = length % 128, length // 128
            head += bytes([digit | (0x80 if length else 0)])
            if not length:
                break
        self._socket.sendall(head + body)
        self._sent_at = time.monotonic()

    def _readable(self, wait_s):
        return self._socket.pending() > 0 or bool(select.select([self._socket], [], [], wait_s)[0])

    def _read(self, patience_s):
        self._socket.settimeout(patience_s)
        kind, length, shift = self._exactly(1)[0], 0, 0
        while True:
            digit = self._exactly(1)[0]
            length |= (digit & 0x7F) << shift
            shift += 7
            if not digit & 0x80:
                break
            if shift > 21:
                raise Disconnected("a packet's length cannot be read")
        if length > LONGEST_PACKET:
            raise Disconnected(f"a packet of {length} bytes")
        return kind, self._exactly(length)

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            part = self._socket.recv(count - len(data))
            if not part:
                raise Disconnected("the broker has closed the connection")
            data += part
        return data


def _text(text):
    raw = text.encode()
    return struct.pack("!H", len(raw)) + raw
