"""Files that are there wholly or not at all, however many hands write them at once: threads of one process as well as processes."""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, content: bytes, *, mode: int = 0o644) -> Path:
    """Write a file at once or not at all; returns its path. Of several hands each writes its own, and the last one counts."""
    _part_of(path, content, mode).replace(path)
    return path


def make_once(path: Path, content: bytes) -> bytes:
    """Write a file that only its owner reads, unless it is there; returns what it holds. Of several hands the first counts."""
    if not path.exists():
        part = _part_of(path, content, 0o600)
        with suppress(FileExistsError):
            os.link(part, path)
        part.unlink()
    return path.read_bytes()


def _part_of(path: Path, content: bytes, mode: int) -> Path:
    """The content beside its place, under a name that no other hand has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return part
