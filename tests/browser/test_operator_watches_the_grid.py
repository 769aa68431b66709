"""The live page moves, says how old it is, and comes back by itself when the broker was away."""

import json
import os
import re
import signal
import time

from playwright.sync_api import expect


def ticks(page) -> int:
    text = page.locator("#tick").text_content() or ""
    return int(text) if text.strip().isdigit() else -1


def wait_for_tick_after(page, before: int, seconds: float = 60.0) -> int:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        now = ticks(page)
        if now > before:
            return now
        page.wait_for_timeout(250)
    raise AssertionError(f"no tick after {before} within {seconds:.0f} s")


def test_the_live_page_moves_and_survives_a_restart_of_the_broker(village, browser):
    page = village.log_in(browser, "operator")
    page.goto(f"{village.address}/live/")
    first = wait_for_tick_after(page, 0)
    wait_for_tick_after(page, first)
    expect(page.locator("#live-dot")).to_have_class("live-dot on")
    expect(page.locator(".network circle").first).to_be_visible()
    assert page.evaluate("document.querySelectorAll('[id]').length === new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size")
    expect(page.locator("#stored")).to_have_text(re.compile(r"^\d+$"))
    valkey = json.loads((village.var / "run" / "valkey.json").read_text())
    os.kill(valkey["pid"], signal.SIGKILL)
    time.sleep(3)
    before = ticks(page)
    wait_for_tick_after(page, before, seconds=120.0)
