"""Incentive versions: written by one person, approved by another; from then on they never change."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from billing.models import IncentiveAward, IncentiveProgramme, IncentiveStatus, IncentiveVersion
from billing.services.incentive_awards import versions_in_force
from members.models import User


class CannotApprove(ValueError):
    """A version cannot go on; the message says why."""


def next_number(programme: IncentiveProgramme) -> int:
    """The number of a programme's next version, given to one hand at a time. Part of the caller's transaction."""
    IncentiveProgramme.objects.select_for_update(no_key=True).get(pk=programme.pk)
    return (programme.versions.aggregate(top=Max("number"))["top"] or 0) + 1


@transaction.atomic
def submit_incentive(*, version: IncentiveVersion, by: User) -> IncentiveVersion:
    """Hand a draft in; another person approves or rejects it.

    Raises:
        CannotApprove: it is no draft, or its rule cannot be read.
    """
    row = IncentiveVersion.objects.select_for_update().get(pk=version.pk)
    if row.status != IncentiveStatus.DRAFT:
        raise CannotApprove(_("Only a draft is handed in."))
    try:
        row.clean_fields()
    except ValidationError as why:
        raise CannotApprove(" ".join(why.messages)) from None
    row.status, row.submitted_by = IncentiveStatus.SUBMITTED, by
    row.save(update_fields=["status", "submitted_by"])
    return row


@transaction.atomic
def approve_incentive(*, version: IncentiveVersion, by: User, now: datetime) -> IncentiveVersion:
    """Let a version hold from its first day on.

    Raises:
        CannotApprove: whoever handed it in asks, months from its first day on are awarded already, or another programme rewards the same.
    """
    IncentiveProgramme.objects.select_for_update().filter(microgrid=version.programme.microgrid).order_by("pk").first()
    row = IncentiveVersion.objects.select_for_update(of=("self",)).select_related("programme__microgrid").get(pk=version.pk)
    if row.status != IncentiveStatus.SUBMITTED:
        raise CannotApprove(_("Only what was handed in is approved."))
    if row.submitted_by_id == by.pk:
        raise CannotApprove(_("You handed it in: a second person approves it."))
    period = row.valid_from.year * 100 + row.valid_from.month
    if IncentiveAward.objects.filter(version__programme=row.programme, period__gte=period).exists():
        raise CannotApprove(_("Months from its first day on are awarded already; let it begin later."))
    for other in versions_in_force(row.programme.microgrid, row.valid_from):
        if other.programme_id != row.programme_id and type(other.parsed) is type(row.parsed) and row.budget_minor:
            raise CannotApprove(
                _("“%(programme)s” rewards the same already; nothing is rewarded twice. End it with a budget of 0 first.")
                % {"programme": other.programme}
            )
    row.status, row.approved_by, row.approved_at = IncentiveStatus.APPROVED, by, now
    row.save(update_fields=["status", "approved_by", "approved_at"])
    return row


@transaction.atomic
def reject_incentive(*, version: IncentiveVersion) -> bool:
    """Send what was handed in back; returns whether it still waited. What comes next is another version."""
    waiting = IncentiveVersion.objects.filter(pk=version.pk, status=IncentiveStatus.SUBMITTED)
    return bool(waiting.update(status=IncentiveStatus.REJECTED))
