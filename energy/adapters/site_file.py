"""A table of metering points as CSV: delimiter and encoding are found, lines are counted as an editor counts them."""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from energy.domain.reading_files import RowProblem
from energy.domain.site_table import CannotReadSites, ListedSite, read_sites

LARGEST_BYTES = 32 * 2**20
DELIMITERS = (";", "\t", ",")


def read_site_file(path: Path) -> list[ListedSite]:
    """The sites that a file lists.

    Raises:
        CannotReadSites: it is not there, no table, or rows of it are wrong.
    """
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST_BYTES else b""
    except OSError as problem:
        raise _whole(path, f"cannot be read ({problem.strerror})", "give a CSV file") from None
    if size > LARGEST_BYTES:
        raise _whole(path, "is larger than 32 MiB", "cut it into several")
    text = _text(content)
    header_line = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=header_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = [name.strip() for name in next(reader, [])]
        return read_sites(header, _rows(reader, header))
    except csv.Error as problem:
        raise _whole(path, f"is no table from line {reader.line_num} on ({problem})", "save it as CSV") from None


def _rows(reader: Iterator[list[str]], header: list[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    for number, cells in enumerate(reader, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header):
            raise CannotReadSites(
                [
                    RowProblem(
                        number, "site", f"{len(cells)} cells under {len(header)} columns", "put text with the delimiter between quotes"
                    )
                ]
            )
        yield number, dict(zip(header, cells, strict=False))


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _whole(path: Path, what: str, mending: str) -> CannotReadSites:
    return CannotReadSites([RowProblem(1, "site", f"{path.name} {what}", mending)])
