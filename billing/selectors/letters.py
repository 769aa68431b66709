"""Letters and their ways: what left, what did not, and what nobody was sent yet."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, QuerySet

from billing.models import Delivery, DistributionPart, DistributionStatus, DocumentStatus, Reminder, YearStatement
from billing.models.deliveries import BEHIND, Letter
from members.models import Cooperative


def deliveries_of(cooperative: Cooperative) -> QuerySet[Delivery]:
    """Every letter's way to every recipient, the newest first."""
    rows = Delivery.objects.filter(member__cooperative=cooperative)
    return rows.select_related(*BEHIND).order_by("-queued_at", "-pk")


def states_of(cooperative: Cooperative) -> dict[str, int]:
    """How many are in which state."""
    rows = Delivery.objects.filter(member__cooperative=cooperative).order_by()
    return dict(rows.values_list("status").annotate(count=Count("pk")))


def unsent(cooperative: Cooperative) -> dict[str, Sequence[Letter]]:
    """Letters that count and that nobody was sent, though there is an address; bills go with their run."""
    of_members = {"member__cooperative": cooperative, "member__is_cooperative": False, "deliveries": None}
    reminders = Reminder.objects.filter(**of_members, taken_back_at=None, document__status=DocumentStatus.OPEN)
    parts = DistributionPart.objects.filter(**of_members, distribution__status=DistributionStatus.RELEASED, distribution__counters=None)
    years = YearStatement.objects.filter(**of_members)
    found: dict[str, QuerySet[Any]] = {"reminder": reminders, "part": parts.exclude(gross_minor=0), "statement": years}
    return {name: list(rows.exclude(member__email="").select_related("member")) for name, rows in found.items()}
