"""Prepaid members: what lies in the books for them, what is left now, and what happened."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo

from django.db import connection
from django.db.models import OuterRef, Q, QuerySet, Subquery

from billing.domain.prepaid import USUAL_DAYS, Balance
from billing.models import Document, DocumentKind, PrepaidAgreement, PrepaidDay, PrepaidRule
from members.models import Cooperative, Member, Role, User
from members.selectors.scope import visible_members

# One statement sees the books at one moment: a bill is in all three of them or in none.
FIGURES = """
    SELECT 'books', a.member_id, NULL, NULL, sum(e.credit_minor - e.debit_minor)
    FROM billing_account a JOIN billing_ledgerentry e ON e.account_id = a.id
    JOIN members_member m ON m.id = a.member_id JOIN members_cooperative c ON c.id = m.cooperative_id
    WHERE a.code = 'receivable' AND a.member_id = ANY(%(members)s) AND a.currency = c.currency GROUP BY 2
    UNION ALL
    SELECT 'billed', d.member_id, r.microgrid_id, d.period, sum(CASE d.kind WHEN 'bill' THEN d.gross_minor ELSE -d.gross_minor END)
    FROM billing_document d JOIN billing_billingrun r ON r.id = d.run_id
    WHERE d.member_id = ANY(%(members)s) AND d.status <> 'draft' AND d.kind IN ('bill', 'bill_reversal') GROUP BY 2, 3, 4
    UNION ALL
    SELECT 'final', NULL, microgrid_id, period, 0 FROM billing_billingrun
    WHERE kind = 'final' AND only_sites = '{}' AND status = 'posted' AND microgrid_id = ANY(%(microgrids)s)
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the books say of some members at one moment [minor units].

    Attributes:
        books_minor: what lies there for a member: paid in and not asked for; below 0 what they owe.
        billed_minor: all their bills so far, less what was taken back, by member, microgrid and period.
        final: microgrid and period of months that are wholly billed.
    """

    books_minor: dict[int, int] = field(default_factory=dict)
    billed_minor: dict[tuple[int, int, int], int] = field(default_factory=dict)
    final: set[tuple[int, int]] = field(default_factory=set)

    def billed_of(self, member_id: int) -> int:
        """All bills of a member."""
        return sum(amount for (member, _, _), amount in self.billed_minor.items() if member == member_id)


def figures_of(*, member_ids: Collection[int], microgrid_ids: Collection[int] = ()) -> Figures:
    """Read the books of some members in one statement."""
    found = Figures()
    with connection.cursor() as cursor:
        cursor.execute(FIGURES, {"members": list(member_ids), "microgrids": list(microgrid_ids)})
        for kind, member, microgrid, period, amount in cursor.fetchall():
            if kind == "books":
                found.books_minor[member] = int(amount)
            elif kind == "billed":
                found.billed_minor[member, microgrid, period] = int(amount)
            else:
                found.final.add((microgrid, period))
    return found


def prepaid_rule(cooperative: Cooperative) -> PrepaidRule:
    """The cooperative's rule, or the defaults."""
    return PrepaidRule.objects.filter(cooperative=cooperative).first() or PrepaidRule(cooperative=cooperative)


def in_force(day: date) -> Q:
    """Agreements that hold on a day."""
    return Q(valid_from__lte=day) & (Q(ended_date__isnull=True) | Q(ended_date__gt=day))


def visible_agreements(user: User) -> QuerySet[PrepaidAgreement]:
    """Of the user's own members, and of all members where the user is auditor, tariff admin or support."""
    members = visible_members(user, Role.AUDITOR, Role.TARIFF_ADMIN, Role.SUPPORT)
    return PrepaidAgreement.objects.filter(member__in=members.values("pk")).select_related("member", "cooperative")


def standing_agreement(member: Member) -> PrepaidAgreement | None:
    """The agreement that was not ended; it may begin later."""
    return PrepaidAgreement.objects.filter(member=member, ended_date__isnull=True).first()


def newest_days(agreements: Iterable[PrepaidAgreement]) -> dict[int, PrepaidDay]:
    """The newest look at each agreement."""
    rows = PrepaidDay.objects.filter(agreement__in=list(agreements))
    return {row.agreement_id: row for row in rows.order_by("agreement", "-day").distinct("agreement")}


def balances_now(agreements: Collection[PrepaidAgreement]) -> dict[int, Balance]:
    """What is shown of each agreement now, by its id; those that nobody has looked at yet are left out.

    A bill or payment that came after the last look is in it: the cost of use stays, and what is billed of it is what the books say now.
    """
    days = newest_days(agreements)
    figures = figures_of(member_ids=[agreement.member_id for agreement in agreements])
    return {agreement.pk: balance_of(days[agreement.pk], agreement.member_id, figures) for agreement in agreements if agreement.pk in days}


def balance_of(day: PrepaidDay, member_id: int, figures: Figures) -> Balance:
    """What is shown by a look at the use and the books of now."""
    unbilled = day.spent_minor - figures.billed_of(member_id)
    return Balance(figures.books_minor.get(member_id, 0), unbilled, day.usual_minor)


def spent_lately(agreement_ids: Collection[int], today: date) -> dict[int, list[tuple[date, int]]]:
    """Cost of all use so far by day, over the days that say what is usual; in order of days."""
    rows = PrepaidDay.objects.filter(agreement__in=agreement_ids, day__gte=today - timedelta(days=USUAL_DAYS), day__lt=today)
    found: dict[int, list[tuple[date, int]]] = {pk: [] for pk in agreement_ids}
    for agreement, day, spent in rows.order_by("day").values_list("agreement", "day", "spent_minor"):
        found[agreement].append((day, spent))
    return found


def newest_bills(member_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """By member, what the bills of their newest billed month come to [minor units], and for how many days they are."""
    bills = Document.objects.standing().filter(member__in=member_ids, kind=DocumentKind.BILL)
    newest = Subquery(bills.filter(member=OuterRef("member")).order_by("-period").values("period")[:1])
    found: dict[int, tuple[int, int]] = {}
    for bill in bills.filter(period=newest).only("member_id", "gross_minor", "first_day", "last_day"):
        amount, days = found.get(bill.member_id, (0, 0))
        found[bill.member_id] = amount + bill.gross_minor, max(days, len(bill.days()))
    return found


def zone_of(cooperative: Cooperative) -> tzinfo:
    """Where the cooperative's first microgrid is; UTC where there is none yet."""
    microgrid = cooperative.microgrids.order_by("pk").first()
    return microgrid.zone if microgrid else UTC


def local_today(agreement: PrepaidAgreement, now: datetime) -> date:
    """The day there."""
    return now.astimezone(zone_of(agreement.cooperative)).date()
