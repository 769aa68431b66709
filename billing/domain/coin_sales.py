"""Coins of the cooperative's own wallet that are sold for money: at what they cost, what was earned by it, and how the bank names it.

Coins of one kind are alike: what leaves is worth its part of what is held, at the average (moving weighted average cost, IAS 2.27 for
items that can be exchanged for each other), and the last one takes all that is left, so that cost is neither made nor lost.
"""

import re
from dataclasses import dataclass

SHORTEST_REFERENCE = 6


class NotHeld(ValueError):
    """More coins were to be sold than are held."""


@dataclass(frozen=True, slots=True)
class Holding:
    """Coins of one kind [smallest units], and what they cost [minor units of the currency]."""

    units: int
    worth_minor: int


@dataclass(frozen=True, slots=True)
class SaleFigures:
    """A sale in minor units: what the coins had cost, what they brought, and what the exchange kept for itself of it."""

    cost_minor: int
    proceeds_minor: int
    fee_minor: int

    @property
    def net_minor(self) -> int:
        """What comes to the bank."""
        return self.proceeds_minor - self.fee_minor

    @property
    def gain_minor(self) -> int:
        """What was earned by the coins' price (a loss below zero); the fee is a cost of its own."""
        return self.proceeds_minor - self.cost_minor


def cost_of(held: Holding, units: int) -> int:
    """What `units` of what is held had cost [minor units], at the average, rounded half away from zero; all of it costs all.

    Raises:
        NotHeld: nothing, or more than is held.
    """
    if not 0 < units <= held.units:
        raise NotHeld(f"{units} of {held.units}")
    return (2 * held.worth_minor * units + held.units) // (2 * held.units)


def plain_reference(text: str) -> str:
    """A reference as it is compared: letters and digits alone, in capitals. Banks break lines and drop signs."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def is_named(reference: str, words: str) -> bool:
    """Whether a movement's words name a sale's reference."""
    wanted = plain_reference(reference)
    return len(wanted) >= SHORTEST_REFERENCE and wanted in plain_reference(words)
