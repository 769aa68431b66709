"""The cooperative's signing key."""

from django.conf import settings
from eth_account import Account

from contracts.domain.merkle import keccak


def private_key() -> str:
    """The configured key, or on an embedded chain one that is made once and kept in the secrets folder."""
    if settings.CHAIN_PRIVATE_KEY:
        return str(settings.CHAIN_PRIVATE_KEY)
    path = settings.VAR_DIR / "secrets" / "chain-key"
    if not path.exists():
        import os
        import secrets

        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("0x" + secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)
        except FileExistsError:
            pass
        finally:
            part.unlink()
    return str(path.read_text().strip())


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
