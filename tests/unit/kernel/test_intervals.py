from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.intervals import CannotReadPeriod, LocalDay, Month

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(("day", "quarter_hours"), [(date(2016, 3, 26), 96), (date(2016, 3, 27), 92), (date(2016, 10, 30), 100)])
def test_a_day_has_as_many_quarter_hours_as_its_clock_changes_leave(day, quarter_hours):
    local_day = LocalDay(day, BERLIN)
    assert local_day.interval_count == quarter_hours
    assert len(local_day.starts()) == quarter_hours


@pytest.mark.parametrize(("month", "quarter_hours"), [("2016-03", 2972), ("2016-10", 2980), ("201602", 2784)])
def test_a_month_adds_up(month, quarter_hours):
    assert sum(LocalDay(day, BERLIN).interval_count for day in Month.parse(month).days()) == quarter_hours


@given(day=st.dates(date(1990, 1, 1), date(2060, 1, 1)), zone=st.sampled_from(["Europe/Berlin", "UTC", "America/New_York", "Asia/Kolkata"]))
def test_every_instant_of_a_day_lies_in_exactly_the_interval_that_starts_there(day, zone):
    local_day = LocalDay(day, ZoneInfo(zone))
    starts = local_day.starts()
    assert [local_day.index_of(start) for start in starts] == list(range(len(starts)))
    with pytest.raises(ValueError, match="not within"):
        local_day.index_of(local_day.end_at)


def test_the_day_after_starts_where_the_day_ends():
    assert LocalDay(date(2016, 3, 27), BERLIN).end_at == LocalDay(date(2016, 3, 28), BERLIN).start_at
    assert LocalDay(date(2016, 3, 27), BERLIN).start_at == datetime(2016, 3, 26, 23, tzinfo=UTC)


def test_months_are_read_and_written():
    assert Month.parse("2016-12").next == Month(2017, 1)
    assert Month(2016, 3).number == 201603
    assert str(Month.parse("201603")) == "2016-03"
    for text in ("2016", "2016-13", "March", "", "0001-01", "9999-12", "²⁰¹⁶⁰³"):
        with pytest.raises(CannotReadPeriod, match="write it as"):
            Month.parse(text)
