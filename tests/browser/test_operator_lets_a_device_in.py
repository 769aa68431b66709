"""An operator makes a code on the devices' page; the example program comes in with it, sends, and is seen."""

import os
import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import expect

from tests.conftest import ROOT

PROGRAM = ROOT / "examples" / "device" / "device.py"
PATIENCE_S = 90.0


def device(folder: Path, *words: str) -> str:
    """Run the example program to its end."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "--folder", str(folder), *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def add_sensor(page, address: str, code: str) -> None:
    page.goto(f"{address}/admin/energy/sensor/add/")
    page.locator("select[name=microgrid]").select_option(index=1)
    page.locator("select[name=kind]").select_option("air_temperature")
    page.fill("input[name=code]", code)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()


def test_a_sensor_comes_in_by_its_code_and_its_readings_are_drawn(village, browser, tmp_path):
    page = village.log_in(browser, "operator")
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    add_sensor(page, village.address, "Mast, air")
    page.goto(f"{village.address}/devices/")
    page.get_by_role("link", name="Let a device in").click()
    page.get_by_label("Meter or sensor").select_option(label="Mast, air, air temperature [°C]")
    page.get_by_role("button", name="Make the code").click()
    code = page.locator("#code").text_content() or ""
    assert re.fullmatch(r"([0-9A-Z]{5}-){3}[0-9A-Z]{5}", code)
    told = device(tmp_path / "memory", "enrol", "--server", village.address, code)
    assert "enrolled as urn:dev:mg:" in told
    assert "certified until" in told
    assert "accepted" in device(tmp_path / "memory", "run", "--every", "1", "--stop-after", "3")
    page.goto(f"{village.address}/devices/?q=Mast")
    page.get_by_role("link", name="Mast, air").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mast, air")
    expect(page.locator(".life")).to_contain_text("Certificate issued")
    expect(page.locator(".chart svg")).to_be_visible()
    expect(page.get_by_text("in service")).to_be_visible()
    assert errors == []


def test_a_real_device_takes_a_home_over_from_the_virtual_one(village, browser, tmp_path):
    page = village.log_in(browser, "operator")
    page.goto(f"{village.address}/devices/new/")
    choice = page.locator("optgroup[label=Meters] option").first
    meter = (choice.text_content() or "").split(",")[0]
    page.get_by_label("Meter or sensor").select_option(choice.get_attribute("value"))
    page.get_by_role("button", name="Make the code").click()
    code = page.locator("#code").text_content() or ""
    device(tmp_path / "memory", "enrol", "--server", village.address, code)
    assert "accepted" in device(tmp_path / "memory", "run", "--every", "1", "--back", "2", "--stop-after", "1")
    page.goto(f"{village.address}/devices/?show=ended")
    page.get_by_role("link", name=meter, exact=True).click()
    expect(page.locator(".life")).to_contain_text("Decommissioned")
    # The virtual one falls silent by itself; a busy machine lets it send a few more, which are refused and said so.
    raised = page.locator("section", has=page.get_by_role("heading", name="Alarms")).locator("tbody tr")
    expect(raised.filter(has_not_text="five messages refused")).to_have_count(0)


def test_the_devices_pages_fit_a_phone_and_alarms_are_ended(village, browser):
    page = village.log_in(browser, "operator", width=390)
    for path in ("/devices/", "/devices/new/", "/devices/?show=ended"):
        page.goto(f"{village.address}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.goto(f"{village.address}/devices/")
    with page.expect_navigation():
        page.locator("tbody a").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="End it").click()
    page.get_by_role("button", name="End it").click()
    assert "/end/" in page.url  # the letters were not typed
