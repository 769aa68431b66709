"""VAT of some days from the ledger's own accounts, key by key; the documents of the same days only say whether it is right."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from billing.domain.vat_return import VatKey, VatRow, apart, owed_minor
from billing.models.ledger import TAX, YEAR_CLOSING
from members.models import Cooperative

# Output accounts stand in credit, input accounts in debit. Closing a year empties accounts and supplies nothing.
BOOKED = """
    WITH moved AS (
        SELECT a.code, a.vat_key, t.id AS transaction_id, e.credit_minor - e.debit_minor AS credit
        FROM billing_ledgerentry e JOIN billing_ledgertransaction t ON t.id = e.transaction_id
        JOIN billing_account a ON a.id = e.account_id AND (a.vat_key <> '' OR a.code = ANY(%(tax)s))
        WHERE t.cooperative_id = %(cooperative)s AND t.booked_date BETWEEN %(first)s AND %(last)s AND t.cause <> %(closing)s
          AND a.currency = %(currency)s)
"""
BOOKED_BY_KEY = (
    BOOKED
    + """
    SELECT vat_key, count(DISTINCT transaction_id),
           coalesce(sum(CASE WHEN vat_key LIKE 'output%%' THEN credit ELSE -credit END) FILTER (WHERE code <> ALL(%(tax)s)), 0)::bigint,
           coalesce(sum(credit) FILTER (WHERE code IN ('vat', 'reverse_vat')), 0)::bigint,
           coalesce(sum(-credit) FILTER (WHERE code IN ('input_vat', 'reverse_input_vat')), 0)::bigint,
           coalesce(sum(-credit) FILTER (WHERE code = 'vat_cost'), 0)::bigint
    FROM moved WHERE vat_key <> '' GROUP BY 1"""
)
BESIDE = BOOKED + "SELECT transaction_id, -sum(credit)::bigint FROM moved WHERE vat_key = '' GROUP BY 1 ORDER BY 1 LIMIT 100"
ON_DOCUMENTS = """
    SELECT concat_ws('/', side, category, CASE WHEN recipient_rate > 0 THEN recipient_rate ELSE rate END, ground),
           count(*), sum(sign * net_minor)::bigint,
           sum(sign * CASE WHEN side = 'output' THEN vat_minor ELSE recipient_vat_minor END)::bigint,
           sum(sign * CASE WHEN side = 'output' OR NOT is_deducted THEN 0 ELSE vat_minor + recipient_vat_minor END)::bigint,
           sum(sign * CASE WHEN side = 'output' OR is_deducted THEN 0 ELSE vat_minor + recipient_vat_minor END)::bigint
    FROM (
        SELECT v.*, CASE WHEN d.kind LIKE 'bill%%' THEN 'output' ELSE 'input' END AS side,
               CASE WHEN d.kind LIKE '%%reversal' THEN -1 ELSE 1 END AS sign
        FROM billing_document d JOIN billing_documentvat v ON v.document_id = d.id
        WHERE d.cooperative_id = %(cooperative)s AND d.number IS NOT NULL AND d.issue_date BETWEEN %(first)s AND %(last)s
          AND d.currency = %(currency)s) AS sums
    GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class VatReturn:
    """The books' rows, the documents' rows, and what moved a tax account beside all keys [transaction id, debit in minor units]."""

    first_day: date
    last_day: date
    rows: list[VatRow]
    documents: list[VatRow]
    beside: Sequence[tuple[int, int]]

    @property
    def owed_minor(self) -> int:
        return owed_minor(self.rows)

    @property
    def tax_minor(self) -> int:
        return sum(row.tax_minor for row in self.rows)

    @property
    def deducted_minor(self) -> int:
        return sum(row.deducted_minor for row in self.rows)

    @property
    def gaps(self) -> list[VatRow]:
        """What the books have beyond the documents, key by key."""
        return apart(self.rows, self.documents)

    @property
    def agrees(self) -> bool:
        return not self.gaps and not self.beside


def vat_return(cooperative: Cooperative, first: date, last: date) -> VatReturn:
    """By key, over the days `[first, last]`; the tax point is the day of issue, on which documents are booked."""
    values = {
        "cooperative": cooperative.pk,
        "currency": cooperative.currency,
        "first": first,
        "last": last,
        "tax": [code.value for code in TAX],
        "closing": YEAR_CLOSING,
    }
    return VatReturn(
        first,
        last,
        _rows(BOOKED_BY_KEY, values),
        _rows(ON_DOCUMENTS, values),
        [(pk, minor) for pk, minor in _fetched(BESIDE, values) if minor],
    )


def _rows(query: str, values: dict[str, Any]) -> list[VatRow]:
    found = [VatRow(VatKey.parse(text), *sums) for text, *sums in _fetched(query, values)]
    return sorted((row for row in found if not row.is_empty), key=lambda row: _in_order(row.key))


def _in_order(key: VatKey) -> tuple[str, int, object]:
    """What is supplied first; in a form's order, the highest rate first."""
    treatments = list(type(key.treatment))
    return "" if key.side == "output" else "~", treatments.index(key.treatment), -key.rate


def _fetched(query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()
