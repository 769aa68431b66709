"""CSV with one column of readings per meter: `time;METER;METER [export];...`."""

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from energy.adapters.delimited_text import csv_bytes, header_bytes, in_wh, interval_starts, numbers, read_table
from energy.domain.local_time import local_labels
from energy.domain.quality import METHOD_MASK, Method
from energy.domain.reading_files import (
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

NAMED = re.compile(rf"(.*?)\s*\[({'|'.join(CHANNEL_NAMES)})\]")


class WideCsv:
    """First column the time, every other one a meter; `CODE [channel]` names the channel where it is not the meter's first."""

    name, title, suffix, media_type = "wide", "CSV, one column per meter", "csv", "text/csv"

    def read(self, content: bytes, options: ReadOptions) -> FileContent:
        table = read_table(content)
        if table.names[0].lower() not in ("time", "zeit", "datetime", "timestamp"):
            raise CannotReadFile(f"The first column must be 'time', it is '{table.names[0][:40]}'.")
        problems: list[RowProblem] = list(table.problems)
        one = np.zeros(len(table.rows), dtype=np.int64)
        starts, readable = interval_starts(table.columns[0], table, table.names[0], options, one, problems)
        series = []
        for name, column in zip(table.names[1:], table.columns[1:], strict=True):
            energy = in_wh(numbers(column, table, name, problems), options.unit)
            chosen = readable & ~np.isnan(energy)
            named = NAMED.fullmatch(name)
            meter, channel = (named[1], named[2]) if named else (name, UNNAMED)
            series.append(ReadingSeries(meter, channel, starts[chosen], energy[chosen], table.rows[chosen], column=name))
        return FileContent(tuple(series), tuple(problems), len(table.rows))

    def write(self, names: Sequence[SeriesName], parts: Iterable[ReadingPart], options: ReadOptions) -> Iterator[bytes]:
        delimiter = ";"
        yield header_bytes(["time", *(f"{n.meter} [{n.channel}]" for n in names)], delimiter)
        for part in parts:
            labels = [label.strftime("%Y-%m-%d %H:%M") for label in local_labels(part.starts_s, options.zone)]
            missing = (part.methods & METHOD_MASK) == Method.MISSING
            columns = [pa.array(labels)]
            for values, gone in zip(part.values_wh, missing, strict=True):
                amounts = values if options.unit == EnergyUnit.WH else values / 1000.0
                columns.append(pa.array(amounts, mask=gone))
            yield csv_bytes(columns, delimiter)
