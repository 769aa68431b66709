"""A member's account as the treasurer sees it: what is open, what came in and what it is used for, what is owed to the member."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from billing.models import Allocation, Charge, Document, DocumentKind, DocumentStatus, Payment, Payout, Refund
from members.models import Cooperative, Member

MOST_PAYMENTS = 40


@dataclass(frozen=True, slots=True)
class Money:
    """A payment or a credit document with what it is used for now, and what is left of it [minor units]."""

    source: Payment | Document
    left_minor: int
    uses: tuple[Allocation, ...]

    @property
    def key(self) -> str:
        """As a form names it."""
        return f"{'payment' if isinstance(self.source, Payment) else 'credit'}:{self.source.public_id}"


def accounts_of(cooperative: Cooperative, words: str = "") -> QuerySet[Member]:
    """Members with what each has open, has as credit, and is owed [minor units]; those with the most open first."""
    rows = Member.objects.filter(cooperative=cooperative, is_cooperative=False)
    if words:
        rows = rows.filter(Q(name__icontains=words) | Q(number=words))
    documents = Document.objects.filter(member=OuterRef("pk"), status=DocumentStatus.OPEN)
    rest = F("gross_minor") - F("paid_minor")
    charges = Charge.objects.filter(member=OuterRef("pk"), taken_back_at__isnull=True)
    return (
        rows.annotate(
            bills_minor=_sum(documents.filter(kind=DocumentKind.BILL), rest),
            charges_minor=_sum(charges, F("amount_minor") - F("paid_minor")),
            owed_minor=_sum(documents.filter(kind=DocumentKind.CREDIT), rest),
            credit_minor=_sum(Payment.objects.filter(member=OuterRef("pk")), F("credit_minor")),
        )
        .annotate(open_minor=F("bills_minor") + F("charges_minor"))
        .order_by("-open_minor", "number")
    )


def _sum(rows: QuerySet[Any], amount: Combinable) -> Coalesce:
    return Coalesce(Subquery(rows.values("member").annotate(sum=Sum(amount)).values("sum")[:1]), 0)


def money_of(member: Member) -> list[Money]:
    """A member's newest payments and open or used credit documents, each with what it is used for."""
    payments = list(Payment.objects.filter(member=member).order_by("-received_at", "-pk")[:MOST_PAYMENTS])
    credits = list(
        Document.objects.standing()
        .filter(member=member, kind=DocumentKind.CREDIT, gross_minor__gt=0)
        .order_by("-issue_date", "-pk")[:MOST_PAYMENTS]
    )
    uses: dict[tuple[str, int], list[Allocation]] = defaultdict(list)
    rows = Allocation.objects.filter(Q(payment__in=payments) | Q(credit__in=credits), reverses__isnull=True, reversed_by__isnull=True)
    for row in rows.select_related("document", "charge", "payout", "refund", "payment", "credit").order_by("pk"):
        uses[("payment", row.payment_id) if row.payment_id else ("credit", row.credit_id or 0)].append(row)
    return [
        *(Money(p, p.credit_minor, tuple(uses["payment", p.pk])) for p in payments),
        *(Money(c, c.rest_minor, tuple(uses["credit", c.pk])) for c in credits),
    ]


def refunds_of(member: Member) -> list[tuple[Refund, str]]:
    """Refunds that were asked for a member, the newest first, each with where it is, in words."""
    rows = list(Refund.objects.filter(member=member).select_related("asked_by", "released_by").order_by("-pk")[:20])
    payouts = {p.source_key: p for p in Payout.objects.filter(member=member, source="refund").exclude(status="cancelled").order_by("pk")}
    return [(row, _where(row, payouts.get(str(row.public_id)))) for row in rows]


def _where(refund: Refund, payout: Payout | None) -> str:
    if refund.withdrawn_at:
        return "withdrawn"
    if refund.failed:
        return f"the provider did not pay it back: {refund.failed}"
    if payout is not None:
        return f"{payout.get_status_display()}, {payout.end_to_end_id}"
    if refund.released_at:
        return "with the card provider" if not refund.provider_ref else "given back to the card"
    return "waits for a second person" if refund.way == "card" else "leaves with the next payout order"
