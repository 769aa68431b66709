"""The evidence is checked again: what was deleted or altered is named by meter and day."""

from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection

from energy.models import MeterDay
from energy.services.day_close import finalise_day
from energy.services.evidence import check_evidence
from energy.services.telemetry import Receipt
from tests.integration.energy.conftest import REAL_NOW, Sender

DAY = date(2016, 3, 28)
pytestmark = pytest.mark.django_db
CHANNELS = {"site": ("import", "export"), "source": ("production",), "storage": ("charge", "discharge")}


@pytest.fixture
def closed_day(senders: dict[str, list[Sender]], accept: Callable[..., list[Receipt]]) -> Sender:
    """A day that every meter reported, in two messages each, and that is closed. Returns a home's device."""
    bodies = []
    for kind, devices in senders.items():
        for one in devices:
            for first, values in ((0, [3] * 50), (50, [4] * 46)):
                blocks = [one.part_block(DAY, first, values, channel=channel) for channel in CHANNELS[kind]]
                bodies.append(one.message(blocks=blocks))
    assert {r.outcome for r in accept(*bodies)} == {"accepted"}
    sender = senders["site"][0]
    finalise_day(microgrid=sender.microgrid, day=DAY, now=sender.microgrid.now(REAL_NOW))
    return sender


def findings(sender: Sender) -> list[str]:
    return [str(finding) for finding in check_evidence(microgrid=sender.microgrid, days=[DAY])]


def execute(sql: str, parameters: list[object]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        assert cursor.rowcount == 1


def test_an_honest_day_has_no_findings(closed_day: Sender) -> None:
    assert findings(closed_day) == []


def test_a_deleted_message_is_named(closed_day: Sender) -> None:
    execute("DELETE FROM energy_telemetrymessage WHERE device_id = %s AND counter = 2", [closed_day.device.pk])
    found = findings(closed_day)
    assert len(found) == 2  # import and export were in it
    assert all(text.startswith(f"{closed_day.meter.code} on {DAY}: ") and "is missing" in text for text in found)


def test_an_altered_byte_is_named(closed_day: Sender) -> None:
    execute(
        """UPDATE energy_telemetrymessage SET body = set_byte(body, 120, (get_byte(body, 120) + 1) %% 256)
           WHERE device_id = %s AND counter = 1""",
        [closed_day.device.pk],
    )
    found = findings(closed_day)
    assert any("no longer genuine" in text for text in found)
    assert any(text.startswith(f"{closed_day.meter.code} on {DAY}: import") for text in found)


def test_an_altered_value_is_named(closed_day: Sender) -> None:
    """Somebody with the rights of the database's owner switches the guard off and helps himself."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE energy_meterday DISABLE TRIGGER final_meter_days_stay")
    execute("UPDATE energy_meterday SET values_wh[8] = 2 WHERE meter_id = %s AND day = %s AND channel = 1", [closed_day.meter.pk, DAY])
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE energy_meterday ENABLE TRIGGER final_meter_days_stay")
    assert findings(closed_day) == [f"{closed_day.meter.code} on {DAY}: import: interval 7 is stored as 2 Wh, the meter said 3 Wh"]


def test_a_deleted_meter_day_is_named(closed_day: Sender) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE energy_meterday DISABLE TRIGGER final_meter_days_stay")
    execute("DELETE FROM energy_meterday WHERE meter_id = %s AND day = %s AND channel = 2", [closed_day.meter.pk, DAY])
    assert findings(closed_day) == [f"{closed_day.meter.code} on {DAY}: export: the meter day is missing"]


def test_a_day_that_is_only_estimated_is_named(closed_day: Sender) -> None:
    other = date(2016, 3, 26)
    finalise_day(microgrid=closed_day.microgrid, day=other, now=closed_day.microgrid.now(REAL_NOW))
    found = check_evidence(microgrid=closed_day.microgrid, days=[other])
    assert len(found) == MeterDay.objects.filter(day=other).count()
    assert {finding.what.split(": ")[1] for finding in found} == {"not measured; all values are estimated"}
