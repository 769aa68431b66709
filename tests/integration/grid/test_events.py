"""The report on an emergency: from real ticks, alarms and interruptions to a PDF."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.translation import override

from grid.adapters.event_report.renderer import render_report
from grid.models import GridAlarm, InterruptionCause
from grid.selectors.event_paper import report_content
from grid.selectors.events import CannotReport, report_on, troubled_stretches
from grid.selectors.network import forget_networks
from grid.services.alarms import acknowledge
from grid.services.control import run_tick
from grid.services.interruptions import record_interruption
from tests.integration.grid.conftest import SHOWN_NOW

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def test_an_emergency_is_reported(microgrid, live, operator, household, client, settings):
    settings.MQTT_URL = "mqtt://127.0.0.1:9"
    for seconds, rating in ((0, 400.0), (4, 0.5), (8, 0.5), (12, 0.5), (60, 400.0)):
        microgrid.lines.update(max_current_a=rating)
        forget_networks()
        at = SHOWN_NOW + timedelta(seconds=seconds)
        live(sun_w=9000.0, at=at)
        run_tick(microgrid=microgrid, now=at)
    [event] = troubled_stretches(microgrid)
    # How long a state is held after its cause is gone is the control's; the event ends with the state.
    assert event.start_at == SHOWN_NOW + timedelta(seconds=4)
    assert SHOWN_NOW + timedelta(seconds=12) <= event.end_at <= SHOWN_NOW + MINUTE
    acknowledge(alarm=GridAlarm.objects.order_by("pk").first(), by=operator, now=SHOWN_NOW + MINUTE)
    record_interruption(
        microgrid=microgrid,
        sites=list(microgrid.sites.all()[:2]),
        started_at=SHOWN_NOW,
        ended_at=SHOWN_NOW + MINUTE,
        cause=InterruptionCause.UNKNOWN,
        note="Fuse of feeder 2",
        now=SHOWN_NOW + MINUTE,
    )
    now = SHOWN_NOW + 10 * MINUTE
    report = report_on(microgrid, SHOWN_NOW - MINUTE, SHOWN_NOW + 5 * MINUTE, now)
    told = " ".join(f"{one.what} {one.detail}" for one in report.course)
    assert "State: emergency" in told
    assert "Alarm raised: line loading" in told
    assert "Alarm acknowledged" in told
    assert "Supply interrupted: not known, 2 sites" in told
    assert [one.at for one in report.course] == sorted(one.at for one in report.course)
    assert report.affected[0].customer_minutes == pytest.approx(2.0)
    assert any("of its rating" in reason for reason, _ in report.reasons)
    assert any("cause" in line for line in report.follow_ups)
    assert len(report.instants) == len(report.curves[0].values) == 5
    content = report_content(report, remarks="Checked on site.", by="operator@hamlet.example", made_at=now)
    pdf = render_report(content, made_at=int(now.timestamp()))
    assert pdf.startswith(b"%PDF")
    assert pdf == render_report(content, made_at=int(now.timestamp()))
    with override("de"):
        german = report_content(report, remarks="", by="operator@hamlet.example", made_at=now)
    assert german["title"] == "Bericht über ein Ereignis"
    lines = [*(what for _, what, _, _ in german["course"]), *(reason for reason, _ in german["reasons"]), *german["follow_ups"]]
    assert "Zustand: Notfall" in lines
    assert [line for line in lines if re.search(r"\b(the|is|of|and|are)\b", line)] == []
    assert render_report(german, made_at=int(now.timestamp())) != pdf
    for wrong in ((SHOWN_NOW, SHOWN_NOW), (SHOWN_NOW, SHOWN_NOW + timedelta(days=4)), (now + MINUTE, now + 2 * MINUTE)):
        with pytest.raises(CannotReport):
            report_on(microgrid, *wrong, now)
    _through_the_door(operator, household, client)


def _through_the_door(operator, household, client) -> None:
    client.force_login(operator)
    page = client.get(reverse("events")).content.decode()
    assert "Report, PDF" in page
    assert "start=2016-06-03T11:45" in page  # a quarter of an hour before, by the village's clock
    period = {"start": "2016-06-03T11:55", "end": "2016-06-03T12:10", "remarks": ""}
    answer = client.get(reverse("event-report"), period)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert client.get(reverse("event-report"), period | {"end": "2016-06-03T11:00"}).status_code == 400
    client.force_login(household)
    assert client.get(reverse("event-report"), period).status_code == 404
