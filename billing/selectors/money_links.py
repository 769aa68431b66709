"""Cards, distributions and members' shares against the ledger: the sums that must agree, with each row on which they differ.

Rows that the month touched are compared over their whole life: a payment of one month may be told of in the next.
"""

from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from billing.domain.reconciliation import Gap, Link

MOST_ROWS = 500


def _rows(query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values | {"most": MOST_ROWS})
        return cursor.fetchall()


def _sums(rows: list[tuple[Any, ...]]) -> tuple[int, int]:
    return sum(row[-2] for row in rows), sum(row[-1] for row in rows)


# What was booked for a card payment: itself, what a dispute left or won, what was taken back or given back.
CARDS = """
    WITH paid AS (
        SELECT p.id, p.public_id, split_part(p.external_ref, ':', 1) AS intent, p.booked_at FROM billing_payment p
        WHERE p.cooperative_id = %(cooperative)s AND p.rail = 'card'),
    booked AS (
        SELECT intent, sum(minor)::bigint AS minor, min(day) AS first_day, max(day) AS last_day FROM (
            SELECT split_part(substr(t.idempotency_key, 14), ':', 1) AS intent, e.debit_minor - e.credit_minor AS minor, t.booked_date AS day
            FROM billing_ledgertransaction t JOIN billing_ledgerentry e ON e.transaction_id = t.id
            JOIN billing_account a ON a.id = e.account_id AND a.code = 'card'
            WHERE t.cooperative_id = %(cooperative)s AND t.idempotency_key LIKE 'payment:card:%%'
            UNION ALL
            SELECT paid.intent, e.debit_minor - e.credit_minor, t.booked_date FROM paid
            JOIN billing_ledgertransaction t ON t.cooperative_id = %(cooperative)s AND t.idempotency_key = 'return:' || paid.public_id
            JOIN billing_ledgerentry e ON e.transaction_id = t.id JOIN billing_account a ON a.id = e.account_id AND a.code = 'card'
            UNION ALL
            SELECT paid.intent, e.debit_minor - e.credit_minor, t.booked_date FROM paid JOIN billing_refund r ON r.payment_id = paid.id
            JOIN billing_ledgertransaction t ON t.cooperative_id = %(cooperative)s
                AND t.idempotency_key IN ('card refund:' || r.public_id, 'card refund back:' || r.public_id)
            JOIN billing_ledgerentry e ON e.transaction_id = t.id JOIN billing_account a ON a.id = e.account_id AND a.code = 'card'
        ) AS moved GROUP BY 1),
    told AS (
        SELECT intent_ref AS intent, sum(amount_minor)::bigint AS minor, min((happened_at AT TIME ZONE 'UTC')::date) AS first_day,
               max((happened_at AT TIME ZONE 'UTC')::date) AS last_day
        FROM billing_cardmovement m WHERE cooperative_id = %(cooperative)s AND intent_ref <> ''
            AND NOT EXISTS (SELECT FROM billing_ledgertransaction t
                            WHERE t.cooperative_id = m.cooperative_id AND t.idempotency_key = 'card unclear:' || m.ref)
        GROUP BY 1)
    SELECT (SELECT public_id FROM paid WHERE paid.intent = coalesce(t.intent, b.intent) ORDER BY id LIMIT 1), coalesce(t.intent, b.intent),
           coalesce(t.minor, 0), coalesce(b.minor, 0)
    FROM told t FULL JOIN booked b ON b.intent = t.intent
    WHERE daterange(least(t.first_day, b.first_day), greatest(t.last_day, b.last_day), '[]') && daterange(%(first)s, %(last)s, '[]')
    ORDER BY 2
"""


def cards_and_ledger(days: dict[str, Any]) -> Link:
    """Each card payment with its refunds and disputes: what the provider told of it against what is booked, before fees."""
    rows = _rows(CARDS, days)
    gaps = [
        Gap(
            "payment" if payment else "cards",
            str(payment or intent),
            intent[:60],
            told,
            booked,
            _("booked, and the provider has not told of it")
            if not told
            else _("told by the provider, and not booked")
            if not booked
            else _("the books have another sum than the provider"),
        )
        for payment, intent, told, booked in rows
        if told != booked
    ][:MOST_ROWS]
    return Link("cards", _("Cards and ledger"), "cents", _("told by the provider"), _sums(rows)[0], _("booked"), _sums(rows)[1], gaps)


def card_fees_and_ledger(days: dict[str, Any]) -> Link:
    """What the provider kept for itself of each movement of the month, against what is booked as its fees."""
    rows = _rows(
        """WITH kept AS (
               SELECT m.ref, m.fee_minor - CASE WHEN m.kind IN ('stripe_fee', 'application_fee', 'tax_fee', 'network_cost') THEN m.amount_minor ELSE 0 END AS minor
               FROM billing_cardmovement m WHERE m.cooperative_id = %(cooperative)s AND m.kind <> 'payout'
                 AND (m.happened_at AT TIME ZONE 'UTC')::date BETWEEN %(first)s AND %(last)s)
           SELECT k.ref, k.minor::bigint, coalesce((
               SELECT sum(e.debit_minor - e.credit_minor) FROM billing_ledgertransaction t JOIN billing_ledgerentry e ON e.transaction_id = t.id
               JOIN billing_account a ON a.id = e.account_id AND a.code = 'card_fees'
               WHERE t.cooperative_id = %(cooperative)s AND t.idempotency_key IN ('card fee:' || k.ref, 'card cost:' || k.ref)), 0)::bigint
           FROM kept k ORDER BY 1""",
        days,
    )
    gaps = [
        Gap("cards", ref, ref[:60], kept, booked, _("the books have another fee than the provider kept"))
        for ref, kept, booked in rows
        if kept != booked
    ][:MOST_ROWS]
    return Link(
        "card-fees",
        _("Fees of cards and ledger"),
        "cents",
        _("kept by the provider"),
        _sums(rows)[0],
        _("booked as fees"),
        _sums(rows)[1],
        gaps,
    )


def card_payouts_and_bank(days: dict[str, Any]) -> Link:
    """What the provider says it sent in the month against what came; what is due after the month is waiting."""
    rows = _rows(
        """SELECT p.ref, p.status, p.amount_minor, coalesce(l.amount_minor, 0)::bigint FROM billing_cardpayout p
           LEFT JOIN billing_bankstatementline l ON l.id = p.bank_line_id
           WHERE p.cooperative_id = %(cooperative)s AND p.arrival_date BETWEEN %(first)s AND %(last)s
             AND p.status NOT IN ('canceled', 'failed') ORDER BY 1""",
        days,
    )
    on_their_way = [row for row in rows if row[1] != "paid" and not row[3]]
    due = [row for row in rows if row not in on_their_way]
    gaps = [
        Gap("cards", ref, ref[:60], sent, came, _("sent by the provider, and not on the account") if not came else _("another sum came"))
        for ref, __, sent, came in due
        if sent != came
    ][:MOST_ROWS]
    return Link(
        "card-payouts",
        _("Cards and bank"),
        "cents",
        _("sent by the provider"),
        _sums(due)[0],
        _("on the account"),
        _sums(due)[1],
        gaps,
        len(on_their_way),
    )


def distributions_and_ledger(days: dict[str, Any]) -> Link:
    """What was shared out in the month, by its statements, against what the ledger took for it; and what left for its parts."""
    rows = _rows(
        """SELECT d.public_id, d.name,
                  coalesce((SELECT sum(paid_minor) FROM billing_distributionpart p WHERE p.distribution_id = d.id), 0)::bigint,
                  coalesce((SELECT sum(o.amount_minor) FROM billing_payout o JOIN billing_distributionpart p ON o.source_key = p.public_id::text
                            WHERE o.source = 'distribution' AND o.status IN ('released', 'done') AND p.distribution_id = d.id), 0)::bigint,
                  (SELECT coalesce(sum(gross_minor), 0) FROM billing_distributionpart p WHERE p.distribution_id = d.id)::bigint + d.reserve_minor,
                  coalesce((SELECT sum(e.debit_minor - e.credit_minor) FROM billing_ledgertransaction t JOIN billing_ledgerentry e ON e.transaction_id = t.id
                            JOIN billing_account a ON a.id = e.account_id AND a.code = 'distributions'
                            WHERE t.cooperative_id = d.cooperative_id AND t.cause = 'distribution' AND t.cause_ref = d.public_id), 0)::bigint
           FROM billing_distribution d
           WHERE d.cooperative_id = %(cooperative)s AND d.status = 'released'
             AND (d.released_at AT TIME ZONE 'UTC')::date BETWEEN %(first)s AND %(last)s ORDER BY d.id""",
        days,
    )
    gaps = [
        Gap("distribution", str(ref), name, shared, booked, _("not in the ledger") if not booked else _("the ledger has another sum"))
        for ref, name, __, __, shared, booked in rows
        if shared != booked
    ] + [
        Gap("distribution", str(ref), name, paid, left, _("its parts say something else was paid than left for them"))
        for ref, name, paid, left, __, __ in rows
        if paid != left
    ]
    return Link(
        "distributions",
        _("Shared out and ledger"),
        "cents",
        _("parts and reserves"),
        _sums(rows)[0],
        _("booked"),
        _sums(rows)[1],
        gaps[:MOST_ROWS],
    )


def shares_and_ledger(days: dict[str, Any]) -> Link:
    """Members' shares that were paid in or given back in the month: the register against the ledger's account of them."""
    rows = _rows(
        """WITH booked AS (
               SELECT t.cause_ref, min(t.booked_date) AS first_day, max(t.booked_date) AS last_day, sum(e.credit_minor - e.debit_minor)::bigint AS minor
               FROM billing_ledgertransaction t JOIN billing_ledgerentry e ON e.transaction_id = t.id
               JOIN billing_account a ON a.id = e.account_id AND a.code = 'member_shares'
               WHERE t.cooperative_id = %(cooperative)s AND t.cause <> 'year closing' GROUP BY 1),
           noted AS (
               SELECT s.*, m.number, m.name,
                      coalesce((SELECT sum(o.amount_minor) FROM billing_payout o
                                WHERE o.source = 'shares' AND o.status IN ('released', 'done') AND split_part(o.source_key, ':', 1) = s.public_id::text), 0)::bigint AS left_minor
               FROM billing_membershare s JOIN members_member m ON m.id = s.member_id WHERE m.cooperative_id = %(cooperative)s)
           SELECT coalesce(n.public_id, b.cause_ref), n.number, n.name, n.way, coalesce(n.repaid_minor, 0), coalesce(n.left_minor, 0),
                  CASE WHEN n.id IS NULL OR n.returned_date IS NOT NULL THEN 0 ELSE n.paid_in_minor END, coalesce(b.minor, 0)
           FROM noted n FULL JOIN booked b ON b.cause_ref = n.public_id
           WHERE n.paid_in_date BETWEEN %(first)s AND %(last)s OR n.returned_date BETWEEN %(first)s AND %(last)s
              OR b.first_day BETWEEN %(first)s AND %(last)s OR b.last_day BETWEEN %(first)s AND %(last)s
           ORDER BY n.number NULLS LAST, 1""",
        days,
    )
    gaps = [
        Gap(
            "share",
            str(ref),
            f"{number} {name}" if number else _("booked by hand"),
            held,
            booked,
            _("in the ledger, and in no register")
            if not number
            else _("noted, and not in the books")
            if not way
            else _("the ledger has another sum"),
        )
        for ref, number, name, way, __, __, held, booked in rows
        if held != booked
    ] + [
        Gap("share", str(ref), f"{number} {name}", paid, left, _("something else is noted as paid back than left for it"))
        for ref, number, name, __, paid, left, __, __ in rows
        if paid != left
    ]
    return Link(
        "shares",
        _("Members' shares and ledger"),
        "cents",
        _("held by members"),
        _sums(rows)[0],
        _("booked"),
        _sums(rows)[1],
        gaps[:MOST_ROWS],
    )
