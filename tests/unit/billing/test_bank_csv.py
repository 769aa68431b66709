"""Statements as banks write them."""

from datetime import date

import pytest

from billing.domain.bank_csv import CannotReadStatement, read_statement


@pytest.mark.parametrize(
    "content",
    [
        b"Buchungstag;Betrag;Auftraggeber;Verwendungszweck\n12.04.2016;1.234,56;Ana Meier;Strom B2016000008\n",
        b"Date,Amount,Name,Reference\n2016-04-12,1234.56,Ana Meier,Strom B-2016-000008\n",
        "﻿Date\tAmount\tPayer\tPurpose\n12/04/2016\t1,234.56 EUR\tAna Meier\tStrom B 2016 000008\n".encode(),
        "Datum;Umsatz;Name;Text\n12.04.16;1234,56 €;Ana Meier;strom b2016000008\n".encode("cp1252"),
    ],
)
def test_each_dialect_says_the_same(content: bytes) -> None:
    [row] = read_statement(content)
    assert (row.booked_date, row.amount_minor, row.payer, row.reference) == (date(2016, 4, 12), 123456, "Ana Meier", "B2016000008")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"Date,Purpose\n2016-04-12,x\n", "amount"),
        (b"Date,Amount,Purpose\n31.02.2016,1.00,x\n", "Row 2, date"),
        (b"Date,Amount,Purpose\n2016-04-12,1.00,x\n2016-04-12,twelve,x\n", "Row 3, amount"),
        (b"Date,Amount,Purpose\n2016-04-12,1.005,x\n", "two decimals"),
        (b"Date,Amount,Purpose\n2016-04-12,NaN,x\n", "Row 2, amount"),
    ],
)
def test_what_is_wrong_is_named_with_row_and_column(content: bytes, words: str) -> None:
    with pytest.raises(CannotReadStatement, match=words):
        read_statement(content)
