"""OpenADR 3.0.1 in our terms: what clients may say, read at the door with bounds, and how instants and durations are written."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from grid.domain.devices.links import may_be_reached

LARGEST_BODY_BYTES = 64 * 1024
LONGEST_NAME = 128
MOST_RESOURCES, MOST_INTERVALS, MOST_PAYLOADS, MOST_OPERATIONS = 50, 1000, 20, 10
OBJECTS, OPERATIONS = ({"PROGRAM", "EVENT", "REPORT", "SUBSCRIPTION", "VEN", "RESOURCE"}, {"GET", "POST", "PUT", "DELETE"})
LONGEST_TOKEN = 4096
NAME = re.compile(r"[^\x00-\x1f\x7f]{1,128}")


class CannotTake(ValueError):
    """A client's body cannot be taken; `where` is the place in it."""

    def __init__(self, where: str, detail: str) -> None:
        super().__init__(f"{where}: {detail}")
        self.where, self.detail = where, detail


def instant_text(instant: datetime) -> str:
    """An instant as the standard writes it."""
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")


def duration_text(length: timedelta) -> str:
    """A duration by ISO 8601: PT15M, PT1H, P1D."""
    seconds = int(length.total_seconds())
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    time = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
    day = f"{days}D" if days else ""
    return f"P{day}T{time}" if time else f"P{day}" if day else "PT0S"


def read_object(body: bytes) -> dict[str, Any]:
    """A body as an object.

    Raises:
        CannotTake: it is too large, or no JSON object.
    """
    if len(body) > LARGEST_BODY_BYTES:
        raise CannotTake("body", f"at most {LARGEST_BODY_BYTES} bytes")
    try:
        found = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise CannotTake("body", "must be JSON") from None
    if not isinstance(found, dict):
        raise CannotTake("body", "must be an object")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(name)


def name_in(said: Mapping[str, Any], field: str, *, optional: bool = False) -> str:
    """A name of at most 128 printable characters."""
    found = said.get(field)
    if found is None and optional:
        return ""
    if not isinstance(found, str) or not NAME.fullmatch(found):
        raise CannotTake(field, f"must be a text of 1 to {LONGEST_NAME} characters")
    return found


def values_maps(said: Mapping[str, Any], field: str) -> list[dict[str, Any]]:
    """Attributes or targets: `{type, values[]}` each; 3.1 writes targets as plain texts."""
    found = said.get(field) or []
    if not isinstance(found, list) or len(found) > MOST_PAYLOADS:
        raise CannotTake(field, f"must be a list of at most {MOST_PAYLOADS}")
    return [_values_map(one, f"{field}[{i}]") for i, one in enumerate(found)]


def _values_map(one: Any, where: str) -> dict[str, Any]:
    if isinstance(one, str):
        return {"type": "TARGET", "values": [one[:LONGEST_NAME]]}
    if not isinstance(one, dict) or not isinstance(one.get("type"), str) or not isinstance(one.get("values"), list):
        raise CannotTake(where, "must have a type and values")
    values = one["values"]
    if len(values) > MOST_PAYLOADS or not all(_is_plain(value) for value in values):
        raise CannotTake(f"{where}.values", f"must be at most {MOST_PAYLOADS} numbers, texts or truths")
    return {"type": one["type"][:LONGEST_NAME], "values": values}


def _is_plain(value: Any) -> bool:
    if isinstance(value, bool):
        return True
    if isinstance(value, int | float):
        return math.isfinite(value)
    return isinstance(value, str) and len(value) <= LONGEST_NAME


@dataclass(frozen=True, slots=True)
class Report:
    """What a client reports about an event."""

    event_id: str
    client_name: str
    name: str
    resources: list[dict[str, Any]]


def read_report(said: Mapping[str, Any]) -> Report:
    """A report: resources with intervals with payloads, each bounded.

    Raises:
        CannotTake: it is not as the standard has it.
    """
    found = said.get("resources")
    if not isinstance(found, list) or not 1 <= len(found) <= MOST_RESOURCES:
        raise CannotTake("resources", f"must be a list of 1 to {MOST_RESOURCES}")
    resources = [_resource(one, f"resources[{i}]") for i, one in enumerate(found)]
    return Report(name_in(said, "eventID"), name_in(said, "clientName"), name_in(said, "reportName", optional=True), resources)


def _resource(one: Any, where: str) -> dict[str, Any]:
    if not isinstance(one, dict):
        raise CannotTake(where, "must be an object")
    intervals = one.get("intervals")
    if not isinstance(intervals, list) or not 1 <= len(intervals) <= MOST_INTERVALS:
        raise CannotTake(f"{where}.intervals", f"must be a list of 1 to {MOST_INTERVALS}")
    return {
        "resourceName": name_in(one, "resourceName"),
        **_period(one, where),
        "intervals": [_interval(found, f"{where}.intervals[{i}]") for i, found in enumerate(intervals)],
    }


def _interval(one: Any, where: str) -> dict[str, Any]:
    if not isinstance(one, dict) or type(one.get("id")) is not int:
        raise CannotTake(where, "must have a whole id")
    return {"id": one["id"], **_period(one, where), "payloads": values_maps(one, "payloads")}


def _period(one: Mapping[str, Any], where: str) -> dict[str, Any]:
    period = one.get("intervalPeriod")
    if period is None:
        return {}
    if not isinstance(period, dict) or not isinstance(period.get("start"), str):
        raise CannotTake(f"{where}.intervalPeriod", "must have a start")
    kept = {key: str(period[key])[:40] for key in ("start", "duration", "randomizeStart") if key in period}
    return {"intervalPeriod": kept}


def read_operations(said: Mapping[str, Any], networks: Sequence[str]) -> list[dict[str, Any]]:
    """What a client wants to be called about; it may only be called at literal addresses inside `networks`.

    Raises:
        CannotTake: it is not as the standard has it, or leads elsewhere.
    """
    found = said.get("objectOperations")
    if not isinstance(found, list) or not 1 <= len(found) <= MOST_OPERATIONS:
        raise CannotTake("objectOperations", f"must be a list of 1 to {MOST_OPERATIONS}")
    return [_operation(one, f"objectOperations[{i}]", networks) for i, one in enumerate(found)]


def _operation(one: Any, where: str, networks: Sequence[str]) -> dict[str, Any]:
    if not isinstance(one, dict):
        raise CannotTake(where, "must be an object")
    objects, operations = one.get("objects"), one.get("operations")
    if not isinstance(objects, list) or not objects or not set(map(str, objects)) <= OBJECTS:
        raise CannotTake(f"{where}.objects", f"must be among {', '.join(sorted(OBJECTS))}")
    if not isinstance(operations, list) or not operations or not set(map(str, operations)) <= OPERATIONS:
        raise CannotTake(f"{where}.operations", f"must be among {', '.join(sorted(OPERATIONS))}")
    url, token = one.get("callbackUrl"), one.get("bearerToken") or ""
    if not isinstance(url, str) or not may_be_called(url, networks):
        raise CannotTake(f"{where}.callbackUrl", "must be http(s) at an IP address where devices may be")
    if not isinstance(token, str) or len(token) > LONGEST_TOKEN:
        raise CannotTake(f"{where}.bearerToken", "must be a text")
    return {"objects": objects, "operations": operations, "callbackUrl": url, "bearerToken": token}


def may_be_called(url: str, networks: Sequence[str]) -> bool:
    """Whether a callback may go there."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    named = parts.scheme in {"http", "https"} and parts.hostname and not parts.username and not parts.password
    return bool(named) and len(url) <= 500 and port != 0 and may_be_reached(str(parts.hostname), networks)
