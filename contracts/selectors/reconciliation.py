"""The whole way from meter to chain: what billing compares, and behind it what the chain was told and paid."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from billing.domain.reconciliation import Gap, Link
from billing.models import BillingRun
from billing.selectors.coin_links import coins_and_bank, coins_and_ledger
from billing.selectors.reconciliation import MOST_ROWS, links_of, runs_of
from energy.models import Microgrid
from kernel.intervals import Month

# How long the witness may take before a document that has no root is more than on its way.
PATIENCE = timedelta(days=1)


def whole_chain(microgrid: Microgrid, month: Month, *, now: datetime) -> list[Link]:
    """Meter, bill, ledger, bank, chain, and from the chain back to the bank, in order. `now` is the microgrid's."""
    found = links_of(microgrid, month)
    runs = runs_of(microgrid, month)
    if runs:
        found += [_anchored(runs, now), _paid_on_chain(runs)]
    days = {"cooperative": microgrid.cooperative_id, "first": month.first_day, "last": month.last_day}
    beyond = (_withdrawn(days), coins_and_ledger(days), coins_and_bank(days, now=now))
    return [*found, *(link for link in beyond if link is not None)]


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
    ]
    on_its_way = 0 if late else waiting
    right = gross if on_its_way and not gaps else anchored
    return Link("anchored", _("Document and chain"), "cents", _("documents"), gross, _("below a root"), right, gaps, on_its_way)


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
    ((seen, booked),) = _rows(f"{query} SELECT coalesce(sum(seen), 0)::bigint, coalesce(sum(booked), 0)::bigint FROM sides", values)
    rows = _rows(f"{query} SELECT * FROM sides WHERE seen <> booked ORDER BY label LIMIT %(most)s", values)
    gaps = [
        Gap(
            "document",
            str(ref),
            label,
            a,
            b,
            _("booked as paid on the chain, and the chain has no such payment") if a < b else _("paid on the chain and not booked"),
        )
        for ref, label, a, b in rows
    ]
    return Link("chain", _("Chain and payments"), "cents", _("paid on the chain"), seen, _("booked"), booked, gaps)


def _withdrawn(days: dict[str, Any]) -> Link | None:
    """What left the contract in the month against what the ledger took off the chain's account for it, and what it took off beside.

    None where nothing left and nothing was taken off.
    """
    query = """WITH entries AS (
            SELECT t.id, t.public_id, t.idempotency_key, t.cause, t.cause_ref, t.booked_date, e.credit_minor - e.debit_minor AS minor
            FROM billing_ledgerentry e JOIN billing_account a ON a.id = e.account_id AND a.code = 'chain_wallet'
            JOIN billing_ledgertransaction t ON t.id = e.transaction_id
            WHERE t.cooperative_id = %(cooperative)s AND t.cause NOT IN ('payment', 'payment return')),
        sides AS (
            SELECT w.id, w.public_id, w.transaction_hash, w.seen_at, w.payee, w.charge_id, w.posted_id,
                   CASE WHEN w.vanished_at IS NULL THEN w.worth_minor ELSE 0 END AS seen,
                   (SELECT coalesce(sum(n.minor), 0) FROM entries n WHERE n.cause_ref = w.public_id OR n.idempotency_key IN (
                        SELECT unnest(ARRAY['charge:' || c.public_id, 'charge taken back:' || c.public_id]) FROM billing_charge c
                        WHERE c.cooperative_id = %(cooperative)s AND c.key LIKE 'withdrawn:' || w.public_id || ':%%'))::bigint AS booked
            FROM contracts_chainwithdrawal w WHERE w.cooperative_id = %(cooperative)s),
        of_month AS (SELECT * FROM sides WHERE seen_at::date BETWEEN %(first)s AND %(last)s),
        beside AS (
            SELECT n.public_id, n.idempotency_key, sum(n.minor)::bigint AS minor FROM entries n
            WHERE n.booked_date BETWEEN %(first)s AND %(last)s
              AND NOT EXISTS (SELECT FROM sides s WHERE s.public_id = n.cause_ref)
              AND NOT EXISTS (SELECT FROM billing_charge c JOIN sides s ON c.key LIKE 'withdrawn:' || s.public_id || ':%%'
                              WHERE n.idempotency_key IN ('charge:' || c.public_id, 'charge taken back:' || c.public_id))
            GROUP BY 1, 2 HAVING sum(n.minor) <> 0)"""
    values = days | {"most": MOST_ROWS}
    ((count, seen, booked, beside),) = _rows(
        f"""{query} SELECT count(*), coalesce(sum(seen), 0)::bigint, coalesce(sum(booked), 0)::bigint,
            (SELECT coalesce(sum(minor), 0)::bigint FROM beside) FROM of_month""",
        values,
    )
    others = _rows(f"{query} SELECT * FROM beside ORDER BY 2 LIMIT %(most)s", values)
    if not count and not others:
        return None
    rows = _rows(f"{query} SELECT id, transaction_hash, seen, booked FROM of_month WHERE seen <> booked ORDER BY id LIMIT %(most)s", values)
    gaps = [
        Gap(
            "withdrawal",
            str(pk),
            tx[:18],
            a,
            b,
            _("withdrawn on the chain and not booked: no member of this cooperative has linked the wallet")
            if not b
            else _("booked otherwise than it was withdrawn on the chain"),
        )
        for pk, tx, a, b in rows
    ] + [
        Gap("transaction", str(ref), key[:60], 0, minor, _("taken off the chain's account, and the chain has no such withdrawal"))
        for ref, key, minor in others
    ]
    return Link("withdrawn", _("Chain and withdrawals"), "cents", _("withdrawn on the chain"), seen, _("booked"), booked + beside, gaps)
