"""The coins of a cooperative's own wallet as the books know them: what it took out of the contract, less what it sold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db.models import QuerySet, Sum

from billing.domain.coin_sales import Holding
from billing.models import CoinSale
from billing.services.coin_sales import CoinKind
from contracts.domain.coins import NATIVE, NATIVE_DECIMALS, in_coins
from contracts.models import ChainWithdrawal, StableCoin
from members.models import Cooperative


@dataclass(frozen=True, slots=True)
class Held:
    """One kind of coin and how much of it is held."""

    coin: CoinKind
    holding: Holding

    @property
    def key(self) -> str:
        """By which a form names it."""
        return f"{self.coin.chain_id}:{self.coin.token}"

    @property
    def coins(self) -> str:
        """What is held, in whole coins."""
        return in_coins(max(self.holding.units, 0), self.coin.decimals)

    @property
    def shown(self) -> Decimal:
        """The same as a number, which pages write in the reader's language."""
        return Decimal(self.coins)


def taken_out(cooperative: Cooperative) -> QuerySet[ChainWithdrawal]:
    """What the cooperative took out of the contract to its own wallet, as booked."""
    return ChainWithdrawal.objects.filter(cooperative=cooperative, posted__isnull=False, vanished_at__isnull=True)


def standing_sales(cooperative: Cooperative) -> QuerySet[CoinSale]:
    """Sales that count."""
    return CoinSale.objects.filter(cooperative=cooperative, taken_back_at__isnull=True)


def held_coins(cooperative: Cooperative, *, until: date) -> list[Held]:
    """Each kind of coin that was ever taken out or sold, with what is held of it at the end of a day; a handful of queries."""
    units: dict[tuple[int, str], int] = {}
    worth: dict[tuple[int, str], int] = {}
    came = taken_out(cooperative).filter(posted__booked_date__lte=until).values_list("chain_id", "coin__address")
    for chain_id, token, came_units, came_minor in came.annotate(u=Sum("revenue_units"), m=Sum("worth_minor")):
        key = (chain_id, token or NATIVE)
        units[key], worth[key] = units.get(key, 0) + int(came_units), worth.get(key, 0) + int(came_minor)
    left = standing_sales(cooperative).filter(sold_date__lte=until).values_list("chain_id", "token")
    for chain_id, token, sold_units, cost_minor in left.annotate(u=Sum("units"), m=Sum("cost_minor")):
        key = (chain_id, token)
        units[key], worth[key] = units.get(key, 0) - int(sold_units), worth.get(key, 0) - int(cost_minor)
    coins = _kinds(list(units))
    return [Held(coins[key], Holding(units[key], worth[key])) for key in sorted(units)]


def _kinds(keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], CoinKind]:
    """What the coins are called; a token that was named again is called as it was last."""
    rows = StableCoin.objects.filter(address__in={token for _, token in keys}).order_by("pk")
    named = {(row.chain_id, row.address): row for row in rows}
    return {
        (chain_id, token): CoinKind(chain_id, token, settings.CHAIN_COIN, NATIVE_DECIMALS)
        if token == NATIVE
        else CoinKind(chain_id, token, str(named[chain_id, token])[:16], named[chain_id, token].decimals)
        for chain_id, token in keys
    }
