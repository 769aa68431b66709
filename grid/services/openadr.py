"""OpenADR's clients: their tokens, what they may fetch, what they register and report."""

import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Q, QuerySet

from grid.domain.devices.openadr import CannotTake, Report, name_in, read_operations, read_report, values_maps
from grid.models import AdrEvent, AdrProgram, AdrReport, AdrSubscription, AdrVen, DeviceLink, LinkProtocol
from grid.services.device_links import link_of_key

SALT = "openadr client"
TOKEN_S = 3600
MOST_VENS, MOST_SUBSCRIPTIONS, MOST_REPORTS = 20, 20, 1000
KEPT_REPORTS = timedelta(days=32)


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
    return {"name": name_in(said, "venName"), "attributes": values_maps(said, "attributes"), "targets": values_maps(said, "targets")}


def subscribe(*, link: DeviceLink, said: Mapping[str, Any], now: datetime) -> AdrSubscription:
    """Keep what a client wants to be called about.

    Raises:
        CannotTake: it cannot be read, leads where nobody may be called, or names no programme of the client's. TooMany: as it says.
    """
    if AdrSubscription.objects.filter(link=link).count() >= MOST_SUBSCRIPTIONS:
        raise TooMany(f"a client has at most {MOST_SUBSCRIPTIONS} subscriptions")
    return AdrSubscription.objects.create(
        link=link,
        program=_named(programs_of(link), said, "programID"),
        client_name=name_in(said, "clientName"),
        object_operations=read_operations(said, settings.DEVICE_NETWORKS),
        created_at=now,
        modified_at=now,
    )


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
        link=link,
        event=event,
        client_name=report.client_name,
        name=report.name,
        defaults={"resources": report.resources, "modified_at": now},
        create_defaults={"resources": report.resources, "created_at": now, "modified_at": now},
    )
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
