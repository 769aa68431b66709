"""The tariff admin drafts a version, sees what bills would become, and publishes it."""

import re

from playwright.sync_api import expect


def test_a_new_version_is_previewed_and_published(village, browser):
    page = village.log_in(browser, "treasurer")
    page.goto(f"{village.address}/admin/billing/tariffversion/")
    page.get_by_role("link", name=re.compile("Dorfstrom")).first.click()
    page.get_by_role("link", name="Copy to a new draft").click()
    page.get_by_role("button", name="Make the draft").click()
    page.fill("input[name=valid_from]", "2016-04-01")
    page.fill("input[name=energy_per_kwh]", "0.31")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("a typical household", exact=False)).to_be_visible()
    expect(page.get_by_text(" more").first).to_be_visible()
    page.get_by_role("link", name="Publish").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("is published from 2016-04-01 on")).to_be_visible()
