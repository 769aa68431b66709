"""Crediting demand response: what each site brought, owed to its member on the next credit document."""

from datetime import datetime

from django.db import transaction

from billing.domain.incentives import incentives_of
from billing.models import Component
from billing.selectors.flexibility import cause_of_response
from billing.services.flexibility import Flexibility, note_flexibility
from energy.models import Microgrid
from grid.models import DemandEvent, DemandResponse
from grid.services.demand_response import note_incentives
from kernel.money import price_micro


@transaction.atomic
def credit_event(*, event: DemandEvent, now: datetime) -> int:
    """Note what a measured event is worth to each site, once; returns what all members get [minor units].

    The books take it in with the documents on which it stands.
    """
    event = (
        DemandEvent.objects.select_for_update(of=("self",))
        .select_related("programme__microgrid")
        .get(pk=event.pk)
    )
    if event.measured_at is None or event.booked_at is not None:
        return 0
    rows = list(event.responses.filter(delivered_wh__isnull=False).select_related("site").order_by("pk"))
    price = price_micro(event.programme.incentive_per_kwh)
    items = [_flexibility(event, row, price) for row in rows if (row.delivered_wh or 0) > 0]
    total = note_flexibility(items=items, now=now)
    note_incentives(
        event=event, amounts=incentives_of({row.pk: row.delivered_wh or 0 for row in rows}, price), now=now
    )
    return total


def _flexibility(event: DemandEvent, row: DemandResponse, price_micro_per_kwh: int) -> Flexibility:
    zone, delivered = event.programme.microgrid.zone, row.delivered_wh or 0
    start, end = event.start_at.astimezone(zone), event.end_at.astimezone(zone)
    return Flexibility(
        row.site, Component.DEMAND_RESPONSE, cause_of_response(row.public_id), event.start_at, event.end_at,
        f"{start:%Y-%m-%d %H:%M}-{end:%H:%M}", delivered, delivered * price_micro_per_kwh, row.baseline_sum_wh, row.measured_sum_wh,
    )  # fmt: skip


def credit_measured_events(*, microgrid: Microgrid, now: datetime) -> int:
    """Credit every event that was measured and not credited; returns how many."""
    events = DemandEvent.objects.filter(
        programme__microgrid=microgrid, measured_at__isnull=False, booked_at=None
    )
    credited = 0
    for event in events.order_by("start_at"):
        credit_event(event=event, now=now)
        credited += 1
    return credited
