"""What is wrong with a tariff's parts, said to whoever writes them: the charge and field as the editor calls them, then what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from billing.domain.pricing.faults import Fault
from billing.domain.pricing.part_places import charges, place_in_words
from billing.selectors.file_phrases import PARTS
from kernel.speech import ENGLISH
from members.language import said, speech


@dataclass(frozen=True, slots=True)
class ShownFault:
    """A fault in the reader's language. `part` and `where` lead to the field: the part's place, and the path inside it."""

    title: str
    place: str
    what: str
    part: int | None = None
    where: str = ""

    @property
    def text(self) -> str:
        """Where and what in one line."""
        place = ", ".join(filter(None, (self.title, self.place)))
        return f"{place}: {self.what}" if place else self.what


def shown_faults(faults: Iterable[Fault], parts: Any) -> list[ShownFault]:
    """Faults of parts as they were written, sound or not."""
    told = []
    for fault in faults:
        place = place_in_words(fault.where, parts, speech())
        inside = fault.where.partition("].")[2] if place.part is not None else ""
        told.append(ShownFault(place.charge, place.field, said(fault.what, PARTS), place.part, inside))
    return told


def in_one_sentence(faults: Iterable[Fault], parts: Any) -> str:
    """Faults one behind the other, for a message."""
    return " ".join(fault.text for fault in shown_faults(faults, parts))


def not_billed_in_words(listed: Iterable[str]) -> list[str]:
    """What of somebody's file is not billed, as it was listed: keys of the file, and charges with the reason."""
    names = set(charges(ENGLISH).values())
    told = []
    for one in listed:
        charge, colon, why = one.partition(": ")
        told.append(f"{gettext(charge)}: {said(why, PARTS)}" if colon and charge in names else one)
    return told
