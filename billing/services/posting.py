"""The last step of a run, set-based: local money to producers, numbers without gaps, balanced ledger entries."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Sum

from billing.models import BillingRun, Component, DocumentKind, DocumentLine, NumberSeries
from kernel.apportionment import largest_remainder

SERIES = {DocumentKind.BILL_REVERSAL: "BR", DocumentKind.CREDIT_REVERSAL: "CR", DocumentKind.BILL: "B", DocumentKind.CREDIT: "C"}

POSTING = """
    DROP TABLE IF EXISTS pg_temp.posting;
    CREATE TEMPORARY TABLE posting ON COMMIT DROP AS
        SELECT nextval(pg_get_serial_sequence('billing_ledgertransaction', 'id')) AS transaction_id,
               id AS document_id, public_id, member_id, gross_minor, currency, issue_date,
               CASE WHEN kind IN ('bill', 'bill_reversal') THEN 'receivable' ELSE 'payable' END AS code,
               CASE WHEN kind IN ('bill', 'bill_reversal') THEN 'output' ELSE 'input' END AS side,
               CASE WHEN kind IN ('bill', 'credit_reversal') THEN 1 ELSE -1 END AS sign
        FROM billing_document WHERE run_id = %(run)s;
    ANALYZE posting
"""
# What a document says its lines of one category and rate are is booked on accounts of that VAT key, the tax too. Tax owed as recipient is
# owed and taken off at once, on accounts of its own; what is not given back is a cost.
AMOUNTS = """
    DROP TABLE IF EXISTS pg_temp.amounts;
    CREATE TEMPORARY TABLE amounts ON COMMIT DROP AS
    WITH vat AS (
        SELECT p.transaction_id, p.document_id, p.sign, p.side, v.category, v.rate, v.vat_minor, v.recipient_vat_minor,
               CASE WHEN v.is_deducted THEN 'input_vat' ELSE 'vat_cost' END AS charged_to,
               CASE WHEN v.is_deducted THEN 'reverse_input_vat' ELSE 'vat_cost' END AS owed_against,
               concat_ws('/', p.side, v.category, CASE WHEN v.recipient_rate > 0 THEN v.recipient_rate ELSE v.rate END, v.ground) AS vat_key
        FROM posting p JOIN billing_documentvat v USING (document_id)),
    sides AS (
        SELECT transaction_id, member_id, code, '' AS vat_key, sign * gross_minor AS signed FROM posting
        UNION ALL
        SELECT transaction_id, NULL, CASE side WHEN 'output' THEN 'vat' ELSE charged_to END, vat_key, -sign * vat_minor FROM vat
        UNION ALL
        SELECT transaction_id, NULL, 'reverse_vat', vat_key, sign * recipient_vat_minor FROM vat
        UNION ALL
        SELECT transaction_id, NULL, owed_against, vat_key, -sign * recipient_vat_minor FROM vat
        UNION ALL
        SELECT vat.transaction_id, NULL,
               CASE l.component WHEN 'standing' THEN 'fees' WHEN 'demand' THEN 'fees' WHEN 'levy' THEN 'fees'
                   WHEN 'discount' THEN 'fees' WHEN 'minimum' THEN 'fees' WHEN 'capacity' THEN 'fees' WHEN 'reactive' THEN 'fees'
                   WHEN 'grid' THEN 'energy_sales' WHEN 'spot' THEN 'energy_sales' WHEN 'set_off' THEN 'energy_sales' WHEN 'kept' THEN 'energy_sales'
                   WHEN 'own_use' THEN 'energy_sales'
                   WHEN 'incentive' THEN 'incentives' WHEN 'demand_response' THEN 'incentives'
                   WHEN 'battery' THEN 'incentives' WHEN 'flexible_run' THEN 'incentives'
                   WHEN 'local_use' THEN 'incentives' WHEN 'shifted' THEN 'incentives' WHEN 'low_income' THEN 'incentives'
                   WHEN 'export' THEN 'energy_purchases' WHEN 'carried' THEN 'energy_purchases'
                   ELSE 'local_clearing' END,
               vat.vat_key, sum(-vat.sign * l.net_minor)
        FROM vat JOIN billing_documentline l
            ON l.document_id = vat.document_id AND l.vat_category = vat.category AND l.vat_rate = vat.rate
        GROUP BY 1, 3, 4)
    SELECT * FROM sides WHERE signed <> 0
"""


def distribute_local_revenue(run: BillingRun) -> int:
    """Share what the bills' local lines bring among those who delivered, by largest remainder on `sum s x m`.

    Likewise what is charged for orders that were not kept, among those whom they left short. Returns the local sum [minor units]. Part
    of the caller's transaction.
    """
    paid = _share_out(run, Component.LOCAL, Component.LOCAL_DELIVERED)
    _share_out(run, Component.DEVIATION, Component.COMPENSATION)
    sum_up(list(run.documents.filter(kind=DocumentKind.CREDIT).values_list("pk", flat=True)))
    return paid


def sum_up(document_ids: list[int]) -> None:
    """Let the VAT of drafts and their amounts be those of their lines. Part of the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            # Decimals are rounded half away from zero.
            """UPDATE billing_documentvat v SET net_minor = sums.net, vat_minor = round(sums.net * v.rate),
                   recipient_vat_minor = round(sums.net * v.recipient_rate)
               FROM (SELECT document_id, vat_category, vat_rate, sum(net_minor) AS net
                     FROM billing_documentline WHERE document_id = ANY(%s) GROUP BY 1, 2, 3) AS sums
               WHERE v.document_id = sums.document_id AND v.category = sums.vat_category AND v.rate = sums.vat_rate""",
            [document_ids],
        )
        cursor.execute(
            """UPDATE billing_document d SET net_minor = sums.net, vat_minor = sums.vat, gross_minor = sums.net + sums.vat
               FROM (SELECT document_id, sum(net_minor) AS net, sum(vat_minor) AS vat
                     FROM billing_documentvat WHERE document_id = ANY(%s) GROUP BY 1) AS sums
               WHERE d.id = sums.document_id""",
            [document_ids],
        )


def _share_out(run: BillingRun, paid_by: Component, owed_by: Component) -> int:
    """Split what lines of one kind bring over the documents with those of another, by largest remainder on their exact amounts.

    Of a document with several such lines (VAT changed within it) the lines share its part likewise: where VAT changes moves no cent
    from one producer to another.
    """
    lines = DocumentLine.objects.filter(document__run=run)
    paid = lines.filter(component=paid_by).aggregate(sum=Sum("net_minor", default=0))["sum"]
    owed = list(
        lines.filter(component=owed_by).values_list(
            "pk", "exact_micro", "document__site__code", "document__first_day", "document__member__number", "position"
        )
    )
    # A site that changed hands has a document for each, so have holders of a plant: ties go by site, then day, then member.
    of_document: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for pk, exact, code, first_day, number, position in owed:
        of_document[f"{code}\0{first_day}\0{number}"].append((position, exact, pk))
    sums = [sum(exact for _, exact, _ in rows) for rows in of_document.values()]
    shares = largest_remainder(paid, sums, list(of_document))
    parts = {pk: part for share, rows in zip(shares, of_document.values(), strict=True) for pk, part in _within(share, rows)}
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE billing_documentline SET net_minor = new.net
               FROM unnest(%s::bigint[], %s::bigint[]) AS new (id, net) WHERE billing_documentline.id = new.id""",
            [list(parts), list(parts.values())],
        )
    return paid


def _within(share_minor: int, rows: list[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    """A document's share over its lines (position, exact amount, id); yields id and part."""
    rows = sorted(rows)
    names = [f"{position:03d}" for position, _, _ in rows]
    parts = largest_remainder(share_minor, [exact for _, exact, _ in rows], names)
    yield from zip((pk for _, _, pk in rows), parts, strict=True)


def number_and_post(run: BillingRun, now: datetime) -> None:
    """Give numbers in the order of the sites' codes and post one balanced transaction per document."""
    drafted = set(run.documents.order_by().values_list("kind", flat=True).distinct())
    for kind in SERIES:
        if kind in drafted:
            _number(run, kind)
    _post(run, now)


def _number(run: BillingRun, kind: DocumentKind) -> None:
    """Number the drafts of a kind; the series' row stays locked until the transaction ends, so no number is lost."""
    series = SERIES[kind]
    cooperative, year = run.microgrid.cooperative, run.issue_date.year
    NumberSeries.objects.get_or_create(cooperative=cooperative, series=series, year=year)
    row = NumberSeries.objects.select_for_update().get(cooperative=cooperative, series=series, year=year)
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH ordered AS (
                   SELECT d.id, %s + row_number() OVER (ORDER BY s.code COLLATE "C", d.first_day, d.id) - 1 AS number
                   FROM billing_document d JOIN energy_site s ON s.id = d.site_id
                   WHERE d.run_id = %s AND d.kind = %s AND d.number IS NULL)
               UPDATE billing_document SET
                   series = %s, year = %s, number = ordered.number,
                   status = CASE WHEN gross_minor = 0 OR cancels_id IS NOT NULL THEN 'settled' ELSE 'open' END,
                   label = %s || lpad(ordered.number::text, 6, '0'),
                   payment_reference = %s || lpad(ordered.number::text, 6, '0')
               FROM ordered WHERE billing_document.id = ordered.id""",
            [row.next_number, run.pk, kind, series, year, f"{series}-{year}-", f"{series}{year}"],
        )
        row.next_number += cursor.rowcount
    row.save(update_fields=["next_number"])


def _post(run: BillingRun, now: datetime) -> None:
    """One transaction per document: what the member owes or is owed against what each line is for.

    The documents stand in a table of their own that is counted first: a plan made blind tries every pair of ten thousand.
    """
    given: dict[str, Any] = {
        "now": now,
        "run": run.pk,
        "cooperative": run.microgrid.cooperative_id,
        "currency": run.microgrid.cooperative.currency,
    }
    with connection.cursor() as cursor:
        cursor.execute(POSTING, given)
        cursor.execute(
            """INSERT INTO billing_ledgertransaction
                   (id, public_id, cooperative_id, idempotency_key, cause, cause_ref, currency, booked_date, posted_at)
               SELECT transaction_id, uuidv7(), %(cooperative)s, 'document:' || public_id, 'document', public_id, currency,
                      issue_date, %(now)s
               FROM posting""",
            given,
        )
        cursor.execute(AMOUNTS)
        cursor.execute(
            """INSERT INTO billing_account (cooperative_id, code, member_id, currency, vat_key)
               SELECT DISTINCT %(cooperative)s, code, member_id, %(currency)s, vat_key FROM amounts ON CONFLICT DO NOTHING""",
            given,
        )
        cursor.execute(
            """INSERT INTO billing_ledgerentry (transaction_id, account_id, debit_minor, credit_minor)
               SELECT m.transaction_id, a.id, greatest(m.signed, 0), greatest(-m.signed, 0)
               FROM amounts m JOIN billing_account a
                   -- Equal, not "not distinct": only that can be hashed, and all receivables have one code.
                   ON a.cooperative_id = %(cooperative)s AND a.code = m.code AND a.currency = %(currency)s
                   AND coalesce(a.member_id, 0) = coalesce(m.member_id, 0) AND a.vat_key = m.vat_key""",
            given,
        )
