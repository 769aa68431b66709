"""What rounding came to in a month, by component, held against what it can come to at most."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.utils.text import capfirst

from billing.models import Component
from kernel.intervals import Month
from members.models import Cooperative

MICRO_PER_MINOR = 10_000_000


@dataclass(frozen=True, slots=True)
class RoundingLine:
    """What rounding the lines of one component came to in a month [millionths of Wh x price], and what it can come to at most."""

    component: str
    lines: int
    exact_micro: int
    net_minor: int

    @property
    def name(self) -> str:
        """What the component is called."""
        return capfirst(str(Component(self.component).label))

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
