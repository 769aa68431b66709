"""Awards and budgets as pages show them."""

from django.db.models import OuterRef, QuerySet, Subquery

from billing.models import AwardStatus, DocumentStatus, FlexibilityCredit, IncentiveAward, IncentiveBudget
from members.models import Cooperative, Role, User
from members.selectors.scope import visible_members


def visible_awards(user: User) -> QuerySet[IncentiveAward]:
    """Awards of the members whom the user may see, the newest first."""
    rows = IncentiveAward.objects.filter(member__in=visible_members(user, Role.TARIFF_ADMIN, Role.AUDITOR))
    return rows.select_related("version__programme__microgrid__cooperative", "site", "member").order_by("-period", "-pk")


def with_documents(awards: QuerySet[IncentiveAward]) -> QuerySet[IncentiveAward]:
    """Awards with `document_label`: the posted credit document on which each stands; None where it is on none yet."""
    posted = FlexibilityCredit.objects.filter(cause_ref=OuterRef("cause_ref")).exclude(document__status=DocumentStatus.DRAFT)
    return awards.annotate(document_label=Subquery(posted.values("document__label")[:1]))


def held_awards(cooperative: Cooperative) -> QuerySet[IncentiveAward]:
    """What waits for a person, the oldest first."""
    rows = IncentiveAward.objects.filter(status=AwardStatus.HELD, version__programme__microgrid__cooperative=cooperative)
    return rows.select_related("version__programme", "site", "member").order_by("period", "pk")


def decided_awards(cooperative: Cooperative) -> QuerySet[IncentiveAward]:
    """What a person decided, the newest first."""
    rows = IncentiveAward.objects.filter(decided_at__isnull=False, version__programme__microgrid__cooperative=cooperative)
    return rows.select_related("version__programme", "site", "member", "decided_by").order_by("-decided_at", "-pk")


def budgets_of(cooperative: Cooperative) -> QuerySet[IncentiveBudget]:
    """What was given of how much, the newest first."""
    rows = IncentiveBudget.objects.filter(programme__microgrid__cooperative=cooperative)
    return rows.select_related("programme").order_by("-first_day", "programme__name")
