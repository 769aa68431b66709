"""What was paid out too much: a credit document that was corrected downwards after its payout leaves a claim on its member.

The claim is a charge: shown, paid and allocated as a bill is. What the member is owed later is set off against it, so that money goes
out only beyond it. The same holds for what a member withdrew on the chain.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import QuerySet, Sum

from billing.domain.banking.payer_words import overpaid
from billing.models import Allocation, Charge, ChargeKind, Document, DocumentKind, DocumentStatus, Payout
from billing.models.charges import HAD_ALREADY
from billing.services.allocations import lock_member, set_off
from billing.services.charges import charge_member, take_back_charge
from members.models import Cooperative, Member
from members.services.notifications import notify_member

WHY_SET_OFF = {ChargeKind.CLAIM: "set off against a claim", ChargeKind.WITHDRAWN: "withdrawn on the chain"}


def claim_overpaid(*, payouts: Iterable[Payout], cause: str, now: datetime) -> list[Charge]:
    """Claim back what payouts have beyond the credits that still stand behind them, once per cause. Part of the caller's transaction."""
    made = []
    for payout in payouts:
        kept = Allocation.objects.filter(payout=payout).aggregate(sum=Sum("amount_minor"))["sum"] or 0
        claimed = _claims_of(payout).aggregate(sum=Sum("amount_minor"))["sum"] or 0
        over = payout.amount_minor - kept - claimed
        if over > 0:
            made.append(_claim(payout, over, cause, now))
    return made


def _claim(payout: Payout, over_minor: int, cause: str, now: datetime) -> Charge:
    charge = charge_member(
        member=payout.member,
        kind=ChargeKind.CLAIM,
        key=f"claim:{payout.public_id}:{cause}",
        text=f"paid out too much: {payout.text}",
        amount_minor=over_minor,
        now=now,
    )
    words = partial(overpaid, amount_minor=over_minor, currency=payout.member.cooperative.currency, label=payout.text)
    notify_member(
        member=payout.member, words=words, kind="claim", key=f"claim:{charge.public_id}", path="/payments/", by_mail=True, now=now
    )
    return charge


def _claims_of(payout: Payout) -> QuerySet[Charge]:
    return Charge.objects.filter(
        cooperative=payout.cooperative_id, key__startswith=f"claim:{payout.public_id}:", taken_back_at__isnull=True
    )


def withdraw_claims(*, payout: Payout, now: datetime) -> None:
    """The payout never arrived: nothing of it is claimed. Part of the caller's transaction."""
    for charge in _claims_of(payout).order_by("pk"):
        take_back_charge(charge=charge, now=now)


@transaction.atomic
def set_off_claims(*, member: Member, now: datetime) -> int:
    """Settle a member's open claims from what the member is owed, the oldest first; returns how much [minor units]."""
    lock_member(member.pk)
    claims = Charge.objects.filter(member=member, kind__in=HAD_ALREADY, taken_back_at__isnull=True)
    settled = 0
    for charge in claims.order_by("charged_at", "pk"):
        credits = Document.objects.filter(member=member, kind=DocumentKind.CREDIT, status=DocumentStatus.OPEN)
        for credit in credits.order_by("issue_date", "pk"):
            charge.refresh_from_db()
            amount = min(charge.rest_minor, credit.rest_minor)
            if amount > 0:
                why = WHY_SET_OFF[ChargeKind(charge.kind)]
                set_off(credit=credit, charge=charge, amount_minor=amount, now=now, why=why)
                settled += amount
    return settled


def set_off_all_claims(*, cooperative: Cooperative, now: datetime) -> int:
    """Settle open claims of all members of a cooperative from what they are owed."""
    owing = Charge.objects.filter(cooperative=cooperative, kind__in=HAD_ALREADY, taken_back_at__isnull=True)
    members = Member.objects.filter(pk__in=owing.values("member"), documents__status=DocumentStatus.OPEN)
    return sum(set_off_claims(member=member, now=now) for member in members.order_by("pk").distinct())
