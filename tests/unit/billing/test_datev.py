"""The journal in DATEV's format: what a reader gets back is what was booked."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.datev import COLUMNS, HEADINGS, Batch, Booking, CannotExport, account_numbers, amount, fiscal_year_start, write_batch

BATCH = Batch(
    29098,
    55003,
    4,
    date(2016, 1, 1),
    date(2016, 4, 1),
    date(2016, 4, 30),
    "April",
    "EUR",
    datetime(2016, 5, 2, 8, 30, 1, 250_000, tzinfo=UTC),
    False,
)


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("cp1252"), newline=""), delimiter=";"))


def test_the_head_says_what_the_format_asks_for() -> None:
    head = read(write_batch(BATCH, []))[0]
    assert len(head) == 31
    assert head[:6] == ["EXTF", "700", "21", "Buchungsstapel", "13", "20160502083001250"]
    assert head[10:17] == ["29098", "55003", "20160101", "4", "20160401", "20160430", "April"]
    assert (head[18], head[20], head[21]) == ("1", "0", "EUR")


def test_there_are_as_many_headings_as_the_version_has_columns() -> None:
    assert len(HEADINGS) == len(set(HEADINGS)) == COLUMNS
    assert HEADINGS[113] == "Festschreibung" and HEADINGS[9] == "Belegdatum" and HEADINGS[36] == "KOST1 - Kostenstelle"


def test_a_booking_is_one_debit_against_one_credit() -> None:
    booking = Booking(123_450, 10_001, 8200, date(2016, 4, 3), "B-2016-000008", 'Müller; "Zum Hof"\n2')
    line = read(write_batch(BATCH, [booking]))[2]
    assert len(line) == COLUMNS
    assert line[:2] == ["1234,50", "S"] and line[6:8] == ["10001", "8200"]
    assert (line[9], line[10], line[13]) == ("0304", "B-2016-000008", 'Müller; "Zum Hof" 2')


def test_lines_end_as_windows_ends_them_and_letters_are_its_own() -> None:
    content = write_batch(BATCH, [Booking(1, 1, 2, date(2016, 4, 3), "r", "Größe €")])
    assert content.count(b"\r\n") == 3 and content.replace(b"\r\n", b"").count(b"\n") == 0
    assert "Größe €".encode("cp1252") in content


@pytest.mark.parametrize(
    "booking",
    [
        Booking(0, 1, 2, date(2016, 4, 3), "r", "t"),
        Booking(-5, 1, 2, date(2016, 4, 3), "r", "t"),
        Booking(5, 1, 2, date(2016, 5, 1), "r", "t"),
    ],
)
def test_what_the_format_cannot_hold_is_refused(booking: Booking) -> None:
    with pytest.raises(CannotExport):
        write_batch(BATCH, [booking])


@given(st.integers(1, 10**12))
def test_an_amount_reads_back(minor: int) -> None:
    text = amount(minor)
    assert "." not in text and int(text.replace(",", "")) == minor


def test_the_fiscal_year_may_begin_in_any_month() -> None:
    assert fiscal_year_start(date(2016, 3, 31), 4) == date(2015, 4, 1)
    assert fiscal_year_start(date(2016, 4, 1), 4) == date(2016, 4, 1)


def test_numbers_go_on_after_the_highest() -> None:
    assert account_numbers([], 10_000, 2) == [10_000, 10_001]
    assert account_numbers([1200, 10_004], 10_000, 2) == [10_005, 10_006]
