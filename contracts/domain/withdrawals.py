"""What leaves the Billing contract: of a withdrawal, what was the payer's own credit, and what the rest is worth in the books.

Coins that came in for bills are pooled, and were worth what they paid of bills when they came. What leaves is worth its part of that, at
the average, so that the whole pool takes the whole worth with it. A payer's credit was never booked, and leaves without a booking.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CameIn:
    """A payment in one coin: `units` came from `account`, paid `applied_wad` of a bill, and left it `credit_units` to its credit."""

    account: str
    units: int
    applied_wad: int
    credit_units: int


@dataclass(frozen=True, slots=True)
class WentOut:
    """A withdrawal by `account`, its credit included; `revenue_units` of the pool went with it, worth `worth_wad`.

    `beyond_units` of them the pool did not hold: they are coins that the history does not know of.
    """

    account: str
    revenue_units: int
    worth_wad: int
    beyond_units: int = 0


@dataclass(slots=True)
class _Pool:
    units: int = 0
    worth_wad: int = 0
    credits: dict[str, int] = field(default_factory=dict)


def leaving(history: Iterable[CameIn | WentOut], account: str, units: int) -> WentOut:
    """What a withdrawal of `units` by `account` takes with it, after all that came in and went out before in the same coin, in order.

    What the pool does not hold (coins of another cooperative, a payment of no bill of ours) is worth nothing here.
    """
    pool = _Pool()
    for event in history:
        if isinstance(event, CameIn):
            pool.units += event.units + pool.credits.get(event.account, 0) - event.credit_units
            pool.worth_wad += event.applied_wad
            pool.credits[event.account] = event.credit_units
        else:
            pool.units -= event.revenue_units
            pool.worth_wad -= event.worth_wad
            pool.credits.pop(event.account, None)
    revenue = max(units - pool.credits.get(account, 0), 0)
    held = max(pool.units, 0)
    worth_wad = min(revenue, held) * max(pool.worth_wad, 0) // held if held else 0
    return WentOut(account, revenue, worth_wad, max(revenue - held, 0))
