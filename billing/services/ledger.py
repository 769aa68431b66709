"""Posting to the ledger: balanced, once per key, never into a closed month, taken back by a mirror of itself."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from billing.domain.ledger import month_of, reversal_key, taken_back
from billing.models import Account, AccountCode, AccountingPeriod, LedgerEntry, LedgerTransaction, PeriodStatus
from billing.models.ledger import PERSONAL, YEAR_CLOSING
from billing.selectors.years import closed_year_of
from members.language import month_in_words
from members.models import Cooperative, Member


class CannotPost(ValueError):
    """A transaction cannot be posted; the message says why."""


def account(cooperative: Cooperative, code: AccountCode, member: Member | None = None, *, currency: str = "") -> Account:
    """The account of that code, of a member where it is a personal one; made at its first use.

    Args:
        currency: another one than the cooperative's own.
    """
    found, _ = Account.objects.get_or_create(
        cooperative=cooperative,
        code=code,
        member=member if code in PERSONAL else None,
        currency=currency or cooperative.currency,
        vat_key="",
    )
    return found


@transaction.atomic
def post_transaction(
    *,
    cooperative: Cooperative,
    idempotency_key: str,
    cause: str,
    booked_date: date,
    amounts: Mapping[Account, int],
    now: datetime,
    cause_ref: UUID | None = None,
) -> LedgerTransaction:
    """Post signed amounts (debit > 0, credit < 0, in minor units) that sum to zero, once per key.

    All accounts are of one currency. The same key again returns what was posted, on whatever day it is asked for again.

    Raises:
        CannotPost: they do not sum to zero or are of several currencies, the month is closed, or the key was used for other amounts.
    """
    currency = _one_currency(cooperative, idempotency_key, amounts)
    if sum(amounts.values()) != 0:
        raise CannotPost(
            _("%(idempotency_key)s does not balance: debits - credits = %(values)s")
            % {"idempotency_key": idempotency_key, "values": sum(amounts.values())}
        )
    existing = LedgerTransaction.objects.filter(cooperative=cooperative, idempotency_key=idempotency_key).first()
    if existing is None and cause != YEAR_CLOSING:
        _check_open(cooperative, booked_date)
    posted, created = LedgerTransaction.objects.get_or_create(
        cooperative=cooperative,
        idempotency_key=idempotency_key,
        defaults={"cause": cause, "cause_ref": cause_ref, "currency": currency, "booked_date": booked_date, "posted_at": now},
    )
    if not created:
        _check_same(posted, amounts)
        return posted
    LedgerEntry.objects.bulk_create(
        LedgerEntry(transaction=posted, account=each, debit_minor=max(amount, 0), credit_minor=max(-amount, 0))
        for each, amount in amounts.items()
        if amount
    )
    return posted


def _one_currency(cooperative: Cooperative, key: str, amounts: Mapping[Account, int]) -> str:
    currencies = {each.currency for each in amounts}
    if len(currencies) > 1:
        raise CannotPost(
            _("%(key)s is of %(currencies)s: book one transaction per currency against '%(EXCHANGE)s'.")
            % {"key": key, "currencies": " and ".join(sorted(currencies)), "EXCHANGE": AccountCode.EXCHANGE.label}
        )
    return currencies.pop() if currencies else cooperative.currency


def _check_open(cooperative: Cooperative, day: date) -> None:
    """A friendly word before the database refuses."""
    if is_closed(cooperative, day):
        raise CannotPost(_("%(day)s is closed: book into an open month, or have it opened again.") % {"day": month_in_words(day)})


def is_closed(cooperative: Cooperative, day: date) -> bool:
    """Whether the month of a day is closed, or its whole year."""
    closed = AccountingPeriod.objects.filter(cooperative=cooperative, period=month_of(day), status=PeriodStatus.CLOSED)
    return closed.exists() or closed_year_of(cooperative, day) is not None


def _check_same(posted: LedgerTransaction, amounts: Mapping[Account, int]) -> None:
    """A key that comes again with other amounts is a mistake, not a repetition."""
    wanted = {each.pk: amount for each, amount in amounts.items() if amount}
    if amounts_of(posted) != wanted:
        raise CannotPost(
            _("%(idempotency_key)s was posted with other amounts; use another key.") % {"idempotency_key": posted.idempotency_key}
        )


def amounts_of(posted: LedgerTransaction) -> dict[int, int]:
    """Signed amounts of a transaction by account id [minor units]."""
    found: dict[int, int] = {}
    for account_id, debit, credit in posted.entries.values_list("account", "debit_minor", "credit_minor"):
        found[account_id] = found.get(account_id, 0) + debit - credit
    return found


@transaction.atomic
def reverse_transaction(
    *, posted: LedgerTransaction, cause: str, booked_date: date, now: datetime, cause_ref: UUID | None = None
) -> LedgerTransaction:
    """Take a transaction back by its mirror, once; what was posted stays.

    Raises:
        CannotPost: the month is closed.
    """
    mirrored = taken_back(amounts_of(posted))
    accounts = Account.objects.in_bulk(mirrored)
    return post_transaction(
        cooperative=posted.cooperative,
        idempotency_key=reversal_key(posted.public_id),
        cause=cause,
        cause_ref=cause_ref or posted.public_id,
        booked_date=booked_date,
        now=now,
        amounts={accounts[pk]: amount for pk, amount in mirrored.items()},
    )
