"""Money in and out for the treasurer: movements to be looked at, orders to the bank, payments taken by hand."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from rest_framework.generics import get_object_or_404

from billing.adapters.bank.pain import InvalidOrder
from billing.adapters.bank.xml import LONGEST_FILE_BYTES, CannotReadFile
from billing.domain.bank_csv import CannotReadStatement
from billing.models import BankOrder, BankStatement, BankStatementLine, CoinSale, Document, LineStatus, OrderKind, OrderStatus, Payment
from billing.selectors.bank_desk import lines_of, orders_of, payments_to_take_back, readings_of
from billing.selectors.phrases import PHRASES
from billing.services.bank_lines import Assignment, CannotResolve, assign_line, mark_not_ours, return_by_line, sale_by_line, undo_line
from billing.services.bank_orders import CannotRelease, UnknownOrder, cancel_order, release_order, take_status_report
from billing.services.bank_statements import import_statement
from billing.services.by_hand import CannotTake, take_by_hand
from billing.services.coin_sales import waiting_sales
from billing.services.deadlocks import TooBusy
from billing.services.debits import CannotCollect, collectable, prepare_debits
from billing.services.ledger import CannotPost
from billing.services.payables import CannotPayOut
from billing.services.payouts import payable_now, prepare_payouts
from billing.web.money_desk import NoAmount, money_written, open_desk, tell_refusal
from members.language import amount, said
from members.models import Cooperative, Member
from members.selectors.scope import user_of

PAGE = 30
MOST_PARTS = 20
MOST_SALES = 12
REFUSALS = (
    NoAmount,
    CannotResolve,
    CannotCollect,
    CannotPayOut,
    CannotRelease,
    CannotReadFile,
    CannotReadStatement,
    InvalidOrder,
    UnknownOrder,
    CannotTake,
    CannotPost,
    TooBusy,
)


@login_required
@require_safe
def movements(request: HttpRequest) -> HttpResponse:
    """The account's movements; those that wait for a person first, each with its likeliest reading."""
    desk = open_desk(request)
    status = request.GET.get("status", "")
    status = status if status in LineStatus.values else LineStatus.OPEN
    page = Paginator(lines_of(desk.cooperative, status), PAGE).get_page(request.GET.get("page"))
    views = readings_of(desk.cooperative, list(page.object_list))
    words = {"page": page, "views": views, "status": status}
    return render(request, "money/movements.html", desk.context("movements") | words)


@login_required
@require_http_methods(["GET", "POST"])
def movement(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One movement: readings to choose from, parts to write, or to set aside, or to undo."""
    desk = open_desk(request, keeps=request.method == "POST")
    line = get_object_or_404(BankStatementLine, public_id=public_id, cooperative=desk.cooperative)
    if request.method == "POST":
        try:
            told = _decide(request, line)
        except REFUSALS as problem:
            tell_refusal(request, problem)
            return redirect("money-movement", public_id)
        messages.success(request, told)
        undone = request.POST.get("do") == "undo"
        return redirect("money-movement", public_id) if undone else redirect("money")
    (view,) = readings_of(desk.cooperative, [line])
    fitting, others = _waiting_sales(line)
    words = {
        "coin_sales": [*fitting, *others],
        "coin_fits": bool(fitting),
        "line": line,
        "view": view,
        "take_back": payments_to_take_back(line) if line.status == LineStatus.OPEN else [],
        "payments": line.payments.filter(taken_back__isnull=True).select_related("document", "member"),
        "blank": range(3),
    }
    return render(request, "money/movement.html", desk.context("movements") | words)


def _waiting_sales(line: BankStatementLine) -> tuple[list[CoinSale], list[CoinSale]]:
    """Sales of coins that wait for money: those of a movement's sum, and some others."""
    if line.amount_minor <= 0 or line.status != LineStatus.OPEN:
        return [], []
    waiting = waiting_sales(line.cooperative)
    return (list(waiting.filter(net_minor=line.amount_minor)[:MOST_SALES]), list(waiting.exclude(net_minor=line.amount_minor)[:MOST_SALES]))


def _decide(request: HttpRequest, line: BankStatementLine) -> str:
    """Do what the pressed button says; returns a sentence."""
    what, user, now = request.POST.get("do"), user_of(request), timezone.now()
    common: dict[str, Any] = {"line": line, "user": user, "now": now}
    if what == "assign":
        assign_line(shares=_shares(request, line), **common)
        return _("Booked. You can undo it on the page of the movement.")
    if what == "not-ours":
        mark_not_ours(why=request.POST.get("why", "")[:150], **common)
        return _("Set aside as not ours. The money stays on the account of unclear money.")
    if what == "take-back":
        payment = get_object_or_404(Payment, public_id=request.POST.get("payment"), cooperative=line.cooperative)
        return_by_line(payment=payment, **common)
        return _("The payment is taken back; what it had settled is open again.")
    if what == "coins":
        sale = get_object_or_404(CoinSale, public_id=request.POST.get("sale"), cooperative=line.cooperative)
        sale_by_line(sale=sale, **common)
        return _("Booked as what the exchange paid for coins.")
    if what == "undo":
        undo_line(**common)
        return _("Undone: the movement waits again, and what it had settled is open again.")
    raise CannotResolve(_("Choose what to do with the movement."))


def _shares(request: HttpRequest, line: BankStatementLine) -> list[Assignment]:
    """The parts as written: a bill's number or a member's number, and an amount."""
    shares = []
    pairs = zip(request.POST.getlist("what"), request.POST.getlist("amount"), strict=False)
    for what, part in list(pairs)[:MOST_PARTS]:
        name = what.strip()
        if not name and not part.strip():
            continue
        minor = money_written(part)
        bill = (
            Document.objects.standing()
            .filter(cooperative=line.cooperative, kind="bill", label__iexact=name)
            .select_related("member")
            .first()
        )
        member = bill.member if bill else Member.objects.filter(cooperative=line.cooperative, number=name).first()
        if member is None:
            raise CannotResolve(_("'%(name)s' is neither the number of a bill nor of a member.") % {"name": name})
        shares.append(Assignment(member, bill, minor))
    if not shares:
        raise CannotResolve(_("Write at least one bill or member, with its amount."))
    return shares


@login_required
@require_POST
def import_file(request: HttpRequest) -> HttpResponse:
    """Take a statement, a notification, or the bank's answer to an order."""
    desk, file = open_desk(request, keeps=True), request.FILES.get("file")
    if file is None or (file.size or 0) > LONGEST_FILE_BYTES:
        messages.error(request, _("Choose a file of at most 20 MB."))
        return redirect("money")
    content = file.read()
    try:
        if b"CstmrPmtStsRpt" in content[:4096]:
            answer = take_status_report(cooperative=desk.cooperative, content=content, now=timezone.now())
            order = answer.order
            messages.success(
                request,
                _("The bank answered to %(order)s: %(state)s, %(refused)s refused.")
                % {"order": order, "state": order.get_status_display(), "refused": answer.refused},
            )
            if answer.unknown:
                messages.warning(
                    request,
                    _("It also answers to %(ids)s, which are not in this order; nothing was done with them.")
                    % {"ids": ", ".join(answer.unknown[:MOST_PARTS])},
                )
            return redirect("money-order", order.public_id)
        statement, fresh = import_statement(
            cooperative=desk.cooperative, content=content, file_name=file.name or "file", now=timezone.now()
        )
    except REFUSALS as problem:
        messages.error(request, _("Nothing of %(file)s was taken; what was here before stays as it is.") % {"file": file.name})
        tell_refusal(request, problem)
        return redirect("money")
    parts = BankStatement.objects.filter(cooperative=desk.cooperative, digest=statement.digest).order_by("part")
    lines = BankStatementLine.objects.filter(statement__in=parts)
    waiting = lines.filter(status=LineStatus.OPEN).count()
    told = (
        _("%(count)s new movements; %(waiting)s wait for you.") % {"count": lines.count(), "waiting": waiting}
        if fresh
        else _("This file was imported before; nothing changed.")
    )
    messages.success(request, told)
    findings = "\n".join(part.findings for part in parts[:MOST_PARTS]).split("\n")
    for sentence in dict.fromkeys(filter(None, findings)):
        messages.warning(request, said(sentence, PHRASES))
    return redirect("money")


@login_required
@require_http_methods(["GET", "POST"])
def orders(request: HttpRequest) -> HttpResponse:
    """Debits and payouts: what could go, and what went."""
    desk = open_desk(request, keeps=request.method == "POST")
    if request.method == "POST":
        try:
            order = _prepare(request, desk.cooperative)
        except REFUSALS as problem:
            tell_refusal(request, problem)
            return redirect("money-orders")
        messages.success(request, _("%(order)s is prepared; a second person releases it.") % {"order": order})
        return redirect("money-order", order.public_id)
    now = timezone.now()
    bills = collectable(desk.cooperative, now)
    sound, lacking = payable_now(desk.cooperative)
    page = Paginator(orders_of(desk.cooperative), PAGE).get_page(request.GET.get("page"))
    words = {
        "page": page,
        "bill_count": len(bills),
        "bill_sum": sum(b.rest_minor for b, _ in bills),
        "payables": len(sound),
        "payable_sum": sum(p.amount_minor for p in sound),
        "lacking": lacking,
    }
    return render(request, "money/orders.html", desk.context("orders") | words)


def _prepare(request: HttpRequest, cooperative: Cooperative) -> BankOrder:
    user = user_of(request)
    try:
        wanted = date.fromisoformat(request.POST.get("day", ""))
    except ValueError:
        wanted = None
    make = prepare_payouts if request.POST.get("kind") == OrderKind.PAYOUTS else prepare_debits
    return make(cooperative=cooperative, user=user, now=timezone.now(), wanted_day=wanted)


@login_required
@require_http_methods(["GET", "POST"])
def order(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One order: its items, its release by a second person, its file."""
    desk = open_desk(request, keeps=request.method == "POST")
    found = get_object_or_404(BankOrder.objects.defer("content"), public_id=public_id, cooperative=desk.cooperative)
    if request.method == "POST":
        try:
            if request.POST.get("do") == "release":
                release_order(order=found, user=user_of(request), now=timezone.now())
                messages.success(request, _("Released. The file is ready for the bank and stays as it is."))
            else:
                cancel_order(order=found, now=timezone.now())
                messages.success(request, _("Cancelled; its items are free for another order."))
        except REFUSALS as problem:
            tell_refusal(request, problem)
        return redirect("money-order", public_id)
    items: Any = (
        found.debits.select_related("document__member", "mandate")
        if found.kind == OrderKind.DEBITS
        else found.payouts.select_related("member")
    )
    rows = list(items.order_by("pk"))
    standing = [row for row in rows if row.status != "cancelled"]
    words = {
        "order": found,
        "items": rows,
        "sum": sum(row.amount_minor for row in standing),
        "count": len(standing),
        "is_own": found.prepared_by_id == request.user.pk,
    }
    return render(request, "money/order.html", desk.context("orders") | words)


@login_required
@require_safe
def order_file(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The file for the bank, the same bytes each time."""
    desk = open_desk(request)
    found = get_object_or_404(BankOrder, public_id=public_id, cooperative=desk.cooperative, status=OrderStatus.RELEASED)
    return HttpResponse(
        bytes(found.content or b""),
        content_type="application/xml",
        headers={"Content-Disposition": f'attachment; filename="{found.file_name}"'},
    )


@login_required
@require_http_methods(["GET", "POST"])
def by_hand(request: HttpRequest) -> HttpResponse:
    """Cash and mobile money: who paid, how much, for what, by which receipt."""
    desk = open_desk(request, keeps=request.method == "POST")
    words = {key: request.POST.get(key, "").strip() for key in ("rail", "what", "amount", "receipt", "note")}
    if request.method == "POST":
        try:
            payment = _take(request, desk.cooperative, words)
        except REFUSALS as problem:
            tell_refusal(request, problem)
        else:
            messages.success(
                request,
                _("Taken: %(amount)s by %(way)s from %(member)s.")
                % {"amount": amount(payment.amount_minor), "way": payment.get_rail_display(), "member": payment.member},
            )
            return redirect("money-by-hand")
    taken = Payment.objects.filter(cooperative=desk.cooperative, rail__in=("cash", "mobile"))
    newest = taken.select_related("member", "document", "taken_by").order_by("-pk")[:PAGE]
    return render(request, "money/by_hand.html", desk.context("by-hand") | {"words": words, "newest": newest})


def _take(request: HttpRequest, cooperative: Cooperative, words: dict[str, str]) -> Payment:
    user = user_of(request)
    return take_by_hand(
        cooperative=cooperative,
        rail=words["rail"],
        what=words["what"],
        amount_minor=money_written(words["amount"]),
        receipt=words["receipt"],
        note=words["note"],
        user=user,
        now=timezone.now(),
    )
