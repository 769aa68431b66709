"""What can be read and billed, but nobody can have meant: told before a version is submitted, not when its bills are out."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from billing.domain.pricing.billable import check_billable
from billing.domain.pricing.faults import Fault, PartsMakeNoSense
from billing.domain.pricing.parts import KINDS, Demand, Discount, Energy, Export, Levy, Local, Part, Period, Spot, Vat
from billing.domain.pricing.reading import parts_from_json

LINE_KINDS = (*KINDS, "export_credit")


def checked_parts(given: Any) -> tuple[Part, ...]:
    """Parts from JSON that a version may be submitted with.

    Raises:
        PartsRefused: they cannot be read, billed, or meant.
    """
    parts = parts_from_json(given)
    check_billable(parts)
    check_sense(parts)
    return parts


def check_sense(parts: Sequence[Part]) -> None:
    """Raises PartsMakeNoSense where limits fall, an amount is missing, or what is named is not there."""
    faults = [
        fault
        for place, part in enumerate(parts)
        for fault in (*CHECKS.get(type(part), _nothing)(part, f"parts[{place}]"), *_lines_named(part, f"parts[{place}]"))
    ]
    if faults:
        raise PartsMakeNoSense(*faults)


def _nothing(part: Any, where: str) -> Iterator[Fault]:
    yield from ()


def _lines_named(part: Part, where: str) -> Iterator[Fault]:
    """Levies, discounts and VAT rates name lines by the kind of charge that makes them."""
    for place, kind in enumerate(getattr(part, "on", ())):
        if kind not in LINE_KINDS:
            yield Fault(f"{where}.on[{place}]", f"'{kind}' is no kind of line; choose some of {', '.join(LINE_KINDS)}.")


def _periods(part: Energy | Demand | Export, where: str) -> Iterator[Fault]:
    names: set[str] = set()
    for place, period in enumerate(part.periods):
        if period.name in names:
            yield Fault(f"{where}.periods[{place}].name", "Another period has this name; the bill could not tell them apart.")
        names.add(period.name)
        yield from _steps(period, f"{where}.periods[{place}]")


def _steps(period: Period, where: str) -> Iterator[Fault]:
    """Limits rise, and only the last step may have none."""
    for place, (tier, after) in enumerate(pairwise(period.tiers)):
        if tier.up_to is None:
            yield Fault(f"{where}.tiers[{place}].up_to", "Is empty, but another step follows; say where this one ends.")
        elif after.up_to is not None and after.unit == tier.unit and after.up_to <= tier.up_to:
            yield Fault(
                f"{where}.tiers[{place + 1}].up_to",
                f"{after.up_to} is not above the {tier.up_to} of the step before; nothing would fall into this step.",
            )


def _demand(part: Demand, where: str) -> Iterator[Fault]:
    yield from _periods(part, where)
    if part.ratchet_percent and not part.ratchet_months:
        yield Fault(f"{where}.ratchet_months", "Is empty, but a share of earlier months is given; say how many months it looks back.")
    if part.ratchet_months and not part.ratchet_percent:
        yield Fault(f"{where}.ratchet_percent", "Is empty, but earlier months are given; say which share of their power counts.")


def _spot(part: Spot, where: str) -> Iterator[Fault]:
    if part.floor is not None and part.cap is not None and part.floor > part.cap:
        yield Fault(f"{where}.cap", f"{part.cap} is below the {part.floor} that is never fallen below; change one of them.")


def _local(part: Local, where: str) -> Iterator[Fault]:
    if part.rule == "discount" and not 0 < part.share <= 1:
        yield Fault(f"{where}.share", "Must be above 0 and at most the whole own price.")


def _levy(part: Levy, where: str) -> Iterator[Fault]:
    if not part.price and not part.percent:
        yield Fault(f"{where}.price", "Nothing would be charged; give a price per kWh or percent.")


def _discount(part: Discount, where: str) -> Iterator[Fault]:
    if not part.percent and not part.amount_per_month:
        yield Fault(f"{where}.percent", "Nothing would be deducted; give percent or an amount a month.")
    elif part.percent > 100:
        yield Fault(f"{where}.percent", "Is above 100 per cent; the lines would turn into a credit.")


def _vat(part: Vat, where: str) -> Iterator[Fault]:
    if part.rate >= 1:
        yield Fault(f"{where}.rate", "Is 100 per cent or more; a rate of 19 per cent is kept as 0.19.")


CHECKS: dict[type, Callable[[Any, str], Iterator[Fault]]] = {
    Energy: _periods,
    Demand: _demand,
    Export: _periods,
    Spot: _spot,
    Local: _local,
    Levy: _levy,
    Discount: _discount,
    Vat: _vat,
}
