"""Posting to the ledger."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction

from billing.models import Account, AccountCode, LedgerEntry, LedgerTransaction
from members.models import Cooperative, Member

PERSONAL = (AccountCode.RECEIVABLE, AccountCode.PAYABLE)


class CannotPost(ValueError):
    """A transaction cannot be posted; the message says why."""


def account(cooperative: Cooperative, code: AccountCode, member: Member | None = None) -> Account:
    """The account of that code, of a member where it is a personal one; made at its first use."""
    found, _ = Account.objects.get_or_create(
        cooperative=cooperative, code=code, member=member if code in PERSONAL else None
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
) -> LedgerTransaction:
    """Post signed amounts (debit > 0, credit < 0, in minor units) that sum to zero, once per key.

    Raises:
        CannotPost: they do not sum to zero.
    """
    if sum(amounts.values()) != 0:
        raise CannotPost(f"{idempotency_key} does not balance: debits - credits = {sum(amounts.values())}")
    posted, created = LedgerTransaction.objects.get_or_create(
        cooperative=cooperative,
        idempotency_key=idempotency_key,
        defaults={"cause": cause, "booked_date": booked_date, "posted_at": now},
    )
    if created:
        LedgerEntry.objects.bulk_create(
            LedgerEntry(
                transaction=posted, account=each, debit_minor=max(amount, 0), credit_minor=max(-amount, 0)
            )
            for each, amount in amounts.items()
            if amount
        )
    return posted
