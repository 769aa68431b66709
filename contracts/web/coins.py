"""The treasurer's page of coins: what the own wallet holds by the books, what was sold, and whether its money came."""

from datetime import date
from decimal import Decimal, InvalidOperation, Overflow

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from rest_framework.generics import get_object_or_404

from billing.models import CoinSale
from billing.selectors.phrases import PHRASES
from billing.services.coin_sales import CannotSellCoins, take_back_coin_sale, waiting_sales
from billing.services.ledger import CannotPost
from billing.web.books import now_of
from billing.web.money_desk import Desk, NoAmount, money_written, open_desk
from contracts.domain.coins import NoUsableCoin, in_coins, in_units
from contracts.selectors.holdings import held_coins
from contracts.services.coin_sales import sell_coins
from members.language import amount, said
from members.selectors.scope import user_of

PAGE = 30
FIELDS = ("coin", "coins", "day", "proceeds", "fee", "reference")
# A coin that is divided further, or more of them than that, is none.
MOST_COINS = Decimal(10) ** 30
REFUSALS = (CannotSellCoins, CannotPost, NoAmount)


@login_required
@require_http_methods(["GET", "POST"])
def coins(request: HttpRequest) -> HttpResponse:
    """What is held, what was sold, and a form for the next sale; a refused one keeps what was written."""
    desk = open_desk(request, keeps=request.method == "POST")
    words = {field: request.POST.get(field, "").strip() for field in FIELDS}
    if request.method == "POST":
        try:
            messages.success(request, _step(request, desk, words))
            return redirect(f"{reverse('money-coins')}?cooperative={desk.cooperative.slug}")
        except REFUSALS as problem:
            messages.error(request, said(str(problem), PHRASES))
    today = now_of(desk.cooperative).date()
    sales = CoinSale.objects.filter(cooperative=desk.cooperative).select_related("bank_line", "recorded_by", "taken_back_by")
    page = Paginator(sales.order_by("-sold_date", "-pk"), PAGE).get_page(request.GET.get("page"))
    rows = [{"sale": sale, "coins": Decimal(in_coins(int(sale.units), sale.decimals))} for sale in page.object_list]
    waiting = list(waiting_sales(desk.cooperative))
    held = held_coins(desk.cooperative, until=today)
    context = {
        "held": held,
        "worth_minor": sum(each.holding.worth_minor for each in held),
        "sellable": [each for each in held if each.holding.units > 0],
        "page": page,
        "rows": rows,
        "words": words,
        "today": today,
        "waiting": len(waiting),
        "waiting_minor": sum(sale.figures.net_minor for sale in waiting),
    }
    return render(request, "money/coins.html", desk.context("coins") | context)


def _step(request: HttpRequest, desk: Desk, words: dict[str, str]) -> str:
    """Do what the pressed button says; returns a sentence."""
    user, now = user_of(request), now_of(desk.cooperative)
    if request.POST.get("do") == "take-back":
        sale = get_object_or_404(CoinSale, cooperative=desk.cooperative, public_id=request.POST.get("sale"))
        take_back_coin_sale(sale=sale, why=request.POST.get("why", ""), user=user, now=now)
        return _("Taken back: the coins are held again at what they cost.")
    sale = sell_coins(
        cooperative=desk.cooperative,
        coin=words["coin"],
        units=_units(desk, words),
        sold_date=_day(words["day"]),
        proceeds_minor=money_written(words["proceeds"]),
        fee_minor=money_written(words["fee"] or "0"),
        reference=words["reference"],
        user=user,
        now=now,
    )
    figures = sale.figures
    told = {"cost": amount(figures.cost_minor), "gain": amount(abs(figures.gain_minor)), "net": amount(figures.net_minor)}
    if sale.bank_line_id is not None:
        return _("Booked, with the movement that brought %(net)s. The coins had cost %(cost)s.") % told
    if figures.gain_minor < 0:
        return _("Booked: the coins had cost %(cost)s, %(gain)s were lost. %(net)s should come to the bank.") % told
    return _("Booked: the coins had cost %(cost)s, %(gain)s were gained. %(net)s should come to the bank.") % told


def _units(desk: Desk, words: dict[str, str]) -> int:
    """How much was sold, as written in whole coins, in units of the coin chosen."""
    today = now_of(desk.cooperative).date()
    held = {each.key: each for each in held_coins(desk.cooperative, until=today)}.get(words["coin"])
    if held is None:
        raise CannotSellCoins(_("Choose which coins were sold."))
    try:
        written = Decimal(words["coins"].replace(" ", "").replace(",", "."))
        if not (written.is_finite() and 0 < written < MOST_COINS):
            raise InvalidOperation
        return in_units(written, held.coin.decimals)
    except (InvalidOperation, Overflow, NoUsableCoin):
        raise CannotSellCoins(
            _("“%(text)s” is no amount of %(coin)s: write it as 12.5, with at most %(n)s decimals.")
            % {"text": words["coins"], "coin": held.coin.symbol, "n": held.coin.decimals}
        ) from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CannotSellCoins(_("Choose the day of the sale.")) from None
