"""The whole way from meter to chain: what billing compares, and behind it what the chain was told and paid."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from billing.domain.reconciliation import Gap, Link
from billing.models import BillingRun
from billing.selectors.reconciliation import MOST_ROWS, links_of, runs_of
from energy.models import Microgrid
from kernel.intervals import Month

# How long the witness may take before a document that has no root is more than on its way.
PATIENCE = timedelta(days=1)


def whole_chain(microgrid: Microgrid, month: Month, *, now: datetime) -> list[Link]:
    """Meter, bill, ledger, bank, chain, in order. `now` is the microgrid's."""
    found = links_of(microgrid, month)
    runs = runs_of(microgrid, month)
    if runs:
        found += [_anchored(runs, now), _paid_on_chain(runs)]
    return found


def _rows(query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def _anchored(runs: list[BillingRun], now: datetime) -> Link:
    """Each posted document has a leaf below a root. A run that has no root yet is on its way for a day."""
    values = {"runs": [r.pk for r in runs], "most": MOST_ROWS}
    query = """WITH sides AS (
            SELECT d.public_id, d.label, d.gross_minor, l.id IS NOT NULL AS has_leaf,
                   EXISTS (SELECT FROM contracts_anchor a WHERE a.run_id = d.run_id) AS has_root
            FROM billing_document d LEFT JOIN contracts_anchorleaf l ON l.document_id = d.id
            WHERE d.run_id = ANY(%(runs)s) AND d.number IS NOT NULL)"""
    ((gross, anchored, waiting),) = _rows(
        f"""{query} SELECT coalesce(sum(gross_minor), 0)::bigint, coalesce(sum(gross_minor) FILTER (WHERE has_leaf), 0)::bigint,
            count(*) FILTER (WHERE NOT has_root) FROM sides""",
        values,
    )
    late = waiting and any(run.posted_at and now - run.posted_at > PATIENCE for run in runs)
    rows = _rows(
        f"""{query} SELECT public_id, label, gross_minor, has_root FROM sides
            WHERE NOT has_leaf AND (has_root OR %(late)s) ORDER BY label LIMIT %(most)s""",
        values | {"late": bool(late)},
    )
    gaps = [
        Gap("document", str(ref), label, minor, 0, _("not below the run's root") if has_root else _("its run has no root after a day"))
        for ref, label, minor, has_root in rows
    ]  # fmt: skip
    on_its_way = 0 if late else waiting
    right = gross if on_its_way and not gaps else anchored
    return Link("anchored", _("Document and chain"), "cents", _("documents"), gross, _("below a root"), right, gaps, on_its_way)  # fmt: skip


def _paid_on_chain(runs: list[BillingRun]) -> Link:
    """What the chain has paid of each bill, in whatever coin, against the payments booked for it."""
    values = {"runs": [r.pk for r in runs], "most": MOST_ROWS}
    query = """WITH seen AS (
            SELECT document_id, div(sum(applied_wad), 1000000000000000000)::bigint AS minor
            FROM contracts_chainpayment WHERE vanished_at IS NULL GROUP BY 1),
        booked AS (
            SELECT document_id, sum(amount_minor - returned_minor)::bigint AS minor FROM billing_payment WHERE rail = 'chain' GROUP BY 1),
        sides AS (
            SELECT d.public_id, d.label, coalesce(s.minor, 0) AS seen, coalesce(b.minor, 0) AS booked
            FROM billing_document d LEFT JOIN seen s ON s.document_id = d.id LEFT JOIN booked b ON b.document_id = d.id
            WHERE d.run_id = ANY(%(runs)s) AND (s.minor IS NOT NULL OR b.minor IS NOT NULL))"""
    ((seen, booked),) = _rows(
        f"{query} SELECT coalesce(sum(seen), 0)::bigint, coalesce(sum(booked), 0)::bigint FROM sides", values
    )
    rows = _rows(f"{query} SELECT * FROM sides WHERE seen <> booked ORDER BY label LIMIT %(most)s", values)
    gaps = [
        Gap("document", str(ref), label, a, b, _("booked as paid on the chain, and the chain has no such payment") if a < b
            else _("paid on the chain and not booked"))
        for ref, label, a, b in rows
    ]  # fmt: skip
    return Link(
        "chain", _("Chain and payments"), "cents", _("paid on the chain"), seen, _("booked"), booked, gaps
    )
