"""Days on an axis: slots of the wall clock, both days on which clocks change, days that are cut."""

from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from energy.domain.day_axis import DayKind, day_axis
from tests.unit.energy.villages import BERLIN, axis_of


def test_the_short_day_has_no_slots_between_two_and_three() -> None:
    axis = axis_of("2016-03-26T00:00+01:00", 3)
    assert axis.counts.tolist()[:2] == [96, 92]
    assert np.flatnonzero(axis.places[1] < 0).tolist() == [8, 9, 10, 11]
    assert axis.slots[96 + 7 : 96 + 10].tolist() == [7, 12, 13]


def test_the_long_day_passes_the_same_slots_twice() -> None:
    axis = axis_of("2016-10-29T00:00+02:00", 3)
    assert axis.counts.tolist()[:2] == [96, 100]
    assert axis.slots[96 + 8 : 96 + 17].tolist() == [8, 9, 10, 11, 8, 9, 10, 11, 12]
    assert axis.places[1, 8] == 96 + 8


def test_holidays_count_as_sundays() -> None:
    start_s = 1_461_967_200 + np.arange(3 * 96) * 900  # Saturday 30 April 2016
    axis = day_axis(start_s=start_s, zone=BERLIN, interval_minutes=15, is_holiday=lambda day: day == date(2016, 5, 2))
    assert axis.kinds.tolist() == [DayKind.SATURDAY, DayKind.SUNDAY, DayKind.SUNDAY]
    assert axis.weekdays.tolist() == [5, 6, 6]


def test_a_day_that_is_cut_is_not_whole() -> None:
    start_s = 1_461_967_200 + 3600 + np.arange(2 * 96) * 900
    axis = day_axis(start_s=start_s, zone=BERLIN, interval_minutes=15, is_holiday=lambda day: False)
    assert axis.whole.tolist() == [False, True, False]


@given(st.integers(0, 380), st.sampled_from([5, 10, 15, 30, 60]))
def test_every_interval_lies_in_its_day_and_slot(offset_days: int, minutes: int) -> None:
    start_s = 1_451_602_800 + offset_days * 86_400 + np.arange(4 * 1440 // minutes) * minutes * 60
    axis = day_axis(start_s=start_s, zone=BERLIN, interval_minutes=minutes, is_holiday=lambda day: False)
    assert axis.offsets[0] == 0
    assert axis.offsets[-1] == len(start_s)
    assert ((axis.slots >= 0) & (axis.slots < axis.slots_per_day)).all()
    values = np.arange(len(start_s), dtype=np.float32)[None, :]
    table = axis.by_slot(values)[0]
    filled = np.isfinite(table)
    assert (axis.day_of[table[filled].astype(int)] == np.nonzero(filled)[0]).all()
    assert (axis.slots[table[filled].astype(int)] == np.nonzero(filled)[1]).all()
