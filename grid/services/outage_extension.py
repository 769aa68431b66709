"""A later end for work on the network: asked for by one, decided by another; the question alone holds supply back from coming by itself."""

from datetime import datetime

from django.db import transaction

from grid.domain.outage_notices import Notice
from grid.models import OutageExtension, OutageState, PlannedOutage
from grid.selectors.outlook import LONGEST
from grid.services.outage_notices import tell_members
from grid.services.planned_outages import CannotPlanOutage, compute_again
from members.models import User

STANDING = (OutageState.APPROVED, OutageState.RUNNING)


@transaction.atomic
def ask_for_longer(*, outage: PlannedOutage, end_at: datetime, reason: str, by: User, now: datetime) -> OutageExtension:
    """Ask for a later end.

    Raises:
        CannotPlanOutage: the outage does not stand, the end is not later or too late, no reason is given, or one is asked for already.
    """
    row = PlannedOutage.objects.select_for_update().get(pk=outage.pk)
    if row.state not in STANDING:
        raise CannotPlanOutage(f"The outage is {row.get_state_display()}; it cannot take longer.")
    if end_at <= max(row.end_at, now) or end_at - row.start_at > LONGEST:
        raise CannotPlanOutage(f"Name an end that is later than the one that stands, and {LONGEST.days} days after the start at most.")
    if not reason.strip():
        raise CannotPlanOutage("Say why it takes longer; members without supply will be told.")
    if row.extensions.filter(decided_at__isnull=True).exists():
        raise CannotPlanOutage("A later end is asked for already and waits for its decision.")
    return OutageExtension.objects.create(outage=row, end_at=end_at, reason=reason.strip()[:300], asked_by=by, asked_at=now)


@transaction.atomic
def decide_extension(*, extension: OutageExtension, approve: bool, by: User, now: datetime) -> OutageExtension:
    """Approve or refuse a later end; members are told of an approved one, and the consequence is computed anew.

    Raises:
        CannotPlanOutage: it is decided already, or who asked for it decides.
    """
    outage = PlannedOutage.objects.select_for_update(of=("self",)).select_related("microgrid").get(pk=extension.outage_id)
    row = OutageExtension.objects.select_for_update().filter(pk=extension.pk, decided_at__isnull=True).first()
    if row is None or outage.state not in STANDING:  # what nobody decided goes when the outage ends
        raise CannotPlanOutage("This is decided already, or the outage is over.")
    if row.asked_by_id == by.pk:
        raise CannotPlanOutage("Somebody else decides: whoever asks for a later end does not approve it.")
    row.decided_by, row.decided_at, row.is_approved = by, now, approve
    row.save(update_fields=["decided_by", "decided_at", "is_approved"])
    if approve:
        outage.end_at = row.end_at
        if outage.state == OutageState.APPROVED:
            compute_again(outage, now)
        outage.save()
        tell_members(outage=outage, notice=Notice.LATER, now=now, key=f":{row.public_id}")
    return row
