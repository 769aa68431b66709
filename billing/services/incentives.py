"""Booking the incentives of demand response: what each member's sites brought, owed to the member."""

from datetime import datetime

from django.db import transaction

from billing.domain.incentives import incentives_of
from billing.models import AccountCode
from billing.services.ledger import account, post_transaction
from energy.models import Microgrid
from grid.models import DemandEvent
from grid.services.demand_response import note_incentives
from kernel.money import price_micro


@transaction.atomic
def book_event(*, event: DemandEvent, now: datetime) -> int:
    """Book a measured event in one balanced transaction, once; returns what all members get [minor units].

    Each site's amount is rounded once; the members' payables and the cooperative's incentives take the same sum.
    """
    event = (
        DemandEvent.objects.select_for_update(of=("self",))
        .select_related("programme__microgrid__cooperative")
        .get(pk=event.pk)
    )
    if event.measured_at is None or event.booked_at is not None:
        return 0
    cooperative = event.programme.microgrid.cooperative
    rows = list(
        event.responses.filter(delivered_wh__isnull=False).select_related("site__member").order_by("pk")
    )
    members = {row.site.member_id: row.site.member for row in rows}
    found = incentives_of(
        {row.pk: row.delivered_wh or 0 for row in rows}, {row.pk: row.site.member_id for row in rows},
        price_micro(event.programme.incentive_per_kwh),
    )  # fmt: skip
    if found.total:
        amounts = {
            account(cooperative, AccountCode.PAYABLE, members[pk]): -minor
            for pk, minor in found.of_member.items()
        }
        amounts[account(cooperative, AccountCode.INCENTIVES)] = found.total
        post_transaction(
            cooperative=cooperative, idempotency_key=f"demand-event:{event.public_id}", cause="demand response",
            booked_date=now.astimezone(event.programme.microgrid.zone).date(), amounts=amounts, now=now,
        )  # fmt: skip
    note_incentives(event=event, amounts=found.of_site, now=now)
    return found.total


def book_measured_events(*, microgrid: Microgrid, now: datetime) -> int:
    """Book every event that was measured and not booked; returns how many."""
    events = DemandEvent.objects.filter(
        programme__microgrid=microgrid, measured_at__isnull=False, booked_at=None
    )
    booked = 0
    for event in events.order_by("start_at"):
        book_event(event=event, now=now)
        booked += 1
    return booked
