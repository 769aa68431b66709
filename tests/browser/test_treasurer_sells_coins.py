"""The treasurer takes the coins of the contract, sells them at an exchange, and finds the money on the bank account; on a dark German phone too."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.test_every_page_is_sound import FAULTS
from tests.browser.village import command
from tests.unit.billing.banking.camt_files import camt, detail, entry

LONGEST_WAIT_S = 120


def collect(village: Any) -> None:
    """The command that an operator runs."""
    command(village, "collect_coins", need="postgres,anvil")


def wait_for_coins(page: Page) -> None:
    """The witness books a withdrawal in its next round."""
    for _ in range(LONGEST_WAIT_S // 2):
        if page.get_by_role("heading", name="Record a sale").count():
            return
        page.wait_for_timeout(2000)
        page.reload()
    raise AssertionError("No coins have come to the own wallet.")


def check_on_a_dark_german_phone(village: Any, browser: Any) -> None:
    page = village.log_in(browser, "treasurer", width=390, language="de")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert page.goto(f"{village.address}/money/coins/").status == 200
    expect(page.get_by_text("KRK-2016-0417")).to_be_visible()
    assert page.evaluate(FAULTS) == []


def test_coins_go_from_the_contract_to_the_bank(village: Any, browser: Any, tmp_path: Path) -> None:
    page = village.log_in(browser, "treasurer")
    page.goto(f"{village.address}/money/coins/")
    expect(page.get_by_text("No coins in the own wallet")).to_be_visible()
    collect(village)
    wait_for_coins(page)
    page.fill("#coins", "0.00001")
    page.fill("#proceeds", "12.50")
    page.fill("#fee", "0.50")
    page.fill("#reference", "K1")
    with page.expect_navigation():
        page.get_by_role("button", name="Book the sale").click()
    expect(page.get_by_text("Write the exchange's reference")).to_be_visible()
    assert page.input_value("#proceeds") == "12.50"  # what was written is kept
    page.fill("#reference", "KRK-2016-0417")
    with page.expect_navigation():
        page.get_by_role("button", name="Book the sale").click()
    expect(page.get_by_text("12.00 should come to the bank")).to_be_visible()
    file = tmp_path / "statement.xml"
    file.write_bytes(camt(entry("12.00", details=detail(name="Kraken Example Ltd", text="payout KRK20160417")), iban=""))
    page.get_by_role("link", name="Movements").click()
    page.set_input_files("#file", str(file))
    with page.expect_navigation():
        page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("1 new movements; 0 wait for you")).to_be_visible()
    page.get_by_role("link", name="Coins").click()
    expect(page.get_by_text("All that was sold has come.")).to_be_visible()
    page.get_by_role("row", name=re.compile("KRK-2016-0417")).get_by_role("link").last.click()
    expect(page.get_by_text("coins sold: KRK-2016-0417")).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("button", name="Undo").click()
    with page.expect_navigation():
        page.get_by_role("button", name="It pays for these").click()
    expect(page.get_by_text("Booked as what the exchange paid for coins.")).to_be_visible()
    check_on_a_dark_german_phone(village, browser)
