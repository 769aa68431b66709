"""Whatever a bank's file is, statements come out."""

from billing.adapters.bank.camt import read_camt
from billing.domain.bank_csv import read_statement
from billing.domain.banking.statements import BankEntry, Statement

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_file(content: bytes, *, currency: str) -> list[Statement]:
    """Read CSV or camt; what begins with an angle bracket is XML.

    Raises:
        CannotReadStatement: the message names the place and the mending step.
    """
    if content.removeprefix(BYTE_ORDER_MARK).lstrip().startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
        return read_camt(content)
    rows = read_statement(content)
    entries = tuple(BankEntry(row.row, row.booked_date, row.amount_minor, payer=row.payer, purpose=row.purpose) for row in rows)
    days = [row.booked_date for row in rows]
    return [Statement("csv", currency=currency, first_date=min(days, default=None), last_date=max(days, default=None), entries=entries)]
