"""The outbox: enqueue, sign, send, read receipts, and send again what a chain has lost."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from contracts.adapters.ethereum import highest_fee_of
from contracts.adapters.signing import address_of, contract_address, private_key
from contracts.domain.chain import CallReverted, Chain, UnsignedTransaction
from contracts.models import ChainDeployment, ChainTransaction, TransactionStatus, TransactionVersion
from energy.services.sole_hand import sole_hand

RECEIPT_PATIENCE_S = 5.0  # a development chain answers at once; a public one is asked again in the next round
RECEIPT_PAUSE_S = 0.1
MOST_RAISED = 16  # at once; the next round goes on
WEI_PER_GWEI = 10**9


def enqueue(*, chain: Chain, key: str, contract: str, function: str, arguments: Sequence[Any], now: datetime) -> ChainTransaction:
    """Put a call into the outbox, once per key; it is sent by `drain`."""
    known = ChainTransaction.objects.filter(idempotency_key=key).first()
    if known is not None:
        return known
    row, _ = ChainTransaction.objects.get_or_create(
        idempotency_key=key,
        defaults={
            "chain_id": chain.chain_id(),
            "contract": contract,
            "function": function,
            "created_at": now,
            "calldata": chain.encode(contract, function, arguments),
        },
    )
    return row


def deployment_on(chain: Chain, contract: str) -> ChainDeployment | None:
    """The deployment of a contract on this chain, if there is one."""
    return (
        ChainDeployment.objects.filter(chain_id=chain.chain_id(), genesis_hash=chain.genesis_hash(), contract=contract)
        .select_related("transaction")
        .first()
    )


def address_on(chain: Chain, contract: str) -> str:
    """Where a contract lives on this chain; empty if it is not deployed."""
    found = deployment_on(chain, contract)
    return found.address if found else ""


def drain(*, chain: Chain, now: datetime) -> int:
    """Sign and send what is waiting, in order, and read receipts; returns how many were sent. One sender per key at a time.

    A transaction is signed and stored in its own transaction before it is sent; one that the contract would refuse is marked
    failed with the contract's reason and uses no nonce.
    """
    key = private_key()
    sender = address_of(key)
    with sole_hand(f"sender {sender.lower()}") as held:
        if not held:
            return 0
        chain.provide_play_money(sender)
        _raise_fees(chain, sender, key, now)
        sent = _send_again(chain, sender)
        waiting = ChainTransaction.objects.filter(status=TransactionStatus.PENDING, chain_id=chain.chain_id())
        for pk in waiting.order_by("pk").values_list("pk", flat=True):
            row = _sign(chain, pk, sender, key, now)
            if row is not None and row.raw is not None:
                chain.send(bytes(row.raw))
                sent += 1
                _note_receipt(chain, row, now)
        read_receipts(chain=chain, now=now, patience_s=RECEIPT_PATIENCE_S)
    return sent


@transaction.atomic
def _sign(chain: Chain, pk: int, sender: str, key: str, now: datetime) -> ChainTransaction | None:
    row = ChainTransaction.objects.select_for_update().get(pk=pk)
    if row.status != TransactionStatus.PENDING:
        return None
    highest = ChainTransaction.objects.filter(chain_id=row.chain_id, sender=sender).aggregate(top=Max("nonce"))["top"]
    # Our own record decides: after a chain lost blocks its count is behind what we have signed already.
    nonce = max(-1 if highest is None else highest, chain.next_nonce(sender) - 1) + 1
    to = address_on(chain, row.contract) if row.function else ""
    if row.function and not to:
        return None  # it waits for its contract: sent to nobody, its words would be taken for a contract's code
    try:
        raw, tx_hash = chain.sign(UnsignedTransaction(sender, to, nonce, bytes(row.calldata)), key)
    except CallReverted as problem:
        row.status, row.problem = TransactionStatus.FAILED, str(problem)[:300]
        row.save(update_fields=["status", "problem"])
        return None
    row.sender, row.nonce, row.raw, row.hash, row.status = sender, nonce, raw, tx_hash, TransactionStatus.SENT
    row.save(update_fields=["sender", "nonce", "raw", "hash", "status"])
    _keep_version(row, now)
    if not row.function:
        ChainDeployment.objects.create(
            chain_id=row.chain_id,
            genesis_hash=chain.genesis_hash(),
            contract=row.contract,
            address=contract_address(sender, nonce),
            transaction=row,
        )
    return row


def _keep_version(row: ChainTransaction, now: datetime) -> None:
    raw = bytes(row.raw or b"")
    TransactionVersion.objects.create(transaction=row, hash=row.hash, raw=raw, max_fee_wei=highest_fee_of(raw), signed_at=now)


def _raise_fees(chain: Chain, sender: str, key: str, now: datetime) -> None:
    """Sign dearer what has waited too long: the same call and nonce, every version's hash is remembered, whichever is mined counts."""
    stuck = ChainTransaction.objects.filter(
        chain_id=chain.chain_id(), sender=sender, status=TransactionStatus.SENT, nonce__gte=chain.next_nonce(sender)
    ).exclude(versions__signed_at__gt=now - timedelta(seconds=settings.CHAIN_FEE_PATIENCE_S))
    for pk in list(stuck.order_by("nonce").values_list("pk", flat=True)[:MOST_RAISED]):
        _raise_fee(chain, pk, key, now)


@transaction.atomic
def _raise_fee(chain: Chain, pk: int, key: str, now: datetime) -> None:
    row = ChainTransaction.objects.select_for_update().get(pk=pk)
    if row.status != TransactionStatus.SENT or chain.receipt(row.hash) is not None:
        return
    dearer = chain.sign_dearer(bytes(row.raw or b""), key, settings.CHAIN_HIGHEST_FEE_GWEI * WEI_PER_GWEI)
    if dearer is None:
        row.problem = "the chain asks for more than CHAIN_HIGHEST_FEE_GWEI"
        row.save(update_fields=["problem"])
        return
    if not row.versions.exists():
        _keep_version(row, row.created_at)
    (row.raw, row.hash), row.problem = dearer, ""
    row.save(update_fields=["raw", "hash", "problem"])
    _keep_version(row, now)


def _send_again(chain: Chain, sender: str) -> int:
    """Send what has no receipt, in the order of nonces: what was signed and not sent, and what the chain has lost."""
    ours = ChainTransaction.objects.filter(chain_id=chain.chain_id(), sender=sender, nonce__isnull=False)
    ours.filter(nonce__gte=chain.next_nonce(sender)).update(
        status=TransactionStatus.SENT, block_number=None, gas_used=None, confirmed_at=None
    )
    again = list(ours.filter(status=TransactionStatus.SENT).order_by("nonce"))
    for row in again:
        chain.send(bytes(row.raw or b""))
    return len(again)


def read_receipts(*, chain: Chain, now: datetime, patience_s: float = 0.0) -> int:
    """Note what became of what was sent, asking again for up to `patience_s`; returns how many are still open."""
    deadline = time.monotonic() + patience_s
    while True:
        rows = list(ChainTransaction.objects.filter(status=TransactionStatus.SENT, chain_id=chain.chain_id()))
        still_open = sum(not _note_receipt(chain, row, now) for row in rows)
        if not still_open or time.monotonic() >= deadline:
            _name_taken_nonces(chain, rows)
            return still_open
        time.sleep(RECEIPT_PAUSE_S)


def _name_taken_nonces(chain: Chain, rows: Sequence[ChainTransaction]) -> None:
    """Say so where somebody else used the cooperative's key: the nonce is gone and our transaction can never be mined."""
    for row in rows:
        if row.status == TransactionStatus.SENT and (row.nonce or 0) < chain.next_nonce(row.sender):
            row.problem = f"nonce {row.nonce} was used by another transaction of this key"
            row.save(update_fields=["problem"])


@transaction.atomic
def try_again(*, transaction_id: int) -> bool:
    """Let a transaction that a contract refused before it was sent wait for the next round; returns whether it does."""
    row = ChainTransaction.objects.select_for_update().get(pk=transaction_id)
    if row.status != TransactionStatus.FAILED or row.nonce is not None:
        return False
    row.status, row.problem = TransactionStatus.PENDING, ""
    row.save(update_fields=["status", "problem"])
    return True


def _note_receipt(chain: Chain, row: ChainTransaction, now: datetime) -> bool:
    receipt = chain.receipt(row.hash)
    others = row.versions.exclude(hash=row.hash).order_by("-pk") if receipt is None else []
    for version in others:
        receipt = chain.receipt(version.hash)
        if receipt is not None:
            row.hash, row.raw = version.hash, bytes(version.raw)
            break
    if receipt is None:
        return False
    row.status = TransactionStatus.CONFIRMED if receipt.succeeded else TransactionStatus.FAILED
    row.problem = "" if receipt.succeeded else "reverted on the chain"
    row.block_number, row.gas_used, row.confirmed_at = receipt.block_number, receipt.gas_used, now
    row.save(update_fields=["hash", "raw", "status", "problem", "block_number", "gas_used", "confirmed_at"])
    return True
