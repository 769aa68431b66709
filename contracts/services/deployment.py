"""Deployments: our contracts on a chain, each once, and the stable coin that bills can be paid in."""

import logging
from datetime import datetime

from django.conf import settings
from django.db import transaction

from contracts.adapters.signing import address_of, checksummed, private_key
from contracts.domain.chain import CallReverted, Chain
from contracts.domain.coins import NATIVE, NoUsableCoin, one_to_one
from contracts.models import ChainDeployment, ChainTransaction, StableCoin
from contracts.services.outbox import address_on, deployment_on, drain, enqueue

DEVELOPMENT_CHAIN = 31337
CONTRACTS = ("EnergyProduction", "EnergyConsumption", "GridBalancing", "Billing")
TEST_COIN = "TestCoin"
LONGEST_SYMBOL = 16
log = logging.getLogger(__name__)


def deploy_contracts(*, chain: Chain, now: datetime) -> list[ChainDeployment]:
    """Put the deployments into the outbox and sign them, so that their addresses are known; name the stable coin. Twice is a no-op."""
    chain_id, genesis = chain.chain_id(), chain.genesis_hash()
    _move_to_empty_chain(chain)
    for contract in (*CONTRACTS, *([TEST_COIN] if _tries_a_coin(chain_id) else [])):
        if ChainDeployment.objects.filter(chain_id=chain_id, genesis_hash=genesis, contract=contract).exists():
            continue
        ChainTransaction.objects.get_or_create(
            idempotency_key=f"deploy:{chain_id}:{genesis}:{contract}",
            defaults={
                "chain_id": chain_id,
                "contract": contract,
                "created_at": now,
                "calldata": chain.deployment(contract, [] if contract == TEST_COIN else [address_of(private_key())]),
            },
        )
    drain(chain=chain, now=now)
    if name_coin(chain=chain, now=now):
        drain(chain=chain, now=now)
    return list(ChainDeployment.objects.filter(chain_id=chain_id, genesis_hash=genesis))


@transaction.atomic
def _move_to_empty_chain(chain: Chain) -> None:
    """Let the deployments of a chain that began anew (same id, another genesis, nothing of ours on it) count for the new one.

    The same raw bytes go there again in the order of their nonces, so that every contract comes to live at its old address.
    """
    chain_id, genesis, sender = chain.chain_id(), chain.genesis_hash(), address_of(private_key())
    ours = ChainDeployment.objects.select_for_update().filter(chain_id=chain_id, transaction__sender=sender)
    newest = ours.order_by("-pk").first()
    if newest is None or ours.filter(genesis_hash=genesis).exists() or chain.next_nonce(sender) > 0:
        return
    ours.filter(genesis_hash=newest.genesis_hash).update(genesis_hash=genesis)


def _tries_a_coin(chain_id: int) -> bool:
    """Whether a coin to try with stands in for a real one: on the development chain, where the settings name none."""
    return chain_id == DEVELOPMENT_CHAIN and not settings.CHAIN_STABLE_COIN


def is_former(chain: Chain, deployment: ChainDeployment) -> bool:
    """Whether a contract was deployed from other sources than today's: what was added since it does not know."""
    created = deployment.transaction
    arguments = [] if deployment.contract == TEST_COIN else [created.sender]
    return bytes(created.calldata) != chain.deployment(deployment.contract, arguments)


def coin_taken(chain_id: int) -> StableCoin | None:
    """The stable coin that is taken on a chain, if any."""
    newest = StableCoin.objects.filter(chain_id=chain_id).order_by("-pk").first()
    return newest if newest is not None and newest.is_taken else None


def name_coin(*, chain: Chain, now: datetime) -> bool:
    """Tell the contract the stable coin of the settings, once; returns whether there was something to tell.

    A coin that cannot be asked for its decimals, or not yet, stays out: bills are then quoted in the chain's own coin alone.
    """
    chain_id = chain.chain_id()
    wanted = address_on(chain, TEST_COIN) if _tries_a_coin(chain_id) else settings.CHAIN_STABLE_COIN or NATIVE
    billing = deployment_on(chain, "Billing")
    if not wanted or billing is None or is_former(chain, billing):
        return False
    address = checksummed(wanted)
    newest = StableCoin.objects.filter(chain_id=chain_id).order_by("-pk").first()
    if address == (newest.address if newest is not None else NATIVE):
        return False
    try:
        symbol, decimals = _asked(chain, address) if address != NATIVE else ("", 0)
    except (CallReverted, NoUsableCoin) as problem:
        log.error("%s is not taken as stable coin: %s", address, problem)
        return False
    with transaction.atomic():
        place = StableCoin.objects.filter(chain_id=chain_id).count()
        row = enqueue(
            chain=chain,
            key=f"coin:{chain_id}:{place}:{address.lower()}",
            contract="Billing",
            function="setStableCoin",
            arguments=[address],
            now=now,
        )
        StableCoin.objects.create(chain_id=chain_id, address=address, symbol=symbol, decimals=decimals, named_at=now, transaction=row)
    return True


def _asked(chain: Chain, address: str) -> tuple[str, int]:
    """What a token says of itself: symbol and decimals.

    Raises:
        CallReverted: nothing there answers as a token does.
        NoUsableCoin: it has no cents, and the settings state no rate.
    """
    symbol = str(chain.call(TEST_COIN, address, "symbol", []))
    decimals = int(chain.call(TEST_COIN, address, "decimals", []))
    shown = "".join(c for c in symbol if c.isprintable())[:LONGEST_SYMBOL]
    rate_of(decimals)
    return shown, decimals


def rate_of(decimals: int) -> int:
    """The stated rate of a stable coin [units per minor unit]: the settings', else one coin is one unit of the currency.

    Raises:
        NoUsableCoin: it has no cents, and the settings state no rate.
    """
    return int(settings.CHAIN_STABLE_UNITS_PER_MINOR) or one_to_one(decimals)
