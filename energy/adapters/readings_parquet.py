"""Parquet: one row per reading, for analysts; typed, compressed, and readable by everything."""

import io
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from energy.domain.quality import METHOD_MASK, Method
from energy.domain.reading_files import CannotReadFile, FileContent, ReadingPart, ReadingSeries, ReadOptions, RowProblem, SeriesName

MOST_ROWS, LARGEST_BYTES = 50_000_000, 2**31
METHODS = [method.name.lower() for method in Method]
SCHEMA = pa.schema(
    [
        ("meter", pa.dictionary(pa.int32(), pa.string())),
        ("channel", pa.dictionary(pa.int32(), pa.string())),
        ("start_at", pa.timestamp("s", "UTC")),
        ("energy_wh", pa.int64()),
        ("method", pa.dictionary(pa.int32(), pa.string())),
    ]
)


class ParquetFile:
    """Columns meter, channel, start_at (UTC), energy_wh and method (measured, calculated, ...)."""

    name, title, suffix, media_type = "parquet", "Parquet", "parquet", "application/vnd.apache.parquet"

    def read(self, content: bytes, options: ReadOptions) -> FileContent:
        try:
            file = pq.ParquetFile(pa.BufferReader(content))
            sizes = sum(file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
            if file.metadata.num_rows > MOST_ROWS or sizes > LARGEST_BYTES:
                raise CannotReadFile(f"The file has more than {MOST_ROWS:,} rows or 2 GiB; split it by months.")
            missing = [name for name in SCHEMA.names if name not in file.schema_arrow.names]
            if missing:
                raise CannotReadFile(f"The file lacks the column '{missing[0]}'.")
            table = file.read(columns=SCHEMA.names).cast(
                pa.schema(
                    [
                        ("meter", pa.string()),
                        ("channel", pa.string()),
                        ("start_at", pa.timestamp("s", "UTC")),
                        ("energy_wh", pa.float64()),
                        ("method", pa.string()),
                    ]
                )
            )
            table.validate(full=True)  # whoever wrote the file may have meant harm
            return self._series(table.combine_chunks())
        except CannotReadFile:
            raise
        except (pa.ArrowException, OSError, ValueError, IndexError, KeyError) as problem:
            what = str(problem).splitlines()[0][:200] if str(problem) else type(problem).__name__
            raise CannotReadFile(f"The file is not Parquet of readings: {what}.") from None

    def _series(self, table: pa.Table) -> FileContent:
        rows = np.arange(table.num_rows, dtype=np.int64) + 1
        meters, channels = (pc.dictionary_encode(table[name].combine_chunks()) for name in ("meter", "channel"))
        empty = np.zeros(table.num_rows, dtype=bool)
        for column in table.columns:
            empty |= column.is_null().to_numpy()
        problems = [
            RowProblem(int(rows[i]), "", "a cell is empty", "leave the row out where nothing was measured")
            for i in np.flatnonzero(empty)[:100].tolist()
        ]
        kinds = max(len(channels.dictionary), 1)
        code = meters.indices.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64) * kinds
        code += channels.indices.fill_null(0).to_numpy(zero_copy_only=False)
        order = np.argsort(code, kind="stable")
        starts = table["start_at"].cast(pa.int64()).fill_null(0).to_numpy()
        energy = table["energy_wh"].fill_null(0.0).to_numpy()
        put_in = pc.not_equal(table["method"], "measured").fill_null(False).to_numpy()
        code, good = code[order], ~empty[order]
        edges = np.flatnonzero(np.diff(code, prepend=-1, append=-1))
        series = []
        for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            take = order[first:last][good[first:last]]
            meter, channel = divmod(int(code[first]), kinds)
            series.append(
                ReadingSeries(
                    meters.dictionary[meter].as_py(),
                    channels.dictionary[channel].as_py(),
                    starts[take],
                    energy[take],
                    rows[take],
                    put_in[take],
                    "energy_wh",
                )
            )
        return FileContent(tuple(series), tuple(problems), table.num_rows)

    def write(self, names: Sequence[SeriesName], parts: Iterable[ReadingPart], options: ReadOptions) -> Iterator[bytes]:
        sink = _Drain()
        with pq.ParquetWriter(sink, SCHEMA, compression="zstd") as writer:
            for part in parts:
                method = part.methods & METHOD_MASK
                series, interval = np.nonzero(method != Method.MISSING)
                number = np.searchsorted(np.array([int(m) for m in Method]), method[series, interval])
                columns = [
                    pa.DictionaryArray.from_arrays(pa.array(series.astype(np.int32)), [n.meter for n in names]),
                    pa.DictionaryArray.from_arrays(pa.array(series.astype(np.int32)), [n.channel for n in names]),
                    pa.array(part.starts_s[interval]).cast(pa.timestamp("s", "UTC")),
                    pa.array(part.values_wh[series, interval]),
                    pa.DictionaryArray.from_arrays(pa.array(number.astype(np.int32)), METHODS),
                ]
                writer.write_table(pa.Table.from_arrays(columns, schema=SCHEMA))
                yield sink.drain()
        yield sink.drain()


class _Drain(io.RawIOBase):
    """A file that can only be appended to and gives away what it was given."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.at = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def write(self, data: bytes) -> int:  # type: ignore[override]
        taken = bytes(data)
        self.parts.append(taken)
        self.at += len(taken)
        return len(taken)

    def drain(self) -> bytes:
        taken, self.parts = b"".join(self.parts), []
        return taken
