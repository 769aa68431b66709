"""Secrets of an embedded installation: made once, kept in files that only their owner reads."""

import secrets
from pathlib import Path

from kernel.whole_files import make_once


def secret_word(var: Path, name: str) -> str:
    """Return the secret of that name, made at its first use."""
    folder = var / "secrets"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return make_once(folder / name, secrets.token_hex(32).encode()).decode().strip()
