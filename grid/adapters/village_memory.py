"""What virtual devices keep through a power cut: their registers, and readings that the platform has not acknowledged."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from grid.domain.village import VillageState

SCHEMA = """
CREATE TABLE IF NOT EXISTS state (one INTEGER PRIMARY KEY CHECK (one = 1), at_s INTEGER NOT NULL, registers TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS unsent (
    meter_id INTEGER, channel TEXT, start_s INTEGER, register_start_wh INTEGER NOT NULL, register_end_wh INTEGER NOT NULL,
    PRIMARY KEY (meter_id, channel, start_s)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """One interval of one channel: the register [Wh] at both ends; `start_s` in seconds since 1970."""

    meter_id: int
    channel: str
    start_s: int
    register_start_wh: int
    register_end_wh: int


class VillageMemory:
    """State and unsent readings in one SQLite file; each interval's end is one transaction."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(SCHEMA)

    def close(self) -> None:
        self._database.close()

    def load_state(self) -> tuple[datetime, VillageState] | None:
        """The registers at the last interval's end; None at the first start."""
        row = self._database.execute("SELECT at_s, registers FROM state").fetchone()
        if row is None:
            return None
        arrays = {name: np.array(values, dtype=np.float64) for name, values in json.loads(row[1]).items()}
        return datetime.fromtimestamp(row[0], UTC), VillageState(**arrays)

    def keep(self, at: datetime, state: VillageState, readings: Iterable[Reading]) -> None:
        """Keep the registers at an interval's end and the readings that led there, all or nothing."""
        registers = json.dumps({name: values.tolist() for name, values in asdict(state).items()})
        with self._database:
            self._database.execute("BEGIN")
            self._database.execute("INSERT OR REPLACE INTO state VALUES (1, ?, ?)", (int(at.timestamp()), registers))
            self._database.executemany(
                "INSERT OR IGNORE INTO unsent VALUES (?, ?, ?, ?, ?)",
                ((r.meter_id, r.channel, r.start_s, r.register_start_wh, r.register_end_wh) for r in readings),
            )

    def unsent(self, *, span_s: int) -> dict[int, list[Reading]]:
        """The oldest readings that were not acknowledged, `span_s` from the first, by meter, in order of channel and time."""
        found: dict[int, list[Reading]] = {}
        rows = self._database.execute(
            """SELECT * FROM unsent WHERE start_s < (SELECT min(start_s) FROM unsent) + ?
               ORDER BY meter_id, channel, start_s""",
            (span_s,),
        )
        for row in rows:
            found.setdefault(row[0], []).append(Reading(*row))
        return found

    def forget(self, readings: Iterable[Reading]) -> None:
        """The platform has these."""
        with self._database:
            self._database.execute("BEGIN")
            self._database.executemany(
                "DELETE FROM unsent WHERE meter_id = ? AND channel = ? AND start_s = ?",
                ((r.meter_id, r.channel, r.start_s) for r in readings),
            )
