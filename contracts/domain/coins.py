"""Coins and what they are worth: a bill's rest is one figure, whatever coins pay it."""

from decimal import Context, Decimal, localcontext

# A wad is a minor unit of the currency with 18 decimals, as in contracts/solidity/src/libraries/Wad.sol.
WAD = 10**18
NATIVE = "0x" + "0" * 40
NATIVE_DECIMALS = 18
MINOR_DECIMALS = 2
# More digits than any amount of a coin has (a word of a contract has 78).
MOST_DIGITS = 200


class NoUsableCoin(ValueError):
    """A token cannot serve as stable coin; the message says why."""


def cost_of(rest_wad: int, units_per_minor: int) -> int:
    """The units of a coin that a rest costs, rounded up."""
    return -(-rest_wad * units_per_minor // WAD)


def whole_minor(wad: int) -> int:
    """The whole minor units of an amount, rounded down."""
    return wad // WAD


def rest_to_ask_for(*, due_minor: int, applied_wad: int, bill_rest_minor: int) -> int:
    """What may be asked for on the chain [wad]: what its quote leaves, and never more than the books do.

    Parts of a minor unit that were paid already are not in the books, and are not asked for again.
    """
    by_quote = due_minor * WAD - applied_wad
    by_books = bill_rest_minor * WAD - applied_wad % WAD
    return max(min(by_quote, by_books), 0)


def one_to_one(decimals: int) -> int:
    """The units of a coin of the bill's own currency that are one minor unit.

    Raises:
        NoUsableCoin: it cannot be divided into minor units.
    """
    if decimals < MINOR_DECIMALS:
        raise NoUsableCoin(f"a coin with {decimals} decimals has no cents")
    return int(10 ** (decimals - MINOR_DECIMALS))


def in_units(coins: Decimal, decimals: int) -> int:
    """Whole coins as units of that many decimals, exact.

    Raises:
        NoUsableCoin: a coin is not divided that far.
    """
    with localcontext(Context(prec=MOST_DIGITS)):
        units = coins.scaleb(decimals)
        if units != units.to_integral_value():
            raise NoUsableCoin(f"{coins} has more than {decimals} decimals")
    return int(units)


def in_coins(units: int, decimals: int) -> str:
    """Units as whole coins, exact: 1500000 of six decimals are "1.5"."""
    whole, part = divmod(units, 10**decimals)
    digits = f"{part:0{decimals}d}".rstrip("0") if decimals else ""
    return f"{whole}.{digits}" if digits else str(whole)
