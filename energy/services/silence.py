"""Making silence loud: meters, gateways and feeds that stopped, meters that send zeros; open until they are heard again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from django.db import connection, transaction
from django.db.models import Max

from energy.domain.silence import LATE_AFTER_INTERVALS, judge
from energy.models import FeedSilence, Gateway, ImportStatus, MeterDay, Microgrid, ReadingImport, SilenceKind
from energy.selectors.heard import heard_meters

FEWEST_IMPORTS = 3
LONGEST_FEED_GAP = timedelta(days=40)
LAST_MESSAGES = 20
Subject = tuple[str, int | None, int | None, str]


@dataclass(frozen=True, slots=True)
class SilenceReport:
    """What a check changed."""

    opened: int
    ended: int


@transaction.atomic
def check_silence(*, microgrid: Microgrid, now: datetime) -> SilenceReport:
    """Open a silence for everything that should have been heard by `now`, end those that are over. `now` is the microgrid's."""
    Microgrid.objects.select_for_update().get(pk=microgrid.pk)
    found: dict[Subject, datetime] = {}
    found |= _silent_meters(microgrid, now)
    found |= _silent_gateways(microgrid, now)
    found |= _silent_feeds(microgrid, now)
    open_rows = {
        (row.kind, row.meter_id, row.gateway_id, row.feed): row
        for row in FeedSilence.objects.filter(microgrid=microgrid, ended_at__isnull=True)
    }
    over = [row.pk for subject, row in open_rows.items() if subject not in found]
    FeedSilence.objects.filter(pk__in=over).update(ended_at=now)
    fresh = [
        FeedSilence(microgrid=microgrid, kind=kind, meter_id=meter, gateway_id=gateway, feed=feed, since_at=since, found_at=now)
        for (kind, meter, gateway, feed), since in found.items()
        if (kind, meter, gateway, feed) not in open_rows
    ]
    FeedSilence.objects.bulk_create(fresh)
    return SilenceReport(len(fresh), len(over))


def _silent_meters(microgrid: Microgrid, now: datetime) -> dict[Subject, datetime]:
    known = heard_meters(microgrid=microgrid, now=now)
    if not len(known.meter_ids):
        return {}
    step = timedelta(minutes=microgrid.interval_minutes)
    verdict = judge(known.heard)
    longest = known.heard.measured.shape[1]
    found: dict[Subject, datetime] = {}
    for pk, silent_for, stopped, zeros in zip(
        known.meter_ids.tolist(), verdict.silent_for.tolist(), verdict.stopped.tolist(), verdict.zeros_for.tolist(), strict=True
    ):
        if stopped:
            found[SilenceKind.STOPPED, pk, None, ""] = known.end_at - silent_for * step
        elif zeros:
            found[SilenceKind.ZEROS, pk, None, ""] = known.end_at - (silent_for + zeros) * step
    long_gone = known.meter_ids[verdict.silent_for > longest].tolist()
    return found | _long_gone(microgrid, long_gone)


def _long_gone(microgrid: Microgrid, meter_ids: list[int]) -> dict[Subject, datetime]:
    """Meters that were heard once, but not for more than a week; one never heard of is not silent yet."""
    rows = MeterDay.objects.filter(microgrid_id=microgrid.pk, meter_id__in=meter_ids, is_current=True)
    told = rows.exclude(message_ids=[], provenance="messages")  # closed days of the silent are estimated
    return {
        (SilenceKind.STOPPED, row["meter_id"], None, ""): microgrid.local_day(row["day"]).end_at
        for row in told.values("meter_id").annotate(day=Max("day"))
    }


def _usual_gap(times: Iterable[datetime]) -> timedelta | None:
    """The middle gap between consecutive instants; None for fewer than two gaps."""
    gaps_s = [(after - before).total_seconds() for before, after in pairwise(sorted(times))]
    return timedelta(seconds=median(gaps_s)) if len(gaps_s) >= FEWEST_IMPORTS - 1 else None


def _silent_gateways(microgrid: Microgrid, now: datetime) -> dict[Subject, datetime]:
    interval = timedelta(minutes=microgrid.interval_minutes)
    found: dict[Subject, datetime] = {}
    for gateway in Gateway.objects.filter(microgrid=microgrid, revoked_at__isnull=True, last_seen_at__isnull=False):
        assert gateway.last_seen_at is not None
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT received_at FROM energy_gatewaymessage WHERE gateway_id = %s AND received_at > %s
                   ORDER BY received_at DESC LIMIT %s""",
                [gateway.pk, gateway.last_seen_at - timedelta(days=8), LAST_MESSAGES],
            )
            usual = _usual_gap(row[0] for row in cursor.fetchall()) or interval
        if now - gateway.last_seen_at >= LATE_AFTER_INTERVALS * max(usual, interval):
            found[SilenceKind.STOPPED, None, gateway.pk, ""] = gateway.last_seen_at
    return found


def _silent_feeds(microgrid: Microgrid, now: datetime) -> dict[Subject, datetime]:
    """A format in which files came regularly, three times at least, and no longer do."""
    times: dict[str, list[datetime]] = {}
    accepted = ReadingImport.objects.filter(microgrid=microgrid, status=ImportStatus.ACCEPTED, accepted_at__gt=now - 12 * LONGEST_FEED_GAP)
    for format_name, at in accepted.order_by("accepted_at").values_list("format", "accepted_at"):
        if at is not None:
            times.setdefault(format_name, []).append(at)
    found: dict[Subject, datetime] = {}
    for format_name, instants in times.items():
        usual = _usual_gap(instants[-LAST_MESSAGES:])
        regular = usual is not None and timedelta(hours=1) <= usual <= LONGEST_FEED_GAP
        if usual is not None and regular and now - instants[-1] >= LATE_AFTER_INTERVALS * usual:
            found[SilenceKind.STOPPED, None, None, format_name] = instants[-1]
    return found
