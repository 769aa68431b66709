"""Reading a file into the staging table: what it would change, or what is wrong with it. Nothing is stored as a fact here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from django.db import connection, transaction
from numpy.typing import NDArray

from energy.adapters.binary_copy import Column, copy_in
from energy.adapters.reading_formats import FORMATS
from energy.domain.day_folding import DayAxis, FoldedSeries, fold
from energy.domain.quality import METHOD_MASK, Method
from energy.domain.reading_files import (
    MOST_PROBLEMS,
    REACTIVE,
    CannotReadFile,
    EnergyUnit,
    FileClock,
    FileContent,
    IntervalLabel,
    ReadingSeries,
    ReadOptions,
    RowProblem,
    channel_of,
)
from energy.models import Channel, Effect, ImportProblem, ImportStatus, Meter, ReadingFile, ReadingImport, StagedMeterDay
from energy.selectors.meter_days import ChannelBlock, load_channel

Tell = Callable[[str, int], None]
CHANNEL_NUMBER = {channel.label: int(channel) for channel in Channel}
LONGEST_SPAN_DAYS = 3_700


def silent(step: str, percent: int) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class FoldedFile:
    """A file's series by meter and channel along one axis, and everything that is wrong."""

    axis: DayAxis | None
    series: dict[tuple[int, int], FoldedSeries] = field(default_factory=dict)
    knows_status: dict[tuple[int, int], bool] = field(default_factory=dict)
    problems: list[RowProblem] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    rows: int = 0


def options_of(reading_import: ReadingImport) -> ReadOptions:
    """How the import's file is read."""
    microgrid = reading_import.microgrid
    return ReadOptions(
        microgrid.zone,
        microgrid.interval_minutes,
        EnergyUnit(reading_import.unit),
        IntervalLabel(reading_import.label),
        FileClock(reading_import.clock),
    )


def unpacked(file: ReadingFile) -> bytes:
    """The file's bytes as they were handed in."""
    return pa.decompress(bytes(file.body), decompressed_size=file.size_bytes, codec="zstd", asbytes=True)


def fold_file(reading_import: ReadingImport, content: bytes, tell: Tell = silent) -> FoldedFile:
    """Read a file and lay its series along local days; the same bytes give the same result, today and at an audit."""
    options = options_of(reading_import)
    tell("reading rows", 10)
    try:
        found = FORMATS[reading_import.format].read(content, options)
    except CannotReadFile as problem:
        return FoldedFile(None, problems=[RowProblem(0, "", str(problem), "hand in the file again once it is mended")])
    folded = FoldedFile(None, problems=list(found.problems), rows=found.rows)
    tell("finding meters", 40)
    chosen = _match(reading_import, found, folded)
    instants = [(series.starts_s.min(), series.starts_s.max()) for _, series in chosen if len(series.starts_s)]
    if not instants:
        if not folded.problems:
            folded.problems.append(RowProblem(0, "", "there is no reading in the file", "hand in a file with readings"))
        return folded
    first, last = min(int(a) for a, _ in instants), max(int(b) for _, b in instants)
    if last - first > LONGEST_SPAN_DAYS * 86_400:
        folded.problems.append(RowProblem(0, "", "the file spans more than ten years", "check the years, or split it"))
        return folded
    folded.axis = DayAxis.between(first, last, options)
    for number, (key, series) in enumerate(chosen):
        if number % 50 == 0:
            tell("cutting into days", 45 + 25 * number // len(chosen))
        folded.series[key], problems = fold(series, folded.axis, options)
        folded.knows_status[key] = series.substitute is not None
        folded.problems += problems
    return folded


def _match(reading_import: ReadingImport, found: FileContent, folded: FoldedFile) -> list[tuple[tuple[int, int], ReadingSeries]]:
    """Find each series' meter and channel; what has none is told by the row where it first stands."""
    by_name: dict[str, tuple[int, str, bool]] = {}
    rows = Meter.objects.filter(microgrid=reading_import.microgrid_id).order_by("-removed_at", "pk")
    for meter in rows:
        of_meter = meter.pk, meter.kind, meter.reactive_from is not None
        by_name.update({name: of_meter for name in (meter.external_ref, meter.code) if name})
    chosen: dict[tuple[int, int], ReadingSeries] = {}
    for series in found.series:
        row = int(series.rows[0]) if len(series.rows) else 1
        found_meter = by_name.get(series.meter)
        if found_meter is None:
            folded.unknown.append(series.meter)
            folded.problems.append(
                RowProblem(
                    row,
                    series.column,
                    f"'{series.meter[:80]}' is not a meter of {reading_import.microgrid}",
                    "correct the name, enter it as the meter's external reference, or leave its rows out",
                )
            )
            continue
        pk, kind, counts_reactive = found_meter
        channel = channel_of(kind, series.channel)
        if channel == REACTIVE and not counts_reactive:
            folded.problems.append(
                RowProblem(
                    row,
                    series.column,
                    f"the meter {series.meter[:80]} counts no reactive energy",
                    "say at the meter from when on it does, or leave its rows out",
                )
            )
        elif channel is None:
            folded.problems.append(
                RowProblem(
                    row,
                    series.column,
                    f"the meter {series.meter[:80]} ({kind}) has no channel '{series.channel}'",
                    "name a channel that it has",
                )
            )
        elif (pk, CHANNEL_NUMBER[channel]) in chosen:
            folded.problems.append(RowProblem(row, series.column, f"{series.meter[:80]} stands in the file twice", "leave one of the two"))
        else:
            chosen[pk, CHANNEL_NUMBER[channel]] = series
    return sorted(chosen.items())


def stage_import(*, reading_import: ReadingImport, now: datetime, tell: Tell = silent) -> ReadingImport:
    """Read the import's file; afterwards it is staged, or faulty with its problems. Safe to repeat. `now` is the microgrid's."""
    if reading_import.status not in (ImportStatus.WAITING, ImportStatus.STAGED, ImportStatus.FAULTY):
        return reading_import
    folded = fold_file(reading_import, unpacked(reading_import.file), tell)
    _tell_future(folded, now)
    with transaction.atomic():
        locked = ReadingImport.objects.select_for_update().get(pk=reading_import.pk)
        if locked.status not in (ImportStatus.WAITING, ImportStatus.STAGED, ImportStatus.FAULTY):
            return locked
        StagedMeterDay.objects.filter(reading_import=reading_import).delete()
        ImportProblem.objects.filter(reading_import=reading_import).delete()
        _describe(reading_import, folded)
        if folded.problems:
            _keep_problems(reading_import, folded.problems)
        else:
            _stage_days(reading_import, folded, tell)
        reading_import.status = ImportStatus.FAULTY if folded.problems else ImportStatus.STAGED
        reading_import.save()
    return reading_import


def _tell_future(folded: FoldedFile, now: datetime) -> None:
    """An interval that is not over cannot have been measured."""
    if folded.axis is None:
        return
    last = int(now.timestamp())
    over = (last - folded.axis.start_s) // folded.axis.interval_s
    if any((series.quality[max(over, 0) :] != Method.MISSING).any() for series in folded.series.values()):
        folded.problems.append(
            RowProblem(
                0,
                "time",
                f"there are intervals that are not over at {now:%Y-%m-%d %H:%M} UTC",
                "leave them out, or say whether times label the start or the end",
            )
        )


def _describe(reading_import: ReadingImport, folded: FoldedFile) -> None:
    reading_import.rows, reading_import.problem_count = folded.rows, len(folded.problems)
    reading_import.unknown_meters = [name[:120] for name in sorted(set(folded.unknown))][:MOST_PROBLEMS]
    reading_import.meter_ids = sorted({meter for meter, _ in folded.series})
    reading_import.says_status = all(folded.knows_status.values())
    reading_import.rounded = sum(series.rounded for series in folded.series.values())
    reading_import.first_day = folded.axis.days[0] if folded.axis else None
    reading_import.last_day = folded.axis.days[-1] if folded.axis else None
    reading_import.days_new = reading_import.days_changed = reading_import.days_same = reading_import.total_wh = 0


def _keep_problems(reading_import: ReadingImport, problems: Sequence[RowProblem]) -> None:
    ordered = sorted(problems, key=lambda p: (p.row, p.column))
    ImportProblem.objects.bulk_create(
        ImportProblem(reading_import=reading_import, row=p.row, column=p.column[:160], what=p.what[:300], mending=p.mending[:300])
        for p in ordered[:MOST_PROBLEMS]
    )


def _stage_days(reading_import: ReadingImport, folded: FoldedFile, tell: Tell) -> None:
    axis = folded.axis
    assert axis is not None
    channels = sorted({channel for _, channel in folded.series})
    for number, channel in enumerate(channels):
        tell("comparing with stored days", 70 + 25 * number // len(channels))
        meter_ids = sorted(meter for meter, c in folded.series if c == channel)
        stored = load_channel(microgrid=reading_import.microgrid, channel=channel, days=axis.days, meter_ids=meter_ids)
        chosen = [folded.series[meter, channel] for meter in meter_ids]
        values = np.stack([series.values_wh for series in chosen])
        quality = np.stack([series.quality for series in chosen])
        knows = np.array([folded.knows_status[meter, channel] for meter in meter_ids])
        effect = _effects(axis, values, quality, knows, stored)
        reading_import.days_new += int((effect == Effect.NEW).sum())
        reading_import.days_changed += int((effect == Effect.CHANGED).sum())
        reading_import.days_same += int((effect == Effect.SAME).sum())
        reading_import.total_wh += int(values.sum(dtype=np.int64))
        _copy_staged(reading_import, axis, channel, values, quality, effect, stored)


def _per_day(axis: DayAxis, marks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether anything is marked in each day; bool [m, d]."""
    return np.logical_or.reduceat(marks, axis.offsets[:-1], axis=1)


def _effects(
    axis: DayAxis, values: NDArray[np.int32], quality: NDArray[np.int16], knows: NDArray[np.bool_], stored: ChannelBlock
) -> NDArray[np.int16]:
    """What accepting would do, int16 [m, d]; -1 where the file says nothing.

    Equal values change nothing: a file that does not say how its values came to be does not question how ours did.
    """
    says = quality != Method.MISSING
    method = stored.quality & METHOD_MASK
    there = np.repeat(stored.present, axis.counts, axis=1)
    differs = says & there & ((values != stored.values_wh) | (method == Method.MISSING))
    differs |= says & there & knows[:, None] & ((quality == Method.MEASURED) != (method == Method.MEASURED))
    effect = np.where(stored.present, np.where(_per_day(axis, differs), Effect.CHANGED, Effect.SAME), Effect.NEW)
    return np.where(_per_day(axis, says), effect, -1).astype(np.int16)


def _copy_staged(
    reading_import: ReadingImport,
    axis: DayAxis,
    channel: int,
    values: NDArray[np.int32],
    quality: NDArray[np.int16],
    effect: NDArray[np.int16],
    stored: ChannelBlock,
) -> None:
    """Append the days that would change something, those of one length together."""
    stored_day = np.add.reduceat(stored.values_wh, axis.offsets[:-1], axis=1)
    for count in np.unique(axis.counts).tolist():
        meter, day = np.nonzero((effect > 0) & (axis.counts == count))
        if not len(meter):
            continue
        place = axis.offsets[day][:, None] + np.arange(count)
        columns = [
            Column("reading_import_id", "int8"),
            Column("day", "date"),
            Column("meter_id", "int8"),
            Column("channel", "int2"),
            Column("effect", "int2"),
            Column("values_wh", "int4[]", count),
            Column("quality", "int2[]", count),
            Column("stored_wh", "int8"),
        ]
        rows: dict[str, Any] = {
            "reading_import_id": reading_import.pk,
            "day": np.array(axis.days, dtype="datetime64[D]")[day],
            "meter_id": stored.meter_ids[meter],
            "channel": channel,
            "effect": effect[meter, day],
            "values_wh": values[meter[:, None], place],
            "quality": quality[meter[:, None], place],
            "stored_wh": stored_day[meter, day],
        }
        with connection.cursor() as cursor:
            copy_in(cursor, "energy_stagedmeterday", columns, rows, len(meter))
