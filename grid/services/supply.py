"""Interruptions that a tick knows of by itself: loads that control let go, wires without voltage. Part of the tick's transaction.

Each tick compares who is without supply with what is recorded and open, so that a tick that is written twice, or a process that takes
over, records nothing twice.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import numpy as np

from grid.domain.supply import Loss, ShedLoads, losses_of, supply_steps
from grid.models import DeviceCommand, GridState, InterruptedSite, Interruption, InterruptionCause
from grid.services.control_tick import Thought, hold_length, tick_length
from grid.services.interruptions import record_interruption, restore_sites

OF_CONTROL = "control:"
MOST_TICKS_LATE = 2


def note_supply(*, thought: Thought) -> None:
    """Record who lost supply in this tick, and who has it again."""
    microgrid, now = thought.layout.microgrid, thought.now
    open_rows = InterruptedSite.objects.filter(
        interruption__microgrid=microgrid, interruption__ended_at__isnull=True, restored_at__isnull=True
    )
    known = list(open_rows.values_list("site_id", "share", "interruption__external_ref"))
    own = {site: float(share) for site, share, ref in known if ref.startswith(OF_CONTROL)}
    if own and _were_free_meanwhile(thought):
        own = {}
    losses = _losses(thought, own)
    steps = supply_steps(losses, own, {site for site, _, _ in known})
    _give_back(thought, steps.back, now)
    for tier, sites in steps.lost.items():
        _record(thought, tier, sites)


def _losses(thought: Thought, known: Collection[int]) -> dict[int, Loss]:
    """Who is without supply; what an operator ordered counts from now, what control decided from when it did."""
    layout, choice, memory = thought.layout, thought.choice, thought.choice.memory
    first = len(layout.storages) + len(layout.source_site)
    loads_told = slice(first, first + len(layout.load_site))
    heard = layout.may_be_told[loads_told] & thought.told.is_known[loads_told]
    gone_s = np.where(memory.load_is_shed, memory.at_s - memory.load_since_s, 0.0)
    most_s = MOST_TICKS_LATE * tick_length(layout.microgrid).total_seconds() / max(layout.microgrid.clock_speed, 1.0)
    loads = ShedLoads(
        layout.site_ids[layout.load_site],
        layout.points.load_tier,
        choice.load_is_shed,
        heard,
        np.clip(gone_s, 0.0, most_s),
        layout.load_share,
    )
    return losses_of(loads, layout.site_ids.tolist(), not thought.scene.coupling.is_alive, known)


def _were_free_meanwhile(thought: Thought) -> bool:
    """Where no tick ran for longer than a command stands, devices took their fallback by themselves: then supply was back."""
    microgrid = thought.layout.microgrid
    before = GridState.objects.filter(microgrid=microgrid, at__lt=thought.now).order_by("-at").first()
    if before is None or thought.now - before.at <= 2 * hold_length(microgrid):
        return False
    _give_back(thought, None, before.at + hold_length(microgrid))
    return True


def _give_back(thought: Thought, site_ids: Collection[int] | None, at: datetime) -> None:
    """Note that these sites have supply again, or all that control knows of."""
    if site_ids is not None and not site_ids:
        return
    rows = Interruption.objects.filter(microgrid=thought.layout.microgrid, ended_at__isnull=True, external_ref__startswith=OF_CONTROL)
    for row in rows.prefetch_related("sites__site"):
        back = [t.site for t in row.sites.all() if t.restored_at is None and (site_ids is None or t.site_id in site_ids)]
        if back:
            at_least = row.started_at + timedelta(milliseconds=1)
            restore_sites(interruption=row, sites=back, at=max(at, at_least), now=max(thought.now, at_least))


def _record(thought: Thought, tier: int | None, sites: Mapping[int, Loss]) -> None:
    layout, now = thought.layout, thought.now
    gone = timedelta(seconds=max(loss.gone_s for loss in sites.values()) * max(layout.microgrid.clock_speed, 1.0))
    if tier is None:
        cause = InterruptionCause.UNKNOWN if thought.scene.coupling.grid_is_sound else InterruptionCause.PUBLIC_GRID
        note = "The wires have no voltage."
    else:
        cause, note = InterruptionCause.SHEDDING, f"Tier {tier} let go: {_why(thought, sites)}."
    record_interruption(
        microgrid=layout.microgrid,
        sites=list(layout.microgrid.sites.filter(pk__in=sites)),
        started_at=now - gone,
        cause=cause,
        tier=tier,
        note=note,
        now=now,
        external_ref=f"{OF_CONTROL}{now.isoformat()}:{tier or 'dead'}",
        shares={site: loss.share for site, loss in sites.items()},
    )


def _why(thought: Thought, sites: Collection[int]) -> str:
    """The reason of the first of the commands that let these loads go."""
    told = DeviceCommand.objects.filter(
        microgrid=thought.layout.microgrid,
        consumer__site__in=sites,
        limit_w=0,
        issued_at__gt=thought.now - hold_length(thought.layout.microgrid),
        issued_at__lte=thought.now,
    )
    first = told.order_by("issued_at", "pk").values_list("reason", flat=True).first()
    return first or thought.choice.load_reason
