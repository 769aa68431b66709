"""An operator finds a day that waits, looks at it, and decides it without touching the mouse."""

from playwright.sync_api import expect

from tests.browser.village import let

# A spike in a day that is closed: what the close of a day opens once it knows what is usual, which takes four weeks.
OPEN_REVIEWS = """
from datetime import timedelta
from django.utils import timezone
from energy.models import MeterDay, Meter, Microgrid, Review
microgrid = Microgrid.objects.get()
now = microgrid.now(timezone.now())
homes = Meter.objects.filter(kind="site", site__kind="household").order_by("pk")[:2]
for meter in homes:
    day = MeterDay.objects.filter(meter_id=meter.pk, channel=1, is_current=True, status=1).order_by("day").last()
    Review.objects.create(
        microgrid=microgrid, meter=meter, channel=1, day=day.day, version=day.version, found=0x80, intervals=[40],
        measured_wh=[day.values_wh[40]], proposals={"calculated": [37], "like-day": [52]}, opened_at=now,
        deadline_at=now + timedelta(days=2),
    )
"""


def test_one_day_is_accepted_and_one_is_edited(village, browser):
    let(village, OPEN_REVIEWS)
    page = village.log_in(browser, "operator")
    page.get_by_role("link", name="Readings").click()
    page.get_by_role("link", name="Reviews").click()
    expect(page.locator("[data-row]")).to_have_count(2)
    page.keyboard.press("j")
    expect(page.locator("[data-row]").first).to_have_class("at")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="The day against the days like it")).to_be_visible()
    expect(page.locator(".chart svg").first).to_be_visible()
    page.keyboard.press("2")
    expect(page.get_by_role("radio", name="As on like days")).to_be_checked()
    page.keyboard.press("e")
    expect(page.get_by_text("Say why")).to_be_visible()
    page.keyboard.press("2")
    page.keyboard.press("r")
    page.keyboard.type("Read on site")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    expect(page.get_by_text("edited. The day is closed again within minutes.")).to_be_visible()

    page.keyboard.press("a")  # the next day that waits is there already
    expect(page.get_by_text("accepted as measured.")).to_be_visible()
    expect(page.get_by_text("No day waits")).to_be_visible()
    page.get_by_role("link", name="Decided").click()
    expect(page.get_by_role("cell").filter(has_text="Read on site")).to_be_visible()
