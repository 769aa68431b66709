"""A year of 150 meters through the bulk doors: written, staged, accepted, exported and staged again, by format.

`script/bench bulk [--formats wide parquet] [--json]`: 5.3 million quarter hours with both DST days. Green Button is measured on 15 meters. `accept_s` is
of the first format only; the others find the same values stored and change nothing.
"""

import argparse
import json
import os
import resource
import sys
import time
from datetime import date, timedelta
from typing import Any

NEED = "postgres,valkey"
METERS, FIRST_DAY, DAYS = 150, date(2015, 1, 1), 365
FORMATS = ("wide", "long", "load_profile", "parquet", "espi")
FEWER = {"espi": 15}


def main(argv: list[str]) -> int:
    """Make the village, drive each format through, print one JSON object last."""
    parser = argparse.ArgumentParser(prog="script/bench bulk", description=__doc__)
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microgrid_site.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    began = time.perf_counter()
    steps = _measure(options.formats)
    values = METERS * DAYS * 96
    first = steps[options.formats[0]]
    print(
        json.dumps(
            {
                "name": "bulk",
                "seconds": round(time.perf_counter() - began, 1),
                "items": values,
                "items_per_s": round(values / first["stage_s"]),
                "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "against": None,
                "formats": steps,
            }
        )
    )
    return 0


def _village() -> Any:
    from energy.models import Meter, Microgrid, Site
    from energy.models.meters import MeterKind
    from members.models import Cooperative, Member

    cooperative = Cooperative.objects.create(slug="bulk", name="Bulk eG")
    microgrid = Microgrid.objects.create(cooperative=cooperative, slug="bulk", name="Bulk")
    member = Member.objects.create(cooperative=cooperative, number="1", name="All", is_cooperative=True)
    for i in range(METERS):
        site = Site.objects.create(microgrid=microgrid, member=member, code=f"Home {i}", name=f"Home {i}", kind="household")
        Meter.objects.create(microgrid=microgrid, site=site, kind=MeterKind.SITE, code=f"Home {i}")
    return microgrid


def _content(microgrid: Any, name: str) -> bytes:
    """The file: the same seeded values whatever the format."""
    import numpy as np

    from energy.adapters.reading_formats import FORMATS
    from energy.domain.reading_files import ReadingPart, ReadOptions, SeriesName

    count = FEWER.get(name, METERS)
    names = [SeriesName(f"Home {i}", "import") for i in range(count)]
    rng = np.random.default_rng(1)

    def parts() -> Any:
        for day in (FIRST_DAY + timedelta(days=n) for n in range(DAYS)):
            starts = np.array([int(s.timestamp()) for s in microgrid.local_day(day).starts()], dtype=np.int64)
            values = rng.integers(0, 999, size=(METERS, len(starts)))[:count]
            yield ReadingPart(starts, values, np.zeros(values.shape, dtype=np.int16))

    return b"".join(FORMATS[name].write(names, parts(), ReadOptions(microgrid.zone)))


def _measure(formats: list[str]) -> dict[str, dict[str, float]]:
    from django.utils import timezone

    from energy.models import ImportStatus
    from energy.selectors.reading_export import ExportOrder, export_readings
    from energy.services.import_staging import stage_import
    from energy.services.imports import accept_import, receive_file

    microgrid, now = _village(), timezone.now()
    steps: dict[str, dict[str, float]] = {}
    for name in formats:
        content = _content(microgrid, name)
        at = [time.perf_counter()]
        received = receive_file(microgrid=microgrid, content=content, file_name=name, format=name, user=None, now=now)
        staged = stage_import(reading_import=received, now=now)
        at.append(time.perf_counter())
        assert staged.status == ImportStatus.STAGED, list(staged.problems.all()[:3])
        accepted = accept_import(reading_import=staged, user=None, reason="", now=now)
        at.append(time.perf_counter())
        meters = list(microgrid.meters.order_by("pk")[: FEWER.get(name, METERS)])
        order = ExportOrder(microgrid, meters, FIRST_DAY, FIRST_DAY + timedelta(days=DAYS), name)
        exported = sum(len(piece) for piece in export_readings(order))
        at.append(time.perf_counter())
        steps[name] = {
            "file_mb": round(len(content) / 1e6, 1),
            "stage_s": round(at[1] - at[0], 2),
            "accept_s": round(at[2] - at[1], 2),
            "export_s": round(at[3] - at[2], 2),
            "exported_mb": round(exported / 1e6, 1),
            "days_new": accepted.days_new,
            "days_changed": accepted.days_changed,
            "days_same": accepted.days_same,
        }
        print(f"{name}: {steps[name]}", file=sys.stderr)
    return steps


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
