"""How the cooperative sells coins of its own wallet: at what they cost, by what it holds of them on that day."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from billing.domain.coin_sales import NotHeld, SaleFigures, cost_of
from billing.models import CoinSale
from billing.services.coin_sales import CannotSellCoins, book_coin_sale
from contracts.domain.coins import in_coins
from contracts.selectors.holdings import Held, held_coins, standing_sales
from members.language import day_in_words
from members.models import Cooperative, User


@transaction.atomic
def sell_coins(
    *,
    cooperative: Cooperative,
    coin: str,
    units: int,
    sold_date: date,
    proceeds_minor: int,
    fee_minor: int,
    reference: str,
    user: User,
    now: datetime,
) -> CoinSale:
    """Record what coins of the own wallet were sold for, at their average cost on that day; the ledger and the bank's movement follow.

    Sales of a coin are recorded in the order of their days, so that each has the average of what was held then.

    Args:
        coin: by `Held.key`.
        units: the coin's smallest.

    Raises:
        CannotSellCoins: no such coins are held on that day, a later sale is recorded, or sums or reference are not right.
    """
    Cooperative.objects.select_for_update(no_key=True).get(pk=cooperative.pk)
    held = _held(cooperative, coin, sold_date)
    later = standing_sales(cooperative).filter(chain_id=held.coin.chain_id, token=held.coin.token, sold_date__gt=sold_date)
    newest = later.order_by("-sold_date").first()
    if newest is not None:
        raise CannotSellCoins(
            _("A sale of %(day)s is recorded already: take it back, record this one, then that one again.")
            % {"day": day_in_words(newest.sold_date)}
        )
    try:
        cost_minor = cost_of(held.holding, units)
    except NotHeld:
        raise CannotSellCoins(
            _(
                "On %(day)s the own wallet holds %(held)s %(coin)s by the books, not %(asked)s. Coins count from the day on which they left the contract."
            )
            % {
                "day": day_in_words(sold_date),
                "held": held.coins,
                "coin": held.coin.symbol,
                "asked": in_coins(max(units, 0), held.coin.decimals),
            }
        ) from None
    return book_coin_sale(
        cooperative=cooperative,
        coin=held.coin,
        units=units,
        figures=SaleFigures(cost_minor, proceeds_minor, fee_minor),
        sold_date=sold_date,
        reference=reference,
        user=user,
        now=now,
    )


def _held(cooperative: Cooperative, coin: str, day: date) -> Held:
    found = {each.key: each for each in held_coins(cooperative, until=day)}
    if coin not in found:
        raise CannotSellCoins(_("On %(day)s the own wallet holds none of these coins by the books.") % {"day": day_in_words(day)})
    return found[coin]
