"""Where a fault of a tariff's parts is, in the words of the editor's cards: which charge, which period and step, which field."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernel.speech import ENGLISH, Speech

PLACE = re.compile(r"parts\[(\d+)\]\.?(.*)")
STEP = re.compile(r"(\w+)(?:\[(\d+)\])?")


@dataclass(frozen=True, slots=True)
class PartPlace:
    """`part` is the part's place in the list, None where the fault is of the whole list; `charge` its card's title, `field` its label."""

    part: int | None
    charge: str
    field: str


def place_in_words(where: str, parts: Any, speech: Speech = ENGLISH) -> PartPlace:
    """What `parts[2].periods[0].tiers[1].price` is called on the page; `parts` as they were written, whole or not."""
    found = PLACE.fullmatch(where)
    if found is None:
        return PartPlace(None, "", "" if where == "parts" else where)
    _ = speech.say
    number = int(found[1])
    part = _item(parts, number)
    kind = str(part.get("kind", ""))
    charge = charges(speech).get(kind, kind or _("Charge"))
    if isinstance(part.get("name"), str) and part["name"].strip():
        charge = _("%(charge)s “%(name)s”") % {"charge": charge, "name": part["name"].strip()[:40]}
    return PartPlace(number, charge, ", ".join(_inside(found[2], kind, part, speech)))


def _inside(path: str, kind: str, part: Mapping[str, Any], speech: Speech) -> list[str]:
    """From the field up to the period that holds it."""
    _ = speech.say
    told: list[str] = []
    for name, index in STEP.findall(path):
        number = int(index) if index else None
        if name == "periods" and number is not None:
            title = str(_item(part.get("periods"), number).get("name", "")).strip()[:40]
            said = _("period %(number)s “%(name)s”") if title else _("period %(number)s")
            told.insert(0, said % {"number": number, "name": title})
        elif name in ("tiers", "steps", "multipliers") and number is not None:
            told.insert(0, _("step %(number)s") % {"number": number + 1})
        elif name == "schedule" and number is not None:
            told.insert(0, _("window %(number)s of the painted hours") % {"number": number + 1})
        else:
            told.insert(0, fields(speech).get((kind, name)) or fields(speech).get(("", name), name))
    return told


def _item(items: Any, number: int) -> Mapping[str, Any]:
    found = items[number] if isinstance(items, Sequence) and not isinstance(items, str) and number < len(items) else None
    return found if isinstance(found, Mapping) else {}


def charges(speech: Speech) -> dict[str, str]:
    """Titles of the cards by kind."""
    _ = speech.say
    return {
        "energy": _("Energy by the hour"),
        "spot": _("Energy at the spot price"),
        "standing": _("Standing charge"),
        "demand": _("Power"),
        "capacity": _("Connection by fuse"),
        "reactive": _("Reactive energy"),
        "export": _("Feeding in"),
        "incentive": _("Thank-you"),
        "local": _("Energy from neighbours"),
        "levy": _("Levy"),
        "discount": _("Discount"),
        "vat": _("VAT of some lines"),
        "minimum": _("Smallest amount of a bill"),
        "peak_multiplier": _("Energy at a multiple in peak hours"),
    }


def fields(speech: Speech) -> dict[tuple[str, str], str]:
    """Labels of the cards' fields by kind and name; those of any kind under an empty one."""
    _ = speech.say
    lines = _("Of which lines (none: of all)")
    named = _("Name on the bill")
    return {
        ("", "kind"): _("kind of charge"),
        ("", "name"): _("Name"),
        ("", "price"): _("price"),
        ("", "up_to"): _("up to"),
        ("", "unit"): _("counted in"),
        ("", "tiers"): _("prices"),
        ("", "periods"): _("periods"),
        ("", "schedule"): _("painted hours"),
        ("", "from"): _("from"),
        ("", "to"): _("until"),
        ("", "days"): _("days"),
        ("", "months"): _("months"),
        ("", "on"): lines,
        ("energy", "tier_rule"): _("Steps are"),
        ("standing", "amount"): _("Amount"),
        ("standing", "per"): _("per"),
        ("minimum", "amount"): _("At least"),
        ("minimum", "per"): _("per"),
        ("demand", "measure"): _("Measured as"),
        ("demand", "ratchet_percent"): _("At least this share of earlier months [%]"),
        ("demand", "ratchet_months"): _("of how many months before"),
        ("demand", "ratchet_of"): _("of which months of the year (1 to 12)"),
        ("spot", "index"): _("Index"),
        ("spot", "factor"): _("Factor on the index"),
        ("spot", "margin"): _("Margin per kWh"),
        ("spot", "floor"): _("Never below, per kWh"),
        ("spot", "cap"): _("Never above, per kWh"),
        ("spot", "surplus_factor"): _("Factor while the village has more than it needs"),
        ("spot", "scarce_factor"): _("Factor while the grid is near its limit"),
        ("spot", "fallback"): _("Where no spot price is known"),
        ("vat", "rate"): _("Rate [%]"),
        ("vat", "treatment"): _("Treated as"),
        ("levy", "name"): named,
        ("levy", "price"): _("per kWh drawn"),
        ("levy", "percent"): _("and percent"),
        ("discount", "name"): named,
        ("discount", "percent"): _("percent off"),
        ("discount", "amount_per_month"): _("amount off a month"),
        ("local", "rule"): _("Costs"),
        ("local", "share"): _("Share of the own price [%]"),
        ("capacity", "steps"): _("steps"),
        ("capacity", "fuse_a"): _("up to [A]"),
        ("capacity", "amount"): _("amount a month"),
        ("reactive", "price"): _("per kvarh above what is free"),
        ("reactive", "free_share"): _("free, in percent of the kWh"),
        ("export", "rule"): _("What is fed in"),
        ("export", "carry"): _("What is left at the month's end"),
        ("export", "year_end_price"): _("What is left in December is paid, per kWh"),
        ("incentive", "price"): _("per kWh"),
        ("incentive", "basis"): _("For each kWh"),
        ("peak_multiplier", "base_price"): _("base price"),
        ("peak_multiplier", "times"): _("multiple"),
    }
