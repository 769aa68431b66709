"""A fiscal year as the books hold it: income statement, balance sheet before and after its closing, and the way to what can be shared out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from billing.domain.year_accounts import BalanceSheet, FiscalYear, Standing, balance_sheet
from billing.models import AccountCode, ExportProfile, YearClosing, YearStatus
from billing.models.ledger import EQUITY, RESULT, YEAR_CLOSING
from billing.selectors.distributions import OWN_SITES, MarginLine, margin_lines
from members.models import Cooperative

OWN_SITES_NAME = "the cooperative's own sites and storages"
# What belongs to the result: earned and spent, and what the cooperative's own sites owe and are owed by itself.
IS_RESULT = "(a.code = ANY(%(result)s) OR coalesce(m.is_cooperative, false))"
MOVED = """
    FROM billing_ledgerentry e JOIN billing_ledgertransaction t ON t.id = e.transaction_id
    JOIN billing_account a ON a.id = e.account_id LEFT JOIN members_member m ON m.id = a.member_id
"""


def fiscal_year(cooperative: Cooperative, day: date) -> FiscalYear:
    """The cooperative's fiscal year that a day lies in."""
    profile = ExportProfile.objects.filter(cooperative=cooperative).first()
    return FiscalYear.around(day, profile.year_starts_in if profile else 1)


def closings_of(cooperative: Cooperative, year: FiscalYear) -> QuerySet[YearClosing]:
    """All that was done with a year, the newest first."""
    rows = YearClosing.objects.filter(cooperative=cooperative, first_day=year.first_day, last_day=year.last_day)
    return rows.select_related("prepared_by", "released_by", "counters").order_by("-prepared_at", "-pk")


def closed_year_of(cooperative: Cooperative, day: date) -> YearClosing | None:
    """The closing that stands for a day; None while its year is open."""
    rows = YearClosing.objects.filter(cooperative=cooperative, counters=None, status=YearStatus.RELEASED)
    return rows.filter(first_day__lte=day, last_day__gte=day).first()


def income_statement(cooperative: Cooperative, year: FiscalYear) -> list[MarginLine]:
    """What was booked as earned (more than nothing) and spent in a year, by account; closings left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT CASE WHEN a.member_id IS NULL THEN a.code ELSE %(own)s END, sum(e.credit_minor - e.debit_minor)::bigint {MOVED}
                WHERE t.cooperative_id = %(cooperative)s AND a.currency = %(currency)s AND {IS_RESULT} AND t.cause <> %(closing)s
                  AND t.booked_date BETWEEN %(first)s AND %(last)s
                GROUP BY 1 HAVING sum(e.credit_minor - e.debit_minor) <> 0""",
            _values(cooperative) | {"own": OWN_SITES, "first": year.first_day, "last": year.last_day},
        )
        found = dict(cursor.fetchall())
    names = {code.value: str(code.label) for code in RESULT} | {OWN_SITES: OWN_SITES_NAME}
    return [MarginLine(code, name, found[code]) for code, name in names.items() if code in found]


def _values(cooperative: Cooperative) -> dict[str, Any]:
    return {
        "cooperative": cooperative.pk,
        "currency": cooperative.currency,
        "closing": YEAR_CLOSING,
        "result": [code.value for code in RESULT],
    }


def standings(cooperative: Cooperative, year: FiscalYear, *, currency: str, with_closing: bool) -> list[Standing]:
    """Where every account stands on the year's last day, with or without the year's own closing."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT a.id, a.code, sum(e.debit_minor - e.credit_minor)::bigint, {IS_RESULT}, a.code = ANY(%(equity)s) {MOVED}
                WHERE t.cooperative_id = %(cooperative)s AND a.currency = %(of)s AND t.booked_date <= %(last)s
                  AND (%(with_closing)s OR t.cause <> %(closing)s OR t.booked_date < %(last)s)
                GROUP BY a.id, m.id ORDER BY a.id""",
            _values(cooperative)
            | {"of": currency, "last": year.last_day, "with_closing": with_closing, "equity": [code.value for code in EQUITY]},
        )
        return [Standing(*row) for row in cursor.fetchall()]


def year_balance_sheet(cooperative: Cooperative, year: FiscalYear, *, with_closing: bool) -> BalanceSheet:
    """The balance sheet of the year's last day, in the cooperative's currency."""
    rows = standings(cooperative, year, currency=cooperative.currency, with_closing=with_closing)
    return balance_sheet(rows, AccountCode.values)


def to_be_emptied(cooperative: Cooperative, year: FiscalYear, *, currency: str) -> Mapping[int, int]:
    """Where the accounts stand that a closing empties: the result, and what was shared out [minor units, debit > 0]."""
    rows = standings(cooperative, year, currency=currency, with_closing=True)
    return {
        row.account_id: row.balance_minor for row in rows if row.balance_minor and (row.is_result or row.code == AccountCode.DISTRIBUTIONS)
    }


@dataclass(frozen=True, slots=True)
class ToTheMargin:
    """From the year's result to what distributions of its months share out [minor units]: documents count in the month they are for.

    Attributes:
        of_other_years_minor: booked in the year, for months outside it.
        booked_elsewhere_minor: for months of the year, booked outside it.
    """

    result_minor: int
    of_other_years_minor: int
    booked_elsewhere_minor: int
    margin_minor: int


def to_the_margin(cooperative: Cooperative, year: FiscalYear) -> ToTheMargin:
    """Why a year's result is not what its months left to share out: bills of December are written in January."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT coalesce(sum(e.credit_minor - e.debit_minor) FILTER (WHERE booked AND NOT ours), 0)::bigint,
                       coalesce(sum(e.credit_minor - e.debit_minor) FILTER (WHERE ours AND NOT booked), 0)::bigint {MOVED}
                JOIN billing_document d ON t.cause = 'document' AND d.public_id = t.cause_ref
                CROSS JOIN LATERAL (SELECT t.booked_date BETWEEN %(first)s AND %(last)s AS booked,
                                           d.last_day BETWEEN %(first)s AND %(last)s AS ours) AS lies
                WHERE t.cooperative_id = %(cooperative)s AND a.currency = %(currency)s AND {IS_RESULT} AND booked <> ours""",
            _values(cooperative) | {"first": year.first_day, "last": year.last_day},
        )
        others, elsewhere = cursor.fetchone()
    result = sum(line.amount_minor for line in income_statement(cooperative, year))
    margin = sum(line.amount_minor for line in margin_lines(cooperative, year.first_day, year.last_day))
    return ToTheMargin(result, others, elsewhere, margin)
