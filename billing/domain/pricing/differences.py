"""What changes from one tariff version to another, in words, the dearest things first."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from billing.domain.pricing.hours_in_words import hours_a_week, hours_in_words
from billing.domain.pricing.parts import Energy, Part, PeakMultiplier
from billing.domain.pricing.words import part_in_words, prices_in_words
from billing.domain.tariffs import TariffTerms
from kernel.speech import ENGLISH, Speech

MOST_PRICE_CHANGES = 8


def _prices(speech: Speech) -> tuple[tuple[str, str, str], ...]:
    """The plain prices: their names, their fields, what they are per."""
    _ = speech.say
    return (
        (_("Standing charge"), "standing_per_day", _("a day")),
        (_("Energy fed in"), "export_per_kwh", _("per kWh")),
        (_("Thank-you for local energy"), "incentive_per_kwh", _("per kWh")),
    )


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changes; `kind` is more, less, new, gone or other."""

    kind: str
    text: str


def changes(before: TariffTerms, after: TariffTerms, currency: str, speech: Speech = ENGLISH) -> list[Change]:
    """All that differs; nothing where both bill alike."""
    _ = speech.say
    found = [
        change
        for name, field, per in _prices(speech)
        if (change := _price(name, getattr(before, field), getattr(after, field), currency, per, speech))
    ]
    if before.vat_rate != after.vat_rate:
        found.append(_moved(_("VAT"), before.vat_rate * 100, after.vat_rate * 100, "%", speech))
    if before.spot is None and after.spot is None:
        found = [*_energy(before.energy, after.energy, currency, speech), *found]
    return [*found, *_parts(_others(before.parts), _others(after.parts), currency, speech)]


def _price(name: str, old: Decimal, new: Decimal, currency: str, per: str, speech: Speech) -> Change | None:
    return None if old == new else _moved(name, old, new, f"{currency} {per}", speech)


def _moved(name: str, old: Decimal, new: Decimal, unit: str, speech: Speech) -> Change:
    _ = speech.say
    share = f" ({speech.figure(f'{(new - old) / abs(old) * 100:+.1f}')} %)" if old else ""
    places = {"name": name, "old": speech.number(old), "new": speech.number(new), "unit": unit}
    return Change("more" if new > old else "less", _("%(name)s: %(old)s becomes %(new)s %(unit)s") % places + share)


def _energy(before: Energy, after: Energy, currency: str, speech: Speech) -> list[Change]:
    """Prices of energy by hour of the week: where both schedules hold, old price against new."""
    _ = speech.say
    old, new = before.schedule.grid(), after.schedule.grid()
    pairs, place = np.unique(np.stack([old.ravel(), new.ravel()]), axis=1, return_inverse=True)
    place = place.reshape(old.shape)
    found: dict[tuple[str, str], list[int]] = {}
    for number, (was, becomes) in enumerate(pairs.T.tolist()):
        prices = (before.periods[was].tiers, after.periods[becomes].tiers)
        if prices[0] != prices[1]:
            words = (prices_in_words(prices[0], currency, "kWh", "", speech), prices_in_words(prices[1], currency, "kWh", "", speech))
            found.setdefault(words, []).append(number)
    told = []
    for (was_said, is_said), numbers in found.items():
        holds = np.isin(place, numbers)
        first_was = before.periods[pairs[0][numbers[0]]].tiers[0].price
        first_is = after.periods[pairs[1][numbers[0]]].tiers[0].price
        kind = "more" if first_is > first_was else "less" if first_is < first_was else "other"
        places = {
            "count": speech.figure(f"{hours_a_week(holds):.3g}"),
            "hours": hours_in_words(holds, speech),
            "old": was_said,
            "new": is_said,
        }
        text = _("Energy, %(count)s hours a week, %(hours)s: %(old)s becomes %(new)s") % places
        told.append((hours_a_week(holds), Change(kind, text)))
    told.sort(key=lambda pair: -pair[0])
    listed = [change for __, change in told[:MOST_PRICE_CHANGES]]
    if len(told) > MOST_PRICE_CHANGES:
        more = _("Energy: %(count)s more changes of price at other hours") % {"count": len(told) - MOST_PRICE_CHANGES}
        listed.append(Change("other", more))
    if before.tier_rule != after.tier_rule and any(len(period.tiers) > 1 for period in after.periods):
        chronological = after.tier_rule == "chronological"
        listed.append(
            Change("other", _("Tiers are filled as energy is drawn") if chronological else _("Tiers are spread over the periods"))
        )
    return listed


def _others(parts: Sequence[Part]) -> list[Part]:
    return [part for part in parts if not isinstance(part, Energy | PeakMultiplier)]


def _parts(before: Sequence[Part], after: Sequence[Part], currency: str, speech: Speech) -> list[Change]:
    """Parts of one kind and name belong together, in their order."""
    _ = speech.say
    old, new = _by_place(before), _by_place(after)
    found = []
    for place, part in new.items():
        was, said = old.get(place), part_in_words(part, currency, speech)
        if was is None:
            found.append(Change("new", _("New. %(part)s") % {"part": said}))
        elif was != part:
            places = {"part": said, "before": part_in_words(was, currency, speech)}
            found.append(Change("other", _("%(part)s. Before: %(before)s") % places))
    gone = [
        Change("gone", _("No longer: %(part)s") % {"part": part_in_words(part, currency, speech)})
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
