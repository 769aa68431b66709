"""Coins on their way from the chain to the bank: what was taken out and sold against the ledger, and what was sold against the account."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from billing.domain.reconciliation import Gap, Link

MOST_ROWS = 500
# How long an exchange and a bank may take before money for coins is more than on its way.
PATIENCE = timedelta(days=10)


def _rows(query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values | {"most": MOST_ROWS})
        return cursor.fetchall()


# What each sale took off the own wallet's account, whenever; and all that touched the account in the month.
SOLD = """
    WITH entries AS (
        SELECT t.public_id, t.idempotency_key, t.cause, t.cause_ref, t.booked_date, sum(e.credit_minor - e.debit_minor)::bigint AS minor
        FROM billing_ledgertransaction t JOIN billing_ledgerentry e ON e.transaction_id = t.id
        JOIN billing_account a ON a.id = e.account_id AND a.code = 'own_wallet'
        WHERE t.cooperative_id = %(cooperative)s GROUP BY t.id),
    sold AS (
        SELECT s.public_id, s.reference, CASE WHEN s.taken_back_at IS NULL THEN s.cost_minor ELSE 0 END AS cost,
               coalesce((SELECT sum(n.minor) FROM entries n WHERE n.cause = 'coin sale' AND n.cause_ref = s.public_id), 0)::bigint AS booked
        FROM billing_coinsale s WHERE s.cooperative_id = %(cooperative)s AND s.sold_date BETWEEN %(first)s AND %(last)s),
    beside AS (
        SELECT n.public_id, n.idempotency_key, n.minor FROM entries n
        WHERE n.booked_date BETWEEN %(first)s AND %(last)s AND n.cause <> 'chain withdrawal' AND n.minor <> 0
          AND NOT (n.cause = 'coin sale' AND EXISTS (SELECT FROM billing_coinsale s WHERE s.public_id = n.cause_ref AND s.cooperative_id = %(cooperative)s)))
"""


def coins_and_ledger(days: dict[str, Any]) -> Link | None:
    """What the coins had cost that were sold in the month, against what the ledger took off the own wallet for them, and took off beside.

    None where nothing was sold and nothing was taken off.
    """
    rows = _rows(f"{SOLD} SELECT public_id, reference, cost, booked FROM sold ORDER BY reference", days)
    others = _rows(f"{SOLD} SELECT * FROM beside ORDER BY 2 LIMIT %(most)s", days)
    if not rows and not others:
        return None
    gaps = [
        Gap("coins", str(ref), reference, cost, booked, _("the ledger took another sum off the own wallet"))
        for ref, reference, cost, booked in rows
        if cost != booked
    ] + [
        Gap("transaction", str(ref), key[:60], 0, minor, _("taken off the own wallet, and no sale is recorded"))
        for ref, key, minor in others
    ]
    left, right = sum(row[2] for row in rows), sum(row[3] for row in rows) + sum(row[2] for row in others)
    return Link(
        "coins", _("Own wallet and ledger"), "cents", _("cost of coins sold"), left, _("taken off the own wallet"), right, gaps[:MOST_ROWS]
    )


def coins_and_bank(days: dict[str, Any], *, now: datetime) -> Link | None:
    """What the sales of the month should bring against what movements of the account brought; None where nothing was sold."""
    rows = _rows(
        """SELECT s.public_id, s.reference, s.sold_date, s.net_minor, l.id IS NOT NULL,
                  coalesce((SELECT sum(e.credit_minor - e.debit_minor) FROM billing_ledgertransaction t
                            JOIN billing_ledgerentry e ON e.transaction_id = t.id JOIN billing_account a ON a.id = e.account_id AND a.code = 'coins_sold'
                            WHERE t.cooperative_id = s.cooperative_id AND t.idempotency_key = 'line coins:' || l.public_id || ':' || l.resolutions), 0)::bigint
           FROM billing_coinsale s LEFT JOIN billing_bankstatementline l ON l.id = s.bank_line_id
           WHERE s.cooperative_id = %(cooperative)s AND s.taken_back_at IS NULL AND s.net_minor > 0
             AND s.sold_date BETWEEN %(first)s AND %(last)s ORDER BY s.sold_date, s.id""",
        days,
    )
    if not rows:
        return None
    on_their_way = [row for row in rows if not row[4] and now.date() - row[2] <= PATIENCE]
    due = [row for row in rows if row not in on_their_way]
    gaps = [
        Gap(
            "coins",
            str(ref),
            reference,
            net,
            came,
            _("the account has another sum for it") if has_line else _("sold, and its money has not come"),
        )
        for ref, reference, __, net, has_line, came in due
        if net != came
    ][:MOST_ROWS]
    return Link(
        "coins-bank",
        _("Coins and bank"),
        "cents",
        _("sold, less the fee"),
        sum(row[3] for row in due),
        _("on the account"),
        sum(row[5] for row in due),
        gaps,
        len(on_their_way),
    )
