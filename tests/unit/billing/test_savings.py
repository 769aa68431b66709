"""Tips worked out by hand: what is saved, what is moved, and what it is worth with the own tariff."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from billing.domain.savings import SiteAccount, TipKind, base_load_tip, peak_tip, roof_tip, sun_tip, tips

DAYS = 7
LENGTH = 96 * DAYS


def whole(value: int) -> np.ndarray:
    return np.full(LENGTH, value, dtype=np.int64)


@pytest.fixture
def account() -> SiteAccount:
    """25 Wh in every quarter hour (100 W, 2.4 kWh a day), all from the public grid at 0.30, 17 to 21 o'clock at 0.36."""
    evening = np.tile((np.arange(96) >= 68) & (np.arange(96) < 84), DAYS)
    surplus = np.tile(np.where(np.arange(96) == 48, 1000, 0), DAYS)
    return SiteAccount(
        whole(25),
        whole(25),
        whole(0),
        surplus,
        np.where(evening, 360_000, 300_000),
        whole(190_000),
        whole(80_000),
        whole(10_000),
        whole(300_000),
        Decimal("0.2"),
        96 * np.arange(DAYS + 1),
    )


def test_a_third_of_the_base_load_by_hand(account: SiteAccount):
    # 100 W / 3 x 8,760 h = 292 kWh; a day costs 2 x 0.30 + 0.4 x 0.36 = 0.744 for 2.4 kWh: 0.31; 292 x 0.31 x 1.2 = 108.62.
    tip = base_load_tip(account, 100.0, None)
    assert tip is not None
    assert (tip.energy_wh, tip.money_minor, tip.is_moved) == (292_000, 10_862, False)
    assert "Assumed: a third" in tip.rests_on
    assert "7 days" in tip.rests_on


def test_the_base_load_of_similar_members_is_the_goal(account: SiteAccount):
    tip = base_load_tip(account, 100.0, 75.0)
    assert tip is not None
    assert tip.energy_wh == 25 * 8760
    assert "Similar members need 75 W" in tip.rests_on
    assert base_load_tip(account, 30.0, None) is None


def test_what_the_own_roof_gave_is_worth_what_export_pays(account: SiteAccount):
    # Half of what is used is drawn at 0.31 x 1.2 = 0.372, the other half would be exported at 0.08: 292 x 0.226 = 65.99.
    tip = base_load_tip(replace(account, use_wh=whole(50)), 100.0, None)
    assert tip is not None
    assert tip.money_minor == pytest.approx(6599, abs=1)


def test_dear_hours_by_hand(account: SiteAccount):
    # 0.4 kWh a day in dear hours; a fifth of it: 29.2 kWh a year; x 0.06 x 1.2 = 2.10.
    tip = peak_tip(account)
    assert tip is not None
    assert (tip.energy_wh, tip.money_minor, tip.is_moved) == (29_200, 210, True)
    assert peak_tip(replace(account, retail_micro=whole(300_000))) is None


def test_the_villages_sun_by_hand(account: SiteAccount):
    # A tenth of 2.4 kWh a day: 87.6 kWh a year; 0.31 - (0.19 - 0.01) = 0.13; 87.6 x 0.13 x 1.2 = 13.67.
    tip = sun_tip(account)
    assert tip is not None
    assert (tip.energy_wh, tip.money_minor, tip.is_moved) == (87_600, 1367, True)
    assert sun_tip(replace(account, surplus_wh=whole(0))) is None


def test_no_more_is_moved_than_there_is_sun(account: SiteAccount):
    tip = sun_tip(replace(account, surplus_wh=account.surplus_wh // 10))
    assert tip is not None
    assert tip.energy_wh == 100 * 365


def test_the_best_tip_comes_first_and_small_change_is_left_out(account: SiteAccount):
    assert [tip.kind for tip in tips(account, 100.0, None)] == [TipKind.BASE_LOAD, TipKind.VILLAGE_SUN, TipKind.PEAK_HOURS]
    assert [tip.kind for tip in tips(replace(account, surplus_wh=whole(0)), 100.0, 99.9)] == [TipKind.PEAK_HOURS]


def test_six_days_are_too_few(account: SiteAccount):
    assert tips(replace(account, offsets=account.offsets[:7]), 100.0, None) == []


def test_a_roof_by_hand():
    tip = roof_tip(20_000, 5_000, 190_000, 30)
    assert tip is not None
    assert (tip.energy_wh, tip.money_minor, tip.per) == (25_000, 475, "in 30 days")
    assert "cleaning" in tip.title
    assert roof_tip(1_000, 0, 190_000, 30) is None
