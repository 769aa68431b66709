"""A member looks at habits and sets an alarm; an operator makes a work order and finishes it."""

from datetime import date

from playwright.sync_api import expect


def test_a_member_looks_at_habits_and_sets_an_alarm(village, browser):
    page = village.log_in(browser, "member", width=390)
    page.goto(f"{village.address}/energy/")
    page.get_by_role("link", name="Habits").click()
    expect(page.get_by_role("heading", name="Your habits")).to_be_visible()
    # Others may have imported readings of this home before: then its typical days are there already.
    young, alike = (page.get_by_text("Typical days come after two weeks"), page.get_by_text("Days alike in shape"))
    expect(young.or_(alike).first).to_be_visible()
    expect(page.locator(".chart svg").first).to_be_visible()
    page.get_by_role("figure", name="Every day").get_by_role("button", name="Show as table").click()
    expect(page.get_by_role("table", name="Every day")).to_be_visible()
    for name in ("Comparison", "Tips", "Alarms"):
        with page.expect_navigation():
            page.get_by_role("navigation", name="Energy").get_by_role("link", name=name).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
    page.get_by_label("Limit").fill("12.5")
    page.get_by_role("button", name="Set it").click()
    expect(page.get_by_text("12.5 kWh")).to_be_visible()
    page.get_by_role("button", name="Take away: a day uses more than").click()
    expect(page.get_by_text("Taken away.")).to_be_visible()


def test_an_operator_finishes_a_work_order(village, browser):
    page = village.log_in(browser, "operator")
    page.goto(f"{village.address}/sources/")
    page.get_by_role("table").first.get_by_role("link").first.click()
    expect(page.locator(".chart svg").first).to_be_visible()
    page.get_by_text("Make a work order").click()
    page.get_by_label("Work", exact=True).select_option("cleaning")
    page.get_by_label("Why").fill("Pollen on the panels")
    page.get_by_label("Due by").fill(date(2016, 4, 30).isoformat())
    page.get_by_role("button", name="Make it").click()
    order = page.locator(".order", has_text="Pollen on the panels")
    expect(order.get_by_text("open")).to_be_visible()
    order.get_by_text("Done", exact=True).click()
    order.get_by_label("What was done").fill("Washed with soft water.")
    order.get_by_role("button", name="Work is done").click()
    expect(page.get_by_text("is done; the source is active.")).to_be_visible()
    expect(page.get_by_text("Washed with soft water.")).to_be_visible()
    expect(page.locator(".order", has_text="Pollen on the panels")).to_have_count(0)


def test_a_producer_sees_the_own_roof(village, browser):
    page = village.log_in(browser, "producer")
    page.goto(f"{village.address}/energy/roof/")
    expect(page.get_by_role("heading", name="Your roof")).to_be_visible()
    expect(page.get_by_role("heading", name="Day by day against a clear sky")).to_be_visible()
    expect(page.locator(".chart svg")).to_have_count(2)
