"""A fiscal year: what it brought, where everything stands before and after its closing, and its two people."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from rest_framework.generics import get_object_or_404

from billing.domain.year_accounts import RESULT_LINE, BalanceSheet, FiscalYear, Side
from billing.models import AccountCode, YearClosing, YearStatus
from billing.selectors.books import trial_balance_of
from billing.selectors.distributions import OWN_SITES
from billing.selectors.phrases import PHRASES
from billing.selectors.years import closings_of, fiscal_year, income_statement, to_the_margin, year_balance_sheet
from billing.services.ledger import CannotPost
from billing.services.years import CannotCloseYear, cancel_closing, plan_year, prepare_closing, prepare_reopening, release_closing
from billing.web.books import Desk, desk_of, now_of
from billing.web.money_desk import NoAmount, money_written
from kernel.intervals import Month
from members.language import said
from members.selectors.scope import user_of

REFUSALS = (CannotCloseYear, CannotPost, NoAmount)
# Labels of accounts, for pages in the reader's language.
ACCOUNT_NAMES = {
    AccountCode.RECEIVABLE: gettext_lazy("owed by members"),
    AccountCode.PAYABLE: gettext_lazy("owed to members"),
    AccountCode.ENERGY_SALES: gettext_lazy("energy sales"),
    AccountCode.FEES: gettext_lazy("standing charges and fees"),
    AccountCode.LOCAL_CLEARING: gettext_lazy("local energy, from neighbours to neighbours"),
    AccountCode.ENERGY_PURCHASES: gettext_lazy("energy bought from producers for the public grid"),
    AccountCode.INCENTIVES: gettext_lazy("incentives"),
    AccountCode.REMINDER_FEES: gettext_lazy("fees of reminders"),
    AccountCode.ARREARS_INTEREST: gettext_lazy("interest on arrears"),
    AccountCode.DISTRIBUTIONS: gettext_lazy("shared out to producers and members"),
    AccountCode.RETAINED: gettext_lazy("results carried forward"),
    AccountCode.RESERVES: gettext_lazy("reserves"),
    AccountCode.MEMBER_SHARES: gettext_lazy("members' shares"),
    AccountCode.OPENING: gettext_lazy("carried in from books before"),
    AccountCode.WITHHELD_TAX: gettext_lazy("tax withheld of dividends"),
    AccountCode.EXCHANGE: gettext_lazy("between currencies"),
    AccountCode.VAT: gettext_lazy("VAT"),
    AccountCode.INPUT_VAT: gettext_lazy("input VAT"),
    AccountCode.REVERSE_VAT: gettext_lazy("VAT owed as recipient"),
    AccountCode.REVERSE_INPUT_VAT: gettext_lazy("input VAT as recipient"),
    AccountCode.VAT_COST: gettext_lazy("VAT that is not given back"),
    AccountCode.BANK: gettext_lazy("bank account"),
    AccountCode.CHAIN_WALLET: gettext_lazy("chain wallet"),
    AccountCode.CASH: gettext_lazy("cash"),
    AccountCode.OWN_WALLET: gettext_lazy("the cooperative's own wallet"),
    AccountCode.COINS_SOLD: gettext_lazy("coins sold, their money on its way"),
    AccountCode.COIN_RESULT: gettext_lazy("gains and losses on coins"),
    AccountCode.COIN_FEES: gettext_lazy("fees of selling coins"),
    AccountCode.MOBILE_MONEY: gettext_lazy("mobile money"),
    AccountCode.CARD: gettext_lazy("card provider"),
    AccountCode.CARD_FEES: gettext_lazy("fees of card payments"),
    AccountCode.SUSPENSE: gettext_lazy("unclear money of the bank account"),
    AccountCode.TRANSIT: gettext_lazy("payouts on their way"),
    AccountCode.BANK_CHARGES: gettext_lazy("bank charges"),
    AccountCode.RETURN_FEES: gettext_lazy("fees of returned payments"),
    AccountCode.ROUNDING: gettext_lazy("rounding"),
}
OTHER_NAMES = {
    OWN_SITES: gettext_lazy("the cooperative's own sites and storages"),
    RESULT_LINE: gettext_lazy("result not carried forward yet"),
}
SIDES = {
    Side.ASSETS: gettext_lazy("What is there"),
    Side.LIABILITIES: gettext_lazy("What is owed"),
    Side.EQUITY: gettext_lazy("What belongs to the members"),
}


def account_name(code: str) -> str:
    """The name of an account's code in the reader's language."""
    if code in OTHER_NAMES:
        return str(OTHER_NAMES[code])
    return str(ACCOUNT_NAMES.get(AccountCode(code), AccountCode(code).label))


@login_required
@require_http_methods(["GET", "POST"])
def year_page(request: HttpRequest) -> HttpResponse:
    """A fiscal year's income statement and balance sheet; closed by two people, and opened again by two."""
    desk = desk_of(request)
    year = fiscal_year(desk.cooperative, desk.month.first_day)
    if request.method == "POST":
        return _decide(request, desk, year)
    closings = list(closings_of(desk.cooperative, year))
    closed = next((c for c in closings if c.counters_id is None and c.status == YearStatus.RELEASED), None)
    asked = request.GET.get("sheet", "after" if closed else "before")
    sheet = year_balance_sheet(desk.cooperative, year, with_closing=asked == "after")
    lines = income_statement(desk.cooperative, year)
    plan = plan_year(cooperative=desk.cooperative, year=year, now=now_of(desk.cooperative)) if closed is None else None
    context = desk.context("year") | {
        "year": year,
        "earlier": Month(year.first_day.year - 1, year.first_day.month),
        "later": Month(year.first_day.year + 1, year.first_day.month),
        "lines": [{"name": account_name(line.code), "code": line.code, "minor": line.amount_minor} for line in lines],
        "income_minor": sum(line.amount_minor for line in lines if line.amount_minor > 0),
        "costs_minor": sum(line.amount_minor for line in lines if line.amount_minor < 0),
        "result_minor": sum(line.amount_minor for line in lines),
        "to_margin": to_the_margin(desk.cooperative, year),
        "sheet": sheet,
        "sides": _sides(sheet),
        "asked": asked,
        "closed": closed,
        "plan": plan,
        "waiting": next((c for c in closings if c.status == YearStatus.PREPARED), None),
        "closings": closings,
        "agrees": _agrees(desk, year, sheet, closed, asked),
        "last_month": Month(year.last_day.year, year.last_day.month),
        "own_sites": OWN_SITES,
    }
    return render(request, "books/year.html", context)


def _name_on(side: Side, code: str) -> str:
    """What an account is called on its side of the sheet: members whose payments go beyond their bills are owed them."""
    if side == Side.LIABILITIES and code == AccountCode.RECEIVABLE:
        return _("members' credit")
    return account_name(code)


def _sides(sheet: BalanceSheet) -> list[dict[str, Any]]:
    return [
        {
            "side": side,
            "name": name,
            "sum_minor": sheet.sum_of(side),
            "lines": [
                {"name": _name_on(side, line.code), "code": line.code if line.code != RESULT_LINE else "", "minor": line.amount_minor}
                for line in sheet.of(side)
            ],
        }
        for side, name in SIDES.items()
    ]


def _agrees(desk: Desk, year: FiscalYear, sheet: BalanceSheet, closed: YearClosing | None, asked: str) -> bool:
    """Whether the trial balance of the year's last day balances, and so does the sheet; after the closing no result is left."""
    trial = trial_balance_of(desk.cooperative, until=year.last_day)
    left = [line for line in sheet.of(Side.EQUITY) if line.code == RESULT_LINE]
    return not any(trial.differences.values()) and sheet.difference_minor == 0 and not (closed and asked == "after" and left)


def _decide(request: HttpRequest, desk: Desk, year: FiscalYear) -> HttpResponse:
    """One step of closing or opening again; treasurers only."""
    if not desk.may_keep:
        raise PermissionDenied
    try:
        messages.success(request, _step(request, desk, year))
    except REFUSALS as why:
        messages.error(request, said(str(why), PHRASES))
    return redirect(f"{reverse('books-year')}?cooperative={desk.cooperative.slug}&month={Month(year.first_day.year, year.first_day.month)}")


def _step(request: HttpRequest, desk: Desk, year: FiscalYear) -> str:
    user = user_of(request)
    what, now = request.POST.get("do"), now_of(desk.cooperative)
    if what == "prepare":
        reserve = money_written(request.POST.get("reserve") or "0")
        prepare_closing(cooperative=desk.cooperative, year=year, reserve_minor=reserve, by=user, now=now)
        return _("The closing is prepared; a second person releases it.")
    closing = get_object_or_404(closings_of(desk.cooperative, year), public_id=request.POST.get("closing"))
    if what == "release":
        released = release_closing(closing=closing, by=user, now=now)
        if released.counters_id is None:
            return _("The year is closed: its result is carried forward.")
        return _("The year is open again. Its months stay closed until they are opened again.")
    if what == "cancel":
        cancel_closing(closing=closing)
        return _("Cancelled; nothing was booked.")
    if what == "reopen":
        prepare_reopening(closing=closing, why=request.POST.get("why", ""), by=user, now=now)
        return _("Opening the year again is prepared; a second person releases it.")
    raise PermissionDenied
