"""Reactive energy: what of a month's is above the share of the active energy that is free, and how a month's is told apart by days."""

from collections.abc import Sequence
from decimal import Decimal
from math import atan, cos

import numpy as np

from billing.domain.pricing.axis import TimeAxis
from billing.domain.pricing.conventions import Conventions
from billing.domain.pricing.lines import Line
from billing.domain.pricing.metered import CannotPrice, Metered
from billing.domain.pricing.money import exact_amount, plain_amount
from billing.domain.pricing.parts import PricedTariff, Reactive
from billing.domain.pricing.sums import Ints, Numbers, Stretches
from billing.domain.pricing.tiers import whole_shares

KILO = 1000


def cos_phi(free_share: Decimal) -> float:
    """The power factor at which reactive energy is just this share of the active energy."""
    return cos(atan(float(free_share)))


def above_free(part: Reactive, reactive_varh: Numbers, active_wh: Numbers, conventions: Conventions) -> Numbers:
    """What is charged of sums of reactive energy: all above the free share of the active energy, which is rounded to whole varh.

    By our own conventions exact integers, half up; by SAM's floating point.
    """
    if not conventions.exact:
        plain: Numbers = np.maximum(reactive_varh - active_wh * float(part.free_share), 0.0)
        return plain
    numerator, denominator = part.free_share.as_integer_ratio()
    # A share of many digits times a year's Wh may leave 64 bits, and these are a few sums only.
    free = (active_wh.astype(object) * (2 * numerator) + denominator) // (2 * denominator)
    above: Numbers = np.maximum(reactive_varh.astype(object) - free, 0).astype(np.int64)
    return above


def reactive_line(part: Reactive, metered: Metered, stretches: Stretches, conventions: Conventions) -> Line:
    """One line by month; where the month goes on under another version, of the days on the axis what `metered` says.

    Raises:
        CannotPrice: reactive energy is not metered.
    """
    if metered.reactive_varh is None:
        raise CannotPrice("The tariff charges reactive energy, but none is metered.")
    if part in metered.above_varh:
        above: Numbers = metered.above_varh[part]
    else:
        one = np.zeros_like(stretches.month)
        reactive, active = (
            stretches.totals(stretches.sums(values), one, 1)[..., 0] for values in (metered.reactive_varh, metered.import_wh)
        )
        above = above_free(part, reactive, active, conventions)
    amount = (exact_amount if conventions.exact else plain_amount)(above, part.price, KILO)
    return Line("reactive", "", 0, "varh", above, part.price, amount)


def above_by_version(
    versions: Sequence[tuple[PricedTariff, TimeAxis]], reactive_varh: Sequence[Ints], active_wh: Sequence[Ints], conventions: Conventions
) -> list[dict[Reactive, Ints]]:
    """What each version charges where the same part goes on from one version to the next within a month.

    The month is looked at as a whole, so that a change of other prices does not change it: what is above the free share is told apart
    by the versions' reactive energy, by largest remainder. Parts of one version alone are left to that version.

    Args:
        versions: in order, with the axis of their own days.
        reactive_varh, active_wh: for each version, of its own days; int64 [n, T].

    Returns:
        for each version, by part, [n, M] along the months of its axis.
    """
    found: list[dict[Reactive, Ints]] = [{} for _ in versions]
    for part in dict.fromkeys(part for tariff, _ in versions for part in tariff.of_kind(Reactive)):
        holding = [place for place, (tariff, _) in enumerate(versions) if part in tariff.parts]
        if len(holding) < 2:
            continue
        months = sorted({month for place in holding for month in versions[place][1].months})
        sums = [
            (_by_month(reactive_varh[place], versions[place][1], months), _by_month(active_wh[place], versions[place][1], months))
            for place in holding
        ]
        weights = np.stack([reactive for reactive, _ in sums], axis=-1)
        active = np.sum([active for _, active in sums], axis=0)
        above = above_free(part, weights.sum(axis=-1), active, conventions)
        shares = whole_shares(weights, above)
        for version, place in enumerate(holding):
            own = [months.index(month) for month in versions[place][1].months]
            found[place][part] = shares[:, own, version]
    return found


def _by_month(values: Ints, axis: TimeAxis, months: Sequence[object]) -> Ints:
    """Sums along `months`, nothing in those that the axis has not; [n, T] to [n, M]."""
    place_of = np.array([months.index(month) for month in axis.months])
    sums = np.zeros((len(values), len(months)), dtype=np.int64)
    for month, place in enumerate(place_of.tolist()):
        sums[:, place] = values[:, axis.month == month].sum(axis=1)
    return sums
