"""Delimited text as columns: what all CSV formats of readings share. Parsed by Arrow, a year of 150 meters in a second."""

import csv
import gzip
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from energy.domain.local_time import resolve_local
from energy.domain.reading_files import MOST_PROBLEMS, CannotReadFile, EnergyUnit, FileClock, IntervalLabel, ReadOptions, RowProblem

DELIMITERS = (";", "\t", ",")
MOST_COLUMNS = 20_000
LARGEST_TEXT_BYTES = 2**30
GZIP = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"
DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})[ T]*(.*)")


@dataclass(slots=True)
class TextTable:
    """Columns of text by position, with the line of each row."""

    names: list[str]
    columns: list[Any]
    rows: NDArray[np.int64]
    delimiter: str
    problems: list[RowProblem] = field(default_factory=list)


def plain_bytes(content: bytes) -> bytes:
    """The content, unpacked where it is gzip.

    Raises:
        CannotReadFile: it is broken or grows too large.
    """
    if not content.startswith(GZIP):
        return content
    try:
        with gzip.open(io.BytesIO(content)) as file:
            plain = file.read(LARGEST_TEXT_BYTES + 1)
    except (OSError, EOFError) as problem:
        raise CannotReadFile(f"The file cannot be unpacked ({problem}); pack it again.") from None
    if len(plain) > LARGEST_TEXT_BYTES:
        raise CannotReadFile("The unpacked file is larger than 1 GiB; split it by months.")
    return plain


def read_table(content: bytes) -> TextTable:
    """Take a delimited file apart into columns of text; a row with too many or too few cells is told and left out.

    Raises:
        CannotReadFile: there is no header, or no row.
    """
    plain = plain_bytes(content).removeprefix(BOM)
    head, _, body = plain.partition(b"\n")
    if b"\0" in head or not head.strip():
        raise CannotReadFile("The first row must name the columns; this file does not begin with text.")
    encoding = _encoding(plain)
    header = head.decode(encoding).strip("\r")
    delimiter = max(DELIMITERS, key=header.count)
    try:
        names = [name.strip() for name in next(csv.reader([header], delimiter=delimiter))]
    except csv.Error as problem:
        raise CannotReadFile(f"The first row cannot be read: {problem}.") from None
    if len(names) > MOST_COLUMNS:
        raise CannotReadFile(f"The file has {len(names)} columns, {MOST_COLUMNS} at most; split it.")
    if not body.strip():
        raise CannotReadFile("The file has a header and no rows.")
    return _columns(body, names, delimiter, encoding)


def _encoding(plain: bytes) -> str:
    """UTF-8, or what spreadsheets of Western Europe write."""
    try:
        plain.decode("utf8")
    except UnicodeDecodeError:
        return "latin1"
    return "utf8"


def _columns(body: bytes, names: list[str], delimiter: str, encoding: str) -> TextTable:
    left_out: list[int] = []
    problems: list[RowProblem] = []

    def handle(row: Any) -> str:
        line = int(row.number) + 1  # the header stood before
        left_out.append(line)
        if row.text.strip() and len(problems) < MOST_PROBLEMS:
            problems.append(
                RowProblem(
                    line,
                    "",
                    f"{row.actual_columns} cells where the header names {row.expected_columns} columns",
                    "add or remove the delimiters; a decimal comma needs another delimiter",
                )
            )
        return "skip"

    try:
        table = pacsv.read_csv(
            pa.py_buffer(body),
            read_options=pacsv.ReadOptions(
                column_names=[str(i) for i in range(len(names))], use_threads=False, encoding=encoding, block_size=1 << 24
            ),
            parse_options=pacsv.ParseOptions(delimiter=delimiter, ignore_empty_lines=False, invalid_row_handler=handle),
            convert_options=pacsv.ConvertOptions(column_types={str(i): pa.string() for i in range(len(names))}, strings_can_be_null=False),
        )
    except pa.ArrowInvalid as problem:
        raise CannotReadFile(f"The file is not delimited text: {str(problem).splitlines()[0]}.") from None
    rows = np.arange(table.num_rows + len(left_out), dtype=np.int64) + 2
    rows = np.setdiff1d(rows, np.array(left_out, dtype=np.int64), assume_unique=True)
    columns = [column.combine_chunks() if column.num_chunks != 1 else column.chunk(0) for column in table.columns]
    return _without_blank_rows(TextTable(names, columns, rows, delimiter, problems))


def _without_blank_rows(table: TextTable) -> TextTable:
    """Empty lines say nothing; they count as lines all the same."""
    blank = pc.equal(table.columns[0], "")
    if not pc.any(blank).as_py():
        return table
    for column in table.columns[1:]:
        blank = pc.and_(blank, pc.equal(column, ""))
    kept = pc.invert(blank)
    chosen = kept.to_numpy(zero_copy_only=False)
    columns = [column.filter(kept) for column in table.columns]
    return TextTable(table.names, columns, table.rows[chosen], table.delimiter, table.problems)


def numbers(column: Any, table: TextTable, name: str, problems: list[RowProblem]) -> NDArray[np.float64]:
    """A column as float64, empty cells NaN; what is not a number is told by row."""
    text = pc.utf8_trim_whitespace(column)
    if table.delimiter != ",":
        text = pc.replace_substring(text, ",", ".")
    filled = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    try:
        found = pc.cast(filled, pa.float64()).to_numpy(zero_copy_only=False)
        wrong = np.isinf(found) | (np.isnan(found) & (filled.is_valid().to_numpy(zero_copy_only=False)))
    except pa.ArrowInvalid:
        found, wrong = _one_by_one(filled.to_pylist())
    for i in np.flatnonzero(wrong)[:MOST_PROBLEMS].tolist():
        problems.append(
            RowProblem(
                int(table.rows[i]),
                name,
                f"'{str(column[i])[:40]}' is not a number",
                "write 0.123 or 0,123, without thousands separators; leave the cell empty where nothing was measured",
            )
        )
    return np.where(wrong, np.nan, found)


def _one_by_one(texts: list[str | None]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The slow way, only for a column that has something wrong in it."""
    found, wrong = np.full(len(texts), np.nan), np.zeros(len(texts), dtype=bool)
    for i, text in enumerate(texts):
        if text is None:
            continue
        try:
            found[i] = float(text)
        except ValueError:
            wrong[i] = True
        else:
            wrong[i] = not np.isfinite(found[i])
    return found, wrong


def interval_starts(
    column: Any, table: TextTable, name: str, options: ReadOptions, series: NDArray[np.int64], problems: list[RowProblem]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """First instants of the intervals that a column of times labels, and which could be read.

    `series` tells the rows of one meter and channel apart; the rows of each stand together.
    """
    encoded = pc.dictionary_encode(column)
    labels = [_read_label(text) for text in encoded.dictionary.to_pylist()]
    index = encoded.indices.to_numpy(zero_copy_only=False)
    seconds = np.array([label[0] if label else 0 for label in labels], dtype=np.int64)[index]
    readable = np.array([label is not None for label in labels], dtype=bool)[index]
    absolute = np.array([bool(label and label[1]) for label in labels], dtype=bool)[index]
    _tell(
        ~readable,
        table,
        name,
        column,
        problems,
        "'{}' is not a time",
        "write 2016-03-27 01:45, 27.03.2016 01:45 or 2016-03-27T01:45:00+01:00",
    )
    if options.clock == FileClock.LOCAL:
        local = readable & ~absolute
        seconds, readable = _resolve(seconds, readable, local, options, series, column, table, name, problems)
    if options.label == IntervalLabel.END:
        seconds = seconds - options.interval_s
    return seconds, readable


def _resolve(
    seconds: NDArray[np.int64],
    readable: NDArray[np.bool_],
    local: NDArray[np.bool_],
    options: ReadOptions,
    series: NDArray[np.int64],
    column: Any,
    table: TextTable,
    name: str,
    problems: list[RowProblem],
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    places = np.flatnonzero(local)
    try:
        found = resolve_local(seconds[places], options.zone, series[places])
    except ValueError as problem:
        raise CannotReadFile(f"The times cannot be right: {problem}; check the years.") from None
    skipped, too_often = np.zeros(len(seconds), dtype=bool), np.zeros(len(seconds), dtype=bool)
    skipped[places] = found.skipped
    too_often[places] = found.repeated_too_often
    if options.label == IntervalLabel.END:
        # Many write the end of the last interval before the clocks go forward as the hour that is left out.
        resolved = resolve_local(seconds[places] - options.interval_s, options.zone, series[places])
        ends_before = found.skipped & ~resolved.skipped
        skipped[places] &= ~ends_before
        instants = np.where(ends_before, resolved.instants_s + options.interval_s, found.instants_s)
    else:
        instants = found.instants_s
    result = seconds.copy()
    result[places] = instants
    _tell(
        skipped,
        table,
        name,
        column,
        problems,
        f"'{{}}' does not exist in {options.zone.key}: clocks go forward",
        "leave the missing hour out, or write times in UTC and say so",
    )
    _tell(
        too_often,
        table,
        name,
        column,
        problems,
        "'{}' stands a third time in the hour that repeats",
        "let the first pass of the hour come wholly before the second, or write offsets",
    )
    return result, readable & ~skipped & ~too_often


def _tell(wrong: NDArray[np.bool_], table: TextTable, name: str, column: Any, problems: list[RowProblem], what: str, mending: str) -> None:
    for i in np.flatnonzero(wrong)[:MOST_PROBLEMS].tolist():
        problems.append(RowProblem(int(table.rows[i]), name, what.format(str(column[i])[:40]), mending))


def _read_label(text: str) -> tuple[int, bool] | None:
    """Seconds since 1970 of a time, and whether it bears an offset; without one as if the clock were UTC."""
    text = text.strip()
    german = DAY_FIRST.fullmatch(text)
    if german:
        day, month, year, clock = german.groups()
        text = f"{year}-{month:0>2}-{day:0>2}T{clock or '00:00'}"
    midnight_after = text[10:].strip("T ") in ("24:00", "24:00:00")
    if midnight_after:
        text = text[:10] + "T00:00"
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.microsecond:
        return None
    absolute = found.tzinfo is not None
    stamp = int((found if absolute else found.replace(tzinfo=UTC)).timestamp())
    return stamp + (86_400 if midnight_after else 0), absolute


def in_wh(energy: NDArray[np.float64], unit: EnergyUnit) -> NDArray[np.float64]:
    """Energy of a file in Wh."""
    return energy * 1000.0 if unit == EnergyUnit.KWH else energy


def kwh_text(values_wh: NDArray[np.int64], decimal: str) -> list[str]:
    """Whole Wh as kWh with three decimals."""
    whole, rest = np.divmod(values_wh, 1000)
    return [f"{k}{decimal}{r:03d}" for k, r in zip(whole.tolist(), rest.tolist(), strict=True)]


def csv_bytes(columns: Sequence[Any], delimiter: str) -> bytes:
    """Columns as delimited rows without a header; NULL is an empty cell, text is quoted only where it must be."""
    table = pa.table({str(i): column for i, column in enumerate(columns)})
    for style in ("none", "needed"):
        sink = io.BytesIO()
        options = pacsv.WriteOptions(include_header=False, delimiter=delimiter, quoting_style=style)
        try:
            pacsv.write_csv(table, sink, options)
        except pa.ArrowInvalid:  # a name holds the delimiter
            continue
        return sink.getvalue()
    raise AssertionError("quoted text can always be written")


def header_bytes(names: Sequence[str], delimiter: str) -> bytes:
    """The first row."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerow(names)
    return text.getvalue().encode()
