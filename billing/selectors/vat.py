"""VAT of a month by direction and rate, from the documents, held against the VAT account; and what rounding came to."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from kernel.intervals import Month
from members.models import Cooperative

MICRO_PER_MINOR = 10_000_000


@dataclass(frozen=True, slots=True)
class VatLine:
    """Documents of one kind and rate that were issued in the month; what takes a document back counts against it.

    Attributes:
        direction: `output` for what members are billed, `input` for what the cooperative writes in producers' stead.
    """

    direction: str
    kind: str
    rate: Decimal
    documents: int
    net_minor: int
    vat_minor: int

    @property
    def is_self_billed(self) -> bool:
        return self.direction == "input"

    @property
    def percent(self) -> Decimal:
        return (self.rate * 100).normalize()

    @property
    def expected_minor(self) -> Decimal:
        """The rate on the sum: differs from what is charged by the rounding of each document."""
        return self.net_minor * self.rate


@dataclass(frozen=True, slots=True)
class VatReport:
    """The month's lines, and what the VAT account moved by [minor units, owed to the tax office > 0]."""

    lines: list[VatLine]
    ledger_minor: int

    def sum_of(self, direction: str) -> int:
        return sum(line.vat_minor for line in self.lines if line.direction == direction)

    @property
    def output_minor(self) -> int:
        return self.sum_of("output")

    @property
    def input_minor(self) -> int:
        return self.sum_of("input")

    @property
    def owed_minor(self) -> int:
        """What the tax office gets; below 0: gives back."""
        return self.output_minor - self.input_minor

    @property
    def gap_minor(self) -> int:
        """What the books say beyond the documents: 0 where each VAT entry stands on a document of the month."""
        return self.ledger_minor - self.owed_minor


def vat_report(cooperative: Cooperative, month: Month) -> VatReport:
    """By direction, kind of document and rate, the tax point being the day of issue."""
    days = {"cooperative": cooperative.pk, "first": month.first_day, "last": month.last_day}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT CASE WHEN kind LIKE 'bill%%' THEN 'output' ELSE 'input' END, kind, v.rate, count(DISTINCT d.id),
                      sum(CASE WHEN kind LIKE '%%reversal' THEN -v.net_minor ELSE v.net_minor END)::bigint,
                      sum(CASE WHEN kind LIKE '%%reversal' THEN -v.vat_minor ELSE v.vat_minor END)::bigint
               FROM billing_document d JOIN billing_documentvat v ON v.document_id = d.id
               WHERE cooperative_id = %(cooperative)s AND number IS NOT NULL AND issue_date BETWEEN %(first)s AND %(last)s
               GROUP BY 1, 2, 3 ORDER BY 1 DESC, 2, 3 DESC""",
            days,
        )
        lines = [VatLine(*row) for row in cursor.fetchall()]
        cursor.execute(
            """SELECT coalesce(sum(e.credit_minor - e.debit_minor), 0)::bigint FROM billing_ledgerentry e
               JOIN billing_ledgertransaction t ON t.id = e.transaction_id
               JOIN billing_account a ON a.id = e.account_id AND a.code = 'vat'
               WHERE t.cooperative_id = %(cooperative)s AND t.booked_date BETWEEN %(first)s AND %(last)s""",
            days,
        )
        (ledger,) = cursor.fetchone()
    return VatReport(lines, ledger)


@dataclass(frozen=True, slots=True)
class RoundingLine:
    """What rounding the lines of one component came to in a month [millionths of Wh x price], and what it can come to at most."""

    component: str
    lines: int
    exact_micro: int
    net_minor: int

    @property
    def drift_minor(self) -> Decimal:
        """Rounded less exact [minor units]."""
        return self.net_minor - Decimal(self.exact_micro) / MICRO_PER_MINOR

    @property
    def bound_minor(self) -> Decimal:
        """Half a minor unit for each line rounded by itself."""
        return Decimal(self.lines) / 2

    @property
    def is_within(self) -> bool:
        return abs(self.drift_minor) <= self.bound_minor


def rounding_report(cooperative: Cooperative, month: Month) -> list[RoundingLine]:
    """By component, over documents issued in the month; the local line of producers is split, not rounded, and left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT l.component, count(*),
                      -- Days times a daily price lack the thousand that Wh times a price per kWh have; an amount per month has it.
                      sum(CASE WHEN l.unit = 'day' AND abs(l.net_minor * 10000 - l.exact_micro) < abs(l.net_minor * 10000000 - l.exact_micro)
                          THEN l.exact_micro * 1000 ELSE l.exact_micro END)::bigint, sum(l.net_minor)::bigint
               FROM billing_documentline l JOIN billing_document d ON d.id = l.document_id
               WHERE d.cooperative_id = %s AND d.number IS NOT NULL AND d.issue_date BETWEEN %s AND %s
                 AND l.component NOT IN ('local_delivered', 'compensation') AND d.kind IN ('bill', 'credit')
               GROUP BY 1 ORDER BY 1""",
            [cooperative.pk, month.first_day, month.last_day],
        )
        return [RoundingLine(*row) for row in cursor.fetchall()]
