"""What is wrong with the parts of a tariff: each fault with its place, all of them told at once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from billing.domain import refusals

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: `where` as `parts[2].periods[0].tiers[1].price`, `what` as a sentence that says what to do."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class PartsRefused(refusals.Refused):
    """Parts are wrong; `faults` holds a `Fault` for every place."""

    @classmethod
    def at(cls, where: str, what: str) -> "PartsRefused":
        """One fault."""
        return cls(Fault(where, what))


class CannotReadParts(PartsRefused):
    """What is written is no part of a tariff."""


class CannotBillPart(PartsRefused):
    """A part is understood but cannot be billed here."""


class PartsMakeNoSense(PartsRefused):
    """Parts could be billed, but nobody can have meant them so."""


def all_read(given: Iterable[tuple[Any, str]], read: Callable[[Any, str], Read]) -> tuple[Read, ...]:
    """Each of the given things, read by its place.

    Raises:
        CannotReadParts: at least one cannot be read.
    """
    return refusals.all_read(given, lambda one: read(*one), CannotReadParts)
