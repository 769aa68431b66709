"""Files of readings become meter days: wholly or not at all, once, with a name, and provable from the kept bytes."""

from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from energy.adapters.reading_formats import FORMATS
from energy.domain.quality import Method
from energy.domain.reading_files import EnergyUnit, ReadingPart, SeriesName
from energy.models import ImportStatus, MeterDay, MeterDayVersion, Microgrid, ReadingFile, ReadingImport, StagedMeterDay
from energy.services.day_close import finalise_day
from energy.services.evidence import check_evidence
from energy.services.import_staging import options_of, stage_import
from energy.services.imports import CannotImport, accept_import, discard_import, receive_file
from members.models import User
from tests.integration.energy.conftest import REAL_NOW, Sender

pytestmark = pytest.mark.django_db
SPRING, MONDAY = date(2016, 3, 27), date(2016, 3, 28)


def wide(microgrid: Microgrid, days: list[date], changes: dict[tuple[str, int], str] | None = None) -> str:
    """A whole file of all meters and channels, eight Wh in each interval, but for `changes` by column and line."""
    columns = [
        f"{meter.code} [{channel}]"
        for meter in microgrid.meters.order_by("code")
        for channel in {"site": ("import", "export"), "source": ("production",), "storage": ("charge", "discharge")}[meter.kind]
    ]
    lines = ["time;" + ";".join(columns)]
    for day in days:
        for start in microgrid.local_day(day).local_starts():
            cells = [(changes or {}).get((column, len(lines) + 1), "8") for column in columns]
            lines.append(f"{start:%Y-%m-%d %H:%M};" + ";".join(cells))
    return "\n".join(lines) + "\n"


def staged(microgrid: Microgrid, text: str | bytes, name: str = "wide", unit: EnergyUnit = EnergyUnit.WH) -> ReadingImport:
    content = text.encode() if isinstance(text, str) else text
    now = microgrid.now(REAL_NOW)
    reading_import = receive_file(microgrid=microgrid, content=content, file_name=f"{name}.csv", format=name, unit=unit, user=None, now=now)
    return stage_import(reading_import=reading_import, now=now)


def accepted(microgrid: Microgrid, text: str | bytes, name: str = "wide", reason: str = "") -> ReadingImport:
    reading_import = staged(microgrid, text, name)
    assert reading_import.status == ImportStatus.STAGED, list(reading_import.problems.all())
    return accept_import(reading_import=reading_import, user=None, reason=reason, now=microgrid.now(REAL_NOW))


def stored(microgrid: Microgrid) -> list[tuple[object, ...]]:
    return sorted(
        MeterDay.objects.filter(microgrid_id=microgrid.pk).values_list(
            "day", "meter_id", "channel", "version", "is_current", "values_wh", "quality", "provenance"
        )
    )


def test_a_file_is_previewed_and_then_becomes_meter_days(microgrid: Microgrid) -> None:
    reading_import = staged(microgrid, wide(microgrid, [SPRING, MONDAY]))
    channels = sum({"site": 2, "source": 1, "storage": 2}[m.kind] for m in microgrid.meters.all())
    assert (reading_import.days_new, reading_import.days_changed, reading_import.days_same) == (2 * channels, 0, 0)
    assert reading_import.total_wh == 8 * (92 + 96) * channels
    assert not MeterDay.objects.exists()
    accept_import(reading_import=reading_import, user=None, reason="", now=microgrid.now(REAL_NOW))
    rows = MeterDay.objects.filter(microgrid_id=microgrid.pk)
    assert {len(row.values_wh) for row in rows.filter(day=SPRING)} == {92}
    assert {row.provenance for row in rows} == {f"import {reading_import.public_id}"}
    assert not StagedMeterDay.objects.exists()
    assert MeterDayVersion.objects.filter(reading_import=reading_import, cause="import").count() == 2 * channels


def test_the_same_file_and_the_same_values_change_nothing(microgrid: Microgrid) -> None:
    text = wide(microgrid, [MONDAY])
    accepted(microgrid, text)
    before = stored(microgrid)
    again = accepted_again = receive_file(
        microgrid=microgrid,
        content=text.encode(),
        file_name="again.csv",
        format="wide",
        unit=EnergyUnit.WH,
        user=None,
        now=microgrid.now(REAL_NOW),
    )
    assert again.status == ImportStatus.ACCEPTED
    accept_import(reading_import=accepted_again, user=None, reason="", now=microgrid.now(REAL_NOW))
    other_bytes = accepted(microgrid, text + "\n")
    assert (other_bytes.days_new, other_bytes.days_changed) == (0, 0)
    assert stored(microgrid) == before
    assert ReadingFile.objects.count() == 2


def test_an_error_in_row_17_is_named_and_nothing_is_taken(microgrid: Microgrid) -> None:
    column = f"{microgrid.meters.filter(kind='site').order_by('code')[0].code} [import]"
    reading_import = staged(microgrid, wide(microgrid, [MONDAY], {(column, 17): "8 Wh"}))
    assert reading_import.status == ImportStatus.FAULTY
    [problem] = reading_import.problems.all()
    assert (problem.row, problem.column) == (17, column)
    assert "'8 Wh' is not a number" in problem.what
    assert "leave the cell empty" in problem.mending
    with pytest.raises(CannotImport):
        accept_import(reading_import=reading_import, user=None, reason="", now=microgrid.now(REAL_NOW))
    assert not MeterDay.objects.exists()


def test_strange_meters_and_the_future_are_refused(microgrid: Microgrid) -> None:
    reading_import = staged(microgrid, "time;House of nobody\n2016-03-28 00:00;1\n")
    assert reading_import.unknown_meters == ["House of nobody"]
    assert "not a meter of Hamlet" in reading_import.problems.get().what
    code = microgrid.meters.filter(kind="site").order_by("code")[0].code
    late = staged(microgrid, f"time;{code}\n2016-03-29 12:00;1\n")  # the clock shows noon
    assert "not over" in late.problems.get().what
    source = microgrid.meters.filter(kind="source").order_by("code")[0].code
    wrong = staged(microgrid, f"time;{source} [import]\n2016-03-28 00:00;1\n")
    assert "has no channel 'import'" in wrong.problems.get().what


def test_a_correction_makes_a_new_version_with_who_when_and_why(microgrid: Microgrid) -> None:
    text = wide(microgrid, [MONDAY])
    accepted(microgrid, text)
    finalise_day(microgrid=microgrid, day=MONDAY, now=microgrid.now(REAL_NOW))
    meter = microgrid.meters.filter(kind="site").order_by("code")[0]
    user = User.objects.create_user("operator@hamlet.example", "a long password", name="Olga")
    reading_import = staged(microgrid, wide(microgrid, [MONDAY], {(f"{meter.code} [import]", 17): "9"}))
    assert (reading_import.days_new, reading_import.days_changed) == (0, 1)
    assert StagedMeterDay.objects.get().stored_wh == 8 * 96
    accept_import(reading_import=reading_import, user=user, reason="read on site", now=microgrid.now(REAL_NOW))
    first, second = MeterDay.objects.filter(meter_id=meter.pk, channel=1, day=MONDAY).order_by("version")
    assert (first.is_current, first.status, second.is_current, second.status) == (False, 1, True, 0)
    assert second.values_wh[15] == 9
    assert sum(second.values_wh) == 8 * 96 + 1
    told = MeterDayVersion.objects.get(meter_id=meter.pk, channel=1, day=MONDAY, version=2)
    assert (told.cause, told.user, told.reason, told.reading_import) == ("import", user, "read on site", reading_import)
    assert check_evidence(microgrid=microgrid, days=[MONDAY]) == []


def test_a_late_message_leaves_a_row_that_says_so(microgrid: Microgrid, sender: Sender, accept: object) -> None:
    accepted(microgrid, wide(microgrid, [MONDAY]))
    finalise_day(microgrid=microgrid, day=MONDAY, now=microgrid.now(REAL_NOW))
    message = sender.message(blocks=[sender.part_block(MONDAY, 4, [5, 6])])
    [receipt] = accept(message, now=REAL_NOW + timedelta(minutes=1))  # type: ignore[operator]
    assert receipt.outcome == "accepted"
    told = MeterDayVersion.objects.get(meter_id=sender.meter.pk, channel=1, day=MONDAY, version=2)
    assert told.cause == "message"
    finalise_day(microgrid=microgrid, day=MONDAY, now=microgrid.now(REAL_NOW))
    assert check_evidence(microgrid=microgrid, days=[MONDAY]) == []


def test_an_import_fills_what_messages_left_open(microgrid: Microgrid, sender: Sender, accept: object) -> None:
    accept(sender.message(blocks=[sender.part_block(MONDAY, 0, [5] * 40)]))  # type: ignore[operator]
    rest = "".join(f"{start:%Y-%m-%d %H:%M};7\n" for start in microgrid.local_day(MONDAY).local_starts()[40:])
    accepted(microgrid, f"time;{sender.meter.code}\n{rest}")
    row = MeterDay.objects.get(meter_id=sender.meter.pk, channel=1, day=MONDAY, is_current=True)
    assert row.values_wh == [5] * 40 + [7] * 56
    assert set(row.quality) == {Method.MEASURED}
    found = [f for f in check_evidence(microgrid=microgrid, days=[MONDAY]) if f.meter == sender.meter.code]
    assert [str(f).endswith("export: the meter day is missing") for f in found] == [True]


def test_imported_days_are_proved_from_the_kept_bytes(microgrid: Microgrid) -> None:
    accepted(microgrid, wide(microgrid, [MONDAY]))
    assert check_evidence(microgrid=microgrid, days=[MONDAY]) == []
    meter = microgrid.meters.filter(kind="site").order_by("code")[0]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE energy_meterday SET values_wh[8] = 2 WHERE meter_id = %s AND channel = 1", [meter.pk])
    [finding] = check_evidence(microgrid=microgrid, days=[MONDAY])
    assert str(finding) == f"{meter.code} on {MONDAY}: import: interval 7 is stored as 2 Wh, the meter said 8 Wh"
    file = ReadingFile.objects.get()
    ReadingFile.objects.update(body=bytes(file.body)[:-1] + b"x")
    assert "no longer the one that was accepted" in str(check_evidence(microgrid=microgrid, days=[MONDAY])[0])


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_finds_its_meters(microgrid: Microgrid, name: str) -> None:
    site, source = (microgrid.meters.filter(kind=kind).order_by("code")[0] for kind in ("site", "source"))
    site.external_ref = "DE00012345678901234567890123456789"
    site.save()
    names = [
        SeriesName(site.external_ref if name == "load_profile" else site.code, "import"),
        SeriesName(site.code, "export"),
        SeriesName(source.code, "production"),
    ]
    starts = np.array([int(s.timestamp()) for s in microgrid.local_day(SPRING).starts()], dtype=np.int64)
    values = np.arange(3 * 92).reshape(3, 92)
    part = ReadingPart(starts, values, np.zeros((3, 92), dtype=np.int16))
    reading_import = ReadingImport(microgrid=microgrid, unit="wh", label="start", clock="local")
    content = b"".join(FORMATS[name].write(names, [part], options_of(reading_import)))
    accepted(microgrid, content, name)
    found = MeterDay.objects.filter(day=SPRING)
    assert found.count() == 3
    for i, (meter, channel) in enumerate(((site, 1), (site, 2), (source, 3))):
        assert found.get(meter_id=meter.pk, channel=channel).values_wh == values[i].tolist()


def test_an_import_laid_aside_can_be_handed_in_again(microgrid: Microgrid) -> None:
    text = wide(microgrid, [MONDAY])
    reading_import = staged(microgrid, text)
    discard_import(reading_import=reading_import)
    again = staged(microgrid, text)
    assert again.pk != reading_import.pk
    assert again.status == ImportStatus.STAGED


def test_the_command_shows_takes_and_repeats(microgrid: Microgrid, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(wide(microgrid, [MONDAY]))
    bad.write_text(wide(microgrid, [MONDAY]).replace("02:15;8", "02:15;x", 1))

    def run(*words: str) -> str:
        out = StringIO()
        call_command("import_readings", *words, "--format", "wide", "--unit", "wh", stdout=out, stderr=StringIO())
        return out.getvalue()

    with pytest.raises(CommandError, match="1 errors, nothing was changed"):
        run(str(bad), "--accept")
    assert "staged" in run(str(good))
    assert not MeterDay.objects.exists()
    assert "accepted;" in run(str(good), "--accept")
    assert "nothing changed" in run(str(good), "--accept")
    with pytest.raises(CommandError, match="No such file"):
        run(str(tmp_path / "none.csv"))
