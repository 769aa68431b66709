"""What changes from one tariff version to another, in words, the dearest things first."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from billing.domain.pricing.hours_in_words import hours_a_week, hours_in_words
from billing.domain.pricing.parts import Energy, Part, PeakMultiplier
from billing.domain.pricing.words import part_in_words, plain, prices_in_words
from billing.domain.tariffs import TariffTerms

MOST_PRICE_CHANGES = 8
PRICES = (
    ("Standing charge", "standing_per_day", "a day"), ("Energy fed in", "export_per_kwh", "per kWh"),
    ("Thank-you for local energy", "incentive_per_kwh", "per kWh"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changes; `kind` is more, less, new, gone or other."""

    kind: str
    text: str


def changes(before: TariffTerms, after: TariffTerms, currency: str) -> list[Change]:
    """All that differs; nothing where both bill alike."""
    found = [
        change
        for name, field, per in PRICES
        if (change := _price(name, getattr(before, field), getattr(after, field), currency, per))
    ]
    if before.vat_rate != after.vat_rate:
        found.append(_moved("VAT", before.vat_rate * 100, after.vat_rate * 100, "%"))
    if before.spot is None and after.spot is None:
        found = [*_energy(before.energy, after.energy, currency), *found]
    return [*found, *_parts(_others(before.parts), _others(after.parts), currency)]


def _price(name: str, old: Decimal, new: Decimal, currency: str, per: str) -> Change | None:
    return None if old == new else _moved(name, old, new, f"{currency} {per}")


def _moved(name: str, old: Decimal, new: Decimal, unit: str) -> Change:
    share = f" ({(new - old) / abs(old) * 100:+.1f} %)" if old else ""
    return Change("more" if new > old else "less", f"{name}: {plain(old)} becomes {plain(new)} {unit}{share}")


def _energy(before: Energy, after: Energy, currency: str) -> list[Change]:
    """Prices of energy by hour of the week: where both schedules hold, old price against new."""
    old, new = before.schedule.grid(), after.schedule.grid()
    pairs, place = np.unique(np.stack([old.ravel(), new.ravel()]), axis=1, return_inverse=True)
    place = place.reshape(old.shape)
    found: dict[tuple[str, str], list[int]] = {}
    for number, (was, becomes) in enumerate(pairs.T.tolist()):
        prices = (before.periods[was].tiers, after.periods[becomes].tiers)
        if prices[0] != prices[1]:
            words = (prices_in_words(prices[0], currency, "kWh"), prices_in_words(prices[1], currency, "kWh"))
            found.setdefault(words, []).append(number)
    told = []
    for (was_said, is_said), numbers in found.items():
        holds = np.isin(place, numbers)
        first_was = before.periods[pairs[0][numbers[0]]].tiers[0].price
        first_is = after.periods[pairs[1][numbers[0]]].tiers[0].price
        kind = "more" if first_is > first_was else "less" if first_is < first_was else "other"
        hours = f"{hours_a_week(holds):.3g} hours a week, {hours_in_words(holds)}"
        told.append((hours_a_week(holds), Change(kind, f"Energy, {hours}: {was_said} becomes {is_said}")))
    told.sort(key=lambda pair: -pair[0])
    listed = [change for _, change in told[:MOST_PRICE_CHANGES]]
    if len(told) > MOST_PRICE_CHANGES:
        listed.append(
            Change("other", f"Energy: {len(told) - MOST_PRICE_CHANGES} more changes of price at other hours")
        )
    if before.tier_rule != after.tier_rule and any(len(period.tiers) > 1 for period in after.periods):
        listed.append(
            Change(
                "other",
                f"Tiers are {'filled as energy is drawn' if after.tier_rule == 'chronological' else 'spread over the periods'}",
            )
        )
    return listed


def _others(parts: Sequence[Part]) -> list[Part]:
    return [part for part in parts if not isinstance(part, Energy | PeakMultiplier)]


def _parts(before: Sequence[Part], after: Sequence[Part], currency: str) -> list[Change]:
    """Parts of one kind and name belong together, in their order."""
    old, new = _by_place(before), _by_place(after)
    found = []
    for place, part in new.items():
        was = old.get(place)
        if was is None:
            found.append(Change("new", f"New. {part_in_words(part, currency)}"))
        elif was != part:
            found.append(
                Change("other", f"{part_in_words(part, currency)}. Before: {part_in_words(was, currency)}")
            )
    gone = [
        Change("gone", f"No longer: {part_in_words(part, currency)}")
        for place, part in old.items()
        if place not in new
    ]
    return [*found, *gone]


def _by_place(parts: Sequence[Part]) -> dict[tuple[str, str, int], Part]:
    found: dict[tuple[str, str, int], Part] = {}
    for part in parts:
        kind, name = type(part).__name__, str(getattr(part, "name", ""))
        count = sum(key[:2] == (kind, name) for key in found)
        found[kind, name, count] = part
    return found
