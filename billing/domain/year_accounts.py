"""A year's accounts as plain values: what it brought, where everything stands, and what carries the result to equity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from billing.domain.datev import fiscal_year_start


class Side(StrEnum):
    """Where an account stands on the balance sheet."""

    ASSETS = "assets"
    LIABILITIES = "liabilities"
    EQUITY = "equity"


@dataclass(frozen=True, slots=True)
class FiscalYear:
    """Twelve months, closed together; named by the calendar years that they lie in."""

    first_day: date
    last_day: date

    @classmethod
    def around(cls, day: date, first_month: int) -> "FiscalYear":
        """The fiscal year that a day lies in."""
        start = fiscal_year_start(day, first_month)
        return cls(start, start.replace(year=start.year + 1) - timedelta(days=1))

    @property
    def name(self) -> str:
        if self.first_day.year == self.last_day.year:
            return str(self.first_day.year)
        return f"{self.first_day.year}/{self.last_day.year % 100:02d}"


@dataclass(frozen=True, slots=True)
class SheetLine:
    """Accounts of one code on one side of the balance sheet [minor units, above 0 on that side]."""

    side: Side
    code: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class BalanceSheet:
    """What is there, what is owed, and what belongs to the members; assets are liabilities and equity."""

    lines: Sequence[SheetLine]

    def of(self, side: Side) -> list[SheetLine]:
        """The lines of a side, as they are shown."""
        return [line for line in self.lines if line.side == side]

    def sum_of(self, side: Side) -> int:
        return sum(line.amount_minor for line in self.of(side))

    @property
    def difference_minor(self) -> int:
        """0 where the books balance."""
        return self.sum_of(Side.ASSETS) - self.sum_of(Side.LIABILITIES) - self.sum_of(Side.EQUITY)


RESULT_LINE = "result"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one account stands [minor units, debit > 0], and whether it belongs to the result or to equity."""

    account_id: int
    code: str
    balance_minor: int
    is_result: bool
    is_equity: bool


def balance_sheet(standings: Sequence[Standing], order: Sequence[str]) -> BalanceSheet:
    """Accounts of each code by where they stand: one that members owe is an asset though another one of its code is owed to them."""
    sums: dict[tuple[Side, str], int] = {}
    for row in standings:
        if row.is_result:
            place, amount = (Side.EQUITY, RESULT_LINE), -row.balance_minor
        elif row.is_equity:
            place, amount = (Side.EQUITY, row.code), -row.balance_minor
        elif row.balance_minor > 0:
            place, amount = (Side.ASSETS, row.code), row.balance_minor
        else:
            place, amount = (Side.LIABILITIES, row.code), -row.balance_minor
        sums[place] = sums.get(place, 0) + amount
    places = {code: i for i, code in enumerate([*order, RESULT_LINE])}
    lines = [SheetLine(side, code, amount) for (side, code), amount in sums.items() if amount]
    return BalanceSheet(sorted(lines, key=lambda line: (list(Side).index(line.side), places[line.code])))


def carried_to_equity(emptied: Mapping[int, int], *, retained: int, reserves: int, reserve_minor: int) -> dict[int, int]:
    """Signed amounts that empty accounts into the results carried forward, part of it into the reserves.

    Args:
        emptied: where each account stands [minor units, debit > 0], by its id.
        retained, reserves: ids of the accounts that take it.
    """
    amounts = {account: -balance for account, balance in emptied.items() if balance}
    amounts[retained] = sum(emptied.values()) + reserve_minor
    amounts[reserves] = -reserve_minor
    return {account: amount for account, amount in amounts.items() if amount}
