"""Meter to bill to ledger to bank to chain, on one page: the sums that must agree, and each gap's rows."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.generics import get_object_or_404

from billing.domain.reconciliation import Gap, Link
from billing.models import BankStatementLine, BillingRun, Payment, RunStatus
from billing.web.books import desk_of
from contracts.selectors.reconciliation import whole_chain
from energy.models import Microgrid, Site
from kernel.intervals import Month


@login_required
def reconciliation(request: HttpRequest) -> HttpResponse:
    """One month of one microgrid; the newest posted one where none is named."""
    microgrid = None
    if request.GET.get("microgrid"):
        microgrid = get_object_or_404(Microgrid, public_id=request.GET["microgrid"])
    desk = desk_of(request, of=microgrid.cooperative if microgrid else None)
    grids = list(Microgrid.objects.filter(cooperative=desk.cooperative).order_by("name"))
    microgrid = microgrid or (grids[0] if grids else None)
    month = desk.month if "month" in request.GET else _newest_posted(microgrid) or desk.month
    links = whole_chain(microgrid, month, now=microgrid.now(timezone.now())) if microgrid else []
    shown = [
        {"link": link, "rows": [{"gap": gap, "url": _url(gap)} for gap in link.gaps], "is_energy": link.unit == "Wh"} for link in links
    ]
    context = desk.context("reconciliation") | {
        "month": month,
        "before": month.previous,
        "after": month.next,
        "here": f"cooperative={desk.cooperative.slug}&month={month}",
        "grids": grids,
        "microgrid": microgrid,
        "shown": shown,
        "apart": [link for link in links if not link.agrees],
        "sums": _five(links),
        "is_billed": any(link.code == "ledger" for link in links),
    }
    return render(request, "books/reconciliation.html", context)


def _newest_posted(microgrid: Microgrid | None) -> Month | None:
    run = BillingRun.objects.filter(microgrid=microgrid, status=RunStatus.POSTED).order_by("-period").first() if microgrid else None
    return Month(run.period // 100, run.period % 100) if run else None


def _five(links: list[Link]) -> list[dict[str, Any]]:
    """The five sums in a row: what was metered, billed, booked, banked, witnessed."""
    by_code = {link.code: link for link in links}
    wanted = (
        (_("Meter"), "energy-drawn", "left", "plug"),
        (_("Bill"), "ledger", "left", "bill"),
        (_("Ledger"), "ledger", "right", "meter"),
        (_("Bank"), "bank", "left", "coins"),
        (_("Chain"), "anchored", "right", "check"),
    )
    return [
        {
            "name": name,
            "sign": sign,
            "value": getattr(by_code[code], side),
            "is_energy": by_code[code].unit == "Wh",
            "what": getattr(by_code[code], f"{side}_name"),
        }
        for name, code, side, sign in wanted
        if code in by_code
    ]


def _url(gap: Gap) -> str:
    """The page of the row behind a gap."""
    if gap.kind == "document":
        return reverse("bill", args=[gap.key])
    if gap.kind == "transaction":
        return reverse("books-transaction", args=[gap.key])
    if gap.kind == "site":
        found = Site.objects.filter(public_id=gap.key).values_list("pk", flat=True).first()
        return reverse("admin:energy_site_change", args=[found]) if found else ""
    if gap.kind == "payment":
        found = Payment.objects.filter(public_id=gap.key).values_list("pk", flat=True).first()
        return reverse("admin:billing_payment_change", args=[found]) if found else ""
    if gap.kind == "line":
        found = BankStatementLine.objects.filter(pk=gap.key).values_list("statement", flat=True).first()
        return reverse("admin:billing_bankstatement_change", args=[found]) if found else ""
    if gap.kind == "withdrawal":
        return reverse("admin:contracts_chainwithdrawal_change", args=[gap.key])
    if gap.kind == "distribution":
        return reverse("money-distribution", args=[gap.key])
    if gap.kind == "share":
        return f"{reverse('money-shares')}#share-{gap.key}"
    if gap.kind == "coins":
        return f"{reverse('money-coins')}#sale-{gap.key}"
    if gap.kind == "cards":
        return reverse("money-cards")
    if gap.kind == "run":
        found = BillingRun.objects.filter(public_id=gap.key).values_list("pk", flat=True).first()
        return reverse("admin:billing_billingrun_change", args=[found]) if found else ""
    return ""
