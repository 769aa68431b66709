"""What there is to share out, by what members are counted, and what they got."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Q, QuerySet, Sum

from billing.domain.distribution import Claim, Holding, capital_days
from billing.models import (
    Component,
    Distribution,
    DistributionPart,
    DistributionRule,
    DistributionStatus,
    DocumentKind,
    DocumentLine,
    MemberShare,
    YearClosing,
    YearStatus,
)
from billing.models.ledger import RESULT, YEAR_CLOSING
from members.models import Cooperative, Member, Role, User
from members.selectors.scope import visible_members

DELIVERED = (Component.LOCAL_DELIVERED, Component.CARRIED, Component.EXPORT)
OWN_SITES = "own_sites"


@dataclass(frozen=True, slots=True)
class MarginLine:
    """What an account brought (more than nothing) or cost over some months [minor units]."""

    code: str
    name: str
    amount_minor: int


def margin_lines(cooperative: Cooperative, first: date, last: date) -> list[MarginLine]:
    """What was earned and spent on the days `[first, last]`, by account.

    Documents count in the month that they are for, all else on the day it was booked; a closed year counts as it did before. What the cooperative's own sites earned or drew
    is booked with the cooperative as a member, and is a line of its own.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT CASE WHEN a.member_id IS NULL THEN a.code ELSE %(own)s END, sum(e.credit_minor - e.debit_minor)::bigint
               FROM billing_ledgerentry e
               JOIN billing_account a ON a.id = e.account_id
               JOIN billing_ledgertransaction t ON t.id = e.transaction_id
               LEFT JOIN billing_document d ON t.cause = 'document' AND d.public_id = t.cause_ref
               LEFT JOIN members_member m ON m.id = a.member_id
               WHERE t.cooperative_id = %(cooperative)s AND a.currency = %(currency)s AND t.cause <> %(closing)s
                 AND (a.code = ANY(%(codes)s) OR (m.is_cooperative AND t.cause = 'document'))
                 AND coalesce(d.last_day, t.booked_date) BETWEEN %(first)s AND %(last)s
               GROUP BY 1 HAVING sum(e.credit_minor - e.debit_minor) <> 0""",
            {
                "own": OWN_SITES,
                "cooperative": cooperative.pk,
                "currency": cooperative.currency,
                "codes": [code.value for code in RESULT],
                "closing": YEAR_CLOSING,
                "first": first,
                "last": last,
            },
        )
        found = dict(cursor.fetchall())
    names = [(code.value, str(code.label)) for code in RESULT] + [(OWN_SITES, "the cooperative's own sites and storages")]
    return [MarginLine(code, name, found[code]) for code, name in names if code in found]


def used_of(cooperative: Cooperative, first: date, last: date) -> int:
    """What standing distributions took of the margin of these months already, counter-distributions taken off [minor units]."""
    rows = standing(cooperative).filter(first_day=first, last_day=last)
    return rows.aggregate(sum=Sum("used_minor"))["sum"] or 0


def left_of_years(cooperative: Cooperative, first: date, last: date, *, but: Distribution | None) -> int | None:
    """What closed years that `[first, last]` touches leave where some of them went to the reserves [minor units]; None where none did.

    A year's margin, less what its closing set aside, less what standing distributions of its months took (`but` left out).
    """
    years = YearClosing.objects.filter(
        cooperative=cooperative, counters=None, status=YearStatus.RELEASED, reserve_minor__gt=0, first_day__lte=last, last_day__gte=first
    )
    left = []
    for year in years:
        margin = sum(line.amount_minor for line in margin_lines(cooperative, year.first_day, year.last_day))
        rows = standing(cooperative).filter(first_day__lte=year.last_day, last_day__gte=year.first_day)
        used = (rows.exclude(pk=but.pk) if but else rows).aggregate(sum=Sum("used_minor"))["sum"] or 0
        left.append(margin - year.reserve_minor - used)
    return min(left, default=None)


def standing(cooperative: Cooperative) -> QuerySet[Distribution]:
    """Distributions that were not cancelled; a counter only once it is released."""
    rows = Distribution.objects.filter(cooperative=cooperative).exclude(status=DistributionStatus.CANCELLED)
    return rows.exclude(counters__isnull=False, status=DistributionStatus.PREPARED)


def rule_on(cooperative: Cooperative, day: date) -> DistributionRule | None:
    """What the bylaws say on a day; None where nobody entered it."""
    rules = DistributionRule.objects.filter(cooperative=cooperative, valid_from__lte=day)
    return rules.order_by("-valid_from").first()


def claims_of(cooperative: Cooperative, first: date, last: date) -> list[tuple[Member, Claim]]:
    """Members by number, with what they delivered and held in these months; those with neither are left out."""
    delivered, held = (_delivered(cooperative, first, last), holdings_of(Member.objects.filter(cooperative=cooperative)))
    members = Member.objects.filter(cooperative=cooperative, is_cooperative=False, pk__in=delivered.keys() | held.keys())
    claims = [
        (m, Claim(m.number, delivered.get(m.pk, 0), capital_days(held.get(m.pk, []), first, last))) for m in members.order_by("number")
    ]
    return [(m, claim) for m, claim in claims if claim.delivered_wh or claim.capital_days]


def _delivered(cooperative: Cooperative, first: date, last: date) -> dict[int, int]:
    """Wh by member on credit documents of these months, what was taken back counted against them."""
    lines = DocumentLine.objects.filter(
        document__cooperative=cooperative, document__number__isnull=False, document__first_day__gte=first, document__last_day__lte=last
    )
    delivered, own = Q(component__in=DELIVERED), Q(component=Component.OWN_USE)
    found: dict[int, int] = defaultdict(int)
    for kind, sign in ((DocumentKind.CREDIT, 1), (DocumentKind.CREDIT_REVERSAL, -1)):
        rows = lines.filter(document__kind=kind).order_by().values("document__member")
        for row in rows.annotate(wh=Sum("quantity", filter=delivered), own=Sum("quantity", filter=own)):
            # Who sells all is paid for own use too, which was delivered to nobody.
            found[row["document__member"]] += sign * ((row["wh"] or 0) - (row["own"] or 0))
    return {member_id: wh for member_id, wh in found.items() if wh > 0}


def holdings_of(members: QuerySet[Member]) -> dict[int, list[Holding]]:
    """Paid-in capital by member."""
    found: dict[int, list[Holding]] = defaultdict(list)
    for row in MemberShare.objects.filter(member__in=members).order_by("paid_in_date", "pk"):
        found[row.member_id].append(Holding(row.paid_in_minor, row.paid_in_date, row.returned_date))
    return found


def distributions_of(cooperative: Cooperative) -> QuerySet[Distribution]:
    """All of a cooperative, the newest first."""
    rows = Distribution.objects.filter(cooperative=cooperative).select_related("prepared_by", "released_by", "counters")
    return rows.order_by("-prepared_at", "-pk")


def visible_parts(user: User) -> QuerySet[DistributionPart]:
    """Parts of released distributions of the members whom the user may see, the newest first."""
    rows = DistributionPart.objects.exclude(gross_minor=0).filter(
        distribution__status=DistributionStatus.RELEASED, member__in=visible_members(user, Role.TARIFF_ADMIN, Role.AUDITOR)
    )
    return rows.select_related("distribution__cooperative", "distribution__counters", "member").order_by(
        "-distribution__released_at", "-pk"
    )


def whole_of(distribution: Distribution) -> Claim:
    """What all who got something delivered and held together."""
    sums = distribution.parts.aggregate(wh=Sum("delivered_wh"), capital=Sum("capital_days"))
    return Claim(distribution.name, sums["wh"] or 0, sums["capital"] or 0)
