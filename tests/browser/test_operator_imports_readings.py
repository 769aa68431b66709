"""An operator hands in a file with an error in row 17, mends it, and takes it."""

import csv
import re
from pathlib import Path

from playwright.sync_api import expect


def day_of_readings(village, wrong_row: int | None = None) -> bytes:
    """A day of a home's quarter hours as a spreadsheet of Central Europe writes it; one cell may be wrong."""
    network = village.var.parent / "hamlet" / "loads.csv"
    with Path(network).open(newline="") as file:
        meter = next(row["id"] for row in csv.DictReader(file) if row["profile"].startswith("H0"))
    lines = [f"time;{meter}"]
    for interval in range(96):
        value = "0,1O5" if len(lines) + 1 == wrong_row else "0,105"
        lines.append(f"30.03.2016 {interval // 4:02d}:{interval % 4 * 15:02d};{value}")
    return "\r\n".join(lines).encode()


def test_an_error_in_row_17_is_mended_and_the_file_accepted(village, browser):
    page = village.log_in(browser, "operator")
    page.get_by_role("link", name="Readings").click()
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "march.csv", "mimeType": "text/csv", "buffer": day_of_readings(village, wrong_row=17)}
    )
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("1 error in 96 rows; nothing was changed")).to_be_visible(timeout=20_000)
    row = page.get_by_role("row").filter(has_text="'0,1O5' is not a number")
    expect(row.get_by_role("cell").first).to_have_text("17")
    expect(row).to_contain_text("without thousands separators")

    page.get_by_label("File", exact=True).set_input_files(
        {"name": "march, mended.csv", "mimeType": "text/csv", "buffer": day_of_readings(village)}
    )
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("What would change")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("10.1 kWh")).to_be_visible()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("Stored values change: say why")).to_be_visible()
    page.get_by_label("Why do stored values change?").fill("The meter was read on site.")
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text(re.compile("Accepted: 1 meter days"))).to_be_visible()
    expect(page.get_by_text("The meter was read on site.")).to_be_visible()
