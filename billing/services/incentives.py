"""Crediting demand response: what each site brought, owed to its member on the next credit document."""

from datetime import datetime

from django.db import transaction

from billing.domain.incentives import incentives_of
from billing.domain.rating import MICRO_PER_MINOR
from billing.models import Component
from billing.selectors.flexibility import cause_of_response
from billing.services.flexibility import Flexibility, note_flexibility
from billing.services.incentive_awards import EventAmount, limit_event
from energy.models import Microgrid
from energy.selectors.ownership import members_on
from grid.models import DemandEvent, DemandResponse
from grid.services.demand_response import note_incentives
from kernel.money import price_micro


@transaction.atomic
def credit_event(*, event: DemandEvent, now: datetime) -> int:
    """Note what a measured event is worth to each site, once; returns what all members get [minor units].

    The books take it in with the documents on which it stands.
    """
    event = DemandEvent.objects.select_for_update(of=("self",)).select_related("programme__microgrid").get(pk=event.pk)
    if event.measured_at is None or event.booked_at is not None:
        return 0
    rows = list(event.responses.filter(delivered_wh__isnull=False).select_related("site").order_by("pk"))
    price = price_micro(event.programme.incentive_per_kwh)
    earned = incentives_of({row.pk: row.delivered_wh or 0 for row in rows}, price)
    amounts = _within_limits(event, rows, earned, now)
    items = [
        _flexibility(event, row, price, amounts[row.pk] if amounts[row.pk] < earned[row.pk] else None)
        for row in rows
        if (row.delivered_wh or 0) > 0 and (amounts[row.pk] or not earned[row.pk])
    ]
    total = note_flexibility(items=items, now=now)
    note_incentives(event=event, amounts=amounts, now=now)
    return total


def _within_limits(event: DemandEvent, rows: list[DemandResponse], earned: dict[int, int], now: datetime) -> dict[int, int]:
    """What each gets once caps and the budget for demand response, where there are any, have had their say."""
    microgrid = event.programme.microgrid
    day = event.start_at.astimezone(microgrid.zone).date()
    member_of = members_on([row.site_id for row in rows], day)
    amounts = [
        EventAmount(
            row.pk,
            cause_of_response(row.public_id),
            row.site,
            member_of[row.site_id],
            row.delivered_wh or 0,
            row.baseline_sum_wh,
            row.measured_sum_wh,
            earned[row.pk],
        )
        for row in rows
    ]
    return limit_event(microgrid=microgrid, day=day, start_at=event.start_at, end_at=event.end_at, amounts=amounts, now=now)


def _flexibility(event: DemandEvent, row: DemandResponse, price_micro_per_kwh: int, cut_to_minor: int | None) -> Flexibility:
    """At the programme's price; at what cap and budget left where that is less."""
    zone, delivered = event.programme.microgrid.zone, row.delivered_wh or 0
    start, end = event.start_at.astimezone(zone), event.end_at.astimezone(zone)
    return Flexibility(
        row.site,
        Component.DEMAND_RESPONSE,
        cause_of_response(row.public_id),
        event.start_at,
        event.end_at,
        f"{start:%Y-%m-%d %H:%M}-{end:%H:%M}",
        delivered,
        delivered * price_micro_per_kwh if cut_to_minor is None else cut_to_minor * MICRO_PER_MINOR,
        row.baseline_sum_wh,
        row.measured_sum_wh,
    )


def credit_measured_events(*, microgrid: Microgrid, now: datetime) -> int:
    """Credit every event that was measured and not credited; returns how many."""
    events = DemandEvent.objects.filter(programme__microgrid=microgrid, measured_at__isnull=False, booked_at=None)
    credited = 0
    for event in events.order_by("start_at"):
        credit_event(event=event, now=now)
        credited += 1
    return credited
