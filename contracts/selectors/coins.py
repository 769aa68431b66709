"""What coins are called and how they are written."""

from django.conf import settings

from contracts.domain.coins import NATIVE_DECIMALS, in_coins
from contracts.models import StableCoin


def coin_words(coin: StableCoin | None) -> tuple[str, int]:
    """Symbol and decimals of a coin; none stands for the chain's own."""
    return (coin.symbol, coin.decimals) if coin is not None else (settings.CHAIN_COIN, NATIVE_DECIMALS)


def amount_in(units: object, coin: StableCoin | None) -> str:
    """Units of a coin as people read them: "1.5 ETH"."""
    symbol, decimals = coin_words(coin)
    return f"{in_coins(int(str(units)), decimals)} {symbol}"
