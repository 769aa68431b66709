"""Chromium for the tests: the one that npm's @sparticuz/chromium carries, driven by Playwright."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]
FIND = "import('@sparticuz/chromium').then(async (m) => console.log(await m.default.executablePath()))"


def executable() -> str:
    """Unpack the browser and return where it lies."""
    done = subprocess.run(["node", "-e", FIND], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.strip().splitlines()[-1]


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless browser with a profile of its own."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        try:
            yield started
        finally:
            started.close()
