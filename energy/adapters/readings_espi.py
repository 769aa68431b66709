"""Green Button data: ESPI (NAESB REQ.21) in Atom, read with expat so that each reading keeps its line.

Safe with files of strangers: document types and entities are refused, depth and length are bounded.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.parsers import expat
from xml.sax.saxutils import escape

import numpy as np

from energy.adapters.delimited_text import plain_bytes
from energy.domain.quality import METHOD_MASK, Method
from energy.domain.reading_files import (
    DRAWN,
    FED_IN,
    MOST_PROBLEMS,
    REACTIVE,
    CannotReadFile,
    FileContent,
    ReadingPart,
    ReadingSeries,
    ReadOptions,
    RowProblem,
    SeriesName,
)

ATOM, ESPI = "http://www.w3.org/2005/Atom", "http://naesb.org/espi"
DEEPEST, LONGEST_TEXT = 32, 10_000
UOM_WH, UOM_VARH, FORWARD, REVERSE = 72, 73, 1, 19
MEASURED_QUALITIES = {"", "0", "14", "17", "18", "19"}  # valid, raw, validated, verified, revenue quality
QUALITY_OF = {Method.MEASURED: 0, Method.CALCULATED: 11, Method.INTERPOLATED: 9, Method.LIKE_DAY: 8, Method.PROFILE: 8, Method.EDITED: 7}
FED_IN_CHANNELS = ("export", "production", "discharge", "up")


@dataclass(slots=True)
class _ReadingType:
    """How the values of a meter reading are meant."""

    line: int
    multiplier: int = 0
    uom: int = UOM_WH
    direction: int = FORWARD


@dataclass(slots=True)
class _Block:
    """Readings of one IntervalBlock: line, start, value, quality."""

    parent: str
    readings: list[tuple[int, int, int, bool]] = field(default_factory=list)


@dataclass(slots=True)
class _Feed:
    """What the handlers collect."""

    problems: list[RowProblem] = field(default_factory=list)
    blocks: list[_Block] = field(default_factory=list)
    types: dict[str, _ReadingType] = field(default_factory=dict)
    type_of: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    readings: int = 0


class _Reader:
    """Expat's handlers: keeps the text of leaves, and what an entry says once it ends."""

    def __init__(self) -> None:
        self.feed = _Feed()
        self.path: list[str] = []
        self.text: list[str] = []
        self.leaf: dict[str, str] = {}
        self.links: list[tuple[str, str]] = []
        self.kind = ""
        self.block = _Block("")
        self.type = _ReadingType(0)
        self.title = ""
        self.reading_line = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self.text.append
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse

    def _refuse(self, *_: object) -> None:
        raise CannotReadFile("The file declares a document type or entities; Green Button files have none.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rsplit(" ", 1)[-1]
        self.path.append(tag)
        if len(self.path) > DEEPEST:
            raise CannotReadFile(f"The file nests deeper than {DEEPEST} elements.")
        self.text.clear()
        if tag == "entry":
            self.links, self.kind, self.title, self.block = [], "", "", _Block("")
        elif tag == "link" and len(self.links) < 50:
            self.links.append((attributes.get("rel", ""), attributes.get("href", "")[:500]))
        elif tag in ("UsagePoint", "MeterReading", "ReadingType", "IntervalBlock"):
            self.kind = tag
            self.type = _ReadingType(self.parser.CurrentLineNumber)
        elif tag == "IntervalReading":
            self.leaf = {}
            self.reading_line = self.parser.CurrentLineNumber

    def _end(self, name: str) -> None:
        tag = self.path.pop()
        text = "".join(self.text).strip()[:LONGEST_TEXT]
        self.text.clear()
        if tag == "IntervalReading":
            self._reading()
        elif tag == "entry":
            self._entry()
        elif tag == "title" and self.path[-1:] == ["entry"]:
            self.title = text
        elif tag in ("start", "value", "quality") and "IntervalReading" in self.path:
            self.leaf[tag] = text
        elif self.kind == "ReadingType" and tag in ("powerOfTenMultiplier", "uom", "flowDirection"):
            self._type_part(tag, text)

    def _type_part(self, tag: str, text: str) -> None:
        try:
            number = int(text)
        except ValueError:
            self._tell(self.parser.CurrentLineNumber, tag, f"'{text[:40]}' is not a whole number", "see ESPI's ReadingType")
            return
        name = {"powerOfTenMultiplier": "multiplier", "uom": "uom", "flowDirection": "direction"}[tag]
        setattr(self.type, name, number)

    def _reading(self) -> None:
        self.feed.readings += 1
        try:
            start, value = int(self.leaf["start"]), int(self.leaf["value"])
        except KeyError as problem:
            self._tell(self.reading_line, f"IntervalReading/{problem.args[0]}", "is missing", "each reading has timePeriod/start and value")
            return
        except ValueError:
            self._tell(
                self.reading_line, "IntervalReading", "start or value is not a whole number", "start in seconds since 1970, value whole"
            )
            return
        measured = self.leaf.get("quality", "") in MEASURED_QUALITIES
        self.block.readings.append((self.reading_line, start, value, not measured))

    def _entry(self) -> None:
        own = next((href for rel, href in self.links if rel == "self"), "")
        if self.kind == "UsagePoint":
            self.feed.titles[own] = self.title
        elif self.kind == "ReadingType":
            self.feed.types[own] = self.type
        elif self.kind == "MeterReading":
            related = (href for rel, href in self.links if rel == "related" and "/ReadingType" in href)
            self.feed.type_of[own] = next(related, "")
        elif self.kind == "IntervalBlock":
            up = next((href for rel, href in self.links if rel == "up"), own)
            self.block.parent = up.split("/IntervalBlock")[0]
            self.feed.blocks.append(self.block)

    def _tell(self, line: int, column: str, what: str, mending: str) -> None:
        if len(self.feed.problems) < MOST_PROBLEMS:
            self.feed.problems.append(RowProblem(line, column, what, mending))


class GreenButtonXml:
    """UsagePoint, MeterReading, ReadingType and IntervalBlock entries of an Atom feed; the UsagePoint's title names the meter."""

    name, title, suffix, media_type = "espi", "Green Button (ESPI XML)", "xml", "application/atom+xml"

    def read(self, content: bytes, options: ReadOptions) -> FileContent:
        plain = plain_bytes(content)
        if b"\0" in plain:
            raise CannotReadFile("The file must be XML in UTF-8.")
        reader = _Reader()
        try:
            reader.parser.Parse(plain, True)
        except CannotReadFile:
            raise
        except (LookupError, ValueError):  # expat asks Python for encodings that it does not know itself
            raise CannotReadFile("The file declares an encoding that cannot be read; save it in UTF-8.") from None
        except expat.ExpatError as problem:
            raise CannotReadFile(f"Row {problem.lineno} is not well-formed XML ({expat.ErrorString(problem.code)}).") from None
        feed = reader.feed
        if not feed.blocks:
            raise CannotReadFile("The file has no IntervalBlock: ask for the interval data of the usage point.")
        found: dict[tuple[str, str], list[tuple[int, int, float, bool]]] = {}
        for block in feed.blocks:
            self._collect(block, feed, found)
        series = [self._series(meter, channel, rows) for (meter, channel), rows in found.items()]
        return FileContent(tuple(series), tuple(feed.problems), feed.readings)

    def _collect(self, block: _Block, feed: _Feed, found: dict[tuple[str, str], list[tuple[int, int, float, bool]]]) -> None:
        kind = feed.types.get(feed.type_of.get(block.parent, ""))
        if kind is None and len(feed.types) == 1:
            kind = next(iter(feed.types.values()))
        line = block.readings[0][0] if block.readings else 0
        if kind is None:
            feed.problems.append(
                RowProblem(line, "ReadingType", "the block's reading type is not in the file", "link the MeterReading to its ReadingType")
            )
            return
        if kind.uom not in (UOM_WH, UOM_VARH) or not -6 <= kind.multiplier <= 6:
            feed.problems.append(
                RowProblem(
                    kind.line,
                    "uom",
                    f"unit {kind.uom} with power of ten {kind.multiplier} is not energy in Wh or varh",
                    "ask for uom 72 (Wh), of reactive energy 73 (varh)",
                )
            )
            return
        if kind.direction not in (FORWARD, REVERSE):
            feed.problems.append(
                RowProblem(
                    kind.line, "flowDirection", f"{kind.direction} is neither 1 (drawn) nor 19 (fed in)", "ask for the two directions apart"
                )
            )
            return
        point = block.parent.split("/MeterReading")[0]
        meter = feed.titles.get(point) or (next(iter(feed.titles.values())) if len(feed.titles) == 1 else "")
        said = REACTIVE if kind.uom == UOM_VARH else DRAWN if kind.direction == FORWARD else FED_IN
        key = (meter or point.rsplit("/", 1)[-1], said)
        scale = 10.0**kind.multiplier
        found.setdefault(key, []).extend((row, start, value * scale, put_in) for row, start, value, put_in in block.readings)

    def _series(self, meter: str, channel: str, rows: list[tuple[int, int, float, bool]]) -> ReadingSeries:
        lines, starts, energy, put_in = zip(*rows, strict=True) if rows else ((), (), (), ())
        return ReadingSeries(
            meter,
            channel,
            np.array(starts, dtype=np.int64),
            np.array(energy, dtype=np.float64),
            np.array(lines, dtype=np.int64),
            np.array(put_in, dtype=bool),
            "IntervalReading/value",
        )

    def write(self, names: Sequence[SeriesName], parts: Iterable[ReadingPart], options: ReadOptions) -> Iterator[bytes]:
        yield _head(names, options).encode()
        for number, part in enumerate(parts):
            for i in range(len(names)):
                text = _block(i, number, part, options.interval_s)
                if text:
                    yield text.encode()
        yield b"</feed>\n"


def _base(i: int) -> str:
    return f"/espi/1_1/resource/UsagePoint/{i + 1}"


def _entry(links: Sequence[tuple[str, str]], title: str, content: str) -> str:
    hrefs = "".join(f'<link rel="{rel}" href="{href}"/>' for rel, href in links)
    return f"<entry>{hrefs}<title>{escape(title)}</title>\n<content>{content}</content></entry>\n"


def _head(names: Sequence[SeriesName], options: ReadOptions) -> str:
    entries = []
    for i, name in enumerate(names):
        direction = REVERSE if name.channel in FED_IN_CHANNELS else FORWARD
        uom = UOM_VARH if name.channel == REACTIVE else UOM_WH
        base = _base(i)
        reading, kind = f"{base}/MeterReading/1", f"/espi/1_1/resource/ReadingType/{i + 1}"
        entries += [
            _entry(
                [("self", base)],
                name.meter,
                '<UsagePoint xmlns="http://naesb.org/espi"><ServiceCategory><kind>0</kind></ServiceCategory></UsagePoint>',
            ),
            _entry(
                [("self", reading), ("up", f"{base}/MeterReading"), ("related", kind)],
                name.channel,
                '<MeterReading xmlns="http://naesb.org/espi"/>',
            ),
            _entry(
                [("self", kind)],
                name.channel,
                f'<ReadingType xmlns="http://naesb.org/espi"><commodity>1</commodity><flowDirection>{direction}'
                f"</flowDirection><intervalLength>{options.interval_s}</intervalLength><kind>12</kind>"
                f"<powerOfTenMultiplier>0</powerOfTenMultiplier><uom>{uom}</uom></ReadingType>",
            ),
        ]
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="{ATOM}">\n' + "".join(entries)


def _block(i: int, number: int, part: ReadingPart, interval_s: int) -> str:
    method = part.methods[i] & METHOD_MASK
    there = np.flatnonzero(method != Method.MISSING)
    if not len(there):
        return ""
    readings = "".join(
        f"<IntervalReading><ReadingQuality><quality>{QUALITY_OF[Method(how)]}</quality></ReadingQuality><timePeriod>"
        f"<duration>{interval_s}</duration><start>{start}</start></timePeriod><value>{value}</value></IntervalReading>\n"
        for how, start, value in zip(method[there].tolist(), part.starts_s[there].tolist(), part.values_wh[i, there].tolist(), strict=True)
    )
    first = int(part.starts_s[0])
    reading = f"{_base(i)}/MeterReading/1"
    return _entry(
        [("self", f"{reading}/IntervalBlock/{number + 1}"), ("up", f"{reading}/IntervalBlock")],
        datetime.fromtimestamp(first, UTC).isoformat(),
        f'<IntervalBlock xmlns="{ESPI}"><interval><duration>{interval_s * len(part.starts_s)}</duration><start>{first}</start>'
        f"</interval>\n{readings}</IntervalBlock>",
    )
