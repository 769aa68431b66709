"""Moving a bank line's money from the account of unclear money to where it belongs."""

from datetime import date, datetime

from billing.models import AccountCode, BankStatementLine
from billing.services.ledger import account, is_closed, post_transaction


def open_day(line: BankStatementLine, now: datetime) -> date:
    """The day on which a line is booked: the bank's, or today where that month is closed already."""
    return now.date() if is_closed(line.cooperative, line.booked_date) else line.booked_date


def post_bank_side(*, line: BankStatementLine, now: datetime) -> None:
    """The bank's side of a movement, against unclear money, so that the account's balance is the bank's on every day."""
    if not line.amount_minor:
        return
    cooperative = line.cooperative
    post_transaction(
        cooperative=cooperative,
        idempotency_key=f"bank line:{line.public_id}",
        cause="bank line",
        cause_ref=line.public_id,
        booked_date=open_day(line, now),
        now=now,
        amounts={account(cooperative, AccountCode.BANK): line.amount_minor, account(cooperative, AccountCode.SUSPENSE): -line.amount_minor},
    )


def move_line(*, line: BankStatementLine, code: AccountCode, what: str, now: datetime) -> None:
    """Move a whole line to another account of the cooperative."""
    _move(line, code, line.amount_minor, what, now)


def book_fee(*, line: BankStatementLine, fee_minor: int, now: datetime) -> None:
    """What the bank took for a return, as the cooperative's cost."""
    _move(line, AccountCode.BANK_CHARGES, -fee_minor, "fee", now)


def _move(line: BankStatementLine, code: AccountCode, amount_minor: int, what: str, now: datetime) -> None:
    post_transaction(
        cooperative=line.cooperative,
        idempotency_key=f"line {what}:{line.public_id}:{line.resolutions}",
        cause="bank line",
        booked_date=open_day(line, now),
        now=now,
        amounts={account(line.cooperative, AccountCode.SUSPENSE): amount_minor, account(line.cooperative, code): -amount_minor},
    )
