"""CSV with one reading per row: `meter;channel;time;value;status`."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from energy.adapters.delimited_text import TextTable, csv_bytes, header_bytes, in_wh, interval_starts, numbers, read_table
from energy.domain.local_time import local_labels
from energy.domain.quality import METHOD_MASK, Method
from energy.domain.reading_files import (
    MOST_PROBLEMS,
    UNNAMED,
    CannotReadFile,
    EnergyUnit,
    FileContent,
    ReadingPart,
    ReadingSeries,
    ReadOptions,
    RowProblem,
    SeriesName,
)
from energy.domain.telemetry import CHANNEL_NAMES

MEASURED, SUBSTITUTE = "W", "E"


class LongCsv:
    """Columns meter, channel (may be left out), time, value and status (W measured, E substitute; may be left out)."""

    name, title, suffix, media_type = "long", "CSV, one reading per row", "csv", "text/csv"

    def read(self, content: bytes, options: ReadOptions) -> FileContent:
        table = read_table(content)
        places = {name.lower(): i for i, name in enumerate(table.names)}
        missing = [name for name in ("meter", "time", "value") if name not in places]
        if missing:
            raise CannotReadFile(f"The header lacks '{missing[0]}': name meter, channel, time, value, status.")
        return read_rows(
            table,
            options,
            meter=places["meter"],
            channel=places.get("channel"),
            time=places["time"],
            value=places["value"],
            status=places.get("status"),
            channels={name: name for name in CHANNEL_NAMES},
        )

    def write(self, names: Sequence[SeriesName], parts: Iterable[ReadingPart], options: ReadOptions) -> Iterator[bytes]:
        delimiter = ";"
        yield header_bytes(["meter", "channel", "time", "value", "status"], delimiter)
        for part in parts:
            times = [label.strftime("%Y-%m-%d %H:%M") for label in local_labels(part.starts_s, options.zone)]
            rows = PartRows.of(part, options.unit)
            meters = pa.DictionaryArray.from_arrays(rows.series, [n.meter for n in names]).cast(pa.string())
            channels = pa.DictionaryArray.from_arrays(rows.series, [n.channel for n in names]).cast(pa.string())
            labels = pa.DictionaryArray.from_arrays(rows.interval, times).cast(pa.string())
            yield csv_bytes([meters, channels, labels, rows.amounts, rows.status], delimiter)


class PartRows:
    """A part with its present readings as rows, series by series."""

    def __init__(self, series: Any, interval: Any, amounts: Any, status: Any) -> None:
        self.series, self.interval, self.amounts, self.status = series, interval, amounts, status

    @classmethod
    def of(cls, part: ReadingPart, unit: EnergyUnit) -> "PartRows":
        method = part.methods & METHOD_MASK
        series, interval = np.nonzero(method != Method.MISSING)
        values = part.values_wh[series, interval]
        amounts = pa.array(values if unit == EnergyUnit.WH else values / 1000.0)
        status = np.where(method[series, interval] == Method.MEASURED, 0, 1).astype(np.int32)
        return cls(
            pa.array(series.astype(np.int32)),
            pa.array(interval.astype(np.int32)),
            amounts,
            pa.DictionaryArray.from_arrays(pa.array(status), [MEASURED, SUBSTITUTE]).cast(pa.string()),
        )


def read_rows(
    table: TextTable,
    options: ReadOptions,
    *,
    meter: int,
    time: int,
    value: int,
    channel: int | None,
    status: int | None,
    channels: dict[str, str],
) -> FileContent:
    """Read a table of one reading per row; columns are given by position, `channels` says what a channel's text means."""
    problems: list[RowProblem] = list(table.problems)
    meters = pc.dictionary_encode(pc.utf8_trim_whitespace(table.columns[meter]))
    known, said = _channels(table, channel, channels, problems)
    code = meters.indices.to_numpy(zero_copy_only=False).astype(np.int64) * (len(channels) + 1) + said
    if (np.diff(code) < 0).any():
        order = np.argsort(code, kind="stable")
        columns = [column.take(pa.array(order)) for column in table.columns]
        table = TextTable(table.names, columns, table.rows[order], table.delimiter, table.problems)
        code, known = code[order], known[order]
    energy = in_wh(numbers(table.columns[value], table, table.names[value], problems), options.unit)
    starts, readable = interval_starts(table.columns[time], table, table.names[time], options, code, problems)
    substitute = _substitutes(table, status, problems)
    chosen = readable & known & ~np.isnan(energy)
    edges = np.flatnonzero(np.diff(code, prepend=-1, append=-1))
    names, meanings = meters.dictionary.to_pylist(), [*channels.values(), UNNAMED]
    series = []
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        place, kind = divmod(int(code[first]), len(channels) + 1)
        take = np.flatnonzero(chosen[first:last]) + first
        series.append(
            ReadingSeries(
                names[place],
                meanings[kind],
                starts[take],
                energy[take],
                table.rows[take],
                None if substitute is None else substitute[take],
                table.names[value],
            )
        )
    return FileContent(tuple(series), tuple(problems), len(table.rows))


def _channels(
    table: TextTable, channel: int | None, channels: dict[str, str], problems: list[RowProblem]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which rows name a known channel, and its number; without a column or text the number after the last."""
    rows = len(table.rows)
    if channel is None:
        return np.ones(rows, dtype=bool), np.full(rows, len(channels), dtype=np.int64)
    encoded = pc.dictionary_encode(pc.utf8_trim_whitespace(table.columns[channel]))
    number = {text: i for i, text in enumerate(channels)} | {"": len(channels)}
    texts = encoded.dictionary.to_pylist()
    index = encoded.indices.to_numpy(zero_copy_only=False)
    known = np.array([text in number for text in texts], dtype=bool)[index]
    said = np.array([number.get(text, len(channels)) for text in texts], dtype=np.int64)[index]
    for i in np.flatnonzero(~known)[:MOST_PROBLEMS].tolist():
        problems.append(
            RowProblem(
                int(table.rows[i]),
                table.names[channel],
                f"'{str(table.columns[channel][i])[:40]}' is not a channel",
                f"write one of {', '.join(channels)}",
            )
        )
    return known, said


def _substitutes(table: TextTable, status: int | None, problems: list[RowProblem]) -> NDArray[np.bool_] | None:
    if status is None:
        return None
    column = pc.utf8_upper(pc.utf8_trim_whitespace(table.columns[status]))
    measured = pc.is_in(column, value_set=pa.array([MEASURED, ""])).to_numpy(zero_copy_only=False)
    put_in = pc.equal(column, SUBSTITUTE).to_numpy(zero_copy_only=False)
    for i in np.flatnonzero(~(measured | put_in))[:MOST_PROBLEMS].tolist():
        problems.append(
            RowProblem(
                int(table.rows[i]),
                table.names[status],
                f"'{str(table.columns[status][i])[:40]}' is not a status",
                "write W for measured, E for a substitute value",
            )
        )
    return put_in
