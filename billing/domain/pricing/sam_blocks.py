"""How Utilityrate5 makes tiers of limits per kW: blocks of kWh per kW of the month's peak, and steps in kWh inside a block."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from billing.domain.pricing.axis import TimeAxis
from billing.domain.pricing.parts import Period, Tier
from billing.domain.pricing.sums import Ints, Numbers
from billing.domain.pricing.windows import HOLIDAY, Schedule

WH = 1000
PER_POWER = ("kw", "kw_day")
BY_DAY = ("day", "kw_day")


@dataclass(frozen=True, slots=True)
class TierLimits:
    """Upper limits of tiers [Wh].

    Attributes:
        upper: [n or 1, M, P, K].
        tier: which of the tariff's tiers each of the K places is, int64 [n, M, K]; -1 where a place holds none (only at the front).
            None: the places are the tiers.
    """

    upper: Numbers
    tier: Ints | None = None

    @property
    def first_holds(self) -> Numbers:
        """Whether the first tier holds anything; bool [n or 1, M, P]."""
        if self.tier is None:
            holds: Numbers = self.upper[..., 0] > 0
            return holds
        first = np.argmax(self.tier >= 0, axis=-1)[..., None, None]
        found: Numbers = np.take_along_axis(self.upper, np.broadcast_to(first, (*self.upper.shape[:3], 1)), -1) > 0
        return found[..., 0]

    def of_tiers(self, of_places: Numbers) -> Numbers:
        """Quantities of places as quantities of the tariff's tiers; [n, M, P, K]."""
        if self.tier is None:
            return of_places
        moved = np.zeros_like(of_places)
        for place in range(of_places.shape[-1]):
            for tier in range(of_places.shape[-1]):
                here = self.tier[..., place] == tier
                moved[..., tier] += of_places[..., place] * here[..., None]
        return moved


def blocks_of_sam(plain: Numbers, periods: Sequence[Period], schedule: Schedule, axis: TimeAxis, peak_w: Numbers) -> TierLimits:
    """Set the limits of months whose first period begins with a limit per kW; in others SAM takes such limits for kWh."""
    grid = schedule.grid()
    upper = np.broadcast_to(plain, (len(peak_w), *plain.shape[1:])).copy()
    count = upper.shape[-1]
    tier = np.broadcast_to(np.arange(count), (len(peak_w), len(axis.months), count)).copy()
    for month, calendar_month in enumerate(axis.calendar_month.tolist()):
        first = periods[int(grid[calendar_month, :HOLIDAY].min())].tiers
        if first[0].unit not in PER_POWER:
            continue
        for customer, peak in enumerate(peak_w[:, month].tolist()):
            kept = kept_tiers(first, int(axis.days_on_axis[month]), peak / WH)
            upper[customer, month], tier[customer, month] = 0.0, -1
            upper[customer, month, :, count - len(kept) :] = [limit * WH for _, limit in kept]
            tier[customer, month, count - len(kept) :] = [number for number, _ in kept]
    return TierLimits(upper, tier)


def kept_tiers(tiers: Sequence[Tier], days: int, peak_kw: float) -> list[tuple[int, float]]:
    """Which tiers Utilityrate5 keeps where the first limit is per kW, and where they end [kWh].

    Limits per kW make blocks, limits in kWh after one make steps inside its block. (lib_utility_rate_equations.cpp,
    rate_data::init_energy_rates.)
    """
    given = [(float("inf") if tier.up_to is None else float(tier.up_to)) * (days if tier.unit in BY_DAY else 1) for tier in tiers]
    blocks = [limit if limit > 1e37 else limit * peak_kw for tier, limit in zip(tiers, given, strict=True) if tier.unit in PER_POWER]
    block, kept = 0, []
    for number, (tier, limit) in enumerate(zip(tiers, given, strict=True)):
        if tier.unit in PER_POWER:
            reach = limit * peak_kw if peak_kw else 0.0
            if blocks[block] < reach and block + 1 < len(blocks):
                block += 1
            if number + 1 == len(tiers) or tiers[number + 1].unit in PER_POWER:
                kept.append((number, blocks[block]))
        elif limit < blocks[block]:
            kept.append((number, limit))
        elif not kept or kept[-1][1] < blocks[block]:
            kept.append((number, blocks[block]))
    return kept
