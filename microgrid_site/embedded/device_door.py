"""The broker's door for devices with certificates (mutual TLS), beside the loopback's for the house.

amqtt would accept a connection without a certificate, keep the certificate of an older connection with a session, and let a
client end another's session before it is known who it is. So the door stands before it: it demands a certificate that is not
revoked, reads the first packet, and hands the connection on only under the name in the certificate.
"""

import asyncio
import hmac
import logging
import os
import re
import secrets
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from amqtt.adapters import BufferReader, ReaderAdapter, StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker
from amqtt.contexts import Action
from amqtt.errors import AMQTTError, MQTTError, NoDataError
from amqtt.mqtt.connect import ConnectPacket
from amqtt.mqtt.packet import MQTTFixedHeader
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session
from cryptography import x509
from cryptography.x509.oid import NameOID

LISTENER = "devices"
USER = "microgrid"  # the platform itself
FILES = ("authorities.pem", "revocations.pem", "broker.pem", "broker.key")
LOOK_EVERY_S = 1.0
FIRST_PACKET_WITHIN_S = 10.0
LARGEST_CONNECT_BYTES = 4_096
DEVICE_NAME = re.compile(r"urn:dev:mg:[0-9a-f]{32}")
# Proves to our own plugins that a session came through the door; a device never learns it.
TOKEN = secrets.token_hex(32)
log = logging.getLogger(__name__)


class KnownByDoor(BaseAuthPlugin):
    """Lets in the house by its password, and devices that the door has named."""

    async def authenticate(self, *, session: Session) -> bool:
        given = (session.password or "").encode()
        if session.username == USER:
            return hmac.compare_digest(os.environ["BROKER_PASSWORD"].encode(), given)
        return bool(session.username) and hmac.compare_digest(TOKEN.encode(), given)


class OwnTopics(BaseTopicPlugin):
    """The house may do everything; a device writes its own telemetry and reads what is meant for it."""

    async def topic_filtering(self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None) -> bool:
        if session is None or topic is None:
            return False
        if session.username == USER:
            return True
        if action == Action.PUBLISH:
            return topic == f"telemetry/{session.username}"
        return topic == f"receipts/{session.username}" or topic.startswith(f"firmware/{session.username}/")


class _Continued(ReaderAdapter):
    """Gives the bytes that were read first, changed or not, and then those that follow."""

    def __init__(self, first: bytes, rest: ReaderAdapter) -> None:
        self._first, self._rest = first, rest

    async def read(self, n: int = -1) -> bytes:
        if not self._first:
            return await self._rest.read(n)
        taken, self._first = (self._first, b"") if n == -1 else (self._first[:n], self._first[n:])
        return taken if len(taken) == n or n == -1 else taken + await self._rest.read(n - len(taken))

    def feed_eof(self) -> None:
        self._rest.feed_eof()


@dataclass
class DeviceDoor:
    """Serves devices while the files in `folder` are there; takes up changed files, ends connections of revoked devices."""

    broker: Broker
    folder: Path
    host: str
    port: int
    _server: asyncio.Server | None = None
    _stamp: tuple[float, ...] = ()
    _open: dict[asyncio.StreamWriter, int] = field(default_factory=dict)

    async def keep(self, stopped: asyncio.Event) -> None:
        """Open the door when its files are there, and again when they change; until `stopped`."""
        while not stopped.is_set():
            stamp = self._stamp_of_files()
            if stamp and stamp != self._stamp:
                try:
                    await self._open_door()
                    self._stamp = stamp
                except (OSError, ssl.SSLError, ValueError) as problem:
                    log.error("the door for devices cannot be opened: %s", problem)
            try:
                await asyncio.wait_for(stopped.wait(), LOOK_EVERY_S)
            except TimeoutError:
                continue
        if self._server is not None:
            self._server.close()

    def _stamp_of_files(self) -> tuple[float, ...]:
        try:
            return tuple((self.folder / name).stat().st_mtime_ns for name in FILES)
        except FileNotFoundError:
            return ()

    async def _open_door(self) -> None:
        context = tls_context(self.folder)
        if self._server is not None:
            self._server.close()  # connections that are open stay, but for those of revoked devices
        self._server = await asyncio.start_server(
            self._connected, self.host, self.port, ssl=context, reuse_address=True, ssl_handshake_timeout=10.0
        )
        revoked = revoked_serials(self.folder)
        for writer, serial in list(self._open.items()):
            if serial in revoked:
                log.warning("a connection ends: its certificate %x is revoked", serial)
                writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            serial, name = _who(writer)
            first = await asyncio.wait_for(_first_packet(reader, name), FIRST_PACKET_WITHIN_S)
        except (AMQTTError, MQTTError, NoDataError, ValueError, TimeoutError, OSError, EOFError) as problem:
            log.warning("a device was not let in: %s", problem or type(problem).__name__)
            writer.transport.abort()
            return
        self._open[writer] = serial
        try:
            await self.broker.external_connected(_Continued(first, StreamReaderAdapter(reader)), StreamWriterAdapter(writer), LISTENER)
        finally:
            self._open.pop(writer, None)
            writer.close()


def tls_context(folder: Path) -> ssl.SSLContext:
    """TLS 1.2 or newer; who connects must show a certificate of one of our authorities that is not on its list."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(folder / "authorities.pem")
    context.load_verify_locations(folder / "revocations.pem")
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    context.load_cert_chain(folder / "broker.pem", folder / "broker.key")
    return context


def revoked_serials(folder: Path) -> set[int]:
    """Numbers of the certificates on the lists."""
    text = (folder / "revocations.pem").read_bytes()
    lists = re.findall(rb"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----", text, re.S)
    return {entry.serial_number for pem in lists for entry in x509.load_pem_x509_crl(pem)}


def _who(writer: asyncio.StreamWriter) -> tuple[int, str]:
    """Number and name of the certificate that the other side has shown."""
    raw = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    certificate = x509.load_der_x509_certificate(raw)
    name = str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    if not DEVICE_NAME.fullmatch(name):
        raise ValueError(f"{name} is not a device")
    return certificate.serial_number, name


async def _first_packet(reader: asyncio.StreamReader, name: str) -> bytes:
    """The CONNECT packet under the name of the certificate: as client id and as user, without a last will.

    A last will would be published unchecked, so it is taken out.
    """
    source = StreamReaderAdapter(reader)
    header = await MQTTFixedHeader.from_stream(source)
    if header is None or header.packet_type != 1 or header.remaining_length > LARGEST_CONNECT_BYTES:
        raise ValueError("the first packet is not CONNECT")
    body = await source.read(header.remaining_length)
    packet = await ConnectPacket.from_stream(BufferReader(body), header)
    assert packet.variable_header is not None
    assert packet.payload is not None
    if packet.client_id != name:
        raise ValueError(f"the client id is not the device's name {name}")
    flags = packet.variable_header
    flags.will_flag, flags.will_retain_flag, flags.will_qos = False, False, 0
    flags.username_flag = flags.password_flag = True
    packet.payload.username, packet.payload.password = name, TOKEN
    packet.payload.will_topic = packet.payload.will_message = None
    return packet.to_bytes()
