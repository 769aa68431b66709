"""What is silent, and whom it touches."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from energy.models import FeedSilence, GatewayMeter, Meter, Microgrid, ReadingImport
from members.models import Member

SHOWN_ENDED = 50


@dataclass(frozen=True, slots=True)
class Silence:
    """A silence with the meters and members it touches."""

    row: FeedSilence
    what: str
    meters: list[Meter]
    members: list[Member]
    lasts: timedelta


def silences(*, microgrid: Microgrid, now: datetime) -> tuple[list[Silence], list[FeedSilence]]:
    """What is silent now, the longest first, and what was heard again in the last week."""
    rows = FeedSilence.objects.filter(microgrid=microgrid).select_related("meter__site__member", "gateway")
    open_rows = list(rows.filter(ended_at__isnull=True).order_by("since_at", "pk"))
    touched = _touched(microgrid, open_rows)
    shown = []
    for row in open_rows:
        meters = touched[row.pk]
        members = {meter.site.member_id: meter.site.member for meter in meters}
        named = sorted(members.values(), key=lambda member: member.number)
        shown.append(Silence(row, _what(row), meters, named, now - row.since_at))
    ended = rows.filter(ended_at__gt=now - timedelta(days=7)).order_by("-ended_at")[:SHOWN_ENDED]
    return shown, list(ended)


def _what(row: FeedSilence) -> str:
    if row.meter:
        return f"Meter {row.meter.code}"
    return f"Gateway {row.gateway.name}" if row.gateway else f"Files in the format {row.feed}"


def _touched(microgrid: Microgrid, rows: list[FeedSilence]) -> dict[int, list[Meter]]:
    """The meters behind each silence, by its id; asked for all at once."""
    by_gateway: dict[int, list[int]] = {}
    for gateway_id, meter_id in GatewayMeter.objects.filter(gateway__in=[row.gateway_id for row in rows if row.gateway_id]).values_list(
        "gateway_id", "meter_id"
    ):
        by_gateway.setdefault(gateway_id, []).append(meter_id)
    by_feed = {
        row.feed: list(
            ReadingImport.objects.filter(microgrid=microgrid, format=row.feed, accepted_at__isnull=False)
            .order_by("-accepted_at")
            .values_list("meter_ids", flat=True)[:1]
        )
        for row in rows
        if row.feed
    }
    ids = {
        row.pk: [row.meter_id]
        if row.meter_id
        else by_gateway.get(row.gateway_id or 0, [])
        if row.gateway_id
        else [pk for found in by_feed[row.feed] for pk in found]
        for row in rows
    }
    meters = Meter.objects.select_related("site__member").in_bulk({pk for found in ids.values() for pk in found})
    return {pk: sorted((meters[i] for i in found if i in meters), key=lambda meter: meter.code) for pk, found in ids.items()}


def open_silences(microgrid: Microgrid) -> int:
    """How many are open."""
    return FeedSilence.objects.filter(microgrid=microgrid, ended_at__isnull=True).count()
