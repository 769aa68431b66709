"""What was named in transactions of the cooperative's key."""

from contracts.models import ChainTransaction

SELECTOR_BYTES, WORD_BYTES = 4, 32


def named_words(prefix: str) -> tuple[int, set[bytes]]:
    """How many transactions have keys with this prefix, and every word that stands in their calldata.

    Words follow a selector of four bytes, inside a multicall a second one.
    """
    rows = ChainTransaction.objects.filter(idempotency_key__startswith=prefix).values_list("calldata", flat=True)
    sent = [bytes(row) for row in rows]
    words = {
        data[i : i + WORD_BYTES]
        for data in sent
        for first in (SELECTOR_BYTES, 2 * SELECTOR_BYTES)
        for i in range(first, len(data) - WORD_BYTES + 1, WORD_BYTES)
    }
    return len(sent), words


def settled_elsewhere(chain_id: int, run_ref: str) -> str:
    """How the keys of transactions begin that note a run's bills as paid another way."""
    return f"settled:{chain_id}:{run_ref}:"
