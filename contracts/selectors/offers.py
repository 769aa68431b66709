"""How a bill can be paid on the chain: in which coins, how much of each, by which calls, and what came already."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from billing.models import Document, DocumentKind, DocumentStatus
from contracts.adapters.ethereum import encode_call
from contracts.domain.coins import NATIVE, cost_of, in_coins, rest_to_ask_for
from contracts.domain.commitments import unhexed
from contracts.models import ChainDeployment, ChainPayment, ChainTransaction, PaymentQuote, StableCoin, TransactionStatus
from contracts.selectors.coins import amount_in, coin_words, takes_coins
from contracts.selectors.sent import named_words, settled_elsewhere


@dataclass(frozen=True, slots=True)
class Call:
    """A transaction that a wallet is asked for."""

    what: str
    to: str
    value: int
    data: str


@dataclass(frozen=True, slots=True)
class Way:
    """One coin in which a bill can be paid: all that is left of it, and the calls that pay it, in order.

    Of the coin to try with anybody makes some: `to_try` is the call.
    """

    coin: str
    token: str
    decimals: int
    units: int
    calls: Sequence[Call]
    to_try: Call | None = None

    @property
    def amount(self) -> str:
        """The units as whole coins."""
        return in_coins(self.units, self.decimals)

    @property
    def shown(self) -> Decimal:
        """The same as a number, which pages write in the reader's language."""
        return Decimal(self.amount)


@dataclass(frozen=True, slots=True)
class Seen:
    """A payment that the chain has shown."""

    transaction_hash: str
    amount: str
    booked_minor: int
    is_missing: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """How a bill stands on the chain. `state` is `open`, `paid`, `waiting` while the chain does not know the bill yet, `closed`, or `not_taken`.

    Not taken: the contract takes coins for another cooperative, or for none. Closed: the chain was told that the bill was paid another way, which it keeps, and that payment did not stay.
    """

    state: str
    contract: str
    chain_id: int
    rpc_url: str
    bill: str
    confirmations: int
    expires_at: datetime | None
    ways: Sequence[Way]
    payments: Sequence[Seen]


def offer_of(bill: Document) -> Offer:
    """The offer for a posted bill, by what is stored: the chain itself is asked by the payer's wallet."""
    deployed = ChainDeployment.objects.filter(contract="Billing").order_by("-pk").first()
    quote = PaymentQuote.objects.filter(document=bill).select_related("coin").first()
    came = list(ChainPayment.objects.filter(document=bill, vanished_at__isnull=True).select_related("payment", "coin").order_by("pk"))
    state, ways = "waiting", []
    if bill.kind != DocumentKind.BILL or bill.status != DocumentStatus.OPEN:
        state = "paid"
    elif not takes_coins(bill.cooperative) or (quote is not None and not quote.wei_per_minor):
        state = "not_taken"
    elif deployed is not None and quote is not None and _is_posted(bill, deployed.chain_id):
        applied = sum(int(one.applied_wad) for one in came)
        rest = rest_to_ask_for(due_minor=quote.due_minor, applied_wad=applied, bill_rest_minor=bill.rest_minor)
        is_closed = bool(rest) and _was_settled(bill, deployed.chain_id)
        ways = _ways(bill, quote, deployed.address, rest) if rest and not is_closed else []
        state = "closed" if is_closed else "open" if rest else "paid"
    return Offer(
        state=state,
        contract=deployed.address if deployed else "",
        chain_id=deployed.chain_id if deployed else 0,
        rpc_url=settings.CHAIN_PUBLIC_RPC_URL,
        bill=bill.chain_ref,
        confirmations=settings.CHAIN_CONFIRMATIONS,
        expires_at=quote.expires_at if quote else None,
        ways=ways,
        payments=[_seen(one) for one in came],
    )


def _is_posted(bill: Document, chain_id: int) -> bool:
    """Whether the chain has the bill: its run's bills are there."""
    key = f"bills:{chain_id}:{bill.run.chain_ref}:"
    states = ChainTransaction.objects.filter(idempotency_key__startswith=key).values_list("status", flat=True)
    return bool(states) and set(states) == {TransactionStatus.CONFIRMED}


def _was_settled(bill: Document, chain_id: int) -> bool:
    _count, words = named_words(settled_elsewhere(chain_id, bill.run.chain_ref))
    return unhexed(bill.chain_ref) in words


def _ways(bill: Document, quote: PaymentQuote, contract: str, rest_wad: int) -> list[Way]:
    word = unhexed(bill.chain_ref)
    wei = cost_of(rest_wad, int(quote.wei_per_minor))
    pay = Call("pay", contract, wei, encode_call("Billing", "processPayment", [word]))
    found = [_way(None, NATIVE, wei, [pay])]
    coin = quote.coin
    if coin is not None and coin.transaction.status == TransactionStatus.CONFIRMED:
        units = cost_of(rest_wad, int(quote.units_per_minor))
        allow = Call("allow", coin.address, 0, encode_call("TestCoin", "approve", [contract, units]))
        pay = Call("pay", contract, 0, encode_call("Billing", "processTokenPayment", [word, coin.address, units]))
        found.append(_way(coin, coin.address, units, [allow, pay], _to_try(coin, units)))
    return found


def _to_try(coin: StableCoin, units: int) -> Call | None:
    if not ChainDeployment.objects.filter(contract="TestCoin", address=coin.address).exists():
        return None
    return Call("make", coin.address, 0, encode_call("TestCoin", "make", [units]))


def _way(coin: StableCoin | None, token: str, units: int, calls: Sequence[Call], to_try: Call | None = None) -> Way:
    symbol, decimals = coin_words(coin)
    return Way(symbol, token, decimals, units, calls, to_try)


def _seen(one: ChainPayment) -> Seen:
    return Seen(
        one.transaction_hash,
        amount_in(one.paid_units, one.coin),
        one.payment.amount_minor if one.payment else 0,
        one.missing_since is not None,
    )
