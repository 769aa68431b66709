"""What coins are called and how they are written, and whose they are: one contract takes them for one cooperative."""

from django.conf import settings
from django.db.models import QuerySet

from contracts.domain.coins import NATIVE_DECIMALS, in_coins
from contracts.models import ChainPayment, StableCoin
from members.models import Cooperative


def coin_holders() -> QuerySet[Cooperative]:
    """The cooperatives whose bills were paid with coins."""
    paid = ChainPayment.objects.filter(vanished_at__isnull=True)
    return Cooperative.objects.filter(pk__in=paid.values("document__cooperative")).order_by("pk")


def cooperative_with_coins() -> Cooperative | None:
    """The cooperative for which the contract takes coins; none where it is not clear whose they would be.

    The contract pools what comes in and its one account withdraws it: coins of two cooperatives in it could not be parted. So it takes
    them for the one that CHAIN_COOPERATIVE names, else for the only one there is, else for the only one whose coins are there; and for no
    other than whose coins are there.
    """
    holders = list(coin_holders()[:2])
    if len(holders) > 1:
        return None
    if settings.CHAIN_COOPERATIVE:
        named = Cooperative.objects.filter(slug=settings.CHAIN_COOPERATIVE).first()
        return named if not holders or named == holders[0] else None
    rows = holders or list(Cooperative.objects.order_by("pk")[:2])
    return rows[0] if len(rows) == 1 else None


def takes_coins(cooperative: Cooperative) -> bool:
    """Whether a cooperative's bills can be paid with coins."""
    return cooperative_with_coins() == cooperative


def coin_words(coin: StableCoin | None) -> tuple[str, int]:
    """Symbol and decimals of a coin; none stands for the chain's own."""
    return (coin.symbol, coin.decimals) if coin is not None else (settings.CHAIN_COIN, NATIVE_DECIMALS)


def amount_in(units: object, coin: StableCoin | None) -> str:
    """Units of a coin as people read them: "1.5 ETH"."""
    symbol, decimals = coin_words(coin)
    return f"{in_coins(int(str(units)), decimals)} {symbol}"
