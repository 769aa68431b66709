"""Metering points as somebody lists them in a table: whose, at which node, with which loads, sources and storages behind them.

A row is a site; a further row with the same site names further things behind it. All that is wrong is told at once.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from energy.domain.reading_files import MOST_PROBLEMS, RowProblem

COOPERATIVE = "cooperative"
"""In the column `member`: the site is the cooperative's own."""
SITE_KINDS = ("household", "business", "plant", "load", "storage")
LOAD_KINDS = ("household", "business", "heat_pump", "car_charger", "other")
SOURCE_KINDS = ("solar", "wind", "hydro", "biogas")
LANGUAGES = ("en", "de")
PHASES = ("1", "2", "3", "12", "13", "23", "123")
USUAL_TIERS = {"business": 1, "heat_pump": 3, "car_charger": 4}
NORMAL_TIER = 2
USUAL_EFFICIENCY = Decimal("0.95")
MOST_W = 10**12
LONGEST, LONGEST_NUMBER = 80, 20
LONGEST_CODE = 90
"""What stands behind a site is named after it, and its meter after that."""

OF_MEMBER = ("member_name", "street", "postal_code", "city", "email", "language", "iban")
OF_SITE = ("member", "kind", "name", "node", "phases", "fuse_a", "metered_from")
LOAD = ("load", "load_w", "tier")
SOURCE = ("source", "source_w", "source_since")
STORAGE = ("storage_wh", "charge_w", "discharge_w", "eta_charge", "eta_discharge", "soc_min_wh", "soc_max_wh")
COLUMNS = ("site", *OF_SITE, *OF_MEMBER, *LOAD, *SOURCE, *STORAGE)
NEEDED = ("site", "member")

Value = str | int | date | Decimal


@dataclass(frozen=True, slots=True)
class ListedLoad:
    """A load behind a site [W]; the tier says how early it may be shed."""

    code: str
    kind: str
    power_w: int
    tier: int


@dataclass(frozen=True, slots=True)
class ListedSource:
    """A generator behind a site [W]."""

    code: str
    kind: str
    power_w: int
    since: date | None


@dataclass(frozen=True, slots=True)
class ListedStorage:
    """A battery behind a site [Wh, W at its terminals]."""

    code: str
    capacity_wh: int
    charge_w: int
    discharge_w: int
    eta_charge: Decimal
    eta_discharge: Decimal
    soc_min_wh: int
    soc_max_wh: int


@dataclass(frozen=True, slots=True)
class ListedSite:
    """A metering point of the table. `given` and `member_given` hold what was written, by column; what was left empty is not in them."""

    row: int
    code: str
    member: str
    given: Mapping[str, Value]
    member_given: Mapping[str, str]
    loads: tuple[ListedLoad, ...] = ()
    sources: tuple[ListedSource, ...] = ()
    storages: tuple[ListedStorage, ...] = ()


class CannotReadSites(ValueError):
    """The table is wrong; `problems` tells all that is, by row and column, with the step that mends it."""

    def __init__(self, problems: list[RowProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(slots=True)
class _Open:
    """A site whose rows are still being read."""

    row: int
    given: dict[str, Value]
    member_given: dict[str, str]
    loads: list[ListedLoad] = field(default_factory=list)
    sources: list[ListedSource] = field(default_factory=list)
    storages: list[ListedStorage] = field(default_factory=list)


class _Row:
    """The cells of one line, read by type; what is wrong is noted and the reading goes on."""

    def __init__(self, number: int, cells: Mapping[str, str], problems: list[RowProblem]) -> None:
        self.number = number
        self.cells = {name: text.strip() for name, text in cells.items() if text.strip()}
        self._problems = problems

    def wrong(self, column: str, what: str, mending: str) -> None:
        self._problems.append(RowProblem(self.number, column, what, mending))

    def has(self, columns: Iterable[str]) -> bool:
        return any(name in self.cells for name in columns)

    def text(self, column: str, longest: int = 120) -> str | None:
        found = self.cells.get(column)
        if found is not None and (len(found) > longest or not found.isprintable()):
            self.wrong(column, "is too long or holds signs that cannot be printed", f"write up to {longest} letters")
            return None
        return found

    def one_of(self, column: str, allowed: tuple[str, ...]) -> str | None:
        found = self.cells.get(column)
        if found is None or found in allowed:
            return found
        self.wrong(column, f"'{found[:40]}' is not known", f"write one of {', '.join(allowed)}")
        return None

    def whole(self, column: str, least: int = 0, most: int = MOST_W) -> int | None:
        found = self.decimal(column, Decimal(least), Decimal(most))
        if found is None:
            return None
        if found != found.to_integral_value():
            self.wrong(column, f"{found} is not whole", "write a whole number")
            return None
        return int(found)

    def decimal(self, column: str, least: Decimal, most: Decimal) -> Decimal | None:
        text = self.cells.get(column)
        if text is None:
            return None
        try:
            found = Decimal(text)
        except InvalidOperation:
            self.wrong(column, f"'{text[:40]}' is not a number", "write digits only, with a decimal point where needed")
            return None
        if not (found.is_finite() and least <= found <= most):
            self.wrong(column, f"{text[:40]} is out of range", f"write a number from {least} to {most}")
            return None
        return found

    def day(self, column: str) -> date | None:
        text = self.cells.get(column)
        if text is None:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.wrong(column, f"'{text[:40]}' is no day", "write it as 2026-03-31")
            return None


READERS: dict[str, Callable[[_Row], Value | None]] = {
    "member": lambda row: row.text("member", LONGEST_NUMBER),
    "kind": lambda row: row.one_of("kind", SITE_KINDS),
    "name": lambda row: row.text("name"),
    "node": lambda row: row.text("node"),
    "phases": lambda row: row.one_of("phases", PHASES),
    "fuse_a": lambda row: row.whole("fuse_a", 1, 32_767),
    "metered_from": lambda row: row.day("metered_from"),
}
LENGTHS = {"postal_code": 16, "city": LONGEST, "email": 254, "iban": 34}


def read_sites(header: list[str], rows: Iterable[tuple[int, Mapping[str, str]]]) -> list[ListedSite]:
    """The sites of a table in their order; `rows` are (line, cells by column).

    Raises:
        CannotReadSites: columns or rows are wrong.
    """
    problems = _of_header(header)
    if problems:
        raise CannotReadSites(problems)
    found: dict[str, _Open] = {}
    for number, cells in rows:
        _take(_Row(number, cells, problems), found)
        if len(problems) >= MOST_PROBLEMS:
            break
    if not found and not problems:
        problems.append(RowProblem(2, "site", "the table holds no site", "write one row per metering point"))
    if problems:
        raise CannotReadSites(problems[:MOST_PROBLEMS])
    return [
        ListedSite(
            site.row,
            code,
            str(site.given["member"]),
            site.given,
            site.member_given,
            tuple(site.loads),
            tuple(site.sources),
            tuple(site.storages),
        )
        for code, site in found.items()
    ]


def _of_header(header: list[str]) -> list[RowProblem]:
    known = f"the columns are {', '.join(COLUMNS)}"
    missing = [RowProblem(1, name, "is missing", f"add it; {known}") for name in NEEDED if name not in header]
    if len(missing) == len(NEEDED):
        return [RowProblem(1, "site", "the first line names no column of ours", f"begin with one; {known}")]
    strange = [
        RowProblem(1, name[:40] if name and name.isprintable() else "-", "is not known", known) for name in header if name not in COLUMNS
    ]
    twice = [RowProblem(1, name, "stands twice", "keep one") for name in COLUMNS if header.count(name) > 1]
    return [*strange, *twice, *missing]


def _take(row: _Row, found: dict[str, _Open]) -> None:
    code = row.text("site", LONGEST_CODE)
    if code is None:
        if "site" not in row.cells:
            row.wrong("site", "is empty", "write the metering point's code in each row")
        return
    given = {name: value for name in OF_SITE if (value := READERS[name](row)) is not None}
    of_member = {name: text for name in OF_MEMBER if (text := _about_member(row, name)) is not None}
    site = found.get(code)
    if site is None:
        if "member" not in row.cells:
            row.wrong("member", "is empty", f"write the member's number, or {COOPERATIVE}")
            return
        site = found[code] = _Open(row.number, given, of_member)
    else:
        _agree(row, site.given, given, site.row)
        _agree(row, site.member_given, of_member, site.row)
    _things(row, code, site)


def _about_member(row: _Row, name: str) -> str | None:
    return row.one_of(name, LANGUAGES) if name == "language" else row.text(name, LENGTHS.get(name, 120))


V = TypeVar("V", str, Value)


def _agree(row: _Row, before: dict[str, V], now: Mapping[str, V], first: int) -> None:
    for name, value in now.items():
        if before.setdefault(name, value) != value:
            row.wrong(name, f"'{value}' is not what row {first} says of the same site", "write it once, or alike")


def _things(row: _Row, code: str, site: _Open) -> None:
    if row.has(LOAD):
        kind, power = row.one_of("load", LOAD_KINDS), row.whole("load_w")
        tier = row.whole("tier", 0, 4)
        if _both(row, "load", "load_w") and kind is not None and power is not None:
            usual = USUAL_TIERS.get(kind, NORMAL_TIER)
            name = _numbered(f"{code} {kind}", [load.code for load in site.loads])
            site.loads.append(ListedLoad(name, kind, power, usual if tier is None else tier))
    if row.has(SOURCE):
        kind, power, since = (row.one_of("source", SOURCE_KINDS), row.whole("source_w"), row.day("source_since"))
        if _both(row, "source", "source_w") and kind is not None and power is not None:
            name = _numbered(f"{code} {kind}", [source.code for source in site.sources])
            site.sources.append(ListedSource(name, kind, power, since))
    if row.has(STORAGE):
        _storage(row, code, site)


def _storage(row: _Row, code: str, site: _Open) -> None:
    capacity, charge = row.whole("storage_wh", 1), row.whole("charge_w", 1)
    discharge = row.whole("discharge_w", 1)
    least = Decimal("0.00001")
    eta_in, eta_out = (row.decimal("eta_charge", least, Decimal(1)), row.decimal("eta_discharge", least, Decimal(1)))
    low, high = row.whole("soc_min_wh"), row.whole("soc_max_wh")
    if not _both(row, "storage_wh", "charge_w") or capacity is None or charge is None:
        return
    low, high = low or 0, capacity if high is None else high
    if not low <= high <= capacity:
        row.wrong("soc_max_wh", f"{low} to {high} of {capacity} Wh is no order", "soc_min_wh <= soc_max_wh <= storage_wh")
        return
    name = _numbered(f"{code} storage", [storage.code for storage in site.storages])
    site.storages.append(
        ListedStorage(name, capacity, charge, discharge or charge, eta_in or USUAL_EFFICIENCY, eta_out or USUAL_EFFICIENCY, low, high)
    )


def _both(row: _Row, first: str, second: str) -> bool:
    missing = [name for name in (first, second) if name not in row.cells]
    for name in missing:
        row.wrong(name, "is empty", f"{first} and {second} go together")
    return not missing


def _numbered(name: str, taken: list[str]) -> str:
    """The name, with a number from the second of its kind on."""
    if name not in taken:
        return name
    return next(f"{name} {count}" for count in range(2, len(taken) + 3) if f"{name} {count}" not in taken)
