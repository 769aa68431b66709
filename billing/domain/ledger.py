"""Double entry as plain values: what balances, what takes a transaction back, and how many-sided ones pair off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

LONGEST_KEY = 120


@dataclass(frozen=True, slots=True)
class Pair:
    """So much from one account to another: `amount_minor` > 0 is debited to the one and credited to the other."""

    debited: int
    credited: int
    amount_minor: int


def month_of(day: date) -> int:
    """The accounting month of a day, YYYYMM."""
    return day.year * 100 + day.month


def unbalanced(amounts_minor: Mapping[object, int]) -> int:
    """Debits less credits of signed amounts; 0 where they balance."""
    return sum(amounts_minor.values())


def taken_back(amounts_minor: Mapping[int, int]) -> dict[int, int]:
    """The signed amounts that undo a transaction."""
    return {account: -amount for account, amount in amounts_minor.items()}


def reversal_key(public_id: object) -> str:
    """The key under which a transaction is taken back, so that it is taken back once."""
    return f"reversal:{public_id}"


def pair_off(entries: Sequence[tuple[int, int]]) -> list[Pair]:
    """Cut a balanced transaction with any number of sides into pairs of one debit and one credit.

    Debits and credits are taken in the order given, each as far as the other reaches: at most one pair fewer than there are
    entries, and the pairs sum to each entry exactly.

    Args:
        entries: account and signed amount [minor units], debit > 0.

    Raises:
        ValueError: they do not balance.
    """
    if sum(amount for _, amount in entries):
        raise ValueError("Only a balanced transaction can be paired off.")
    debits = [[account, amount] for account, amount in entries if amount > 0]
    credits = [[account, -amount] for account, amount in entries if amount < 0]
    pairs: list[Pair] = []
    d = c = 0
    while d < len(debits):
        moved = min(debits[d][1], credits[c][1])
        pairs.append(Pair(debits[d][0], credits[c][0], moved))
        debits[d][1] -= moved
        credits[c][1] -= moved
        d += debits[d][1] == 0
        c += credits[c][1] == 0
    return pairs
