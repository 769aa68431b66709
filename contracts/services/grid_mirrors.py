"""Mirrors of what the grid decided: peaks that members were asked to lower, and what storages took and gave.

Energy in Wh. Only the cooperative's own storages are followed by day; of a member's one who publishes the site's totals the chain learns the
month's net change, of any other's nothing, because what a home battery does tells of the home.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import Exists, OuterRef, Q, Sum
from numpy.typing import NDArray

from billing.models import BillingRun
from contracts.domain.chain import Chain
from contracts.domain.commitments import unhexed
from contracts.models import StorageMirror
from contracts.services.mirrors import consents_along
from contracts.services.outbox import enqueue
from contracts.services.stored_energy import Stores
from energy.models import Channel, Meter, StorageUnit
from energy.selectors.meter_days import load_channel
from grid.models import BalanceDay, DemandEvent

BATCH = 40


def _in_one(chain: Chain, key: str, calls: Sequence[tuple[str, Sequence[Any]]], now: datetime) -> None:
    """Calls of the balancing contract's functions, in order, in few transactions."""
    for index in range(0, len(calls), BATCH):
        encoded = [chain.encode("GridBalancing", name, given) for name, given in calls[index : index + BATCH]]
        enqueue(chain=chain, key=f"{key}:{index // BATCH}", contract="GridBalancing", function="multicall", arguments=[encoded], now=now)


def mirror_peaks(*, chain: Chain, run: BillingRun, now: datetime) -> None:
    """Each demand response event: the state of its hours with what storages held at its end, then the demand expected without it.

    Sent before the month's days: the contract judges a peak by the newest state it knows, and the days' states come later in time.
    """
    microgrid, days = run.microgrid, run.days()
    first, last = microgrid.local_day(days[0]).start_at, microgrid.local_day(days[-1]).end_at
    events = DemandEvent.objects.filter(
        programme__microgrid=microgrid, cancelled_at=None, measured_at__isnull=False, start_at__gte=first, start_at__lt=last
    ).annotate(delivered_wh=Sum("responses__delivered_wh", filter=Q(responses__delivered_wh__gt=0)))
    stores = Stores.of(microgrid)
    known = BalanceDay.objects.filter(microgrid=microgrid, day__lte=max(days), is_current=True).order_by("day")
    balances = {row.day: (row, before) for row, before in stores.course(known) if row.day in days}
    calls: list[tuple[str, Sequence[Any]]] = []
    for event in events.order_by("start_at"):
        day = microgrid.local_day(event.start_at.astimezone(microgrid.zone).date())
        if day.day not in balances:
            continue
        (row, before), begin = balances[day.day], day.index_of(event.start_at)
        hours = slice(begin, begin + round((event.end_at - event.start_at) / timedelta(minutes=microgrid.interval_minutes)))
        supply = sum(row.production_wh[hours]) + sum(row.discharge_wh[hours])
        demand = sum(row.consumption_wh[hours]) + sum(row.charge_wh[hours])
        stored = round(stores.after(before, row, hours.stop))
        calls.append(("recordGridState", (int(event.end_at.timestamp()), supply, demand, stored)))
        calls.append(("handlePeakDemand", (demand + (event.delivered_wh or 0),)))
    _in_one(chain, f"peaks:{chain.chain_id()}:{run.chain_ref}", calls, now)


def mirror_storages(*, chain: Chain, run: BillingRun, now: datetime) -> None:
    """What storages took and gave in a run's days, once; each begins on the chain where it was registered, half full."""
    storages = list(
        StorageUnit.objects.filter(site__microgrid=run.microgrid)
        .filter(Q(site__member__is_cooperative=True) | Exists(consents_along(OuterRef("site"), run.days())))
        .exclude(mirror__period__gte=run.period)
        .select_related("site__member")
        .order_by("pk")
    )
    changes = _changes(run, storages)
    known = dict(StorageMirror.objects.filter(storage__in=storages).values_list("storage", "level_wh"))
    calls: list[tuple[str, Sequence[Any]]] = []
    for storage in storages:
        level = known.get(storage.pk, storage.capacity_wh // 2)
        path = levels(level, storage.capacity_wh, changes[storage.pk])
        steps = path if storage.site.member.is_cooperative else path[-1:]
        for after in steps:
            if after != level:
                calls.append(("manageStorage", (unhexed(storage.chain_ref), abs(after - level), after > level)))
            level = after
        StorageMirror.objects.update_or_create(storage=storage, defaults={"level_wh": level, "period": run.period})
    _in_one(chain, f"storages:{chain.chain_id()}:{run.chain_ref}", calls, now)


def levels(start_wh: int, capacity_wh: int, changes_wh: NDArray[np.float64]) -> list[int]:
    """The state of charge after each change [Wh], whole, never outside the capacity."""
    level, found = float(start_wh), []
    for change in changes_wh.tolist():
        level = min(max(level + change, 0.0), float(capacity_wh))
        found.append(round(level))
    return found


def _changes(run: BillingRun, storages: Sequence[StorageUnit]) -> dict[int, NDArray[np.float64]]:
    """By how much each storage's charge changed on each day [Wh], from its own meter."""
    meters = dict(Meter.objects.filter(storage__in=storages).values_list("pk", "storage"))
    none = np.zeros(len(run.days()))
    found = {storage.pk: none for storage in storages}
    if not meters:
        return found
    by_storage = {storage.pk: storage for storage in storages}
    charge, discharge = (
        load_channel(microgrid=run.microgrid, channel=channel, days=run.days(), meter_ids=sorted(meters), with_quality=False)
        for channel in (Channel.CHARGE, Channel.DISCHARGE)
    )
    for row, meter in enumerate(charge.meter_ids.tolist()):
        storage = by_storage[meters[meter]]
        taken, given = (np.add.reduceat(b.values_wh[row], b.offsets[:-1]) for b in (charge, discharge))
        found[storage.pk] = taken * float(storage.eta_charge) - given / float(storage.eta_discharge)
    return found
