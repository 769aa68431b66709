"""The encrypted batch of a day: each member's meter days under that member's key, in blocks under one CID."""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import libipld
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from contracts.adapters.ipfs import BlockStore
from contracts.models import MemberDataKey
from energy.models import Microgrid
from members.models import Member

BLOCK_BYTES = 700_000


class KeyDestroyed(LookupError):
    """A member's data key is gone; the batches stay and say nothing."""


def _master() -> AESGCM:
    return AESGCM(hashlib.sha256(b"microgrid member data keys" + settings.SECRET_KEY.encode()).digest())


def data_keys(members: Iterable[Member]) -> dict[int, AESGCM]:
    """The members' data keys, made at their first use."""
    members = list(members)
    master = _master()
    rows = {row.member_id: row for row in MemberDataKey.objects.filter(member__in=members)}
    missing = []
    for member in members:
        if member.pk not in rows:
            nonce = os.urandom(12)
            sealed = nonce + master.encrypt(nonce, AESGCM.generate_key(256), member.chain_ref.encode())
            missing.append(MemberDataKey(member=member, sealed=sealed))
    MemberDataKey.objects.bulk_create(missing, ignore_conflicts=True)
    rows = {row.member_id: row for row in MemberDataKey.objects.filter(member__in=members)}
    return {
        member.pk: AESGCM(master.decrypt(bytes(rows[member.pk].sealed)[:12], bytes(rows[member.pk].sealed)[12:], member.chain_ref.encode()))
        for member in members
    }


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """One meter day of a member, with the salt that opens its commitment."""

    member: Member
    content: dict[str, Any]


def store_batch(microgrid: Microgrid, day: date, revision: int, entries: list[BatchEntry]) -> str:
    """Encrypt and store a day's batch; returns the CID of its head."""
    by_member: dict[int, list[dict[str, Any]]] = {}
    members = {}
    for entry in entries:
        members[entry.member.pk] = entry.member
        by_member.setdefault(entry.member.pk, []).append(entry.content)
    keys = data_keys(members.values())
    store = BlockStore.configured()
    links: list[str] = []
    part: dict[str, bytes] = {}
    size = 0
    for pk, contents in sorted(by_member.items()):
        name = members[pk].chain_ref
        for packed in _packed(contents):
            nonce = os.urandom(12)
            sealed = nonce + keys[pk].encrypt(nonce, packed, name.encode())
            if part and (size + len(sealed) > BLOCK_BYTES or name in part):
                links.append(store.put(part))
                part, size = {}, 0
            part[name] = sealed
            size += len(sealed) + 100
    links.append(store.put(part))
    return store.put({"microgrid": microgrid.chain_ref, "day": day.isoformat(), "revision": revision, "parts": links})


def _packed(contents: list[dict[str, Any]]) -> list[bytes]:
    """The contents as dag-cbor, in as many halves as a block's size asks for."""
    packed = bytes(libipld.encode_dag_cbor(contents))
    if len(packed) <= BLOCK_BYTES or len(contents) == 1:
        return [packed]
    middle = len(contents) // 2
    return _packed(contents[:middle]) + _packed(contents[middle:])


def read_batch(*, cid: str, member: Member) -> list[dict[str, Any]]:
    """The member's meter days in a day's batch, decrypted; empty where the member has none in it.

    Raises:
        KeyDestroyed: the member's data key is gone, and with it what it opened.
    """
    row = MemberDataKey.objects.filter(member=member).first()
    if row is None:
        raise KeyDestroyed(f"The data key of member {member.number} was destroyed.")
    store, key = BlockStore.configured(), data_keys([member])[member.pk]
    contents: list[dict[str, Any]] = []
    for link in store.get(cid)["parts"]:
        sealed = store.get(link).get(member.chain_ref)
        if sealed is not None:
            contents += libipld.decode_dag_cbor(key.decrypt(sealed[:12], sealed[12:], member.chain_ref.encode()))
    return contents
