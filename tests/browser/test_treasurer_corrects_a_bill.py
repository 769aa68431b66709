"""Readings change after the month was billed: the treasurer prepares a correction, a second person releases it, it is sent, and the member reads why."""

import re

from playwright.sync_api import expect

from tests.browser.village import let

# A later version of one billed day of the member's meter, 60 Wh more in each quarter hour, and the day closed again; before it whatever
# other days of this village wait to be closed again, since a month with such days is not corrected. What the clock had prepared of days
# that other tests closed again is withdrawn last, so that the next correction names this day, whoever prepares it.
READ_AGAIN = """
from datetime import date
import numpy as np
from django.db import connection, transaction
from django.utils import timezone
from billing.models import BillingRun
from billing.services.release import withdraw_run
from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.models import Meter, MeterDay, Microgrid
from grid.tasks import days_to_close
from grid.services.day_close import close_in_turn
grid, day = Microgrid.objects.get(), date(2016, 3, 31)
now = grid.now(timezone.now())
for again in (other for other in days_to_close(grid) if other < day):
    close_in_turn(microgrid=grid, day=again, now=now)
for run in BillingRun.objects.filter(kind="correction", status__in=["prepared", "rated"]):
    withdraw_run(run_id=run.pk, now=now)
meter = Meter.objects.filter(site__member__memberships__user__email="member@wiesengrund.example", kind="site").first()
old = MeterDay.objects.get(meter_id=meter.pk, day=day, channel=1, is_current=True)
values = (np.array(old.values_wh, np.int32) + 60).astype(np.int32)
row = MeterDayRow(day, meter.pk, 1, values, np.zeros(len(values), np.int16), version=old.version + 1)
with transaction.atomic(), connection.cursor() as cursor:
    cursor.execute("UPDATE energy_meterday SET is_current = false WHERE meter_id = %s AND day = %s AND channel = 1", [meter.pk, day])
    write_rows(cursor, [row], microgrid_id=grid.pk, provenance="late", now=now, replace=False)
close_in_turn(microgrid=grid, day=day, now=now)
"""


def test_a_correction_is_released_sent_and_understood(village, browser):
    let(village, READ_AGAIN)
    treasurer = village.log_in(browser, "treasurer")
    treasurer.goto(f"{village.address}/admin/billing/billingrun/prepare/")
    treasurer.get_by_label("Kind").select_option("correction")
    expect(treasurer.get_by_label("Month")).to_have_value("2016-03")
    with treasurer.expect_navigation():
        treasurer.get_by_role("button", name="Prepare").click()
    expect(treasurer.get_by_text(re.compile("Days closed again: .*2016-03-31"))).to_be_visible()
    # The village's own clock looks every ten minutes: where it was faster, the treasurer is told, and led to what it prepared.
    clock_was_faster = treasurer.get_by_text("The clock prepared it before you").count() > 0
    expect(treasurer.get_by_role("heading", name="What the correction changes")).to_be_visible(timeout=20_000)
    if not clock_was_faster:
        expect(treasurer.get_by_text("You prepared this run: somebody else releases it.")).to_be_visible()
        expect(treasurer.get_by_role("link", name="Release and post")).to_have_count(0)

    board = village.log_in(browser, "board")
    board.goto(treasurer.url)
    with board.expect_navigation():
        board.get_by_role("link", name="Release and post").click()
    with board.expect_navigation():
        board.get_by_role("button", name="Release and post").click()
    with board.expect_navigation():
        board.get_by_role("link", name="Send what was not sent").click(timeout=20_000)
    with board.expect_navigation():
        board.get_by_role("button", name="Send").click()
    expect(board.get_by_text(re.compile(r"\d+ documents are on their way"))).to_be_visible()

    member = village.log_in(browser, "member")
    member.goto(f"{village.address}/bills/?kind=bill")
    rows = member.locator("tbody tr")
    expect(rows).to_have_count(3)
    with member.expect_navigation():
        rows.filter(has=member.get_by_text("taken back")).get_by_role("link").click()
    note = member.get_by_role("note")
    expect(note).to_contain_text("In its place")
    with member.expect_navigation():
        note.get_by_role("link").last.click()
    why = member.locator("#correction")
    expect(why).to_contain_text(re.compile("eigenen Zählers vom 31|your own meter on 31"))
    expect(why.locator("tbody td").filter(has_text=re.compile(r"^\+\d")).first).to_be_visible()
    with member.expect_navigation():
        member.get_by_role("link", name="Readings behind these figures").click()
    expect(member.get_by_role("row", name=re.compile("31 Mar"))).to_contain_text("version 2")
