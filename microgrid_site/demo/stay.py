"""Staying up: the village lives on after its month, until Ctrl-C."""

import os
import signal
import threading
from datetime import UTC, timedelta

from django.conf import settings
from django.utils import timezone

from billing.services.papers import blocks_to_print, print_documents
from billing.services.price_publication import publish_days
from energy.services.forecasts import look_ahead
from grid.services.planning import make_plan
from microgrid_site.demo.cooperative import give_logins
from microgrid_site.demo.once import Pass
from microgrid_site.demo.plan import replay_start
from microgrid_site.demo.processes import living, running
from microgrid_site.demo.progress import Progress
from microgrid_site.embedded.processes import free_port

FIRST_PORT = 8000
MORNING = timedelta(hours=7)


def stay_up(one: Pass, progress: Progress, *, speed: float) -> None:
    """Run everything until a signal comes; prints where to look and who can log in."""
    _start_the_day(one, speed)
    with progress.stage("papers", "Set bills in type") as outcome:
        printed = sum(print_documents(document_ids=block) for block in blocks_to_print(run=one.run))
        outcome.tell(f"{one.run.documents.count()} PDFs, {printed} of them new", changed=printed > 0)
    with progress.stage("forecast", "Look ahead") as outcome:
        done = look_ahead(microgrid=one.microgrid, now=one.microgrid.now(timezone.now()))
        make_plan(microgrid=one.microgrid, now=one.microgrid.now(timezone.now()))
        outcome.tell(f"{done.runs} forecasts, {done.trained} models trained", changed=done.runs > 0)
    port = free_port(FIRST_PORT)
    os.environ.setdefault("SITE_URL", f"http://localhost:{port}")  # where the links in what the processes send lead
    with running(living(port, speed, one.microgrid.slug), settings.VAR_DIR):
        progress.say(f"\n[bold]The village lives at http://localhost:{port}[/]  (Ctrl-C ends it)\n")
        for login in give_logins(one.microgrid, settings.VAR_DIR):
            progress.say(f"  {login.role:<14} {login.email:<34} {login.password}")
        progress.say(f"\n  API and its documentation: http://localhost:{port}/api/v1/docs/")
        ended = threading.Event()
        for chosen in (signal.SIGINT, signal.SIGTERM):
            signal.signal(chosen, lambda *_: ended.set())
        while not ended.wait(1.0):
            pass
        progress.say("Ending ...")


def _start_the_day(one: Pass, speed: float) -> None:
    """Let the clock show the morning after the month, if it has not gone on already, and run `speed` times as fast."""
    microgrid = one.microgrid
    real_now = timezone.now()
    shown = microgrid.now(real_now)
    morning = replay_start(one.days[-1], microgrid.zone).astimezone(UTC) + MORNING
    microgrid.clock_real_start, microgrid.clock_shown_start = real_now, max(shown, morning)
    microgrid.clock_speed = speed
    microgrid.save(update_fields=["clock_real_start", "clock_shown_start", "clock_speed"])
    today = microgrid.now(real_now).astimezone(microgrid.zone).date()
    publish_days(microgrid=microgrid, days=[today, today + timedelta(days=1)], now=microgrid.now(real_now))
