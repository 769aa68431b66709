"""The cooperative's signing key."""

import secrets

from django.conf import settings
from eth_account import Account

from contracts.domain.merkle import keccak
from kernel.whole_files import make_once


def private_key() -> str:
    """The configured key, or on an embedded chain one that is made once and kept in the secrets folder."""
    if settings.CHAIN_PRIVATE_KEY:
        return str(settings.CHAIN_PRIVATE_KEY)
    path = settings.VAR_DIR / "secrets" / "chain-key"
    return make_once(path, f"0x{secrets.token_hex(32)}".encode()).decode().strip()


def address_of(key: str) -> str:
    """The account of a key."""
    return str(Account.from_key(key).address)


def checksummed(address: str) -> str:
    """An address as EIP-55 writes it."""
    from eth_utils import to_checksum_address

    return str(to_checksum_address(address))


def contract_address(sender: str, nonce: int) -> str:
    """Where a contract created by `sender` with `nonce` will live: keccak(rlp([sender, nonce]))."""
    import rlp
    from eth_utils import to_bytes, to_checksum_address

    return str(to_checksum_address(keccak(rlp.encode([to_bytes(hexstr=sender), nonce]))[12:]))
