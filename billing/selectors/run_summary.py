"""What a run came to."""

from dataclasses import asdict, dataclass

from django.db.models import Count, Q, Sum

from billing.models import AccountCode, BillingRun, Component, Document, DocumentLine, LedgerEntry
from members.models import Cooperative


@dataclass(frozen=True, slots=True)
class RunSummary:
    """Counts and sums [minor units] of a run; `residual_minor` is what neighbours paid less what neighbours received."""

    members: int
    bills: int
    net_minor: int
    vat_minor: int
    gross_minor: int
    revenue_minor: int
    debits_minor: int
    credits_minor: int
    residual_minor: int

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def summarise(run: BillingRun) -> RunSummary:
    """Sum up a posted run; debits and credits are those of the cooperative's whole ledger."""
    bills = Document.objects.filter(run=run, kind="bill").aggregate(
        members=Count("member", distinct=True), bills=Count("pk"), net=Sum("net_minor"), vat=Sum("vat_minor"), gross=Sum("gross_minor")
    )
    revenue = Document.objects.filter(run=run, kind="credit").aggregate(sum=Sum("gross_minor"))["sum"] or 0
    local = DocumentLine.objects.filter(document__run=run, document__cancels=None).aggregate(
        paid=Sum("net_minor", filter=Q(component=Component.LOCAL)), received=Sum("net_minor", filter=Q(component=Component.LOCAL_DELIVERED))
    )
    taken_back = DocumentLine.objects.filter(document__run=run, document__cancels__isnull=False).aggregate(
        paid=Sum("net_minor", filter=Q(component=Component.LOCAL)), received=Sum("net_minor", filter=Q(component=Component.LOCAL_DELIVERED))
    )
    ledger = LedgerEntry.objects.filter(account__cooperative=run.microgrid.cooperative_id).aggregate(
        debits=Sum("debit_minor"), credits=Sum("credit_minor")
    )
    return RunSummary(
        bills["members"],
        bills["bills"],
        bills["net"] or 0,
        bills["vat"] or 0,
        bills["gross"] or 0,
        revenue,
        ledger["debits"] or 0,
        ledger["credits"] or 0,
        (local["paid"] or 0) - (local["received"] or 0) - (taken_back["paid"] or 0) + (taken_back["received"] or 0),
    )


def trial_balance(cooperative: Cooperative) -> dict[str, int]:
    """Balance (debits - credits) by account code [minor units]."""
    rows = (
        LedgerEntry.objects.filter(account__cooperative=cooperative)
        .values("account__code")
        .annotate(balance=Sum("debit_minor") - Sum("credit_minor"))
    )
    found = {row["account__code"]: row["balance"] for row in rows}
    return {code.value: found.get(code.value, 0) for code in AccountCode}
