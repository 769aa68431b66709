"""A return from the accounts: what is told apart, which key numbers are clear, and where books and documents part."""

from datetime import date
from decimal import Decimal

import pytest

from billing.domain.vat import Category, Ground
from billing.domain.vat_return import KeyNumbers, Side, Treatment, VatKey, VatRow, apart, key_numbers, owed_minor

DAY = date(2016, 3, 31)
STANDARD = VatKey.parse("output/S/0.1900/taxed")
RECEIVED = VatKey.parse("input/AE/0.1900/reverse_charge")


@pytest.mark.parametrize(
    "text, treatment, numbers",
    [
        ("output/S/0.1900/taxed", Treatment.STANDARD, KeyNumbers("81")),
        ("output/S/0.0700/taxed", Treatment.REDUCED, KeyNumbers("86")),
        ("output/S/0.1600/taxed", Treatment.STANDARD, KeyNumbers("35", "36")),
        ("output/Z/0.0000/zero", Treatment.ZERO, KeyNumbers()),
        ("output/AE/0.0000/reverse_charge", Treatment.REVERSE_CHARGE, KeyNumbers("60")),
        ("output/E/0.0000/small_business", Treatment.SMALL_BUSINESS, KeyNumbers()),
        ("output/E/0.0000/exempt", Treatment.EXEMPT, KeyNumbers()),
        ("output/E/0.0000/own_supply", Treatment.OWN_SUPPLY, KeyNumbers()),
        ("input/S/0.1900/taxed", Treatment.STANDARD, KeyNumbers(deducted="66")),
        ("input/AE/0.1900/reverse_charge", Treatment.REVERSE_CHARGE, KeyNumbers("84", "85", "67")),
        ("input/O/0.0000/outside", Treatment.OUTSIDE, KeyNumbers()),
    ],
)
def test_each_key_has_its_treatment_and_clear_numbers(text: str, treatment: Treatment, numbers: KeyNumbers) -> None:
    key = VatKey.parse(text)
    assert (str(key), key.treatment, key_numbers(key, DAY)) == (text, treatment, numbers)


def test_a_rate_of_nothing_has_a_number_since_it_has_one() -> None:
    zero = VatKey(Side.OUTPUT, Category.ZERO, Decimal(0), Ground.ZERO)
    assert key_numbers(zero, date(2023, 1, 31)) == KeyNumbers("87")


def test_what_is_owed_as_recipient_and_deducted_is_no_burden() -> None:
    rows = [VatRow(STANDARD, 3, 10_000, 1_900), VatRow(RECEIVED, 1, 500, 95, 95)]
    assert owed_minor(rows) == 1_900
    assert owed_minor([VatRow(RECEIVED, 1, 500, 95, cost_minor=95)]) == 95


def test_sides_part_by_key_even_where_sums_agree() -> None:
    reduced = VatKey.parse("output/S/0.0700/taxed")
    books = [VatRow(STANDARD, 1, 100, 19), VatRow(reduced, 1, 100, 7)]
    documents = [VatRow(STANDARD, 1, 99, 19), VatRow(reduced, 9, 101, 7)]
    assert [(row.key, row.base_minor) for row in apart(books, documents)] == [(reduced, -1), (STANDARD, 1)]
    assert apart(books, [VatRow(STANDARD, 5, 100, 19), VatRow(reduced, 1, 100, 7)]) == []
