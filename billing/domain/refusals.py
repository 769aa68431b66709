"""What people and banks bring is read whole before it is refused: every fault is told, each in a sentence of its own."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

MOST_TOLD = 30
Given = TypeVar("Given")
Read = TypeVar("Read")


class Refused(ValueError):
    """What was brought is wrong; `faults` tells every place, the message has a line for each."""

    def __init__(self, *faults: Any) -> None:
        self.faults = faults[:MOST_TOLD]
        super().__init__("\n".join(str(fault) for fault in self.faults))


def all_read(given: Iterable[Given], read: Callable[[Given], Read], refusal: type[Refused]) -> tuple[Read, ...]:
    """Each of the given things as it is read; where some are refused, all their faults together.

    Raises:
        Refused: as `refusal`, at least one cannot be read.
    """
    found: list[Read] = []
    faults: list[Any] = []
    for one in given:
        try:
            found.append(read(one))
        except refusal as problem:
            faults += problem.faults
    if faults:
        raise refusal(*faults)
    return tuple(found)
