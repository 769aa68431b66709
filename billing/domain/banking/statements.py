"""A bank's account of an account: entries with what is known of each payment, balances, and what does not fit.

Amounts are integer minor units, positive for money that came in. The field names follow ISO 20022 (camt.052, .053, .054).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date


@dataclass(frozen=True, slots=True)
class BankEntry:
    """One movement as far as the bank tells it apart: a payment of a batch, or a booked sum without details."""

    row: int
    booked_date: date
    amount_minor: int
    payer: str = ""
    purpose: str = ""
    value_date: date | None = None
    payer_iban: str = ""
    reference: str = ""
    end_to_end_id: str = ""
    mandate_ref: str = ""
    message_id: str = ""
    batch_ref: str = ""
    batch_count: int = 1
    bank_ref: str = ""
    entry_ref: str = ""
    bank_code: str = ""
    is_reversal: bool = False
    return_code: str = ""
    original_minor: int | None = None
    charges_minor: int = 0

    @property
    def is_return(self) -> bool:
        """Whether a bank undoes a payment by it."""
        return bool(self.return_code) or self.is_reversal

    @property
    def is_whole_batch(self) -> bool:
        """Whether it is the sum of several payments without a word on each."""
        return self.batch_count > 1


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of one account; opening and closing are None where the bank gives none (CSV, camt.054)."""

    kind: str
    number: str = ""
    iban: str = ""
    currency: str = ""
    sequence: int | None = None
    first_date: date | None = None
    last_date: date | None = None
    opening_minor: int | None = None
    closing_minor: int | None = None
    entries: tuple[BankEntry, ...] = ()
    skipped: int = 0
    notes: tuple[str, ...] = field(default=())

    @property
    def has_balances(self) -> bool:
        return self.opening_minor is not None and self.closing_minor is not None


@dataclass(frozen=True, slots=True)
class StatementBefore:
    """What is known of the statement before: the newest of the same account."""

    number: str
    sequence: int | None
    last_date: date | None
    closing_minor: int | None


def in_our_money(statement: Statement, currency: str) -> Statement:
    """The statement as it can be booked: of an account in another currency than the books nothing is, and it says so."""
    if not statement.currency or statement.currency == currency:
        return statement
    left_out = f"{len(statement.entries)} movements in {statement.currency} were left out: the books are in {currency}."
    return replace(statement, entries=(), opening_minor=None, closing_minor=None, notes=(*statement.notes, left_out))


def findings(statement: Statement, *, our_iban: str, currency: str, before: StatementBefore | None) -> list[str]:
    """What does not fit, a sentence each: another account, sums, a gap to the statement before. Empty if all is well."""
    told = list(statement.notes)
    if statement.iban and our_iban and statement.iban != our_iban.replace(" ", ""):
        told.append(f"The statement is of account {statement.iban}, ours is {our_iban}.")
    if statement.currency and statement.currency != currency:
        told.append(f"The account is in {statement.currency}, the books are in {currency}.")
    if statement.has_balances:
        told += _sums(statement)
    if before is not None and statement.has_balances:
        told += _gap(statement, before)
    return told


def _sums(statement: Statement) -> list[str]:
    moved = sum(entry.amount_minor for entry in statement.entries)
    expected = (statement.opening_minor or 0) + moved
    if expected == statement.closing_minor:
        return []
    return [
        f"Opening {_money(statement.opening_minor)} and movements {_money(moved)} make {_money(expected)}, "
        f"but the bank closes at {_money(statement.closing_minor)}."
    ]


def _gap(statement: Statement, before: StatementBefore) -> list[str]:
    told = []
    if _skips(statement, before):
        told.append(
            f"Statement {before.sequence} is followed by {statement.sequence}: import the ones between, or say why they are missing."
        )
    if before.closing_minor is not None and before.closing_minor != statement.opening_minor:
        told.append(
            f"The statement before ({before.number or before.last_date}) closed at {_money(before.closing_minor)}, this one opens at "
            f"{_money(statement.opening_minor)}: a statement is missing."
        )
    return told


def _skips(statement: Statement, before: StatementBefore) -> bool:
    """Whether numbers are missing; a number that begins anew with a year is none."""
    if statement.sequence is None or before.sequence is None or statement.sequence <= before.sequence:
        return False
    new_year = statement.first_date and before.last_date and statement.first_date.year > before.last_date.year
    return not new_year and statement.sequence != before.sequence + 1


def _money(minor: int | None) -> str:
    return "nothing" if minor is None else f"{minor / 100:,.2f}"


def moved_minor(entries: Sequence[BankEntry]) -> int:
    """Sum of the movements [minor units]."""
    return sum(entry.amount_minor for entry in entries)
