"""What kept files say about imported days, read again from their bytes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from energy.domain.quality import Method
from energy.models import ImportStatus, MeterDayVersion, Microgrid, ReadingImport
from energy.services.import_staging import fold_file, unpacked

Key = tuple[date, int, int]


@dataclass(frozen=True, slots=True)
class FiledDay:
    """A day as a file has it: from which version on it counts, when it was accepted, and its Wh, -1 where it says nothing."""

    version: int
    accepted_at: datetime
    values_wh: NDArray[np.int64]


@dataclass(slots=True)
class FiledDays:
    """What the files say, and which files are not what they were."""

    days: dict[Key, list[FiledDay]] = field(default_factory=dict)
    broken: list[tuple[str, str]] = field(default_factory=list)


def read_files_again(*, microgrid: Microgrid, days: Sequence[date]) -> FiledDays:
    """Read every file again that a version of these days goes back to, after checking its digest."""
    found = FiledDays()
    rows = MeterDayVersion.objects.filter(
        day__in=list(days), reading_import__microgrid=microgrid, reading_import__status=ImportStatus.ACCEPTED
    )
    by_import: dict[int, list[tuple[Key, int]]] = {}
    for reading_import_id, day, meter_id, channel, version in rows.values_list(
        "reading_import_id", "day", "meter_id", "channel", "version"
    ):
        by_import.setdefault(reading_import_id, []).append(((day, meter_id, channel), version))
    reading_imports = ReadingImport.objects.select_related("file", "microgrid").in_bulk(list(by_import))
    for reading_import in sorted(reading_imports.values(), key=lambda b: (b.accepted_at, b.pk)):
        _read_one(reading_import, by_import[reading_import.pk], found)
    return found


def _read_one(reading_import: ReadingImport, wanted: list[tuple[Key, int]], found: FiledDays) -> None:
    try:
        content = unpacked(reading_import.file)
    except (OSError, ValueError):  # Arrow's errors are of these kinds
        content = b""
    if hashlib.sha256(content).hexdigest() != reading_import.file.sha256:
        found.broken.append((reading_import.file_name, "the kept file is no longer the one that was accepted"))
        return
    folded = fold_file(reading_import, content)
    if folded.axis is None:
        found.broken.append((reading_import.file_name, "the kept file can no longer be read"))
        return
    place = {day: i for i, day in enumerate(folded.axis.days)}
    assert reading_import.accepted_at is not None
    for key, version in wanted:
        series = folded.series.get((key[1], key[2]))
        if series is None or key[0] not in place:
            continue
        span = slice(*folded.axis.offsets[place[key[0]] : place[key[0]] + 2].tolist())
        values = np.where(series.quality[span] == Method.MISSING, -1, series.values_wh[span].astype(np.int64))
        found.days.setdefault(key, []).append(FiledDay(version, reading_import.accepted_at, values))
