"""OpenADR's events, made of published prices, of demand response and of what the tick decided; and calling those who subscribed."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import requests
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from energy.models import Microgrid
from grid.domain.devices.links import LinkAnswer, Measured, Problem
from grid.domain.devices.openadr import may_be_called
from grid.models import AdrEvent, AdrPayload, AdrProgram, AdrSubscription, DemandResponse, DeviceLink, LinkProtocol, PriceDay
from grid.selectors.openadr_objects import event_as_json

log = logging.getLogger(__name__)
LEAST_LIMIT = timedelta(minutes=15)  # clients ask every few minutes: a limit must outlast that
CONTACT_WITHIN = timedelta(minutes=10)
CALL_PATIENCE_S = 3.0
PRICES, LIMITS, DEMAND = "Local prices", "Limits", "Demand response"
DRAW_LESS = 1.0  # SIMPLE: 0 is ordinary, 3 the most urgent
DAYS_OF_PRICES = 2
MOST_CALLS = 100


def program_of(*, microgrid: Microgrid, name: str, payload: AdrPayload, now: datetime) -> AdrProgram:
    """The microgrid's programme of this name, made at its first use."""
    row, _ = AdrProgram.objects.get_or_create(
        microgrid=microgrid, name=name, defaults={"payload": payload, "created_at": now, "modified_at": now}
    )
    return row


def publish_price_events(*, microgrid: Microgrid, now: datetime) -> int:
    """Make an event of each published day of local prices that is not over, once; returns how many are new. `now` is the microgrid's."""
    if not DeviceLink.objects.filter(microgrid=microgrid, protocol=LinkProtocol.OPENADR, is_enabled=True).exists():
        return 0
    today = now.astimezone(microgrid.zone).date()
    rows = PriceDay.objects.filter(microgrid=microgrid, day__gte=today).order_by("day")[:DAYS_OF_PRICES]
    program = program_of(microgrid=microgrid, name=PRICES, payload=AdrPayload.PRICE, now=now)
    fresh = 0
    for row in rows:
        day = microgrid.local_day(row.day)
        length = timedelta(minutes=microgrid.interval_minutes)
        _, is_new = AdrEvent.objects.get_or_create(
            program=program,
            source_ref=f"prices {row.day}",
            defaults={
                "name": f"Local price, {row.day}",
                "start_at": day.start_at,
                "end_at": day.start_at + length * len(row.local_micro),
                "interval_s": int(length.total_seconds()),
                "values": [micro / 1e6 for micro in row.local_micro],
                "created_at": now,
                "modified_at": now,
            },
        )
        fresh += is_new
    return fresh


def publish_demand_events(*, microgrid: Microgrid, now: datetime) -> int:
    """Tell clients of sites that take part in a demand response event, each by an event of its own; returns how many are new.

    Who opts out, and all where the event is cancelled, find it gone. `now` is the microgrid's.
    """
    links = DeviceLink.objects.filter(microgrid=microgrid, protocol=LinkProtocol.OPENADR, is_enabled=True)
    by_site: dict[int, list[DeviceLink]] = {}
    for link in links.select_related("consumer"):
        if link.consumer is not None:
            by_site.setdefault(link.consumer.site_id, []).append(link)
    taking = DemandResponse.objects.filter(
        site__in=list(by_site), opted_out_at=None, event__cancelled_at=None, event__end_at__gt=now
    ).select_related("event")
    rows = list(taking)
    known = AdrEvent.objects.filter(program__microgrid=microgrid, program__name=DEMAND, end_at__gt=now)
    if not rows and not known.exists():
        return 0
    program = program_of(microgrid=microgrid, name=DEMAND, payload=AdrPayload.SIMPLE, now=now)
    fresh, standing = 0, []
    for row in rows:
        for link in by_site[row.site_id]:
            event = row.event
            made, is_new = AdrEvent.objects.get_or_create(
                program=program,
                source_ref=f"demand {event.public_id} {link.pk}",
                defaults={
                    "link": link,
                    "name": event.reason[:120] or "Draw less",
                    "priority": 3,
                    "start_at": event.start_at,
                    "end_at": event.end_at,
                    "interval_s": int((event.end_at - event.start_at).total_seconds()),
                    "values": [DRAW_LESS],
                    "created_at": now,
                    "modified_at": now,
                },
            )
            fresh += is_new
            standing.append(made.pk)
    known.exclude(pk__in=standing).delete()
    return fresh


@transaction.atomic
def hold_limit(*, link: DeviceLink, limit_w: int | None, now: datetime, real_now: datetime) -> LinkAnswer:
    """Tell a flexible load the most it may draw: one event, changed as the decision changes, long enough to be fetched.

    None ends it. Done where the client has asked lately; it fetches, nothing is pushed into it. `now` is the microgrid's.
    """
    program = program_of(microgrid=link.microgrid, name=LIMITS, payload=AdrPayload.LIMIT, now=now)
    rows = AdrEvent.objects.select_for_update(of=("self",)).filter(program=program, link=link, end_at__gt=now)
    event = rows.order_by("-start_at").first()
    if limit_w is None:
        if event is not None:
            event.end_at = max(now, event.start_at + timedelta(seconds=1))
            event.modified_at = now
            event.save()
    else:
        _keep_limit(program, link, event, limit_w / 1000, now)
    heard = link.last_contact_at
    if heard is None or real_now - heard > CONTACT_WITHIN:
        return LinkAnswer(problem=Problem.UNREACHABLE, detail="its client has not asked for its events lately")
    return LinkAnswer(Measured(charge_w=link.read_charge_w, limit_w=None if limit_w is None else float(limit_w)))


def _keep_limit(program: AdrProgram, link: DeviceLink, event: AdrEvent | None, limit_kw: float, now: datetime) -> None:
    """Begin an event, or let the one that stands say this; it is told anew only where it changes or runs out."""
    if event is None:
        AdrEvent.objects.create(
            program=program,
            link=link,
            name=f"At most {limit_kw:g} kW",
            priority=1,
            start_at=now,
            end_at=now + LEAST_LIMIT,
            interval_s=int(LEAST_LIMIT.total_seconds()),
            values=[limit_kw],
            source_ref=f"limit {link.pk} {now.isoformat()}",
            created_at=now,
            modified_at=now,
        )
        return
    if event.values == [limit_kw] and event.end_at - now > LEAST_LIMIT / 2:
        return
    event.name, event.values, event.modified_at = f"At most {limit_kw:g} kW", [limit_kw], now
    event.end_at = now + LEAST_LIMIT
    event.interval_s = int((event.end_at - event.start_at).total_seconds())
    event.save()


def call_subscribers(*, microgrid: Microgrid, now: datetime) -> int:
    """Call those who subscribed about each event that is new or changed, once; returns how many took a call.

    A client that misses one still asks. What was called about is noted first: a worker that dies half way calls nobody twice.
    """
    rows = AdrEvent.objects.filter(program__microgrid=microgrid, end_at__gt=now)
    rows = rows.filter(Q(told_at=None) | Q(told_at__lt=F("modified_at"))).select_related("program__microgrid__cooperative")
    taken = 0
    for event in rows.order_by("pk")[:MOST_CALLS]:
        operation = "POST" if event.told_at is None else "PUT"
        if not AdrEvent.objects.filter(pk=event.pk, told_at=event.told_at).update(told_at=event.modified_at):
            continue  # another worker calls about it
        taken += sum(_call(one, operation, event) for one in _wanting(event, operation))
    return taken


def _wanting(event: AdrEvent, operation: str) -> list[dict[str, Any]]:
    rows = AdrSubscription.objects.filter(program=event.program_id, link__is_enabled=True)
    if event.link_id is not None:
        rows = rows.filter(link=event.link_id)
    found = [one for row in rows for one in row.object_operations]
    return [one for one in found if "EVENT" in one["objects"] and operation in one["operations"]]


def _call(one: Mapping[str, Any], operation: str, event: AdrEvent) -> bool:
    if not may_be_called(one["callbackUrl"], settings.DEVICE_NETWORKS):
        return False
    body: Any = {"objectType": "EVENT", "operation": operation, "object": event_as_json(event)}
    headers = {"Authorization": f"Bearer {one['bearerToken']}"} if one["bearerToken"] else {}
    try:
        with requests.post(
            one["callbackUrl"], json=body, headers=headers, timeout=CALL_PATIENCE_S, allow_redirects=False, stream=True
        ) as answer:
            return answer.ok
    except requests.RequestException as problem:
        log.info("a client was not reached at its address: %s", type(problem).__name__)
        return False
