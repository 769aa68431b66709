"""The books as a treasurer reads them: trial balance, sheets of accounts, what a month holds. Sums are made by the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Max, Min, QuerySet
from django.utils.text import capfirst

from billing.models import Account, AccountCode, AccountingPeriod, LedgerTransaction
from billing.models.ledger import YEAR_CLOSING
from kernel.intervals import Month
from members.models import Cooperative, Role, User
from members.selectors.scope import cooperatives_served

KEEPERS = (Role.TARIFF_ADMIN, Role.AUDITOR)


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """An account, or all accounts of one code: what it stood at before, what moved, and what it stands at [minor units]."""

    code: str
    currency: str
    opening_minor: int
    debits_minor: int
    credits_minor: int
    members: int

    @property
    def name(self) -> str:
        return capfirst(str(AccountCode(self.code).label))

    @property
    def closing_minor(self) -> int:
        """Debits less credits up to the end."""
        return self.opening_minor + self.debits_minor - self.credits_minor


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """All accounts over a stretch of days; in each currency debits equal credits."""

    lines: list[BalanceLine]

    @property
    def differences(self) -> dict[str, int]:
        """By currency, debits less credits of everything up to the end: 0 where the books balance."""
        found: dict[str, int] = {}
        for line in self.lines:
            found[line.currency] = found.get(line.currency, 0) + line.closing_minor
        return found

    @property
    def totals(self) -> dict[str, tuple[int, int]]:
        """By currency, debits and credits within the stretch."""
        found: dict[str, tuple[int, int]] = {}
        for line in self.lines:
            debits, credits = found.get(line.currency, (0, 0))
            found[line.currency] = debits + line.debits_minor, credits + line.credits_minor
        return found


def kept_books(user: User) -> QuerySet[Cooperative]:
    """The cooperatives whose books the user may read."""
    return cooperatives_served(user, *KEEPERS).order_by("name")


def may_keep(user: User, cooperative: Cooperative) -> bool:
    """Whether the user keeps these books, not only reads them."""
    return cooperatives_served(user, Role.TARIFF_ADMIN).filter(pk=cooperative.pk).exists()


def trial_balance_of(cooperative: Cooperative, *, until: date, since: date | None = None) -> TrialBalance:
    """By account code and currency, over `[since, until]`; from the beginning where no first day is given."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT a.code, a.currency,
                      coalesce(sum(e.debit_minor - e.credit_minor) FILTER (WHERE t.booked_date < %(since)s), 0)::bigint,
                      coalesce(sum(e.debit_minor) FILTER (WHERE t.booked_date >= %(since)s), 0)::bigint,
                      coalesce(sum(e.credit_minor) FILTER (WHERE t.booked_date >= %(since)s), 0)::bigint,
                      count(DISTINCT a.member_id)
               FROM billing_ledgerentry e
               JOIN billing_ledgertransaction t ON t.id = e.transaction_id
               JOIN billing_account a ON a.id = e.account_id
               WHERE t.cooperative_id = %(cooperative)s AND t.booked_date <= %(until)s
               GROUP BY 1, 2""",
            {"cooperative": cooperative.pk, "since": since or date.min, "until": until},
        )
        rows = [BalanceLine(*row) for row in cursor.fetchall()]
    order = list(AccountCode.values)
    return TrialBalance(sorted(rows, key=lambda row: (row.currency, order.index(row.code))))


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One entry of an account with what the account stands at after it."""

    entry_id: int
    transaction_id: int
    booked_date: date
    account_id: int
    signed_minor: int
    balance_minor: int

    @property
    def debit_minor(self) -> int:
        return max(self.signed_minor, 0)

    @property
    def credit_minor(self) -> int:
        return max(-self.signed_minor, 0)


@dataclass(frozen=True, slots=True)
class Sheet:
    """Some entries of an account, what it stood at before the first day, and how many entries there are in all."""

    opening_minor: int
    lines: list[SheetLine]
    count: int
    closing_minor: int


def account_sheet(accounts: QuerySet[Account], *, since: date, until: date, first: int = 0, most: int = 100) -> Sheet:
    """Entries of one account (or of several of one currency together) in the order of booking, with the running balance."""
    ids = list(accounts.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT coalesce(sum(e.debit_minor - e.credit_minor), 0)::bigint FROM billing_ledgerentry e
               JOIN billing_ledgertransaction t ON t.id = e.transaction_id
               WHERE e.account_id = ANY(%s) AND t.booked_date < %s""",
            [ids, since],
        )
        (opening,) = cursor.fetchone()
        cursor.execute(
            """WITH moved AS (
                   SELECT e.id, t.id AS transaction_id, t.booked_date, e.account_id, e.debit_minor - e.credit_minor AS signed,
                          %(opening)s + sum(e.debit_minor - e.credit_minor) OVER (ORDER BY t.booked_date, e.id) AS balance,
                          count(*) OVER () AS count, sum(e.debit_minor - e.credit_minor) OVER () AS moved
                   FROM billing_ledgerentry e JOIN billing_ledgertransaction t ON t.id = e.transaction_id
                   WHERE e.account_id = ANY(%(ids)s) AND t.booked_date BETWEEN %(since)s AND %(until)s)
               SELECT id, transaction_id, booked_date, account_id, signed, balance::bigint, count, moved::bigint
               FROM moved ORDER BY booked_date, id OFFSET %(first)s LIMIT %(most)s""",
            {"ids": ids, "since": since, "until": until, "opening": opening, "first": first, "most": most},
        )
        rows = cursor.fetchall()
    count, moved = rows[0][6:] if rows else (0, 0)
    return Sheet(opening, [SheetLine(*row[:6]) for row in rows], count, opening + moved)


@dataclass(frozen=True, slots=True)
class MonthContent:
    """How many entries a month holds, the sum of their debits, and a hash over all of them in their order."""

    entries: int
    debits_minor: int
    sha256: str


def month_content(cooperative: Cooperative, month: Month) -> MonthContent:
    """What is booked in a month; the same rows give the same hash. The closing of a year stands beside its last month, not in it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*), coalesce(sum(e.debit_minor), 0)::bigint,
                      encode(sha256(coalesce(string_agg(concat_ws('|', t.idempotency_key, t.booked_date, t.currency, a.code,
                             nullif(a.vat_key, ''), a.member_id, e.debit_minor, e.credit_minor), E'\\n' ORDER BY e.id), '')::bytea), 'hex')
               FROM billing_ledgerentry e
               JOIN billing_ledgertransaction t ON t.id = e.transaction_id
               JOIN billing_account a ON a.id = e.account_id
               WHERE t.cooperative_id = %s AND t.booked_date BETWEEN %s AND %s AND t.cause <> %s""",
            [cooperative.pk, month.first_day, month.last_day, YEAR_CLOSING],
        )
        return MonthContent(*cursor.fetchone())


@dataclass(frozen=True, slots=True)
class MonthState:
    """A month of the books: closed or not, by whom, and whether it still holds what it held when it was closed."""

    month: Month
    period: AccountingPeriod | None
    content: MonthContent

    @property
    def is_closed(self) -> bool:
        return self.period is not None and self.period.status == "closed"

    @property
    def is_changed(self) -> bool:
        """A closed month that is not what was closed: somebody went past the database's guards."""
        return self.is_closed and self.period is not None and self.period.content_sha256 != self.content.sha256


def months_of_books(cooperative: Cooperative, most: int = 36) -> list[MonthState]:
    """Months from the first to the last booking, the newest first."""
    span = LedgerTransaction.objects.filter(cooperative=cooperative).aggregate(first=Min("booked_date"), last=Max("booked_date"))
    if span["first"] is None:
        return []
    periods: Mapping[int, AccountingPeriod] = {
        p.period: p for p in AccountingPeriod.objects.filter(cooperative=cooperative).select_related("closed_by", "reopened_by")
    }
    month, last = Month(span["first"].year, span["first"].month), span["last"]
    months = []
    while month.first_day <= last:
        months.append(month)
        month = month.next
    return [MonthState(m, periods.get(m.number), month_content(cooperative, m)) for m in reversed(months[-most:])]


def newest_month(cooperative: Cooperative) -> Month | None:
    """The month of the newest booking."""
    last = LedgerTransaction.objects.filter(cooperative=cooperative).aggregate(last=Max("booked_date"))["last"]
    return Month(last.year, last.month) if last else None
