"""Recording interruptions of supply: by an operator, or by what noticed them. `now` is the microgrid's."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from energy.models import Microgrid, Site
from grid.models import InterruptedSite, Interruption, InterruptionCause
from members.models import User


class CannotRecord(ValueError):
    """The interruption cannot be recorded so; the message says why."""


@transaction.atomic
def record_interruption(
    *,
    microgrid: Microgrid,
    sites: Sequence[Site],
    started_at: datetime,
    cause: InterruptionCause,
    now: datetime,
    ended_at: datetime | None = None,
    note: str = "",
    by: User | None = None,
    external_ref: str = "",
    tier: int | None = None,
    shares: Mapping[int, float] | None = None,
) -> Interruption:
    """Record an interruption; with an `external_ref` that is known already, nothing is recorded twice.

    Args:
        shares: by site, the part of its connected load that is without; all of it where nothing is said.

    Raises:
        CannotRecord: no site, a site of elsewhere, or times that are not in order or lie ahead.
    """
    if external_ref:
        known = Interruption.objects.filter(microgrid=microgrid, external_ref=external_ref).first()
        if known is not None:
            return known
    if not sites:
        raise CannotRecord("Name the sites that were without supply.")
    if any(site.microgrid_id != microgrid.pk for site in sites):
        raise CannotRecord("A site of another microgrid is among them.")
    if started_at > now or (ended_at is not None and ended_at > now):
        raise CannotRecord("An interruption cannot lie ahead.")
    if ended_at is not None and ended_at <= started_at:
        raise CannotRecord("It must end after it began.")
    row = Interruption.objects.create(
        microgrid=microgrid,
        started_at=started_at,
        ended_at=ended_at,
        cause=cause,
        note=note.strip()[:300],
        recorded_by=by,
        external_ref=external_ref,
        tier=tier,
    )
    parts = shares or {}
    InterruptedSite.objects.bulk_create(
        InterruptedSite(interruption=row, site=site, share=Decimal(str(parts.get(site.pk, 1)))) for site in sites
    )
    return row


@transaction.atomic
def restore_sites(*, interruption: Interruption, sites: Sequence[Site], at: datetime, now: datetime) -> int:
    """Note that some sites have supply again; with the last of them the interruption ends. Returns how many had none before.

    Raises:
        CannotRecord: no site of it is named, or it would be before supply was gone, or lies ahead.
    """
    row = Interruption.objects.select_for_update().get(pk=interruption.pk)
    ids = {site.pk for site in sites}
    touched = row.sites.filter(site__in=ids)
    if not ids or touched.count() != len(ids):
        raise CannotRecord("Name sites that this interruption touched.")
    if at <= row.started_at:
        raise CannotRecord("Supply cannot be back before it was gone.")
    if at > now:
        raise CannotRecord("Say when supply was back, not when it will be.")
    if row.ended_at is not None and at > row.ended_at:
        raise CannotRecord("This interruption ended before that: supply was back everywhere.")
    changed = touched.filter(restored_at__isnull=True).update(restored_at=at)
    if row.ended_at is None and not row.sites.filter(restored_at__isnull=True).exists():
        last = row.sites.aggregate(last=Max("restored_at"))["last"]
        Interruption.objects.filter(pk=row.pk).update(ended_at=last)
    return changed


@transaction.atomic
def end_interruption(*, interruption: Interruption, at: datetime, now: datetime) -> None:
    """End an interruption for all sites that have no supply yet. Twice changes nothing.

    Raises:
        CannotRecord: it would end before it began, before a site had supply again, or ahead.
    """
    row = Interruption.objects.select_for_update().get(pk=interruption.pk)
    if row.ended_at is not None:
        return
    if at > now:
        raise CannotRecord("Say when supply was back, not when it will be.")
    last = row.sites.aggregate(last=Max("restored_at"))["last"]
    if at <= row.started_at or (last is not None and at < last):
        raise CannotRecord("It must end after it began, and not before the sites that had supply again earlier.")
    Interruption.objects.filter(pk=row.pk).update(ended_at=at)
