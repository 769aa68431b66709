"""What charge points say, written down: boots, states, transactions, power; registers go the way of every gateway's. `now` is real time."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from energy.domain.gateway_messages import CannotTake
from energy.services.gateways import accept_from
from grid.domain.devices.charging import DEFAULT_PHASES, power_in, registers_in
from grid.models import ChargingSession, ChargingTag, DeviceLink, LinkProtocol


def station_links(station: str) -> QuerySet[DeviceLink]:
    """The connectors of a station."""
    rows = DeviceLink.objects.filter(protocol=LinkProtocol.OCPP, station=station, is_enabled=True)
    return rows.select_related("microgrid", "gateway", "consumer__site").order_by("connector")


def link_at(station: str, connector: int) -> DeviceLink | None:
    """The connector's link, else that of the whole station (connector 0)."""
    rows = {row.connector: row for row in station_links(station)}
    return rows.get(connector, rows.get(0))


def phases_at(*, station: str, connector: int) -> int:
    """On how many phases a car charges there: as many as its site has."""
    link = link_at(station, connector)
    return DEFAULT_PHASES if link is None else _phases(link)


def _phases(link: DeviceLink) -> int:
    return len(link.consumer.site.phases) if link.consumer is not None else DEFAULT_PHASES


def note_boot(*, station: str, model: str, version: str, now: datetime) -> dict[int, int]:
    """Note who it is; returns the fallback [W] of each connector that has one."""
    rows = station_links(station)
    rows.update(model=model[:120], version=version, last_contact_at=now)
    return {row.connector: row.fallback_w for row in rows if row.fallback_w is not None}


def note_contact(*, station: str, now: datetime) -> None:
    """It was heard."""
    station_links(station).update(last_contact_at=now)


def note_state(*, station: str, connector: int, state: str, now: datetime) -> None:
    """Note a connector's state; connector 0 speaks for the station, not for a car."""
    link = link_at(station, connector)
    if connector and link is not None:
        DeviceLink.objects.filter(pk=link.pk).update(state=state[:40], last_contact_at=now)


def may_charge(*, station: str, tag: str) -> bool:
    """Whether this card may charge there."""
    return _tag_of(station, tag) is not None


def tag_digest(tag: str) -> str:
    """Cards are kept as hashes, in lower case: stations write them either way."""
    return hashlib.sha256(tag.strip().lower().encode()).hexdigest()


def _tag_of(station: str, tag: str) -> ChargingTag | None:
    grids = station_links(station).values("microgrid")
    return ChargingTag.objects.filter(microgrid__in=grids, tag_sha256=tag_digest(tag), revoked_at__isnull=True).first()


@transaction.atomic
def begin_session(
    *, station: str, connector: int, reference: str | None, tag: str, started_at: datetime, start_wh: float | None
) -> str | None:
    """Note a transaction; returns its reference, None where it may not be. A message that is sent again begins nothing anew."""
    link, card = link_at(station, connector), _tag_of(station, tag)
    if link is None or card is None:
        return None
    whole = None if start_wh is None else round(start_wh)
    fields = {"tag": card, "started_at": started_at, "start_wh": whole}
    if reference is not None:
        row, _ = ChargingSession.objects.get_or_create(link=link, reference=reference[:40], defaults=fields)
        return row.reference
    known = ChargingSession.objects.filter(link=link, **fields).first()
    if known is not None:
        return known.reference
    row = ChargingSession.objects.create(link=link, reference="", **fields)
    row.reference = str(row.pk)
    row.save(update_fields=["reference"])
    return row.reference


@transaction.atomic
def end_session(*, station: str, reference: str, ended_at: datetime, end_wh: float | None, reason: str) -> bool:
    """Note the end of a transaction; False where it is not known or ended already."""
    rows = ChargingSession.objects.select_for_update(of=("self",)).filter(
        link__in=station_links(station), reference=reference, ended_at__isnull=True
    )
    row = rows.first()
    if row is None:
        return False
    row.ended_at, row.reason = max(ended_at, row.started_at), reason[:40]
    row.end_wh = None if end_wh is None else round(end_wh)
    row.save()
    return True


def running_sessions(station: str) -> dict[int, str]:
    """Transactions under way, by connector: a station that comes back goes on with them."""
    rows = ChargingSession.objects.filter(link__in=station_links(station), ended_at__isnull=True)
    return dict(rows.order_by("started_at").values_list("link__connector", "reference"))


def take_measured(*, station: str, connector: int, values: Sequence[Mapping[str, Any]], message_id: str, now: datetime) -> str:
    """Keep the power that a car draws, and hand in registers in the name of the connector's gateway; says why they were not taken."""
    link = link_at(station, connector)
    if link is None:
        return "no such connector"
    power_w = power_in(values, _phases(link))
    fields: dict[str, Any] = {"last_contact_at": now}
    if power_w is not None:
        fields["read_charge_w"] = power_w
    DeviceLink.objects.filter(pk=link.pk).update(**fields)
    said = registers_in(station, connector, values)
    if said is None or link.gateway is None:
        return ""
    sent_at = link.microgrid.now(now)
    body = {"message_id": f"ocpp/{station}/{message_id}"[:120], "sent_at": sent_at.isoformat(), "meter_values": [said]}
    try:
        accept_from(gateway=link.gateway, body=json.dumps(body).encode(), now=now)
    except CannotTake as refusal:
        return str(refusal)
    return ""
