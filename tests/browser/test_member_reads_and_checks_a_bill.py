"""A member logs in, reads a bill, checks it against the chain, and takes the PDF home."""

import re

from playwright.sync_api import expect
from pypdf import PdfReader

NO_ERRORS: list[str] = []


def open_first_bill(page, address):
    page.goto(f"{address}/bills/?kind=bill")
    page.locator("tbody a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bill for March 2016")


def test_the_start_page_shows_the_day_and_the_bill(village, browser):
    page = village.log_in(browser, "producer")
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(village.address)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hello")
    expect(page.locator(".chart svg")).to_be_visible()
    page.get_by_role("button", name="Show as table").click()
    expect(page.locator(".chart-table")).to_be_visible()
    assert errors == NO_ERRORS


def test_a_sound_bill_gets_a_green_tick(village, browser):
    page = village.log_in(browser, "member")
    open_first_bill(page, village.address)
    page.get_by_role("button", name="Check this bill").click()
    expect(page.locator("#check-result .verdict.good")).to_contain_text("as anchored", timeout=15_000)
    expect(page.locator("#check-result li")).to_have_count(3)


def test_a_tampered_figure_is_named(village, browser):
    page = village.log_in(browser, "member")
    open_first_bill(page, village.address)
    page.evaluate(
        """() => { const cell = document.querySelector('[data-field="gross_minor"]');
                   cell.dataset.value = String(Number(cell.dataset.value) - 100); }"""
    )
    page.get_by_role("button", name="Check this bill").click()
    verdict = page.locator("#check-result .verdict.bad")
    expect(verdict).to_contain_text("does not match", timeout=15_000)
    expect(page.locator("#check-result li")).to_contain_text("Amount to pay")
    expect(page.locator('[data-field="gross_minor"]')).to_have_class(re.compile("does-not-match"))


def test_a_text_that_differs_from_its_value_is_named_too(village, browser):
    page = village.log_in(browser, "member")
    open_first_bill(page, village.address)
    page.evaluate("""() => { document.querySelector('[data-field="lines/0/net_minor"]').textContent = '1.00'; }""")
    page.get_by_role("button", name="Check this bill").click()
    expect(page.locator("#check-result li")).to_contain_text("Line 1", timeout=15_000)


def test_a_page_whose_server_lies_does_not_reach_the_root(village, browser):
    page = village.log_in(browser, "member")

    def lie(route):
        reply = route.fetch()
        bundle = reply.json()
        bundle["proof"] = bundle["proof"][1:]
        route.fulfill(response=reply, json=bundle)

    page.route("**/proof/", lie)
    open_first_bill(page, village.address)
    page.get_by_role("button", name="Check this bill").click()
    expect(page.locator("#check-result .verdict.bad")).to_contain_text("not what was anchored", timeout=15_000)


def test_the_pdf_comes_as_a_file(village, browser):
    page = village.log_in(browser, "member")
    open_first_bill(page, village.address)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download PDF").click()
    assert re.fullmatch(r"B-2016-\d{6}\.pdf", download.value.suggested_filename)
    words = PdfReader(download.value.path()).pages[0].extract_text()
    assert "March 2016" in words or "März 2016" in words


def test_somebody_elses_bill_is_not_there(village, browser):
    owner = village.log_in(browser, "member")
    open_first_bill(owner, village.address)
    stranger = village.log_in(browser, "producer")
    for address in (owner.url, f"{village.address}/api/v1/bills/{owner.url.rstrip('/').rsplit('/', 1)[1]}/proof/"):
        reply = stranger.goto(address)
        assert reply is not None
        assert reply.status == 404


def test_every_page_fits_a_phone(village, browser):
    page = village.log_in(browser, "producer", width=390)
    for path in ("/", "/energy/", "/energy/?span=month", "/bills/", "/village/", "/live/", "/you/", "/help/", "/payments/"):
        page.goto(f"{village.address}{path}")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, f"{path} is {width} px wide"
        expect(page.get_by_role("navigation", name="Main")).to_be_visible()
