"""What a member could save: each tip names kWh and money, worked out from own readings and the own tariff, and what it rests on.

Amounts are gross, per year of days like those looked at; a tip that would bring less than one currency unit a year is not given.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from billing.domain.savings_words import ENGLISH, TipWords
from kernel.money import minor_from_wh_micro, round_half_away

Ints = NDArray[np.int64]

DAYS_A_YEAR = 365
LEAST_DAYS = 7
LEAST_MINOR = 100
BASE_PART = 3
SHIFT_PERCENT = 20
SUN_PERCENT = 10
LEAST_BASE_W = 40


class TipKind(StrEnum):
    BASE_LOAD = "base_load"
    PEAK_HOURS = "peak_hours"
    VILLAGE_SUN = "village_sun"
    ROOF = "roof"


@dataclass(frozen=True, slots=True)
class Tip:
    """One tip.

    Attributes:
        energy_wh: saved a year, or moved where nothing is saved (`is_moved`); for a roof won in thirty days.
        money_minor: saved or won over the same time, gross.
        rests_on: days and assumption, in sentences.
    """

    kind: TipKind
    title: str
    advice: str
    energy_wh: int
    money_minor: int
    is_moved: bool
    rests_on: str

    @property
    def per(self) -> str:
        """The time that the amounts are for."""
        return "in 30 days" if self.kind is TipKind.ROOF else "a year"


@dataclass(frozen=True, slots=True)
class SiteAccount:
    """A site's energy and prices over d days of T intervals; int64 [T], energy [Wh], prices in millionths per kWh, net.

    Attributes:
        use_wh: all that was used; import_wh: drawn from the local network; received_wh: of it from neighbours.
        surplus_wh: what the whole village sent to the public grid.
        retail_micro, local_micro, export_micro, incentive_micro: what each kWh costs or pays.
        base_micro: int64 [T], the retail price outside every time window.
        vat_rate: of what is paid.
        offsets: first interval of each day, int64 [d + 1].
    """

    use_wh: Ints
    import_wh: Ints
    received_wh: Ints
    surplus_wh: Ints
    retail_micro: Ints
    local_micro: Ints
    export_micro: Ints
    incentive_micro: Ints
    base_micro: Ints
    vat_rate: Decimal
    offsets: Ints

    @property
    def days(self) -> int:
        return len(self.offsets) - 1

    @property
    def from_grid_wh(self) -> Ints:
        rest: Ints = self.import_wh - self.received_wh
        return rest

    @property
    def paid_micro(self) -> int:
        """Exact net sum of `Wh x millionths` for what was drawn."""
        local = self.received_wh * (self.local_micro - self.incentive_micro)
        return int((self.from_grid_wh * self.retail_micro).sum() + local.sum())

    def gross(self, wh_micro: Decimal) -> int:
        """Whole minor units with VAT."""
        return round_half_away(minor_from_wh_micro(1) * wh_micro * (1 + self.vat_rate))

    def a_year(self, amount: int) -> Decimal:
        """An amount of these days as one of a year."""
        return Decimal(amount) * DAYS_A_YEAR / self.days


def tips(account: SiteAccount, base_load_w: float, others_base_w: float | None, words: TipWords = ENGLISH) -> list[Tip]:
    """The tips for one site, what brings most money first; none from fewer than seven days."""
    if account.days < LEAST_DAYS or not account.use_wh.sum():
        return []
    found = [base_load_tip(account, base_load_w, others_base_w, words), peak_tip(account, words), sun_tip(account, words)]
    return sorted((tip for tip in found if tip is not None and tip.money_minor >= LEAST_MINOR), key=lambda tip: -tip.money_minor)


def base_load_tip(account: SiteAccount, base_load_w: float, others_base_w: float | None, words: TipWords = ENGLISH) -> Tip | None:
    """Less of what runs day and night: down to what similar homes have, or by a third.

    A Wh saved is worth what the drawn ones cost on average; the part that the own roof gave is worth what export pays.
    """
    if base_load_w < LEAST_BASE_W:
        return None
    if others_base_w is not None and others_base_w < base_load_w:
        less_w, goal = base_load_w - others_base_w, words.base_others.format(others=f"{others_base_w:.0f}")
    else:
        less_w, goal = base_load_w / BASE_PART, words.base_assumed
    saved_wh = round(less_w * 24 * DAYS_A_YEAR)
    used, drawn = int(account.use_wh.sum()), min(int(account.import_wh.sum()), int(account.use_wh.sum()))
    price = Decimal(account.paid_micro) / max(int(account.import_wh.sum()), 1)
    drawn_part = Decimal(drawn) / used
    worth = saved_wh * drawn_part * price
    exported = round_half_away(minor_from_wh_micro(1) * saved_wh * (1 - drawn_part) * int(account.export_micro.mean()))
    return Tip(
        TipKind.BASE_LOAD,
        words.base_title.format(less=f"{less_w:.0f}"),
        words.base_advice.format(base=f"{base_load_w:.0f}"),
        saved_wh,
        account.gross(worth) + exported,
        False,
        words.base_rests.format(days=account.days, goal=goal),
    )


def peak_tip(account: SiteAccount, words: TipWords = ENGLISH) -> Tip | None:
    """Moving a fifth of what the public grid gave in dear hours to hours outside them."""
    dearer = np.maximum(account.retail_micro - account.base_micro, 0)
    in_peak = int(account.from_grid_wh[dearer > 0].sum())
    saved = int((account.from_grid_wh * dearer).sum()) * SHIFT_PERCENT // 100
    if not in_peak:
        return None
    return Tip(
        TipKind.PEAK_HOURS,
        words.peak_title,
        words.peak_advice.format(kwh=f"{in_peak / account.days / 1000:.1f}".replace(".", words.decimal)),
        int(account.a_year(in_peak * SHIFT_PERCENT // 100)),
        account.gross(account.a_year(saved)),
        True,
        words.peak_rests.format(days=account.days),
    )


def sun_tip(account: SiteAccount, words: TipWords = ENGLISH) -> Tip | None:
    """Moving a tenth of the day's grid energy under the village's own sun, as far as your share of the surplus reaches."""
    first = account.offsets[:-1]
    grid_day = np.add.reduceat(account.from_grid_wh, first)
    surplus_day = np.add.reduceat(account.surplus_wh, first)
    moved_day = np.minimum(grid_day * SUN_PERCENT // 100, surplus_day)
    sunny = account.surplus_wh > 0
    if not sunny.any() or not moved_day.sum():
        return None
    cheap = int(np.average(account.local_micro[sunny] - account.incentive_micro[sunny], weights=account.surplus_wh[sunny]))
    grid_micro = np.add.reduceat(account.from_grid_wh * account.retail_micro, first) // np.maximum(grid_day, 1)
    saved = int((moved_day * np.maximum(grid_micro - cheap, 0)).sum())
    days = int((surplus_day > 0).sum())
    return Tip(
        TipKind.VILLAGE_SUN,
        words.sun_title,
        words.sun_advice.format(sunny=days, days=account.days),
        int(account.a_year(int(moved_day.sum()))),
        account.gross(account.a_year(saved)),
        True,
        words.sun_rests.format(days=account.days),
    )


def roof_tip(cleaning_wh: int, repair_wh: int, value_micro: int, days: int, words: TipWords = ENGLISH) -> Tip | None:
    """What looking after the own roof would bring in thirty days, at the value of its energy."""
    gain_wh = cleaning_wh + repair_wh
    money = round_half_away(minor_from_wh_micro(gain_wh * value_micro))
    if money < LEAST_MINOR:
        return None
    title = words.roof_repair if repair_wh > cleaning_wh else words.roof_cleaning
    return Tip(TipKind.ROOF, title, words.roof_advice, gain_wh, money, False, words.roof_rests.format(days=days))
