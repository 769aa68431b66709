"""Coins of the cooperative's own wallet sold for money: booked at what they cost, found again on the bank account, taken back.

From the *own wallet* at cost; what the exchange pays to *coins sold, their money on its way*, which the bank empties; its fee and what was
earned or lost by the coins' price to accounts of their own.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from billing.domain.coin_sales import SHORTEST_REFERENCE, SaleFigures, is_named, plain_reference
from billing.models import Account, AccountCode, BankStatementLine, CoinSale, LineStatus
from billing.services.ledger import account, is_closed, post_transaction, reverse_transaction
from billing.services.line_postings import move_line
from members.models import Cooperative, User

CAUSE = "coin sale"
LINE_KEY = "coins"
MOST_LINES = 200
MOST_WHY = 160


class CannotSellCoins(ValueError):
    """A sale of coins cannot be recorded or taken back that way; the message says why."""


@dataclass(frozen=True, slots=True)
class CoinKind:
    """A coin: by its chain and token (address zero: the chain's own), with what people call it and how far it is divided."""

    chain_id: int
    token: str
    symbol: str
    decimals: int


@transaction.atomic
def book_coin_sale(
    *,
    cooperative: Cooperative,
    coin: CoinKind,
    units: int,
    figures: SaleFigures,
    sold_date: date,
    reference: str,
    user: User,
    now: datetime,
) -> CoinSale:
    """Record and book a sale; a movement that brought its money already is booked with it. The caller holds the cooperative's lock.

    Raises:
        CannotSellCoins: the day lies ahead, sums or reference are not right, or the reference was recorded before.
    """
    reference = reference.strip()
    _check(cooperative, figures, sold_date, reference, now)
    day = now.date() if is_closed(cooperative, sold_date) else sold_date
    sale = CoinSale(
        cooperative=cooperative,
        chain_id=coin.chain_id,
        token=coin.token,
        symbol=coin.symbol,
        decimals=coin.decimals,
        units=Decimal(units),
        sold_date=sold_date,
        cost_minor=figures.cost_minor,
        proceeds_minor=figures.proceeds_minor,
        fee_minor=figures.fee_minor,
        reference=reference,
        recorded_at=now,
        recorded_by=user,
    )
    sale.posted = post_transaction(
        cooperative=cooperative,
        idempotency_key=f"coins sold:{sale.public_id}",
        cause=CAUSE,
        cause_ref=sale.public_id,
        booked_date=day,
        amounts=_amounts(cooperative, figures),
        now=now,
    )
    sale.save()
    _match_waiting_line(sale, now)
    sale.refresh_from_db(fields=["bank_line", "net_minor"])
    return sale


def _check(cooperative: Cooperative, figures: SaleFigures, sold_date: date, reference: str, now: datetime) -> None:
    if sold_date > now.date():
        raise CannotSellCoins(_("Coins are sold on a day that has come."))
    if not 0 <= figures.fee_minor <= figures.proceeds_minor:
        raise CannotSellCoins(_("The exchange's fee is between nothing and what the coins were sold for."))
    if not figures.cost_minor and not figures.proceeds_minor:
        raise CannotSellCoins(_("These coins cost nothing and brought nothing: there is nothing to book."))
    if len(plain_reference(reference)) < SHORTEST_REFERENCE:
        raise CannotSellCoins(
            _("Write the exchange's reference, with at least %(n)s letters or digits: by it the bank's movement is found.")
            % {"n": SHORTEST_REFERENCE}
        )
    known = CoinSale.objects.filter(cooperative=cooperative, taken_back_at__isnull=True)
    if any(plain_reference(each) == plain_reference(reference) for each in known.values_list("reference", flat=True)):
        raise CannotSellCoins(_("A sale with this reference was recorded before."))


def _amounts(cooperative: Cooperative, figures: SaleFigures) -> dict[Account, int]:
    return {
        account(cooperative, AccountCode.COINS_SOLD): figures.net_minor,
        account(cooperative, AccountCode.COIN_FEES): figures.fee_minor,
        account(cooperative, AccountCode.OWN_WALLET): -figures.cost_minor,
        account(cooperative, AccountCode.COIN_RESULT): -figures.gain_minor,
    }


@transaction.atomic
def take_back_coin_sale(*, sale: CoinSale, why: str, user: User, now: datetime) -> CoinSale:
    """Take a sale back by its mirror: the coins are held again at what they cost. Once.

    Raises:
        CannotSellCoins: no reason is given, or the bank has brought its money: that movement is undone first.
    """
    Cooperative.objects.select_for_update(no_key=True).get(pk=sale.cooperative_id)
    sale = CoinSale.objects.select_for_update(of=("self",)).select_related("posted", "cooperative").get(pk=sale.pk)
    if sale.taken_back_at is not None:
        return sale
    if sale.bank_line_id is not None:
        raise CannotSellCoins(_("Its money has come: undo the movement of the account first."))
    if not why.strip():
        raise CannotSellCoins(_("Write why it is taken back."))
    reverse_transaction(posted=sale.posted, cause=CAUSE, cause_ref=sale.public_id, booked_date=now.date(), now=now)
    sale.taken_back_at, sale.taken_back_by, sale.why = now, user, why.strip()[:MOST_WHY]
    sale.save(update_fields=["taken_back_at", "taken_back_by", "why"])
    return sale


def waiting_sales(cooperative: Cooperative) -> QuerySet[CoinSale]:
    """Sales whose money has not come, the oldest first."""
    rows = CoinSale.objects.filter(cooperative=cooperative, taken_back_at__isnull=True, bank_line__isnull=True, net_minor__gt=0)
    return rows.order_by("sold_date", "pk")


def book_coin_sale_line(*, line: BankStatementLine, now: datetime) -> str:
    """Book a line that brings the money of a sale, named by its reference and of its sum; returns what was booked, in words, empty if it does not. Part of the import."""
    if line.amount_minor <= 0 or line.return_code or line.is_reversal:
        return ""
    words = f"{line.purpose} {line.reference} {line.end_to_end_id} {line.bank_ref}"
    fitting = (
        waiting_sales(line.cooperative).select_for_update(of=("self",)).filter(net_minor=line.amount_minor, sold_date__lte=line.booked_date)
    )
    named = [sale for sale in fitting if is_named(sale.reference, words)]
    if len(named) != 1:
        return ""
    bring_money(sale=named[0], line=line, now=now)
    return f"coins sold: {named[0].reference}"


def bring_money(*, sale: CoinSale, line: BankStatementLine, now: datetime) -> None:
    """Book a movement as the money of a sale. Part of the caller's transaction, which holds the cooperative's lock."""
    sale.bank_line = line
    sale.save(update_fields=["bank_line"])
    move_line(line=line, code=AccountCode.COINS_SOLD, what=LINE_KEY, now=now)


def _match_waiting_line(sale: CoinSale, now: datetime) -> None:
    """Book a movement that came before its sale was recorded and waits for somebody to say what it is for."""
    waiting = BankStatementLine.objects.select_for_update(of=("self",)).filter(
        cooperative=sale.cooperative, status=LineStatus.OPEN, amount_minor=sale.figures.net_minor, booked_date__gte=sale.sold_date
    )
    for line in waiting.select_related("cooperative").order_by("booked_date", "pk")[:MOST_LINES]:
        why = book_coin_sale_line(line=line, now=now)
        if why:
            line.status, line.why, line.resolved_at = LineStatus.BOOKED, why[:200], now
            line.save(update_fields=["status", "why", "resolved_at"])
            return
