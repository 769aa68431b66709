"""Metering points from a table: what the columns mean, and that all that is wrong is told with its row."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.adapters.site_file import read_site_file
from energy.domain.site_table import COLUMNS, CannotReadSites, ListedLoad, ListedSource, read_sites


def refusals(header: str, *rows: str) -> list[str]:
    names = header.split(";")
    with pytest.raises(CannotReadSites) as caught:
        read_sites(names, [(i, dict(zip(names, row.split(";"), strict=False))) for i, row in enumerate(rows, start=2)])
    return [str(problem) for problem in caught.value.problems]


def test_a_row_is_a_site_with_what_stands_behind_it() -> None:
    header = ["site", "member", "load", "load_w", "source", "source_w", "source_since", "storage_wh", "charge_w", "fuse_a", "metered_from"]
    cells = ["H1", "1001", "heat_pump", "3000", "solar", "9800", "2024-05-01", "10000", "5000", "35", "2026-01-01"]
    [site] = read_sites(header, [(2, dict(zip(header, cells, strict=True)))])
    assert (site.code, site.member, site.given["fuse_a"], site.given["metered_from"]) == ("H1", "1001", 35, date(2026, 1, 1))
    assert site.loads == (ListedLoad("H1 heat_pump", "heat_pump", 3000, 3),)
    assert site.sources == (ListedSource("H1 solar", "solar", 9800, date(2024, 5, 1)),)
    [storage] = site.storages
    assert (storage.discharge_w, storage.eta_charge, storage.soc_min_wh, storage.soc_max_wh) == (5000, Decimal("0.95"), 0, 10000)


def test_a_further_row_of_a_site_names_further_things() -> None:
    header = ["site", "member", "load", "load_w"]
    rows = [("H1", "1", "household", "8000"), ("H1", "", "car_charger", "11000"), ("H1", "1", "car_charger", "22000")]
    [site] = read_sites(header, [(i, dict(zip(header, row, strict=True))) for i, row in enumerate(rows, start=2)])
    assert [(load.code, load.tier) for load in site.loads] == [("H1 household", 2), ("H1 car_charger", 4), ("H1 car_charger 2", 4)]


def test_all_that_is_wrong_is_told_at_once() -> None:
    told = refusals(
        "site;member;load;load_w;fuse_a;phases;soc_max_wh;storage_wh;charge_w;metered_from",
        ";1",
        "A;;household;1",
        "B;1;castle;x;0;31;;;;tomorrow",
        "B;2;household;;;;;;;",
        "C;3;;;;;900;800;10;",
    )
    assert told == [
        "row 2, column site: is empty; write the metering point's code in each row",
        "row 3, column member: is empty; write the member's number, or cooperative",
        "row 4, column phases: '31' is not known; write one of 1, 2, 3, 12, 13, 23, 123",
        "row 4, column fuse_a: 0 is out of range; write a number from 1 to 32767",
        "row 4, column metered_from: 'tomorrow' is no day; write it as 2026-03-31",
        "row 4, column load: 'castle' is not known; write one of household, business, heat_pump, car_charger, other",
        "row 4, column load_w: 'x' is not a number; write digits only, with a decimal point where needed",
        "row 5, column member: '2' is not what row 4 says of the same site; write it once, or alike",
        "row 5, column load_w: is empty; load and load_w go together",
        "row 6, column soc_max_wh: 0 to 900 of 800 Wh is no order; soc_min_wh <= soc_max_wh <= storage_wh",
    ]


def test_columns_that_are_strange_missing_or_twice_are_named() -> None:
    assert refusals("a;b")[0].startswith(
        "row 1, column site: the first line names no column of ours; begin with one; the columns are site, member"
    )
    told = refusals("site;site;colour")
    assert [one.split(";")[0] for one in told] == [
        "row 1, column colour: is not known",
        "row 1, column site: stands twice",
        "row 1, column member: is missing",
    ]


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 300, b"\xff\xfe", b"site;member\n", "site,member\n,,\n".encode("utf-8-sig"), b'site;member\n"A;1']
)
def test_a_file_that_is_no_table_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_bytes(content)
    with pytest.raises(CannotReadSites):
        read_site_file(path)


def test_a_spreadsheet_of_latin_letters_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_bytes("site;member;member_name\r\n\r\nH1;7;J\xf6rg\r\n".encode("latin-1"))
    [site] = read_site_file(path)
    assert (site.row, site.member_given) == (3, {"member_name": "Jörg"})


@given(st.lists(st.lists(st.text(max_size=12), min_size=len(COLUMNS), max_size=len(COLUMNS)), max_size=6))
def test_any_cells_are_read_or_refused_by_row(rows: list[list[str]]) -> None:
    header = list(COLUMNS)
    try:
        found = read_sites(header, [(i, dict(zip(header, row, strict=True))) for i, row in enumerate(rows, start=2)])
    except CannotReadSites as wrong:
        assert all(problem.mending for problem in wrong.problems)
    else:
        assert {site.code for site in found} == {row[0].strip() for row in rows if any(cell.strip() for cell in row)}
