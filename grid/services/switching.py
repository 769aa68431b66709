"""Switches moved together, and what that means for supply: sites that lose it and sites that have it again are recorded at that instant."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from energy.models import Microgrid, Site, Switch, SwitchPosition
from energy.services.switching import move_switch
from grid.models import InterruptedSite, Interruption, InterruptionCause
from grid.selectors.network import sites_without_supply
from grid.services.interruptions import record_interruption, restore_sites
from members.models import User

OF_SWITCHING = "switching:"


@dataclass(frozen=True, slots=True)
class Move:
    """A switch and how it is to stand."""

    switch: Switch
    closed: bool


@transaction.atomic
def move_switches(
    *,
    microgrid: Microgrid,
    moves: Sequence[Move],
    reason: str,
    note: str,
    cause: InterruptionCause,
    ref: str,
    by: User | None,
    now: datetime,
) -> list[SwitchPosition]:
    """Move switches at one instant, in the order given; `ref` names what moves them, once.

    Raises:
        CannotSwitch: one of them cannot be moved; then none is.
    """
    Microgrid.objects.select_for_update().get(pk=microgrid.pk)
    before = sites_without_supply(microgrid.pk, now)
    positions = [move_switch(switch=move.switch, closed=move.closed, reason=reason, by=by, now=now) for move in moves]
    after = sites_without_supply(microgrid.pk, now)
    _give_back(microgrid, before - after, now)
    known = InterruptedSite.objects.filter(interruption__microgrid=microgrid, interruption__ended_at__isnull=True, restored_at__isnull=True)
    lost = (after - before) - set(known.values_list("site_id", flat=True))
    if lost:
        record_interruption(
            microgrid=microgrid,
            sites=list(Site.objects.filter(pk__in=lost)),
            started_at=now,
            cause=cause,
            note=note,
            now=now,
            by=by,
            external_ref=f"{OF_SWITCHING}{ref}",
        )
    return positions


def _give_back(microgrid: Microgrid, site_ids: Collection[int], now: datetime) -> None:
    """Sites that have supply again by a switch that was moved; what others recorded is theirs to end."""
    rows = Interruption.objects.filter(microgrid=microgrid, ended_at__isnull=True, external_ref__startswith=OF_SWITCHING)
    for row in rows.prefetch_related("sites__site"):
        back = [t.site for t in row.sites.all() if t.restored_at is None and t.site_id in site_ids]
        if back:
            at = max(now, row.started_at + timedelta(milliseconds=1))
            restore_sites(interruption=row, sites=back, at=at, now=at)
