"""An operator acknowledges an alarm without the mouse, looks at a node, and replays last night."""

import re

from playwright.sync_api import expect

from tests.browser.village import let

# Of a kind that no tick judges, so that they stay until somebody acts.
RAISE_ALARMS = """
from django.utils import timezone
from energy.models import Microgrid
from grid.domain.alarm_life import Finding, FindingKind, Priority
from grid.services.alarms import raise_alarm
microgrid = Microgrid.objects.get()
now = microgrid.now(timezone.now())
for subject, priority in (("Battery of the school", Priority.HIGH), ("Battery of the barn", Priority.LOW)):
    raise_alarm(microgrid=microgrid, finding=Finding(FindingKind.PLAN_MISSING, subject, priority, f"{subject} has no plan."), now=now)
"""
LAST_NIGHT = "2016-03-31T21:30"


def test_alarms_are_acknowledged_by_key_and_at_the_side_of_the_live_page(village, browser):
    let(village, RAISE_ALARMS)
    page = village.log_in(browser, "operator")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Alarms").click()
    school = page.locator("[data-row]", has_text="Battery of the school")
    barn = page.locator("[data-row]", has_text="Battery of the barn")
    expect(school).to_contain_text("High")
    before = int(page.locator("#alarm-count").inner_text().split()[-1])
    while not school.evaluate("row => row.classList.contains('at')"):
        page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.get_by_text("Battery of the school: acknowledged.")).to_be_visible()
    expect(page.locator("[data-row]", has_text="Battery of the school").locator(".badge")).to_have_text("acknowledged")
    if before > 1:
        expect(page.locator("#alarm-count")).to_contain_text(str(before - 1))
    expect(barn.locator(".badge")).to_have_text("active")

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Grid").click()
    side = page.locator("#alarm-side .alarm-line", has_text="Battery of the barn")
    side.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#alarm-side .alarm-line", has_text="Battery of the barn")).to_contain_text("acknowledged")
    expect(page.locator("#alarm-side .alarm-line", has_text="Battery of the barn").get_by_role("button")).to_have_count(0)


def test_last_night_is_replayed_and_shared_as_a_link(village, browser):
    page = village.log_in(browser, "operator")
    page.goto(f"{village.address}/live/")
    expect(page.locator("#live-dot")).to_have_class("live-dot on", timeout=60_000)
    expect(page.locator("#diagram .battery").first).to_be_visible()
    page.locator("#replay-at").fill(LAST_NIGHT)
    page.get_by_role("button", name="Go there").click()
    expect(page.locator("#replay-note")).to_contain_text("closed day")
    expect(page.locator("#shown-at")).to_have_text("31 Mar 2016, 21:30")
    expect(page.locator("#age")).to_have_text("replayed")
    assert "at=2016-03-31T19" in page.url
    page.locator("#diagram").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#element")).to_contain_text(re.compile(r"\d\.\d{3} p\.u\."))
    page.locator("#replay-speed").select_option("60")
    page.get_by_role("button", name=re.compile("^Play")).click()
    expect(page.locator("#shown-at")).not_to_have_text("31 Mar 2016, 21:30")
    page.get_by_role("button", name=re.compile("^Pause")).click()
    page.locator("#replay-at").fill(LAST_NIGHT)
    page.get_by_role("button", name="Go there").click()
    expect(page.locator("#shown-at")).to_have_text("31 Mar 2016, 21:30")
    used = page.locator("[data-watts=consumption_w]").first.text_content()
    address = page.locator("#replay-link").evaluate("link => link.href")

    other = village.log_in(browser, "operator", width=390)
    other.goto(address)
    expect(other.locator("#shown-at")).to_have_text("31 Mar 2016, 21:30")
    expect(other.locator("[data-watts=consumption_w]").first).to_have_text(used)
    expect(other.locator("#elements")).to_be_visible()  # a phone shows the list first
    expect(other.locator("#diagram")).not_to_be_visible()
    other.get_by_role("button", name=re.compile("^Back to now")).click()
    expect(other.locator("#age")).to_have_text("live", timeout=30_000)
    expect(other.locator("#shown-at")).not_to_have_text("31 Mar 2016, 21:30")


def test_a_battery_is_ordered_by_hand_in_two_steps_and_let_go(village, browser):
    page = village.log_in(browser, "operator")
    page.goto(f"{village.address}/emergency/orders/")
    page.get_by_label("Order", exact=True).select_option("storage")
    page.get_by_label("Storage", exact=True).select_option(index=1)
    battery = page.get_by_label("Storage", exact=True).evaluate("field => field.selectedOptions[0].textContent.trim()")
    page.get_by_label("Storage shall").select_option("charge")
    page.get_by_label("Power or limit [W]").fill("500")
    page.get_by_label("Why").fill("The fitter measures the inverter")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#override-state")).to_contain_text("Step 2 of 2")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("It stands.", exact=True)).to_be_visible()
    order = page.get_by_role("heading", level=1).inner_text()
    assert "charge 500 W" in order
    assert battery.split(",")[0].split(" (")[0] in order or battery in order
    page.get_by_role("link", name="All orders").click()
    expect(page.locator("#overrides-standing")).to_contain_text(order)
    page.locator("#overrides-standing").get_by_role("link", name="Open").first.click()
    page.get_by_role("button", name="End it now").click()
    expect(page.get_by_text("It does not stand any more: control decides.")).to_be_visible()
    page.goto(f"{village.address}/emergency/orders/")
    expect(page.locator("#override-log")).to_contain_text("The fitter measures the inverter")


def test_a_drill_is_run_and_reported(village, browser):
    page = village.log_in(browser, "operator")
    page.goto(f"{village.address}/live/")
    page.get_by_role("navigation", name="Grid").get_by_role("link", name="Emergency").click()
    page.get_by_label("Event").select_option(index=0)
    page.get_by_role("button", name="Begin the drill").click()
    page.wait_for_url(re.compile(r"/emergency/[0-9a-f-]{36}/$"))
    page.goto(f"{village.address}/emergency/desk/")
    if page.get_by_role("button", name="End the drill").count():
        page.get_by_role("button", name="I act").click()
        page.get_by_role("button", name="End the drill").click()
    page.goto(f"{village.address}/events/")
    drill = page.locator("li", has_text="Drill:").first
    expect(drill).to_be_visible()
    answer = page.request.get(village.address + drill.get_by_role("link", name="Report, PDF").get_attribute("href"))
    assert answer.status == 200
    assert answer.body().startswith(b"%PDF")
