"""The treasurer brings the bank's camt file; what is sure is booked, the doubtful movement is resolved by hand, and undone."""

import re

from playwright.sync_api import expect

from tests.browser.village import unpaid_bills
from tests.unit.billing.banking.camt_files import camt, detail, entry


def test_a_camt_file_is_imported_and_a_doubtful_movement_resolved(village, browser, tmp_path):
    page = village.log_in(browser, "treasurer")
    (sure, sure_sum, _), (doubtful, doubtful_sum, _), *_ = unpaid_bills(village)
    page.goto(f"{village.address}/bills/")
    file = tmp_path / "statement.xml"
    file.write_bytes(
        camt(
            entry(sure_sum, details=detail(name="Somebody", text=f"Strom {sure}")),
            entry(doubtful_sum, details=detail(name="Grandmother Zwirn", text="for the family")),
            iban="",
        )
    )
    page.get_by_role("link", name="Bills").first.click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Money").click()
    page.set_input_files("#file", str(file))
    with page.expect_navigation():
        page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("2 new movements; 1 wait for you")).to_be_visible()
    page.get_by_role("link", name="Grandmother Zwirn").click()
    reading = page.locator("li", has_text=doubtful).first
    expect(reading).to_contain_text("open bill")
    with page.expect_navigation():
        reading.get_by_role("button", name="Book this").click()
    expect(page.get_by_text("Nothing waits")).to_be_visible()
    page.get_by_role("link", name=re.compile("Booked")).click()
    page.get_by_role("link", name="Grandmother Zwirn").click()
    expect(page.get_by_role("link", name=doubtful)).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("what it had settled is open again").first).to_be_visible()
    page.fill("#what0", doubtful)
    page.fill("#amount0", doubtful_sum)
    with page.expect_navigation():
        page.get_by_role("button", name="Book these parts").click()
    expect(page.get_by_text("Nothing waits")).to_be_visible()
