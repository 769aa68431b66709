"""Imports of files of readings: received, staged, accepted wholly or not at all; the file stays as evidence."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from django.db import connection, transaction

from energy.adapters.binary_copy import Column, copy_out
from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.domain.quality import METHOD_MASK, Method
from energy.domain.reading_files import EnergyUnit, FileClock, IntervalLabel
from energy.models import DayStatus, ImportStatus, Microgrid, ReadingFile, ReadingImport, StagedMeterDay, VersionCause
from energy.services.intake import hold_intake
from energy.services.partitions import ensure_months
from members.models import User

LARGEST_FILE_BYTES = 2**29
Key = tuple[date, int, int]


class CannotImport(ValueError):
    """The import cannot go on; the message says why and what to do."""


@transaction.atomic
def receive_file(
    *,
    microgrid: Microgrid,
    content: bytes,
    file_name: str,
    format: str,
    unit: EnergyUnit = EnergyUnit.KWH,
    label: IntervalLabel = IntervalLabel.START,
    clock: FileClock = FileClock.LOCAL,
    user: User | None,
    now: datetime,
) -> ReadingImport:
    """Keep a file byte for byte, ready to be read in one way; the same file in the same way is the same import.

    Raises:
        CannotImport: it is empty or too large.
    """
    if not content:
        raise CannotImport("The file is empty; choose another one.")
    if len(content) > LARGEST_FILE_BYTES:
        raise CannotImport("The file is larger than 512 MiB; split it by months.")
    digest = hashlib.sha256(content).hexdigest()
    Microgrid.objects.select_for_update().get(pk=microgrid.pk)
    file = ReadingFile.objects.filter(microgrid=microgrid, sha256=digest).first()
    if file is None:
        packed = pa.compress(content, codec="zstd", asbytes=True)
        file = ReadingFile.objects.create(microgrid=microgrid, sha256=digest, size_bytes=len(content), body=packed, received_at=now)
    way = {"format": format, "unit": unit.value, "label": label.value, "clock": clock.value}
    known = ReadingImport.objects.filter(file=file, **way).exclude(status=ImportStatus.DISCARDED).first()
    if known is not None:
        return known
    return ReadingImport.objects.create(
        microgrid=microgrid, file=file, file_name=file_name[-200:], uploaded_by=user, uploaded_at=now, **way
    )


@transaction.atomic
def discard_import(*, reading_import: ReadingImport) -> None:
    """Lay a staged or faulty import aside; its file stays.

    Raises:
        CannotImport: it is accepted already.
    """
    locked = ReadingImport.objects.select_for_update().get(pk=reading_import.pk)
    if locked.status == ImportStatus.ACCEPTED:
        raise CannotImport("The import is accepted; correct it by importing the right values.")
    StagedMeterDay.objects.filter(reading_import=reading_import).delete()
    ReadingImport.objects.filter(pk=reading_import.pk).update(status=ImportStatus.DISCARDED)


@transaction.atomic
def accept_import(*, reading_import: ReadingImport, user: User | None, reason: str, now: datetime) -> ReadingImport:
    """Make the staged days meter days with the import's name; a day that is there already gets a new version.

    Wholly or not at all, and once: accepting again changes nothing. `now` is the microgrid's.

    Raises:
        CannotImport: it is not staged.
    """
    locked = ReadingImport.objects.select_for_update(of=("self",)).select_related("microgrid").get(pk=reading_import.pk)
    if locked.status == ImportStatus.ACCEPTED:
        return locked
    if locked.status != ImportStatus.STAGED:
        raise CannotImport(f"The import {locked.get_status_display()}: mend the file and hand it in again.")
    hold_intake(microgrid_id=locked.microgrid_id)
    with connection.cursor() as cursor:
        staged = _staged_rows(cursor, locked)
        stored = current_rows(cursor, staged)
        merged = (_merged(row, stored.get(_key(row)), locked.says_status) for row in staged)
        rows = [row for row in merged if row is not None]
        ensure_months(table="energy_meterday", days={row.day for row in rows})
        _name_versions(cursor, rows, locked, user, reason, now)
        supersede(cursor, [key for key in map(_key, rows) if key in stored])
        write_rows(cursor, rows, microgrid_id=locked.microgrid_id, provenance=locked.provenance, now=now, replace=False)
    StagedMeterDay.objects.filter(reading_import=locked).delete()
    locked.status, locked.accepted_by, locked.accepted_at = ImportStatus.ACCEPTED, user, now
    locked.reason = reason[:200]
    locked.save()
    return locked


def _key(row: MeterDayRow) -> Key:
    return row.day, row.meter_id, row.channel


def _staged_rows(cursor: Any, reading_import: ReadingImport) -> list[MeterDayRow]:
    cursor.execute(
        "SELECT DISTINCT cardinality(values_wh) FROM energy_stagedmeterday WHERE reading_import_id = %s ORDER BY 1", [reading_import.pk]
    )
    rows: list[MeterDayRow] = []
    for (count,) in cursor.fetchall():
        columns = [
            Column("day", "date"),
            Column("meter_id", "int8"),
            Column("channel", "int2"),
            Column("values_wh", "int4[]", count),
            Column("quality", "int2[]", count),
        ]
        names = ", ".join(column.name for column in columns)
        found = copy_out(
            cursor,
            f"SELECT {names} FROM energy_stagedmeterday WHERE reading_import_id = %s AND cardinality(values_wh) = %s",
            [reading_import.pk, count],
            columns,
        )
        days, meters, channels = (found[name].tolist() for name in ("day", "meter_id", "channel"))
        values, quality = found["values_wh"].astype(np.int32), found["quality"].astype(np.int16)
        rows += [MeterDayRow(*place) for place in zip(days, meters, channels, values, quality, strict=True)]
    return rows


def current_rows(cursor: Any, wanted: Sequence[MeterDayRow]) -> dict[Key, MeterDayRow]:
    """The current versions of the days of `wanted`, locked."""
    if not wanted:
        return {}
    cursor.execute(
        """SELECT d.day, d.meter_id, d.channel, version, status, values_wh, quality, register_start_wh, register_end_wh,
                  message_ids
           FROM energy_meterday d JOIN unnest(%s::date[], %s::bigint[], %s::smallint[]) AS w (day, meter_id, channel)
             ON d.day = w.day AND d.meter_id = w.meter_id AND d.channel = w.channel
           WHERE is_current ORDER BY d.day, d.meter_id, d.channel FOR UPDATE OF d""",
        [[row.day for row in wanted], [row.meter_id for row in wanted], [row.channel for row in wanted]],
    )
    return {
        (day, meter_id, channel): MeterDayRow(
            day, meter_id, channel, np.array(values, np.int32), np.array(quality, np.int16), version, status, first, last, list(messages)
        )
        for day, meter_id, channel, version, status, values, quality, first, last, messages in cursor.fetchall()
    }


def supersede(cursor: Any, keys: Sequence[Key]) -> None:
    """Let the versions that are current step back."""
    if not keys:
        return
    cursor.execute(
        """UPDATE energy_meterday d SET is_current = false
           FROM unnest(%s::date[], %s::bigint[], %s::smallint[]) AS w (day, meter_id, channel)
           WHERE d.day = w.day AND d.meter_id = w.meter_id AND d.channel = w.channel AND d.is_current""",
        [[key[0] for key in keys], [key[1] for key in keys], [key[2] for key in keys]],
    )


def _merged(told: MeterDayRow, before: MeterDayRow | None, says_status: bool) -> MeterDayRow | None:
    """The day with what the file says in it, as the next version; None where that changes nothing."""
    if before is None:
        return told
    says = told.quality != Method.MISSING
    method = before.quality & METHOD_MASK
    same = (told.values_wh == before.values_wh) & (method != Method.MISSING)
    if says_status:
        same &= (told.quality == Method.MEASURED) == (method == Method.MEASURED)
    takes = says & ~same
    if not takes.any():
        return None
    values, quality = before.values_wh.copy(), before.quality.copy()
    if before.status == DayStatus.FINAL:
        # What was estimated can be known better with what came now.
        open_again = ~says & (method != Method.MEASURED) & (method != Method.EDITED)
        values[open_again], quality[open_again] = 0, Method.MISSING
    values[takes], quality[takes] = told.values_wh[takes], told.quality[takes]
    return MeterDayRow(
        told.day,
        told.meter_id,
        told.channel,
        values,
        quality,
        before.version + 1,
        DayStatus.PROVISIONAL,
        before.register_start_wh,
        before.register_end_wh,
        before.message_ids,
    )


def _name_versions(
    cursor: Any, rows: Sequence[MeterDayRow], reading_import: ReadingImport, user: User | None, reason: str, now: datetime
) -> None:
    """Say who made each version, when and why, before it is written."""
    with cursor.copy(
        "COPY energy_meterdayversion (day, meter_id, channel, version, cause, reading_import_id, user_id, reason, made_at) FROM STDIN"
    ) as copy:
        for row in rows:
            copy.write_row(
                (
                    row.day,
                    row.meter_id,
                    row.channel,
                    row.version,
                    VersionCause.IMPORT.value,
                    reading_import.pk,
                    user.pk if user else None,
                    reason[:300],
                    now,
                )
            )
