"""Bills and credit documents of one run as PDF with the e-invoice inside.

`script/bench documents --members 400`: shares and bills a synthetic village, then renders every posted document on two processes, as the
workers do it; afterwards every XML is taken out of its PDF again and held against the schema and the rules of EN 16931.
"""

import argparse
import json
import os
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.sizes import at_least

NEED = "postgres,valkey"
NOW = datetime(2016, 4, 1, 6, tzinfo=UTC)


def main(argv: list[str]) -> int:
    """Measure; print one JSON object last."""
    parser = argparse.ArgumentParser(prog="script/bench documents", description=__doc__)
    parser.add_argument("--members", type=at_least(1), default=400)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microgrid_site.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from benchmarks.month import Workers, settle
    from benchmarks.month_village import make_village
    from billing.models import BillingRun
    from billing.services.papers import blocks_to_print
    from billing.services.price_publication import publish_days
    from kernel.intervals import Month

    call_command("migrate", verbosity=0)
    month = Month(2016, 3)
    microgrid = make_village(options.members, month.days(), NOW)
    publish_days(microgrid=microgrid, days=month.days(), now=NOW)
    workers = Workers()
    settle(workers, microgrid, month)
    run = BillingRun.objects.get()
    began = time.perf_counter()
    workers.run(print_block, [(block,) for block in blocks_to_print(run=run)])
    seconds = time.perf_counter() - began
    peak_mb = workers.end() + resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    papers = sorted(Path(settings.DOCUMENT_DIR).rglob("*.pdf"))
    began = time.perf_counter()
    broken = [rule for paper in papers for rule in rules_broken_by(paper.read_bytes())]
    print(
        json.dumps(
            {
                "name": "documents",
                "seconds": round(seconds, 2),
                "items": len(papers),
                "items_per_s": round(len(papers) / seconds, 1),
                "peak_rss_mb": round(peak_mb, 1),
                "broken_rules": broken[:20],
                "valid": not broken and len(papers) == run.documents.count(),
                "checked_in_seconds": round(time.perf_counter() - began, 1),
                "mean_kb": round(sum(paper.stat().st_size for paper in papers) / len(papers) / 1000, 1),
            }
        )
    )
    return 0 if not broken else 1


def print_block(document_ids: list[int]) -> None:
    """One block of documents."""
    from billing.services.papers import print_documents

    print_documents(document_ids=document_ids)


def rules_broken_by(pdf: bytes) -> list[str]:
    """What the invoice inside a PDF breaks of schema and rules."""
    import facturx

    from benchmarks.e_invoice_rules import broken_rules

    _, xml = facturx.get_xml_from_pdf(pdf, check_xsd=True)
    return broken_rules(xml)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
