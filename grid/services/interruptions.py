"""Recording interruptions of supply: by an operator, or by what noticed them. `now` is the microgrid's."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from energy.models import Microgrid, Site
from grid.models import InterruptedSite, Interruption, InterruptionCause
from members.models import User


class CannotRecord(ValueError):
    """The interruption cannot be recorded so; the message says why."""


@transaction.atomic
def record_interruption(
    *, microgrid: Microgrid, sites: Sequence[Site], started_at: datetime, cause: InterruptionCause, now: datetime,
    ended_at: datetime | None = None, note: str = "", by: User | None = None, external_ref: str = "",
) -> Interruption:  # fmt: skip
    """Record an interruption; with an `external_ref` that is known already, nothing is recorded twice.

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
        microgrid=microgrid, started_at=started_at, ended_at=ended_at, cause=cause, note=note.strip()[:300], recorded_by=by,
        external_ref=external_ref,
    )  # fmt: skip
    InterruptedSite.objects.bulk_create(InterruptedSite(interruption=row, site=site) for site in sites)
    return row


@transaction.atomic
def restore_sites(*, interruption: Interruption, sites: Sequence[Site], at: datetime) -> None:
    """Note that some sites have supply again before the interruption ends for all."""
    if at <= interruption.started_at:
        raise CannotRecord("Supply cannot be back before it was gone.")
    interruption.sites.filter(site__in=sites, restored_at__isnull=True).update(restored_at=at)


@transaction.atomic
def end_interruption(*, interruption: Interruption, at: datetime) -> None:
    """End an interruption for all sites that have no supply yet. Twice changes nothing.

    Raises:
        CannotRecord: it would end before it began.
    """
    if at <= interruption.started_at:
        raise CannotRecord("It must end after it began.")
    Interruption.objects.filter(pk=interruption.pk, ended_at__isnull=True).update(ended_at=at)
