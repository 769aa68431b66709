"""OpenADR's side of the house: clients' tokens, what they register and report, and events made of prices and decisions."""

import logging
import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import requests
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import F, Q, QuerySet

from energy.models import Microgrid
from grid.domain.device_links import LinkAnswer, Measured, Problem
from grid.domain.openadr import (
    CannotTake,
    Report,
    may_be_called,
    name_in,
    read_operations,
    read_report,
    values_maps,
)
from grid.models import (
    AdrEvent,
    AdrPayload,
    AdrProgram,
    AdrReport,
    AdrSubscription,
    AdrVen,
    DeviceLink,
    LinkProtocol,
    PriceDay,
)
from grid.selectors.openadr_objects import event_as_json
from grid.services.device_links import link_of_key

SALT = "openadr client"
TOKEN_S = 3600
MOST_VENS, MOST_SUBSCRIPTIONS, MOST_REPORTS = 20, 20, 1000
KEPT_REPORTS = timedelta(days=32)
LEAST_LIMIT = timedelta(minutes=15)  # clients ask every few minutes: a limit must outlast that
CONTACT_WITHIN = timedelta(minutes=10)
CALL_PATIENCE_S = 3.0
PRICES, LIMITS = "Local prices", "Limits"
DAYS_OF_PRICES = 2
MOST_CALLS = 100
log = logging.getLogger(__name__)


class TooMany(ValueError):
    """A client keeps as much as it may already."""


def grant_token(*, client_id: str, client_secret: str) -> str | None:
    """A token for an hour; None where name and key do not fit."""
    link = link_of_key(protocol=LinkProtocol.OPENADR, station=client_id, key=client_secret)
    return None if link is None else signing.dumps([link.pk, link.key_sha256[:16]], salt=SALT)


def link_of_token(*, token: str, now: datetime) -> DeviceLink | None:
    """The client of a token that still holds; a new key ends the tokens of the old one. `now` is real time."""
    try:
        link_id, key = signing.loads(token, salt=SALT, max_age=TOKEN_S)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    rows = DeviceLink.objects.filter(pk=link_id, protocol=LinkProtocol.OPENADR, is_enabled=True)
    link = rows.exclude(key_sha256="").select_related("microgrid").first()
    if link is None or link.key_sha256[:16] != key:
        return None
    DeviceLink.objects.filter(pk=link.pk).update(last_contact_at=now)
    return link


def programs_of(link: DeviceLink) -> QuerySet[AdrProgram]:
    """The programmes of the client's microgrid."""
    return AdrProgram.objects.filter(microgrid=link.microgrid_id).order_by("created_at", "pk")


def events_for(link: DeviceLink, now: datetime) -> QuerySet[AdrEvent]:
    """Events that are not over, for all or for this client, the most urgent first. `now` is the microgrid's."""
    return (
        AdrEvent.objects.filter(program__in=programs_of(link), end_at__gt=now)
        .filter(Q(link=None) | Q(link=link))
        .select_related("program__microgrid__cooperative")
        .order_by("priority", "start_at", "pk")
    )


def register_ven(*, link: DeviceLink, said: Mapping[str, Any], now: datetime) -> AdrVen:
    """Keep a client's description of itself; its name is its own once.

    Raises:
        CannotTake: it cannot be read. TooMany: it keeps as many as it may. IntegrityError: the name is taken.
    """
    if AdrVen.objects.filter(link=link).count() >= MOST_VENS:
        raise TooMany(f"a client has at most {MOST_VENS} VENs")
    with transaction.atomic():
        return AdrVen.objects.create(link=link, created_at=now, modified_at=now, **_ven_fields(said))


def change_ven(*, ven: AdrVen, said: Mapping[str, Any], now: datetime) -> AdrVen:
    """Take a new description in place of the old.

    Raises:
        CannotTake, IntegrityError: as `register_ven`.
    """
    for name, value in (_ven_fields(said) | {"modified_at": now}).items():
        setattr(ven, name, value)
    with transaction.atomic():
        ven.save()
    return ven


def _ven_fields(said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": name_in(said, "venName"), "attributes": values_maps(said, "attributes"), "targets": values_maps(said, "targets")
    }  # fmt: skip


def subscribe(*, link: DeviceLink, said: Mapping[str, Any], now: datetime) -> AdrSubscription:
    """Keep what a client wants to be called about.

    Raises:
        CannotTake: it cannot be read, leads where nobody may be called, or names no programme of the client's. TooMany: as it says.
    """
    if AdrSubscription.objects.filter(link=link).count() >= MOST_SUBSCRIPTIONS:
        raise TooMany(f"a client has at most {MOST_SUBSCRIPTIONS} subscriptions")
    return AdrSubscription.objects.create(
        link=link, program=_named(programs_of(link), said, "programID"), client_name=name_in(said, "clientName"),
        object_operations=read_operations(said, settings.DEVICE_NETWORKS), created_at=now, modified_at=now,
    )  # fmt: skip


def _named(rows: QuerySet[Any], said: Mapping[str, Any], field: str) -> Any:
    found = None
    with suppress(ValueError):  # no id at all is not known either
        found = rows.filter(public_id=uuid.UUID(name_in(said, field))).first()
    if found is None:
        raise CannotTake(field, "is not known")
    return found


def take_report(*, link: DeviceLink, said: Mapping[str, Any], now: datetime) -> AdrReport:
    """Keep a report on an event; one of the same name replaces what was reported before. `now` is real time.

    Raises:
        CannotTake: it cannot be read, or its event is not the client's. TooMany: the client keeps as many as it may.
    """
    report: Report = read_report(said)
    mine = AdrEvent.objects.filter(program__in=programs_of(link)).filter(Q(link=None) | Q(link=link))
    event = _named(mine, {"eventID": report.event_id}, "eventID")
    kept = AdrReport.objects.filter(link=link)
    kept.filter(modified_at__lt=now - KEPT_REPORTS).delete()
    if kept.count() >= MOST_REPORTS:
        raise TooMany(f"a client has at most {MOST_REPORTS} reports")
    row, _ = AdrReport.objects.update_or_create(
        link=link, event=event, client_name=report.client_name, name=report.name,
        defaults={"resources": report.resources, "modified_at": now}, create_defaults={
            "resources": report.resources, "created_at": now, "modified_at": now,
        },
    )  # fmt: skip
    power_w = power_reported(report)
    if power_w is not None:
        DeviceLink.objects.filter(pk=link.pk).update(read_charge_w=power_w)
    return row


def power_reported(report: Report) -> float | None:
    """The power drawn last, over all resources [W]: OpenADR reports DEMAND in kW where no descriptor says otherwise."""
    found = []
    for resource in report.resources:
        values = [
            payload["values"][-1]
            for interval in resource["intervals"]
            for payload in interval["payloads"]
            if payload["type"] == "DEMAND" and payload["values"]
        ]
        if values and isinstance(values[-1], int | float):
            found.append(1000.0 * float(values[-1]))
    return sum(found) if found else None


def program_of(*, microgrid: Microgrid, name: str, payload: AdrPayload, now: datetime) -> AdrProgram:
    """The microgrid's programme of this name, made at its first use."""
    row, _ = AdrProgram.objects.get_or_create(
        microgrid=microgrid, name=name, defaults={"payload": payload, "created_at": now, "modified_at": now}
    )
    return row


def publish_price_events(*, microgrid: Microgrid, now: datetime) -> int:
    """Make an event of each published day of local prices that is not over, once; returns how many are new. `now` is the microgrid's."""
    if not DeviceLink.objects.filter(
        microgrid=microgrid, protocol=LinkProtocol.OPENADR, is_enabled=True
    ).exists():
        return 0
    today = now.astimezone(microgrid.zone).date()
    rows = PriceDay.objects.filter(microgrid=microgrid, day__gte=today).order_by("day")[:DAYS_OF_PRICES]
    program = program_of(microgrid=microgrid, name=PRICES, payload=AdrPayload.PRICE, now=now)
    fresh = 0
    for row in rows:
        day = microgrid.local_day(row.day)
        length = timedelta(minutes=microgrid.interval_minutes)
        _, is_new = AdrEvent.objects.get_or_create(
            program=program, source_ref=f"prices {row.day}",
            defaults={
                "name": f"Local price, {row.day}", "start_at": day.start_at,
                "end_at": day.start_at + length * len(row.local_micro), "interval_s": int(length.total_seconds()),
                "values": [micro / 1e6 for micro in row.local_micro], "created_at": now, "modified_at": now,
            },
        )  # fmt: skip
        fresh += is_new
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
        return LinkAnswer(
            problem=Problem.UNREACHABLE, detail="its client has not asked for its events lately"
        )
    return LinkAnswer(
        Measured(charge_w=link.read_charge_w, limit_w=None if limit_w is None else float(limit_w))
    )


def _keep_limit(
    program: AdrProgram, link: DeviceLink, event: AdrEvent | None, limit_kw: float, now: datetime
) -> None:
    """Begin an event, or let the one that stands say this; it is told anew only where it changes or runs out."""
    if event is None:
        AdrEvent.objects.create(
            program=program, link=link, name=f"At most {limit_kw:g} kW", priority=1, start_at=now, end_at=now + LEAST_LIMIT,
            interval_s=int(LEAST_LIMIT.total_seconds()), values=[limit_kw], source_ref=f"limit {link.pk} {now.isoformat()}",
            created_at=now, modified_at=now,
        )  # fmt: skip
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
    rows = rows.filter(Q(told_at=None) | Q(told_at__lt=F("modified_at"))).select_related(
        "program__microgrid__cooperative"
    )
    taken = 0
    for event in rows.order_by("pk")[:MOST_CALLS]:
        operation = "POST" if event.told_at is None else "PUT"
        AdrEvent.objects.filter(pk=event.pk).update(told_at=event.modified_at)
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
    body = {"objectType": "EVENT", "operation": operation, "object": event_as_json(event)}
    headers = {"Authorization": f"Bearer {one['bearerToken']}"} if one["bearerToken"] else {}
    try:
        with requests.post(
            one["callbackUrl"], json=body, headers=headers, timeout=CALL_PATIENCE_S, allow_redirects=False, stream=True
        ) as answer:  # fmt: skip
            return answer.ok
    except requests.RequestException as problem:
        log.info("a client was not reached at its address: %s", type(problem).__name__)
        return False
