"""The same readings stored three ways: as meter days, as a row each (TimescaleDB's layout), and by FlexMeasures itself."""

import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from benchmarks.month_village import make_day
from benchmarks.peers import peer_python
from energy.adapters import meter_day_table as days
from energy.adapters.binary_copy import Column, copy_in
from energy.adapters.meter_day_table import EPOCH, MeterDayTable
from energy.services.partitions import ensure_months

PEER = Path(__file__).resolve().parent / "flexmeasures_storage.py"
FLEXMEASURES = "flexmeasures==1.0.1"
FIRST_DAY = date(2026, 1, 1)
METERS, DAYS, READINGS = 500, 30, 96
FLEXMEASURES_METERS = 20  # it takes so much longer; figures are per value
ROW_TABLE = """
CREATE TABLE reading_rows (time timestamptz NOT NULL, meter_id bigint NOT NULL, value double precision NOT NULL);
CREATE UNIQUE INDEX reading_rows_once ON reading_rows (meter_id, time);
CREATE INDEX reading_rows_by_time ON reading_rows (time DESC);
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """What one way of storing took."""

    values: int
    seconds: float
    size_bytes: int
    version: str = ""

    def figures(self) -> dict[str, Any]:
        return {
            "values": self.values,
            "values_per_s": round(self.values / self.seconds),
            "bytes_per_value": round(self.size_bytes / self.values, 2),
            **({"version": self.version} if self.version else {}),
        }


def compare_storage(*, with_flexmeasures: bool) -> dict[str, Any]:
    """Store the readings in each way and check that each has the same sum; figures by way."""
    chance = np.random.default_rng(7)
    size = chance.lognormal(0.0, 0.5, METERS)
    use = np.stack([make_day(chance, size, READINGS)[0] for _ in range(DAYS)])
    ways = {"meter_days": _as_meter_days(use), "row_table": _as_rows(use)}
    if with_flexmeasures:
        ways["flexmeasures"] = _by_flexmeasures(use[:, :FLEXMEASURES_METERS])
    result: dict[str, Any] = {name: way.figures() for name, way in ways.items()}
    own = result["meter_days"]
    for name, figures in list(result.items()):
        if name != "meter_days":
            figures["slower_by"] = round(own["values_per_s"] / figures["values_per_s"], 1)
            figures["larger_by"] = round(figures["bytes_per_value"] / own["bytes_per_value"], 1)
    return result


def _as_meter_days(use: NDArray[np.int32]) -> Stored:
    """As the acceptance path writes new days: with registers, one message and flags each, a transaction per day."""
    meters = np.arange(1, use.shape[1] + 1)
    ensure_months(table=days.TABLE, days=[FIRST_DAY + timedelta(days=n) for n in range(len(use))])
    began = time.perf_counter()
    register = np.zeros(len(meters), dtype=np.int64)
    for n, energy in enumerate(use):
        table = MeterDayTable(
            np.full(len(meters), (FIRST_DAY - EPOCH).days + n),
            meters,
            np.zeros(len(meters), np.int64),
            np.ones(len(meters), np.int16),
            np.ones(len(meters), np.int16),
            np.zeros(len(meters), np.int16),
            energy,
            np.zeros(energy.shape, np.int16),
            register,
            register + energy.sum(axis=1),
            np.full(len(meters), np.datetime64("2026-02-01", "us")),
        )
        register = table.register_end_wh
        with transaction.atomic(), connection.cursor() as cursor:
            messages = [[n * len(meters) + m] for m in range(len(meters))]
            days.append(cursor, table, np.arange(len(meters)), messages, "messages")
    seconds = time.perf_counter() - began
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(v) FROM energy_meterday, unnest(values_wh) AS v WHERE microgrid_id = 0")
        _check(cursor.fetchone()[0], use)
        cursor.execute(
            """SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits
               WHERE inhparent = 'energy_meterday'::regclass"""
        )
        return Stored(use.size, seconds, int(cursor.fetchone()[0]))


def _as_rows(use: NDArray[np.int32]) -> Stored:
    """A row per reading, by binary COPY too, a transaction per day."""
    columns = [Column("time", "timestamptz"), Column("meter_id", "int8"), Column("value", "float8")]
    meters = np.arange(1, use.shape[1] + 1)
    with connection.cursor() as cursor:
        cursor.execute(ROW_TABLE)
    began = time.perf_counter()
    for n, energy in enumerate(use):
        first = np.datetime64(FIRST_DAY + timedelta(days=n), "us")
        times = first + np.arange(READINGS) * np.timedelta64(15, "m")
        values = {"time": np.repeat(times, len(meters)), "meter_id": np.tile(meters, READINGS), "value": energy.T.reshape(-1)}
        with transaction.atomic(), connection.cursor() as cursor:
            copy_in(cursor, "reading_rows", columns, values, energy.size)
    seconds = time.perf_counter() - began
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(value), pg_total_relation_size('reading_rows') FROM reading_rows")
        total, size = cursor.fetchone()
    _check(total, use)
    return Stored(use.size, seconds, size)


def _by_flexmeasures(use: NDArray[np.int32]) -> Stored:
    """FlexMeasures in an environment of its own, on a database of its own in the same server."""
    with tempfile.TemporaryDirectory(prefix="flexmeasures-") as folder:
        python = peer_python("flexmeasures", [FLEXMEASURES])
        start_s = int(datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC).timestamp())
        readings = Path(folder) / "readings.npz"
        np.savez(readings, energy=use.transpose(1, 0, 2).reshape(use.shape[1], -1), start_s=start_s)
        with connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE flexmeasures TEMPLATE template0")
        database = urlsplit(os.environ["DATABASE_URL"])._replace(path="/flexmeasures").geturl()
        settings = Path(folder) / "flexmeasures.cfg"
        # "1 week", as its default says, is more than the newest flask-security can read.
        settings.write_text(
            f"SQLALCHEMY_DATABASE_URI = {database!r}\nSECRET_KEY = 'bench'\n"
            "SECURITY_TWO_FACTOR_LOGIN_VALIDITY = '7 days'\nSECURITY_TOTP_SECRETS = {'1': 'bench'}\n"
        )
        done = subprocess.run(
            [str(python), str(PEER), str(readings), str(settings)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": folder, "FLEXMEASURES_ENV": "development"},
        )
    said = json.loads(done.stdout.strip().splitlines()[-1])
    _check(said["sum_wh"], use)
    return Stored(said["values"], said["seconds"], said["bytes"], said["version"])


def _check(total: float, use: NDArray[np.int32]) -> None:
    if int(total) != int(use.sum()):
        raise AssertionError(f"{total} Wh are stored of {use.sum()} Wh")
