"""A member takes part in demand response and leaves one event out; the operator calls it, and reads what an earlier one brought."""

import re
from datetime import date, timedelta

from playwright.sync_api import expect

from tests.browser.village import let

# An event of a day that is settled already, on readings of the working days before it: 200 Wh a quarter hour, 50 Wh in its hour.
MEASURE_ONE = """
from datetime import date, datetime, timedelta
import numpy as np
from django.db import connection, transaction
from billing.services.incentives import credit_event
from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.models import Microgrid
from energy.services.partitions import ensure_months
from grid.models import DemandConsent, DemandEvent, DemandResponse
from grid.services.demand_measurement import measure_event
from members.models import User
grid, day = Microgrid.objects.get(), date(2016, 3, 30)
consents = list(DemandConsent.objects.filter(withdrawn_at=None).select_related("programme", "site"))
start = datetime(2016, 3, 30, 18, 0, tzinfo=grid.zone)
days = [day - timedelta(days=i) for i in range(2, 21)]
ensure_months(table="energy_meterday", days=days)
meters = [c.site.meters.get(kind="site") for c in consents]
rows = [MeterDayRow(d, m.pk, 1, np.full(grid.local_day(d).interval_count, 2000, np.int32), np.zeros(grid.local_day(d).interval_count, np.int16), status=1)
        for d in days for m in meters]
with connection.cursor() as cursor:
    write_rows(cursor, rows, microgrid_id=grid.pk, provenance="test", now=start, replace=False)
with transaction.atomic():  # the village's own clock measures what it finds
    event = DemandEvent.objects.create(
        programme=consents[0].programme, start_at=start, end_at=start + timedelta(hours=1), reason="A calm evening.",
        called_by=User.objects.get(email="operator@wiesengrund.example"), called_at=start - timedelta(hours=3))
    DemandResponse.objects.bulk_create(DemandResponse(event=event, site=c.site) for c in consents)
    measure_event(event=event, now=start + timedelta(days=1))
credit_event(event=DemandEvent.objects.get(pk=event.pk), now=start + timedelta(days=1))
"""


def test_consent_call_opting_out_and_the_result(village, browser):
    let(village, MEASURE_ONE)
    member = village.log_in(browser, "member")
    member.goto(f"{village.address}/energy/programmes/")
    with member.expect_navigation():
        member.get_by_role("button", name=re.compile("^End the part of")).first.click()
    with member.expect_navigation():
        member.get_by_role("button", name=re.compile("^Let .* take part")).first.click()
    expect(member.get_by_text(re.compile("takes part in Feierabend. You are told of each event"))).to_be_visible()
    result = member.get_by_role("row", name=re.compile("30 Mar 2016, 18:00 to 19:00"))
    # Usual: four quarter hours of 2 kWh, moved by a fifth to the day itself, on which it drew less all along.
    expect(result).to_contain_text("6.400")

    operator = village.log_in(browser, "operator")
    operator.goto(f"{village.address}/live/demand/")
    called = operator.locator("form", has=operator.get_by_role("button", name="Call it"))
    day = called.get_by_label("Day").input_value()
    tomorrow = date.fromisoformat(day) + timedelta(days=1)
    called.get_by_label("Day").fill(tomorrow.isoformat())
    called.get_by_label("Begins").fill("18:00")
    called.get_by_label("Reason").fill("Little sun is forecast")
    with operator.expect_navigation():
        operator.get_by_role("button", name="Call it").click()
    row = operator.get_by_role("row", name=re.compile(f"{tomorrow.day} .* 2016, 18:00 to 19:00"))
    expect(row).to_contain_text(re.compile(r"(\d+) of \1"))

    member.goto(f"{village.address}/energy/programmes/")
    expect(member.get_by_text("Little sun is forecast")).to_be_visible()
    with member.expect_navigation():
        called_now = member.locator("section", has_text="Little sun is forecast")
        called_now.get_by_role("button", name="Leave this one out").first.click()
    expect(member.get_by_text("You leave this event out. Your consent stays.")).to_be_visible()

    operator.reload()
    expect(row).not_to_contain_text(re.compile(r"(\d+) of \1"))
    with operator.expect_navigation():
        row.get_by_role("link").click()
    expect(operator.get_by_text("left out by its member")).to_be_visible()
    operator.goto(f"{village.address}/live/demand/")
    with operator.expect_navigation():
        operator.get_by_role("link", name=re.compile("30 Mar 2016")).click()
    expect(operator.get_by_role("heading", name="Measured")).to_be_visible()
    expect(operator.locator("dl.rows")).to_contain_text(re.compile(r"[1-9]\d*\.\d\d EUR at 0\.20 a kWh"))
