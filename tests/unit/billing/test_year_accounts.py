"""A year's accounts: nothing is lost between statement, sheet and what carries the result to equity."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.year_accounts import RESULT_LINE, FiscalYear, Side, Standing, balance_sheet, carried_to_equity

CODES = ["receivable", "payable", "fees", "distributions", "bank"]


@pytest.mark.parametrize(
    "day, first_month, first, last, name",
    [
        (date(2016, 2, 29), 1, date(2016, 1, 1), date(2016, 12, 31), "2016"),
        (date(2016, 2, 29), 7, date(2015, 7, 1), date(2016, 6, 30), "2015/16"),
        (date(1999, 7, 1), 7, date(1999, 7, 1), date(2000, 6, 30), "1999/00"),
    ],
)
def test_a_fiscal_year_is_twelve_months(day: date, first_month: int, first: date, last: date, name: str) -> None:
    year = FiscalYear.around(day, first_month)
    assert (year.first_day, year.last_day, year.name) == (first, last, name)


def test_one_code_may_stand_on_both_sides() -> None:
    sheet = balance_sheet(
        [
            Standing(1, "receivable", 500, False, False),
            Standing(2, "receivable", -20, False, False),
            Standing(3, "fees", -480, True, False),
            Standing(4, "distributions", 30, False, True),
            Standing(5, "bank", -30, False, False),
        ],
        CODES,
    )
    assert [(line.code, line.amount_minor) for line in sheet.of(Side.ASSETS)] == [("receivable", 500)]
    assert [(line.code, line.amount_minor) for line in sheet.of(Side.LIABILITIES)] == [("receivable", 20), ("bank", 30)]
    assert [(line.code, line.amount_minor) for line in sheet.of(Side.EQUITY)] == [("distributions", -30), (RESULT_LINE, 480)]
    assert sheet.difference_minor == 0


@given(st.dictionaries(st.integers(1, 40), st.integers(-(10**9), 10**9), max_size=20), st.integers(0, 10**6))
def test_what_is_carried_balances_and_empties(emptied: dict[int, int], reserve: int) -> None:
    amounts = carried_to_equity(emptied, retained=98, reserves=99, reserve_minor=reserve)
    assert sum(amounts.values()) == 0
    assert all(balance + amounts.get(account, 0) == 0 for account, balance in emptied.items())
    assert amounts.get(98, 0) + amounts.get(99, 0) == sum(emptied.values())
    assert amounts.get(99, 0) == -reserve


@given(st.lists(st.tuples(st.sampled_from(CODES), st.integers(-1000, 1000), st.booleans()), max_size=20))
def test_a_sheet_holds_every_account_once(rows: list[tuple[str, int, bool]]) -> None:
    standings = [Standing(i, code, balance, is_result, code == "distributions") for i, (code, balance, is_result) in enumerate(rows)]
    assert balance_sheet(standings, CODES).difference_minor == sum(balance for _, balance, _ in rows)
