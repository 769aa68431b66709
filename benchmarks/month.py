"""Sharing and billing of one month from stored meter days to posted bills, without PDFs.

`script/bench month --members 10000`: makes sites and signed-for meter days of a synthetic village in a database of its own (every
fifth site has a roof; three tariffs, one of which changes inside the month), then measures sharing (one day per task) and billing (one
chunk of sites per task) on two processes. Growth is noted at smaller sizes.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.sizes import at_least
from microgrid_site.embedded.servers import environment_of_its_own
from microgrid_site.memory import keep_memory

ROOT = Path(__file__).resolve().parent.parent
PROCESSES = 2
GROWTH = (1_000, 3_000, 10_000)


def main(argv: list[str]) -> int:
    """Run the sizes in servers of their own and print one JSON object last."""
    parser = argparse.ArgumentParser(prog="script/bench month", description=__doc__)
    parser.add_argument("--members", type=at_least(1), default=10_000)
    parser.add_argument("--no-growth", action="store_true", help="only the size asked for")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.inside:
        print(json.dumps(measure(options.members)))
        return 0
    sizes = sorted({options.members, *(() if options.no_growth else [n for n in GROWTH if n <= options.members])})
    results = [in_own_servers(size) for size in sizes]
    for result in results:
        phases = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in result["phases"].items())
        print(
            f"{result['items']:>6} members: {result['seconds']:.1f} s ({result['items_per_s']:.0f} members/s), "
            f"{result['peak_rss_mb']:.0f} MB; {phases}",
            file=sys.stderr,
        )
    final = next(result for result in results if result["items"] == options.members)
    final["growth"] = {str(result["items"]): result["seconds"] for result in results}
    print(json.dumps(final))
    return 0


def in_own_servers(members: int) -> dict[str, Any]:
    """One size in a fresh PostgreSQL that goes away with it."""
    with tempfile.TemporaryDirectory(prefix="month-") as folder:
        Path(folder).chmod(0o755)
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "microgrid_site.embedded",
                "run",
                "--var",
                f"{folder}/var",
                "--need",
                "postgres,valkey",
                "--",
                sys.executable,
                "-m",
                "benchmarks.month",
                "--inside",
                "--members",
                str(members),
            ],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            cwd=ROOT,
            env=environment_of_its_own(Path(folder) / "var"),
        )
        result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return result


def measure(members: int) -> dict[str, Any]:
    """Make the village, share, bill; returns the figures of one size."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microgrid_site.settings")
    import django

    django.setup()
    from billing.selectors.run_summary import summarise
    from energy.models import Microgrid
    from kernel.intervals import Month

    month = Month(2016, 3)
    with get_context("fork").Pool(1) as maker:  # what making takes is not asked for: neither its time nor its memory
        making = maker.apply(make, (members, month))
    microgrid = Microgrid.objects.get()
    began = time.monotonic()
    workers = Workers()
    phases = {"start workers": time.monotonic() - began}
    phases |= settle(workers, microgrid, month)
    peak_mb = workers.end() + resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = sum(phases.values())
    summary = summarise(microgrid.billing_runs.get())
    assert summary.bills == members and summary.residual_minor == 0
    assert summary.debits_minor == summary.credits_minor
    return {
        "name": "month",
        "seconds": round(seconds, 2),
        "items": members,
        "items_per_s": round(members / seconds, 1),
        "peak_rss_mb": round(peak_mb, 1),
        "phases": {k: round(v, 2) for k, v in phases.items()},
        "made_in_seconds": round(making, 1),
        "documents": summary.bills,
    }


def make(members: int, month: Any) -> float:
    """Make the village and publish its prices; returns the seconds it took."""
    from django.core.management import call_command
    from django.utils import timezone

    from benchmarks.month_village import make_village
    from billing.services.price_publication import publish_days

    call_command("migrate", verbosity=0)
    began = time.monotonic()
    microgrid = make_village(members, month.days(), timezone.now())
    publish_days(microgrid=microgrid, days=month.days(), now=timezone.now())
    return time.monotonic() - began


def settle(workers: "Workers", microgrid: Any, month: Any) -> dict[str, float]:
    """Sharing and billing as the workers do them; returns seconds by phase."""
    from django.utils import timezone

    from billing.services.runs import finish_run, prepare_run
    from grid.models import DayClosing

    phases = {}
    now = timezone.now()
    began = time.monotonic()
    workers.run(share_day, [(microgrid.pk, day) for day in month.days()])
    phases["sharing"] = time.monotonic() - began
    # Readings came in as final days, so closing them is sharing them.
    DayClosing.objects.bulk_create(DayClosing(microgrid=microgrid, day=day, revision=0, closed_at=now) for day in month.days())
    began = time.monotonic()
    run = prepare_run(microgrid=microgrid, month=month, now=now)
    phases["prepare"] = time.monotonic() - began
    began = time.monotonic()
    workers.run(rate, [(pk,) for pk in run.chunks.order_by("index").values_list("pk", flat=True)])
    phases["rating"] = time.monotonic() - began
    began = time.monotonic()
    finish_run(run_id=run.pk, now=now)
    phases["posting"] = time.monotonic() - began
    return phases


class Workers:
    """Two processes, as two Celery workers have them."""

    def __init__(self) -> None:
        from django.db import connections

        connections.close_all()
        self._pool = get_context("fork").Pool(PROCESSES, initializer=keep_memory)

    def run(self, task: Any, arguments: list[tuple[Any, ...]]) -> None:
        """Run a task for all arguments."""
        self._pool.starmap(task, arguments, chunksize=1)

    def end(self) -> float:
        """End the processes; returns the sum of their peak memory [MB]."""
        peaks = self._pool.map(own_peak_mb, range(PROCESSES * 4), chunksize=1)
        self._pool.close()
        self._pool.join()
        return sum(dict(peaks).values())


def own_peak_mb(_: int) -> tuple[int, float]:
    """This process and its peak memory [MB]."""
    time.sleep(0.05)
    return os.getpid(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def share_day(microgrid_id: int, day: date) -> None:
    """Share one day."""
    from django.utils import timezone

    from energy.models import Microgrid
    from grid.services.sharing import share_days

    share_days(microgrid=Microgrid.objects.get(pk=microgrid_id), days=[day], now=timezone.now())


def rate(chunk_id: int) -> None:
    """Rate one chunk."""
    from billing.services.runs import rate_chunk

    rate_chunk(chunk_id=chunk_id)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
