"""Meter to bill to ledger to bank: the sums of a month that must agree, made by the database, with each row on which they differ."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from billing.domain.reconciliation import Gap, Link
from billing.models import BillingRun, RunStatus
from billing.models.documents import DRAWN, FED_IN, OF_BILLS, OF_CREDITS
from billing.selectors.money_links import (
    MOST_ROWS,
    card_fees_and_ledger,
    card_payouts_and_bank,
    cards_and_ledger,
    distributions_and_ledger,
    shares_and_ledger,
)
from energy.models import Channel, Microgrid
from kernel.intervals import Month

# What was metered in a month, by site, and what the lines of its documents hold; a document that takes another back counts against it.
ENERGY = """
    WITH metered AS (
        SELECT m.site_id, sum((SELECT sum(v) FROM unnest(d.values_wh) AS v))::bigint AS wh
        FROM energy_meterday d JOIN energy_meter m ON m.id = d.meter_id AND m.kind = 'site'
        WHERE d.microgrid_id = %(microgrid)s AND d.day BETWEEN %(first)s AND %(last)s AND d.channel = %(channel)s AND d.is_current
        GROUP BY 1),
    billed AS (
        SELECT d.site_id, sum((CASE WHEN d.kind LIKE '%%reversal' THEN -1 ELSE 1 END) * (CASE l.component WHEN 'own_use' THEN -1 ELSE 1 END)
                              * l.quantity)::bigint AS wh
        FROM billing_document d JOIN billing_documentline l ON l.document_id = d.id
        WHERE d.run_id = ANY(%(runs)s) AND d.number IS NOT NULL AND d.kind = ANY(%(kinds)s)
              AND (l.component = ANY(%(components)s) OR l.component = 'own_use') GROUP BY 1),
    sides AS (
        SELECT s.public_id, s.code, s.name, coalesce(m.wh, 0) AS metered, coalesce(b.wh, 0) AS billed, m.site_id IS NULL AS unmetered
        FROM metered m FULL JOIN billed b ON b.site_id = m.site_id JOIN energy_site s ON s.id = coalesce(m.site_id, b.site_id))
"""


def runs_of(microgrid: Microgrid, month: Month) -> list[BillingRun]:
    """Posted runs of the month, corrections too."""
    rows = BillingRun.objects.filter(microgrid=microgrid, period=month.number, status=RunStatus.POSTED)
    return list(rows.order_by("revision"))


def links_of(microgrid: Microgrid, month: Month) -> list[Link]:
    """From meter to bank, in order; without a posted run only the money side."""
    runs = runs_of(microgrid, month)
    found = []
    if runs:
        found = [
            _balance(microgrid, runs),
            _energy(microgrid, runs, "drawn", Channel.IMPORT, DRAWN, OF_BILLS),
            _energy(microgrid, runs, "given", Channel.EXPORT, FED_IN, OF_CREDITS),
            _money_without_energy(runs),
            _lines_and_documents(runs),
            _local_money(runs),
            _documents_and_ledger(runs),
        ]
    days = {"cooperative": microgrid.cooperative_id, "first": month.first_day, "last": month.last_day}
    return [
        *found,
        payments_and_ledger(days),
        paid_and_payments(days),
        bank_and_ledger(days),
        cards_and_ledger(days),
        card_fees_and_ledger(days),
        card_payouts_and_bank(days),
        unclear_money(days),
        distributions_and_ledger(days),
        shares_and_ledger(days),
    ]


def _rows(query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def _balance(microgrid: Microgrid, runs: Sequence[BillingRun]) -> Link:
    """Day by day: what came in is what went out, was stored and was lost."""
    values = {"microgrid": microgrid.pk, "first": min(r.first_day for r in runs), "last": max(r.last_day for r in runs), "most": MOST_ROWS}
    query = """WITH sides AS (
            SELECT day, ((SELECT sum(v) FROM unnest(import_wh || production_wh || discharge_wh) AS v))::bigint AS came_in,
                   ((SELECT sum(v) FROM unnest(consumption_wh || export_wh || charge_wh || losses_wh) AS v))::bigint AS went_out
            FROM grid_balanceday WHERE microgrid_id = %(microgrid)s AND is_current AND day BETWEEN %(first)s AND %(last)s)"""
    ((came_in, went_out),) = _rows(
        f"{query} SELECT coalesce(sum(came_in), 0)::bigint, coalesce(sum(went_out), 0)::bigint FROM sides", values
    )
    rows = _rows(f"{query} SELECT * FROM sides WHERE came_in <> went_out ORDER BY day LIMIT %(most)s", values)
    gaps = [
        Gap("day", str(day), str(day), a, b, _("more came in than went out") if a > b else _("more went out than came in"))
        for day, a, b in rows
    ]
    return Link("balance", _("Energy in and out"), "Wh", _("came in"), came_in, _("out, stored and lost"), went_out, gaps)


def _energy(
    microgrid: Microgrid, runs: Sequence[BillingRun], what: str, channel: int, components: Sequence[str], kinds: Sequence[str]
) -> Link:
    values = {
        "microgrid": microgrid.pk,
        "first": min(r.first_day for r in runs),
        "last": max(r.last_day for r in runs),
        "channel": int(channel),
        "components": list(components),
        "kinds": list(kinds),
        "runs": [r.pk for r in runs],
        "most": MOST_ROWS,
    }
    ((metered, billed),) = _rows(f"{ENERGY} SELECT coalesce(sum(metered), 0)::bigint, coalesce(sum(billed), 0)::bigint FROM sides", values)
    rows = _rows(f"{ENERGY} SELECT * FROM sides WHERE metered <> billed ORDER BY code LIMIT %(most)s", values)
    gaps = [
        Gap("site", str(public_id), f"{code} {name}", m, b, _why_energy(m, b, unmetered)) for public_id, code, name, m, b, unmetered in rows
    ]
    title = _("Meter and bill: what members drew") if what == "drawn" else _("Meter and document: what members fed in")
    return Link(f"energy-{what}", title, "Wh", _("metered"), metered, _("on documents"), billed, gaps)


def _why_energy(metered: int, billed: int, unmetered: bool) -> str:
    if unmetered:
        return _("money without energy: there is no reading behind the document")
    if not billed:
        return _("energy without money: measured, and on no document")
    return _("readings changed after the document: a correction is due") if metered else _("the document holds energy that no reading has")


def _money_without_energy(runs: Sequence[BillingRun]) -> Link:
    rows = _rows(
        """SELECT d.public_id, d.label, l.component, l.net_minor FROM billing_documentline l
           JOIN billing_document d ON d.id = l.document_id
           WHERE d.run_id = ANY(%(runs)s) AND d.number IS NOT NULL AND l.quantity = 0 AND l.net_minor <> 0
             AND l.component = ANY(%(components)s) ORDER BY d.label LIMIT %(most)s""",
        {"runs": [r.pk for r in runs], "components": [*DRAWN, *FED_IN], "most": MOST_ROWS},
    )
    gaps = [
        Gap("document", str(ref), label, net, 0, _("the line '%(component)s' has money and no energy") % {"component": component})
        for ref, label, component, net in rows
    ]
    total = sum(gap.left for gap in gaps)
    return Link("money-without-energy", _("Money without energy"), "cents", _("lines without Wh"), total, _("allowed"), 0, gaps)


def _lines_and_documents(runs: Sequence[BillingRun]) -> Link:
    values = {"runs": [r.pk for r in runs], "most": MOST_ROWS}
    query = """WITH sides AS (
            SELECT d.public_id, d.label, coalesce(sum(l.net_minor), 0)::bigint AS lines, d.net_minor AS net
            FROM billing_document d LEFT JOIN billing_documentline l ON l.document_id = d.id
            WHERE d.run_id = ANY(%(runs)s) AND d.number IS NOT NULL GROUP BY d.id)"""
    ((lines, net),) = _rows(f"{query} SELECT coalesce(sum(lines), 0)::bigint, coalesce(sum(net), 0)::bigint FROM sides", values)
    rows = _rows(f"{query} SELECT * FROM sides WHERE lines <> net ORDER BY label LIMIT %(most)s", values)
    gaps = [Gap("document", str(ref), label, a, b, _("its lines do not sum to its net amount")) for ref, label, a, b in rows]
    return Link("lines", _("Lines and documents"), "cents", _("lines"), lines, _("net amounts"), net, gaps)


def _local_money(runs: Sequence[BillingRun]) -> Link:
    """What neighbours paid for local energy is what neighbours received: run by run."""
    rows = _rows(
        """SELECT r.public_id, r.revision,
                  coalesce(sum(l.net_minor * CASE WHEN d.kind LIKE '%%reversal' THEN -1 ELSE 1 END) FILTER (WHERE l.component = 'local'), 0)::bigint,
                  coalesce(sum(l.net_minor * CASE WHEN d.kind LIKE '%%reversal' THEN -1 ELSE 1 END) FILTER (WHERE l.component = 'local_delivered'), 0)::bigint
           FROM billing_billingrun r LEFT JOIN billing_document d ON d.run_id = r.id AND d.number IS NOT NULL
           LEFT JOIN billing_documentline l ON l.document_id = d.id
           WHERE r.id = ANY(%(runs)s) GROUP BY r.id ORDER BY r.revision""",
        {"runs": [r.pk for r in runs]},
    )
    paid, received = sum(row[2] for row in rows), sum(row[3] for row in rows)
    gaps = [
        Gap(
            "run",
            str(ref),
            _("run, revision %(revision)s") % {"revision": revision},
            a,
            b,
            _("neighbours paid other cents than neighbours received"),
        )
        for ref, revision, a, b in rows
        if a != b
    ]
    return Link("local", _("Between neighbours"), "cents", _("paid for local energy"), paid, _("received for it"), received, gaps)


def _documents_and_ledger(runs: Sequence[BillingRun]) -> Link:
    """Each posted document against what its transaction says that its member owes or is owed."""
    values = {"runs": [r.pk for r in runs], "most": MOST_ROWS}
    query = """WITH booked AS (
            SELECT t.cause_ref, abs(sum(e.debit_minor - e.credit_minor))::bigint AS minor
            FROM billing_ledgertransaction t JOIN billing_ledgerentry e ON e.transaction_id = t.id
            JOIN billing_account a ON a.id = e.account_id AND a.code IN ('receivable', 'payable')
            WHERE t.cause = 'document' AND t.cause_ref IN
                (SELECT public_id FROM billing_document WHERE run_id = ANY(%(runs)s)) GROUP BY 1),
        sides AS (
            SELECT d.public_id, d.label, abs(d.gross_minor) AS gross, coalesce(b.minor, 0) AS booked
            FROM billing_document d LEFT JOIN booked b ON b.cause_ref = d.public_id
            WHERE d.run_id = ANY(%(runs)s) AND d.number IS NOT NULL)"""
    ((gross, booked),) = _rows(f"{query} SELECT coalesce(sum(gross), 0)::bigint, coalesce(sum(booked), 0)::bigint FROM sides", values)
    rows = _rows(f"{query} SELECT * FROM sides WHERE gross <> booked ORDER BY label LIMIT %(most)s", values)
    gaps = [
        Gap("document", str(ref), label, a, b, _("not in the ledger") if not b else _("the ledger has another amount"))
        for ref, label, a, b in rows
    ]
    return Link("ledger", _("Bill and ledger"), "cents", _("documents"), gross, _("booked with members"), booked, gaps)


PAYMENTS = """
    WITH paid AS (
        SELECT p.public_id, p.amount_minor, p.booked_at, CASE WHEN length('payment:' || p.rail || ':' || p.external_ref) <= 120
               THEN 'payment:' || p.rail || ':' || p.external_ref
               ELSE 'payment:' || p.rail || ':sha256:' || encode(sha256(convert_to(p.external_ref, 'UTF8')), 'hex') END AS key
        FROM billing_payment p WHERE p.cooperative_id = %(cooperative)s),
    booked AS (
        SELECT t.public_id, t.idempotency_key AS key, t.booked_date, sum(e.credit_minor - e.debit_minor)::bigint AS minor
        FROM billing_ledgertransaction t JOIN billing_ledgerentry e ON e.transaction_id = t.id
        JOIN billing_account a ON a.id = e.account_id AND a.code = 'receivable'
        WHERE t.cooperative_id = %(cooperative)s AND t.cause = 'payment' GROUP BY t.id),
    sides AS (
        SELECT paid.public_id AS payment, booked.public_id AS posted, coalesce(paid.key, booked.key) AS key,
               coalesce(paid.amount_minor, 0) AS amount, coalesce(booked.minor, 0) AS booked
        FROM paid FULL JOIN booked ON booked.key = paid.key
        WHERE coalesce(booked.booked_date, (paid.booked_at AT TIME ZONE 'UTC')::date) BETWEEN %(first)s AND %(last)s)
"""


def payments_and_ledger(days: dict[str, Any]) -> Link:
    """Payments booked in the month against what the ledger took off members' accounts for them."""
    values = days | {"most": MOST_ROWS}
    ((amount, booked),) = _rows(f"{PAYMENTS} SELECT coalesce(sum(amount), 0)::bigint, coalesce(sum(booked), 0)::bigint FROM sides", values)
    rows = _rows(f"{PAYMENTS} SELECT * FROM sides WHERE amount <> booked ORDER BY key LIMIT %(most)s", values)
    gaps = [
        Gap(
            "payment" if payment else "transaction",
            str(payment or posted),
            key[:60],
            a,
            b,
            _("a payment that the ledger does not have")
            if not posted
            else _("the ledger has a payment that is not there")
            if not payment
            else _("the ledger has another amount"),
        )
        for payment, posted, key, a, b in rows
    ]
    return Link("payments", _("Ledger and payments"), "cents", _("payments"), amount, _("booked"), booked, gaps)


def paid_and_payments(days: dict[str, Any]) -> Link:
    """Bills issued in the month: what they say was paid against what was allocated to them, counter-rows counted."""
    query = """WITH sides AS (
            SELECT d.public_id, d.label, d.paid_minor AS paid, coalesce(sum(p.amount_minor), 0)::bigint AS payments
            FROM billing_document d LEFT JOIN billing_allocation p ON p.document_id = d.id
            WHERE d.cooperative_id = %(cooperative)s AND d.kind = 'bill' AND d.number IS NOT NULL
              AND d.issue_date BETWEEN %(first)s AND %(last)s GROUP BY d.id)"""
    ((paid, payments),) = _rows(f"{query} SELECT coalesce(sum(paid), 0)::bigint, coalesce(sum(payments), 0)::bigint FROM sides", days)
    rows = _rows(f"{query} SELECT * FROM sides WHERE paid <> payments ORDER BY label LIMIT %(most)s", days | {"most": MOST_ROWS})
    gaps = [Gap("document", str(ref), label, a, b, _("says something else was paid than was allocated to it")) for ref, label, a, b in rows]
    return Link("paid", _("Bill and payments"), "cents", _("paid by the bills"), paid, _("allocated to them"), payments, gaps)


def bank_and_ledger(days: dict[str, Any]) -> Link:
    """Movements that statements tell of the month against what the ledger's bank account holds for them, and what it holds beside.

    A sum that was told again in detail counts by its details; only the sum is booked, so they are compared day by day.
    """
    query = """WITH told AS (
            SELECT l.id, l.public_id, l.booked_date, l.payer, l.amount_minor, l.status = 'detailed' AS is_sum,
                   (SELECT sum(e.debit_minor - e.credit_minor) FROM billing_ledgertransaction t
                    JOIN billing_ledgerentry e ON e.transaction_id = t.id JOIN billing_account a ON a.id = e.account_id AND a.code = 'bank'
                    WHERE t.cause_ref = l.public_id)::bigint AS posted
            FROM billing_bankstatementline l
            WHERE l.cooperative_id = %(cooperative)s AND l.booked_date BETWEEN %(first)s AND %(last)s),
        by_day AS (
            SELECT booked_date, coalesce(sum(amount_minor) FILTER (WHERE NOT is_sum), 0)::bigint AS told, coalesce(sum(posted), 0)::bigint AS posted
            FROM told GROUP BY 1),
        beside AS (
            SELECT t.public_id, t.idempotency_key, sum(e.debit_minor - e.credit_minor)::bigint AS minor
            FROM billing_ledgertransaction t JOIN billing_ledgerentry e ON e.transaction_id = t.id
            JOIN billing_account a ON a.id = e.account_id AND a.code = 'bank'
            WHERE t.cooperative_id = %(cooperative)s AND t.booked_date BETWEEN %(first)s AND %(last)s AND t.cause <> 'bank line' GROUP BY t.id)"""
    ((told, booked),) = _rows(
        f"""{query} SELECT (SELECT coalesce(sum(told), 0)::bigint FROM by_day),
            (SELECT coalesce(sum(posted), 0)::bigint FROM by_day) + (SELECT coalesce(sum(minor), 0)::bigint FROM beside)""",
        days,
    )
    lines = _rows(
        f"""{query} SELECT id, told.booked_date, payer, amount_minor, coalesce(told.posted, 0) FROM told
            JOIN by_day d ON d.booked_date = told.booked_date
            WHERE NOT is_sum AND (told.posted <> amount_minor OR (told.posted IS NULL AND d.told <> d.posted))
            ORDER BY 2, 1 LIMIT %(most)s""",
        days | {"most": MOST_ROWS},
    )
    others = _rows(f"{query} SELECT * FROM beside ORDER BY 2 LIMIT %(most)s", days | {"most": MOST_ROWS})
    gaps = [
        Gap("line", str(pk), f"{day} {payer}".strip(), amount, posted, _("money of the bank account that the ledger has not, or not so"))
        for pk, day, payer, amount, posted in lines
    ] + [
        Gap("transaction", str(ref), key[:60], 0, minor, _("in the ledger's bank account and on no statement"))
        for ref, key, minor in others
    ]
    return Link("bank", _("Bank and ledger"), "cents", _("statements"), told, _("in the bank account of the books"), booked, gaps)


def unclear_money(days: dict[str, Any]) -> Link:
    """Movements of the month that nobody has said yet what they are for."""
    rows = _rows(
        """SELECT id, booked_date, payer, amount_minor FROM billing_bankstatementline
           WHERE cooperative_id = %(cooperative)s AND booked_date BETWEEN %(first)s AND %(last)s AND status = 'open'
           ORDER BY booked_date, id LIMIT %(most)s""",
        days | {"most": MOST_ROWS},
    )
    gaps = [
        Gap("line", str(pk), f"{day} {payer}".strip(), amount, 0, _("waits for somebody to say what it is for"))
        for pk, day, payer, amount in rows
    ]
    total = sum(gap.left for gap in gaps)
    return Link("unclear", _("Unclear money"), "cents", _("waiting"), total, _("allowed"), 0, gaps)
