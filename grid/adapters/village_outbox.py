"""Messages of virtual devices between signing and receipt: kept byte for byte, so that what is sent again is the same message."""

import sqlite3
from pathlib import Path
from types import TracebackType

SCHEMA = """
CREATE TABLE IF NOT EXISTS letter (
    device TEXT, counter INTEGER, body BLOB,
    PRIMARY KEY (device, counter)
) WITHOUT ROWID;
"""
Key = tuple[str, int]


class Outbox:
    """One SQLite file: a letter with its bytes until its receipt comes, then only that it came.

    A killed process loses nothing; what a power cut takes is sent again.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(SCHEMA)

    def __enter__(self) -> "Outbox":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._database.close()

    def acknowledged(self) -> set[Key]:
        """Letters that have their receipt."""
        return set(self._database.execute("SELECT device, counter FROM letter WHERE body IS NULL"))

    def body_of(self, key: Key) -> bytes | None:
        """The bytes of a letter that was signed and has no receipt."""
        row = self._database.execute("SELECT body FROM letter WHERE device = ? AND counter = ?", key).fetchone()
        return row[0] if row else None

    def put(self, key: Key, body: bytes) -> None:
        """Keep a letter, before it is sent."""
        self._database.execute("INSERT OR REPLACE INTO letter VALUES (?, ?, ?)", (*key, body))

    def acknowledge(self, key: Key) -> None:
        """The platform has it."""
        self._database.execute("INSERT OR REPLACE INTO letter VALUES (?, ?, NULL)", key)

    def tear_up(self, key: Key) -> None:
        """The platform will not take these bytes: the letter must be signed anew."""
        self._database.execute("DELETE FROM letter WHERE device = ? AND counter = ?", key)
