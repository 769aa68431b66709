"""OpenADR's objects as the standard writes them."""

from datetime import timedelta
from typing import Any

from grid.domain.devices.openadr import duration_text, instant_text
from grid.models import AdrEvent, AdrPayload, AdrProgram, AdrReport, AdrSubscription, AdrVen

UNITS = {AdrPayload.PRICE: "KWH", AdrPayload.LIMIT: "KW"}


def _head(row: Any, kind: str) -> dict[str, Any]:
    return {
        "id": str(row.public_id),
        "createdDateTime": instant_text(row.created_at),
        "modificationDateTime": instant_text(row.modified_at),
        "objectType": kind,
    }


def program_as_json(row: AdrProgram) -> dict[str, Any]:
    """A programme with what its values are."""
    return _head(row, "PROGRAM") | {"programName": row.name, "payloadDescriptors": [_descriptor(row)]}


def _descriptor(row: AdrProgram) -> dict[str, Any]:
    found: dict[str, Any] = {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": row.payload}
    if row.payload in UNITS:
        found["units"] = UNITS[AdrPayload(row.payload)]
    if row.payload == AdrPayload.PRICE:
        found["currency"] = row.microgrid.cooperative.currency
    return found


def event_as_json(row: AdrEvent) -> dict[str, Any]:
    """An event: intervals of equal length, one value each."""
    length = timedelta(seconds=row.interval_s)
    if len(row.values) == 1:
        length = row.end_at - row.start_at
    return _head(row, "EVENT") | {
        "programID": str(row.program.public_id),
        "eventName": row.name,
        "priority": row.priority,
        "payloadDescriptors": [_descriptor(row.program)],
        "intervalPeriod": {"start": instant_text(row.start_at), "duration": duration_text(length)},
        "intervals": [{"id": n, "payloads": [{"type": row.program.payload, "values": [value]}]} for n, value in enumerate(row.values)],
    }


def ven_as_json(row: AdrVen) -> dict[str, Any]:
    """What a client said of itself."""
    return _head(row, "VEN") | {"venName": row.name, "attributes": row.attributes, "targets": row.targets}


def subscription_as_json(row: AdrSubscription) -> dict[str, Any]:
    """A subscription; its secret is the client's and not told again."""
    shown = [{key: value for key, value in one.items() if key != "bearerToken"} for one in row.object_operations]
    return _head(row, "SUBSCRIPTION") | {"programID": str(row.program.public_id), "clientName": row.client_name, "objectOperations": shown}


def report_as_json(row: AdrReport) -> dict[str, Any]:
    """A report as it was taken."""
    return _head(row, "REPORT") | {
        "programID": str(row.event.program.public_id),
        "eventID": str(row.event.public_id),
        "clientName": row.client_name,
        "reportName": row.name or None,
        "resources": row.resources,
    }
