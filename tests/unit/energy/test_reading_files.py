"""Files of readings: what is written is read back as it was, on days with 92, 96 and 100 quarter hours; what is wrong is named."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.adapters.reading_formats import FORMATS
from energy.domain.day_folding import DayAxis, fold, whole_wh
from energy.domain.quality import Method
from energy.domain.reading_files import (
    CannotReadFile,
    EnergyUnit,
    FileClock,
    FileContent,
    IntervalLabel,
    ReadingPart,
    ReadOptions,
    SeriesName,
)
from kernel.intervals import LocalDay

BERLIN = ZoneInfo("Europe/Berlin")
LOCAL_KWH = ReadOptions(BERLIN)
SPRING, AUTUMN = date(2016, 3, 27), date(2016, 10, 30)
NAMES = (SeriesName("LV3.101 Load 7", "import"), SeriesName("LV3.101 Load 7", "export"), SeriesName('Ä&<1>;"x"', "import"))


def starts_of(day: date, zone: ZoneInfo = BERLIN) -> np.ndarray:
    return np.array([int(start.timestamp()) for start in LocalDay(day, zone).starts()], dtype=np.int64)


def part_of(days: list[date], seed: int, gaps: float) -> ReadingPart:
    starts = np.concatenate([starts_of(day) for day in days])
    rng = np.random.default_rng(seed)
    shape = (len(NAMES), len(starts))
    methods = rng.choice([0, 0, 0, Method.INTERPOLATED, Method.EDITED], size=shape).astype(np.int16)
    methods[rng.random(shape) < gaps] = Method.MISSING
    methods[:, 0] = Method.MEASURED
    return ReadingPart(starts, rng.integers(0, 3_000_000, size=shape), methods)


def read(name: str, text: str | bytes, options: ReadOptions = LOCAL_KWH) -> FileContent:
    return FORMATS[name].read(text.encode() if isinstance(text, str) else text, options)


@pytest.mark.parametrize("name", list(FORMATS))
@settings(max_examples=12)
@given(
    first=st.sampled_from([SPRING, AUTUMN, date(2016, 2, 28), date(2015, 12, 31)]),
    back=st.integers(0, 1),
    count=st.integers(1, 3),
    seed=st.integers(0, 2**32),
    gaps=st.sampled_from([0.0, 0.1]),
    unit=st.sampled_from(list(EnergyUnit)),
)
def test_what_is_written_is_read_back(name: str, first: date, back: int, count: int, seed: int, gaps: float, unit: EnergyUnit) -> None:
    days = [first + timedelta(days=i - back) for i in range(count)]
    options = ReadOptions(BERLIN, unit=unit)
    parts = [part_of([day], seed + i, gaps) for i, day in enumerate(days)]
    content = read(name, b"".join(FORMATS[name].write(NAMES, parts, options)), options)
    assert content.problems == ()
    axis = DayAxis.between(int(parts[0].starts_s[0]), int(parts[-1].starts_s[-1]), options)
    assert axis.days == days
    expected = np.concatenate([part.values_wh for part in parts], axis=1)
    methods = np.concatenate([part.methods for part in parts], axis=1)
    for series, given_name in zip(
        sorted(content.series, key=lambda s: (s.meter, s.channel not in ("import", "drawn"))),
        [(NAMES[0], 0), (NAMES[1], 1), (NAMES[2], 2)],
        strict=True,
    ):
        folded, problems = fold(series, axis, options)
        assert not problems
        assert series.meter == given_name[0].meter
        there = methods[given_name[1]] != Method.MISSING
        assert (folded.values_wh[there] == expected[given_name[1]][there]).all()
        assert ((folded.quality == Method.MISSING) == ~there).all()
        if series.substitute is not None:
            assert ((folded.quality == Method.MEASURED) == (methods[given_name[1]] == Method.MEASURED)).all()


def test_decimal_comma_and_point_and_tab_say_the_same() -> None:
    texts = (
        "time;A\n2016-03-01 00:00;0,052\n2016-03-01 00:15;1,5\n",
        "time,A\n2016-03-01 00:00,0.052\n2016-03-01 00:15,1.5\n",
        "\ufefftime\tA\r\n01.03.2016 00:00\t0,052\r\n01.03.2016 00:15\t1,5\r\n",
    )
    for text in texts:
        [series] = read("wide", text).series
        assert series.energy_wh.round(6).tolist() == [52.0, 1500.0]
        assert series.starts_s.tolist() == starts_of(date(2016, 3, 1))[:2].tolist()


def test_times_in_utc_and_with_offsets_are_instants() -> None:
    utc = ReadOptions(BERLIN, unit=EnergyUnit.WH, clock=FileClock.UTC)
    [a] = read("wide", "time;A\n2016-03-27 01:00;7\n", utc).series
    [b] = read("wide", "time;A\n2016-03-27T03:00:00+02:00;7\n").series
    [c] = read("wide", "time;A\n2016-03-27T01:00:00Z;7\n").series
    assert a.starts_s == b.starts_s == c.starts_s == starts_of(SPRING)[8]


def test_end_labels_are_shifted_and_midnight_may_be_written_as_24() -> None:
    ends = ReadOptions(BERLIN, unit=EnergyUnit.WH, label=IntervalLabel.END)
    text = "time;A\n2016-03-01 00:15;1\n2016-03-01 23:45;2\n2016-03-01 24:00;3\n"
    [series] = read("wide", text, ends).series
    assert series.starts_s.tolist() == starts_of(date(2016, 3, 1))[[0, 94, 95]].tolist()
    for label in ("02:00", "03:00"):  # both are in use for the last interval before the clocks go forward
        [series] = read("wide", f"time;A\n2016-03-27 {label};1\n", ends).series
        assert series.starts_s.tolist() == [starts_of(SPRING)[7]]


def test_the_hour_that_does_not_exist_is_refused_by_row() -> None:
    content = read("wide", "time;A\n2016-03-27 01:45;1\n2016-03-27 02:15;1\n2016-03-27 03:00;1\n")
    [problem] = content.problems
    assert (problem.row, problem.column) == (3, "time")
    assert "does not exist" in problem.what
    assert content.series[0].starts_s.tolist() == starts_of(SPRING)[[7, 8]].tolist()


def test_the_hour_that_repeats_is_taken_in_order_even_with_gaps() -> None:
    labels = ["01:45", "02:00", "02:15", "02:45", "02:00", "02:30", "02:45", "03:00"]
    text = "time;A\n" + "".join(f"2016-10-30 {label};1\n" for label in labels)
    [series] = read("wide", text).series
    assert series.starts_s.tolist() == starts_of(AUTUMN)[[7, 8, 9, 11, 12, 14, 15, 16]].tolist()
    third = read("wide", text + "2016-10-30 02:00;1\n")
    assert "third time" in third.problems[0].what
    assert third.problems[0].row == 10


def test_each_meter_of_a_long_file_has_its_own_order() -> None:
    rows = [("A", "02:45"), ("B", "02:00"), ("A", "02:00"), ("B", "02:00")]
    text = "meter;time;value\n" + "".join(f"{meter};2016-10-30 {label};1\n" for meter, label in rows)
    found = {series.meter: series.starts_s.tolist() for series in read("long", text).series}
    starts = starts_of(AUTUMN)
    assert found == {"A": starts[[11, 12]].tolist(), "B": starts[[8, 12]].tolist()}


@pytest.mark.parametrize(
    ("name", "text", "row", "column", "what"),
    [
        ("wide", "time;A;B\n2016-03-01 00:00;1;2\n\n2016-03-01 00:15;1;zwei\n", 4, "B", "'zwei' is not a number"),
        ("wide", "time;A\n2016-03-01 00:00;1.234,5\n", 2, "A", "is not a number"),
        ("wide", "time;A\n2016-03-01 00:00;inf\n", 2, "A", "is not a number"),
        ("wide", "time;A\nMarch;1\n", 2, "time", "is not a time"),
        ("wide", "time;A\n2016-03-01 00:00;1\n2016-03-01 00:15;1;2\n", 3, "", "3 cells"),
        ("long", "meter;channel;time;value\nA;import;2016-03-01 00:00;1\nA;heat;2016-03-01 00:00;1\n", 3, "channel", "not a channel"),
        ("long", "meter;time;value;status\nA;2016-03-01 00:00;1;X\n", 2, "status", "not a status"),
        ("load_profile", "Zählpunkt;OBIS;Von;Wert\nAT1;1-1:9.9.9;01.03.2016 00:00;1\n", 2, "OBIS", "not a channel"),
    ],
)
def test_what_is_wrong_is_named_by_row_and_column(name: str, text: str, row: int, column: str, what: str) -> None:
    [problem] = read(name, text).problems
    assert (problem.row, problem.column) == (row, column)
    assert what in problem.what
    assert problem.mending


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("wide", b""),
        ("wide", b"\0\1\2"),
        ("wide", b"meter;A\n1;2\n"),
        ("wide", b"time;A\n"),
        ("long", b"a;b\n1;2\n"),
        ("wide", b"\x1f\x8bbroken"),
        ("espi", b"<feed>"),
        ("espi", b"<feed/>"),
        ("parquet", b"PAR1 no"),
        ("parquet", b""),
        ("espi", b'<!DOCTYPE f [<!ENTITY a "b">]><f>&a;</f>'),
        ("espi", b"<a>" * 50),
        *(("espi", b'<?xml version="1.0" encoding="%s"?><feed/>' % name) for name in (b"hex", b"big5", b"undefined", b"punycode", b"no")),
        ("load_profile", "Zählpunkt;OBIS;Von;Wert;Einheit\nA;1-1:1.29.0;01.03.2016 00:00;1;kW\n".encode()),
    ],
)
def test_a_file_of_another_kind_is_refused_in_words(name: str, content: bytes) -> None:
    with pytest.raises(CannotReadFile, match=r"[a-z]{3}"):
        read(name, content)


def test_what_does_not_fit_the_grid_is_told() -> None:
    text = "meter;time;value\n" + "".join(
        f"A;2016-03-01 {label};{value}\n"
        for label, value in (("00:00", "1"), ("00:07", "1"), ("00:15", "-1"), ("00:30", "1"), ("00:30", "2"), ("00:45", "9e9"))
    )
    [series] = read("long", text, ReadOptions(BERLIN, unit=EnergyUnit.WH)).series
    axis = DayAxis.between(int(series.starts_s.min()), int(series.starts_s.max()), LOCAL_KWH)
    folded, problems = fold(series, axis, LOCAL_KWH)
    assert sorted(problem.row for problem in problems) == [3, 4, 6, 7]
    assert folded.values_wh[:4].tolist() == [1, 0, 1, 0]


def test_hourly_values_do_not_pass_as_quarter_hours() -> None:
    text = "time;A\n" + "".join(f"2016-03-01 {hour:02d}:00;1\n" for hour in range(24))
    [series] = read("wide", text).series
    axis = DayAxis.between(int(series.starts_s.min()), int(series.starts_s.max()), LOCAL_KWH)
    _, problems = fold(series, axis, LOCAL_KWH)
    assert "60 minutes long" in problems[0].what


@given(st.lists(st.floats(0, 1000), min_size=8, max_size=8))
def test_rounding_to_whole_wh_keeps_each_days_sum(energy: list[float]) -> None:
    values, _ = whole_wh(np.array(energy), np.array([0, 4, 8]))
    assert (values >= 0).all()
    for day in (slice(0, 4), slice(4, 8)):
        assert abs(values[day].sum() - sum(energy[day])) <= 0.5 + 4e-6 or np.allclose(np.rint(energy), energy, atol=1e-6)


def test_green_button_scales_by_its_power_of_ten_and_reads_other_peoples_files() -> None:
    text = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Green Button</title>
    <entry><link rel="self" href="/r/UsagePoint/01"/><title>Front Electric Meter</title><content>
      <UsagePoint xmlns="http://naesb.org/espi"><ServiceCategory><kind>0</kind></ServiceCategory></UsagePoint></content></entry>
    <entry><link rel="self" href="/r/UsagePoint/01/MeterReading/01"/><link rel="related" href="/r/ReadingType/07"/>
      <content><MeterReading xmlns="http://naesb.org/espi"/></content></entry>
    <entry><link rel="self" href="/r/ReadingType/07"/><content><ReadingType xmlns="http://naesb.org/espi">
      <flowDirection>19</flowDirection><powerOfTenMultiplier>3</powerOfTenMultiplier><uom>72</uom></ReadingType></content></entry>
    <entry><link rel="up" href="/r/UsagePoint/01/MeterReading/01/IntervalBlock"/><content>
      <IntervalBlock xmlns="http://naesb.org/espi"><interval><duration>900</duration><start>1456786800</start></interval>
      <IntervalReading><cost>9</cost><timePeriod><duration>900</duration><start>1456786800</start></timePeriod>
        <value>2</value></IntervalReading></IntervalBlock></content></entry></feed>"""
    [series] = read("espi", text).series
    assert (series.meter, series.channel, series.energy_wh.tolist()) == ("Front Electric Meter", "fed in", [2000.0])
    power = read("espi", text.replace("<uom>72<", "<uom>38<"))
    assert (power.problems[0].column, power.problems[0].row) == ("uom", 6)


@pytest.mark.parametrize("name", list(FORMATS))
@settings(max_examples=25)
@given(
    cuts=st.lists(
        st.tuples(
            st.integers(0, 10**6),
            st.integers(0, 60),
            st.binary(max_size=6)
            | st.sampled_from(
                [b"\n", b'"', b"nan", b"9e999", b"-1", b"2016-10-30 02:00", b"9999-12-31 23:59", b"0001-01-01", b"<value>", b"\r"]
            ),
        ),
        min_size=1,
        max_size=5,
    ),
    label=st.sampled_from(list(IntervalLabel)),
)
def test_a_damaged_file_is_read_or_refused(name: str, cuts: list[tuple[int, int, bytes]], label: IntervalLabel) -> None:
    whole = part_of([SPRING], 1, 0.1)
    part = ReadingPart(whole.starts_s[:12], whole.values_wh[:, :12], whole.methods[:, :12])
    content = bytearray(b"".join(FORMATS[name].write(NAMES, [part], LOCAL_KWH)))
    for place, length, put in cuts:
        at = place % (len(content) + 1)
        content[at : at + length] = put
    options = ReadOptions(BERLIN, label=label)
    try:
        found = read(name, bytes(content), options)
    except CannotReadFile:
        return
    for series in found.series:
        if len(series.starts_s) and np.ptp(series.starts_s) < 10**8:
            axis = DayAxis.between(int(series.starts_s.min()), int(series.starts_s.max()), options)
            fold(series, axis, options)
