"""Content-addressed blocks: a local store with the CIDs a Kubo node would give, or that node itself."""

import hashlib
from pathlib import Path
from typing import Any

import libipld
import requests
from django.conf import settings

from kernel.whole_files import write_whole

LARGEST_BLOCK_BYTES = 1_000_000
CID_HEAD = bytes([1, 0x71, 0x12, 0x20])  # CIDv1, dag-cbor, sha2-256, 32 bytes


class BlockMissing(LookupError):
    """There is no block of that CID."""


def cid_of(block: bytes) -> str:
    """The CID of a dag-cbor block."""
    return str(libipld.encode_cid(CID_HEAD + hashlib.sha256(block).digest()))


class BlockStore:
    """Blocks in a folder, written whole or not at all; sent to a Kubo node as well where one is configured."""

    def __init__(self, folder: Path, api_url: str = "") -> None:
        self._folder, self._api_url = folder, api_url

    @classmethod
    def configured(cls) -> "BlockStore":
        return cls(settings.IPFS_STORE_DIR, settings.IPFS_API_URL)

    def put(self, content: Any) -> str:
        """Store content as one block; returns its CID. The same content is the same block."""
        block = libipld.encode_dag_cbor(content)
        if len(block) > LARGEST_BLOCK_BYTES:
            raise ValueError(f"a block of {len(block)} bytes is too large; split it")
        cid = cid_of(block)
        path = self._path(cid)
        if not path.exists():
            write_whole(path, block)
        if self._api_url:
            reply = requests.post(f"{self._api_url}/api/v0/block/put?cid-codec=dag-cbor&mhtype=sha2-256", files={"file": block}, timeout=30)
            reply.raise_for_status()
        return cid

    def get(self, cid: str) -> Any:
        """The content of a block, checked against its CID."""
        path = self._path(cid)
        if not path.exists():
            raise BlockMissing(cid)
        block = path.read_bytes()
        if cid_of(block) != cid:
            raise BlockMissing(f"{cid} is damaged")
        return libipld.decode_dag_cbor(block)

    def _path(self, cid: str) -> Path:
        return self._folder / cid[-2:] / cid
