"""How the cooperative takes its coins: what bills have brought into the contract goes to the wallet of its own key.

Three steps, each through the outbox and once: a batch of revenue whose only payee is the cooperative, its distribution, and a withdrawal
of each coin. The books follow when the withdrawal has its confirmations.
"""

from datetime import datetime

from django.db import transaction

from contracts.adapters.signing import address_of, private_key
from contracts.domain.chain import Chain
from contracts.domain.coins import NATIVE
from contracts.domain.merkle import keccak
from contracts.models import ChainTransaction, StableCoin, TransactionStatus
from contracts.selectors.coins import coin_holders
from contracts.services.outbox import address_on, drain, enqueue


class CannotCollect(ValueError):
    """The coins cannot be taken now; the message says why."""


def collect_coins(*, chain: Chain, now: datetime) -> list[ChainTransaction]:
    """Take what lies in the contract, in every coin, and send it; returns the transactions, empty where nothing lies there.

    A collection that is on its way is only sent on: asked for again, it is not begun twice.

    Raises:
        CannotCollect: there is no contract yet, or its coins came in for bills of several cooperatives, which it does not keep apart.
        ChainUnavailable: the node is down; what was begun goes on in the witness's next round.
    """
    address = address_on(chain, "Billing")
    if not address:
        raise CannotCollect("The contracts are not deployed yet: run deploy_contracts first.")
    if coin_holders().count() > 1:
        raise CannotCollect("Bills of several cooperatives were paid into this contract, which does not keep their coins apart.")
    begun = _on_its_way(chain) or _begin(chain, address, now)
    drain(chain=chain, now=now)
    return list(ChainTransaction.objects.filter(pk__in=[row.pk for row in begun]).order_by("pk"))


def _head(chain: Chain) -> str:
    return f"collect:{chain.chain_id()}:"


def _on_its_way(chain: Chain) -> list[ChainTransaction]:
    rows = ChainTransaction.objects.filter(idempotency_key__startswith=_head(chain))
    return list(rows.filter(status__in=(TransactionStatus.PENDING, TransactionStatus.SENT)).order_by("pk"))


@transaction.atomic
def _begin(chain: Chain, address: str, now: datetime) -> list[ChainTransaction]:
    """Put the steps into the outbox, all or none. What earlier distributions gave the cooperative's account is taken along."""
    own = address_of(private_key())
    tokens = dict.fromkeys(
        StableCoin.objects.filter(chain_id=chain.chain_id()).exclude(address=NATIVE).order_by("pk").values_list("address", flat=True)
    )
    lying = {coin: int(chain.call("Billing", address, "undistributed", [coin])) for coin in (NATIVE, *tokens)}
    due = {coin: int(chain.call("Billing", address, "withdrawableOf", [coin, own])) for coin in (NATIVE, *tokens)}
    due[NATIVE] += int(chain.call("Billing", address, "creditOf", [own]))
    key = f"{_head(chain)}{ChainTransaction.objects.filter(idempotency_key__startswith=_head(chain)).count()}"
    batch = keccak(key.encode())
    steps: list[tuple[str, list[object]]] = []
    if any(lying.values()):
        steps += [("postRevenue", [batch, [own], [1]]), ("distributeRevenue", [batch])]
    steps += [("withdraw", []) if coin == NATIVE else ("withdrawToken", [coin]) for coin in (NATIVE, *tokens) if lying[coin] or due[coin]]
    return [
        enqueue(chain=chain, key=f"{key}:{number}", contract="Billing", function=name, arguments=arguments, now=now)
        for number, (name, arguments) in enumerate(steps)
    ]
