"""Reading messages before anything is locked: opened, decrypted, verified, understood. What costs time is done here."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from energy.adapters.array_literals import byte_strings
from energy.domain.acceptance import CannotAccept
from energy.domain.cose import Envelope, open_envelope, verify
from energy.domain.sealing import is_sealed, unseal
from energy.domain.senml import read_payload
from energy.domain.telemetry import Telemetry
from energy.services.sealing_keys import private_sealing_keys

SEALED = "+enc"


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message as it came in, and by which way (mqtt, http)."""

    body: bytes
    transport: str


@dataclass(slots=True)
class ReadMessage:
    """A message on its way.

    Attributes:
        body: the signed message, byte for byte; of an encrypted one what was inside.
        transport: by which way it came; `+enc` where it was encrypted.
        device_id: whose key it is signed with, as it says; verified where there is telemetry.
    """

    body: bytes
    transport: str
    envelope: Envelope | None = None
    device_id: int | None = None
    telemetry: Telemetry | None = None
    outcome: str = ""
    reason: str = ""

    @property
    def was_sealed(self) -> bool:
        return self.transport.endswith(SEALED)

    def refuse(self, reason: str) -> None:
        self.outcome, self.reason = "refused", reason

    def copy(self) -> "ReadMessage":
        """One to judge, so that the one that was read stays as it is."""
        return ReadMessage(self.body, self.transport, self.envelope, self.device_id, self.telemetry, self.outcome, self.reason)


def read_messages(messages: Sequence[ReceivedMessage]) -> list[ReadMessage]:
    """Open, decrypt, verify and understand messages; what cannot be believed is refused already. Locks nothing."""
    found = [ReadMessage(message.body, message.transport) for message in messages]
    _unseal([message for message in found if is_sealed(message.body)])
    for message in found:
        if not message.outcome:
            try:
                message.envelope = open_envelope(message.body)
            except CannotAccept as problem:
                message.refuse(problem.reason)
    opened = [(message, message.envelope) for message in found if message.envelope]
    public_keys = _public_keys({envelope.key_id for _, envelope in opened})
    for message, envelope in opened:
        known = public_keys.get(envelope.key_id)
        if known is None:
            message.refuse("unknown_key")
            continue
        message.device_id, public_key = known
        try:
            verify(envelope, public_key)
            message.telemetry = read_payload(envelope)
        except CannotAccept as problem:
            message.refuse(problem.reason)
    return found


def _unseal(messages: list[ReadMessage]) -> None:
    keys = private_sealing_keys() if messages else {}
    for message in messages:
        try:
            message.body = unseal(message.body, keys)
            message.transport += SEALED
        except CannotAccept as problem:
            message.refuse(problem.reason)


def _public_keys(key_ids: set[bytes]) -> dict[bytes, tuple[int, bytes]]:
    """Device and public key by key id; whether a key still counts is seen later, under lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key_id, device_id, public_key FROM energy_devicekey WHERE key_id = ANY(%s::bytea[])", [byte_strings(key_ids)]
        )
        return {bytes(key_id): (device_id, bytes(key)) for key_id, device_id, key in cursor.fetchall()}
