"""The books: trial balance, sheets, VAT, months; for treasurers, and for auditors to read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from rest_framework.generics import get_object_or_404

from billing.domain.datev import CannotExport
from billing.models import (
    Account,
    AccountCode,
    BankStatementLine,
    CoinSale,
    Distribution,
    Document,
    LedgerTransaction,
    MemberShare,
    Payment,
    PeriodStep,
    YearClosing,
)
from billing.selectors.books import account_sheet, kept_books, may_keep, months_of_books, newest_month, trial_balance_of
from billing.selectors.causes import Cause, causes_of
from billing.selectors.phrases import PHRASES
from billing.services.journal_export import datev_file, journal_csv
from billing.services.periods import CannotClose, CannotReopen, close_period, obstacles, reopen_period
from energy.selectors.clocks import cooperative_now
from kernel.intervals import CannotReadPeriod, Month
from kernel.written import whole_number
from members.language import month_in_words, said
from members.models import Cooperative
from members.selectors.scope import user_of
from members.services.access import record_look

ON_A_PAGE = 100
MOST_PAGES = 1_000_000


@dataclass(frozen=True, slots=True)
class Desk:
    """Whose books are open at which month, and what the reader may do with them."""

    cooperative: Cooperative
    month: Month
    may_keep: bool
    has_bookings: bool

    def context(self, tab: str) -> dict[str, Any]:
        """What every page of the books shows."""
        return {
            "cooperative": self.cooperative,
            "month": self.month,
            "may_keep": self.may_keep,
            "tab": tab,
            "has_bookings": self.has_bookings,
            "before": self.month.previous,
            "after": self.month.next,
            "here": f"cooperative={self.cooperative.slug}&month={self.month}",
        }


def desk_of(request: HttpRequest, *, of: Cooperative | None = None) -> Desk:
    """The books asked for, or `of` a cooperative, if they are the user's to read."""
    user = user_of(request)
    books = kept_books(user)
    asked = of.slug if of else request.GET.get("cooperative") or request.POST.get("cooperative")
    cooperative = books.filter(slug=asked).first() if asked else books.first()
    if cooperative is None:
        raise Http404
    newest = newest_month(cooperative)
    text = request.GET.get("month") or request.POST.get("month")
    today = now_of(cooperative).date()
    try:
        month = Month.parse(text) if text else newest or Month(today.year, today.month)
    except CannotReadPeriod:
        raise Http404 from None
    return Desk(cooperative, month, may_keep(user, cooperative), newest is not None)


def now_of(cooperative: Cooperative) -> datetime:
    """What the clock of the cooperative's microgrids shows."""
    return cooperative_now(cooperative.pk, timezone.now())


def cause_url(cause: Cause) -> str:
    """Where what caused a transaction is shown; empty where it has no page of its own."""
    if isinstance(cause.row, Document):
        return reverse("bill", args=[cause.row.public_id])
    if isinstance(cause.row, Distribution):
        return reverse("money-distribution", args=[cause.row.public_id])
    if isinstance(cause.row, Payment):
        return reverse("admin:billing_payment_change", args=[cause.row.pk])
    if isinstance(cause.row, BankStatementLine):
        return reverse("admin:billing_bankstatement_change", args=[cause.row.statement_id])
    if isinstance(cause.row, MemberShare):
        return f"{reverse('money-shares')}?cooperative={cause.row.member.cooperative.slug}#share-{cause.row.public_id}"
    if isinstance(cause.row, CoinSale):
        return f"{reverse('money-coins')}?cooperative={cause.row.cooperative.slug}#sale-{cause.row.public_id}"
    if isinstance(cause.row, YearClosing):
        first = cause.row.first_day
        return f"{reverse('books-year')}?cooperative={cause.row.cooperative.slug}&month={Month(first.year, first.month)}"
    if isinstance(cause.row, LedgerTransaction):
        return reverse("books-transaction", args=[cause.row.public_id])
    return ""


@login_required
def trial_balance_page(request: HttpRequest) -> HttpResponse:
    """All accounts over a month: opening, debits, credits, closing."""
    desk = desk_of(request)
    found = trial_balance_of(desk.cooperative, since=desk.month.first_day, until=desk.month.last_day)
    sums = [
        {"currency": c, "debits": debits, "credits": credits, "difference": found.differences[c]}
        for c, (debits, credits) in found.totals.items()
    ]
    context = desk.context("trial") | {"lines": found.lines, "sums": sums}
    return render(request, "books/trial_balance.html", context)


@login_required
def sheet_page(request: HttpRequest, code: str, currency: str) -> HttpResponse:
    """The entries of an account in the month with its running balance; each leads to its cause. One member's, where asked."""
    desk = desk_of(request)
    accounts = Account.objects.filter(cooperative=desk.cooperative, code=code, currency=currency)
    if code not in AccountCode.values or not accounts.exists():
        raise Http404
    vat_key = request.GET.get("vat", "")
    if vat_key:
        accounts = accounts.filter(vat_key=vat_key)
    number = request.GET.get("member", "")
    if number:
        accounts = accounts.filter(member__number=number)
        own = get_object_or_404(accounts.select_related("member"))
        assert own.member is not None  # its number was asked for
        record_look(user=user_of(request), member=own.member, what="account", subject=str(own), now=timezone.now())
    page = whole_number(request.GET.get("page", ""), least=1, most=MOST_PAGES) or 1
    sheet = account_sheet(accounts, since=desk.month.first_day, until=desk.month.last_day, first=(page - 1) * ON_A_PAGE, most=ON_A_PAGE)
    causes = causes_of(LedgerTransaction.objects.filter(pk__in={line.transaction_id for line in sheet.lines}))
    owners = dict(Account.objects.filter(pk__in={line.account_id for line in sheet.lines}).values_list("pk", "member__number"))
    rows = [
        {
            "line": line,
            "cause": causes[line.transaction_id],
            "url": cause_url(causes[line.transaction_id]),
            "member": owners[line.account_id],
        }
        for line in sheet.lines
    ]
    context = desk.context("trial") | {
        "sheet": sheet,
        "rows": rows,
        "name": AccountCode(code).label,
        "code": code,
        "currency": currency,
        "number": number,
        "vat_key": vat_key,
        "page": page,
        "pages": -(-sheet.count // ON_A_PAGE) or 1,
        "is_personal": owners and any(owners.values()),
    }
    return render(request, "books/sheet.html", context)


@login_required
def transaction_page(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Both sides of a transaction, its cause, its key."""
    books = kept_books(user_of(request))
    posted = get_object_or_404(
        LedgerTransaction.objects.filter(cooperative__in=books.values("pk")).select_related("cooperative"), public_id=public_id
    )
    cause = causes_of([posted])[posted.pk]
    context = {
        "posted": posted,
        "cause": cause,
        "url": cause_url(cause),
        "tab": "trial",
        "entries": posted.entries.select_related("account__member").order_by("pk"),
        "here": f"cooperative={posted.cooperative.slug}&month={Month(posted.booked_date.year, posted.booked_date.month)}",
    }
    return render(request, "books/transaction.html", context)


@login_required
@require_http_methods(["GET", "HEAD"])
def periods_page(request: HttpRequest) -> HttpResponse:
    """The months: closed by whom, open because of what, and the files of each."""
    desk = desk_of(request)
    months = months_of_books(desk.cooperative)
    next_open = next((state for state in reversed(months) if not state.is_closed), None)
    now = now_of(desk.cooperative)
    context = desk.context("periods") | {
        "months": months,
        "next_open": next_open,
        "obstacles": obstacles(cooperative=desk.cooperative, month=next_open.month, now=now) if next_open else [],
        "newest_closed": next((state for state in months if state.is_closed), None),
        "steps": _steps(desk.cooperative),
    }
    return render(request, "books/periods.html", context)


def _steps(cooperative: Cooperative) -> Any:
    return PeriodStep.objects.filter(period__cooperative=cooperative).select_related("period", "by").order_by("-at", "-pk")[:24]


@login_required
@require_POST
def close_month(request: HttpRequest) -> HttpResponse:
    """Close the month named; treasurers only."""
    desk = _keepers_desk(request)
    try:
        close_period(cooperative=desk.cooperative, month=desk.month, by=user_of(request), now=now_of(desk.cooperative))
        messages.success(request, _("%(month)s is closed.") % {"month": month_in_words(desk.month.first_day)})
    except CannotClose as why:
        messages.error(request, said(str(why), PHRASES))
    return _back_to_months(desk)


@login_required
@require_POST
def reopen_month(request: HttpRequest) -> HttpResponse:
    """Open the month named again; another treasurer than who closed it."""
    desk = _keepers_desk(request)
    try:
        reopen_period(
            cooperative=desk.cooperative,
            month=desk.month,
            by=user_of(request),
            reason=request.POST.get("reason", ""),
            now=now_of(desk.cooperative),
        )
        messages.success(request, _("%(month)s is open again.") % {"month": month_in_words(desk.month.first_day)})
    except CannotReopen as why:
        messages.error(request, said(str(why), PHRASES))
    return _back_to_months(desk)


def _keepers_desk(request: HttpRequest) -> Desk:
    desk = desk_of(request)
    if not desk.may_keep:
        raise Http404
    return desk


def _back_to_months(desk: Desk) -> HttpResponse:
    return redirect(f"{reverse('books-periods')}?cooperative={desk.cooperative.slug}")


@login_required
def journal_file(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The month's journal as CSV, or as DATEV's batch with `form=datev`."""
    desk = desk_of(request)
    if request.GET.get("form") != "datev":
        lines = journal_csv(cooperative=desk.cooperative, month=desk.month)
        reply = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        reply["Content-Disposition"] = f'attachment; filename="journal-{desk.month.number}.csv"'
        return reply
    try:
        name, content = datev_file(
            cooperative=desk.cooperative, month=desk.month, now=timezone.now(), closing_alone=request.GET.get("closing") == "alone"
        )
    except CannotExport as why:
        messages.error(request, said(str(why), PHRASES))
        return _back_to_months(desk)
    return HttpResponse(
        content, content_type="text/csv; charset=windows-1252", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
