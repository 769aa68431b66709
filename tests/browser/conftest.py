"""A village that lives, in processes of its own, and a browser that looks at it."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from microgrid_site.embedded.servers import environment_of_its_own
from tests.browser.chromium import browser as start_browser
from tests.conftest import ROOT
from tests.integration.billing.card_server import SECRET_KEY, WEBHOOK_SECRET, Account, card_server
from tests.networks import cut_network
from tests.prepared import copy_prepared

LONGEST_START_S = 240


@dataclass(frozen=True, slots=True)
class Village:
    """A running demo: its address, its log-ins, its folder, and the card provider its members pay through."""

    address: str
    passwords: dict[str, str]
    var: Path
    shop: Account

    def log_in(self, browser: Browser, who: str, *, width: int = 1440, language: str = "en") -> Page:
        """A page of a fresh context in which `who` (member, producer, treasurer, ...) is logged in."""
        context = browser.new_context(viewport={"width": width, "height": 900}, accept_downloads=True, locale=language)
        page = context.new_page()
        email = f"{who}@wiesengrund.example"
        page.goto(f"{self.address}/account/login/")
        page.fill("input[type=email]", email)
        page.fill("input[type=password]", self.passwords[email])
        page.locator("form button").last.click()
        page.wait_for_url(lambda url: "/account/login" not in url)
        return page


@pytest.fixture(scope="session")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    """The staying demo: the last three days of March are settled, April is there to live in."""
    folder = tmp_path_factory.mktemp("village")
    folder.chmod(0o755)
    network = cut_network(folder / "hamlet", sites=48, first_day=date(2016, 3, 29), days=6)
    copy_prepared(folder / "var")
    with card_server() as (url, shop):
        yield from _living(folder, network, url, shop)


def _living(folder: Path, network: Path, card_url: str, shop: Account) -> Iterator[Village]:
    environment = {
        **environment_of_its_own(folder / "var"),
        "CONTROL_TICK_SECONDS": "2",
        "COLUMNS": "160",
        "CARD_PROVIDER": "stripe",
        "CARD_API_URL": card_url,
        "CARD_SECRET_KEY": SECRET_KEY,
        "CARD_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }
    log = folder / "demo.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "microgrid_site.embedded",
                "run",
                "--var",
                str(folder / "var"),
                "--",
                sys.executable,
                str(ROOT / "manage.py"),
                "demo",
                "--data",
                str(network),
                "--month",
                "2016-03",
            ],
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            env=environment,
            cwd=ROOT,
        )
    try:
        yield _wait_until_it_lives(process, log, folder / "var", shop)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_until_it_lives(process: subprocess.Popen[bytes], log: Path, var: Path, shop: Account) -> Village:
    deadline = time.monotonic() + LONGEST_START_S
    while time.monotonic() < deadline and process.poll() is None:
        text = log.read_text(errors="replace")
        if "API and its documentation" in text:
            address = re.search(r"http://localhost:\d+", text)
            assert address
            return Village(address[0], dict(re.findall(r"(\S+@wiesengrund\.example)\s+(\S+)", text)), var, shop)
        time.sleep(0.5)
    raise AssertionError(f"the village did not come to life:\n{log.read_text(errors='replace')[-4000:]}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for one module: while Playwright is up its event loop runs, and nobody else's can."""
    with start_browser() as started:
        yield started
