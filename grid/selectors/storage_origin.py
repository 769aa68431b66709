"""What the origin of stored energy is followed from: the rule of a day, each storage's readings, and what the day before left."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from energy.models import Channel, Meter, Microgrid, StorageUnit
from energy.models.meters import MeterKind
from energy.selectors.meter_days import ChannelBlock, load_channel
from grid.domain.energy_origin import PARTS, STANDING_PARTS, Layer, Order, Parcel, Stock, Vessel
from grid.domain.origin_sharing import OriginRule, StorageFlow, StorageSite
from grid.domain.stored_producers import NOT_KNOWN
from grid.models import LeavingOrder, StorageDay, StorageOriginRule

UNTIL_TOLD = OriginRule(Order.FIRST_IN, unknown_is_local=False)


@dataclass(frozen=True, slots=True)
class StorageFacts:
    """The storages of a day, by site.

    Attributes:
        rule: how their energy is followed.
        sites: as sharing needs them.
        storages: ids, in the order of each site's storages.
        digest: of all that the result rests on.
    """

    rule: OriginRule
    sites: tuple[StorageSite, ...]
    storages: tuple[tuple[int, ...], ...]
    digest: str


def origin_rule_on(microgrid: Microgrid, day: date) -> OriginRule | None:
    """The rule of a day; None where origins are not followed on it."""
    rules = StorageOriginRule.objects.filter(microgrid=microgrid)
    row = rules.filter(valid_from__lte=day).filter(Q(valid_to__isnull=True) | Q(valid_to__gt=day)).first()
    if row is None:
        return UNTIL_TOLD
    return None if row.order == LeavingOrder.NOT_FOLLOWED else OriginRule(Order(row.order), row.unknown_is_local)


def follows_origins(microgrid: Microgrid, day: date) -> bool:
    """Whether storages with a meter are followed on a day."""
    has_storages = Meter.objects.filter(microgrid=microgrid, kind=MeterKind.STORAGE).exists()
    return has_storages and origin_rule_on(microgrid, day) is not None


def storage_facts(*, microgrid: Microgrid, day: date, site_ids: Sequence[int], codes: Sequence[str]) -> StorageFacts | None:
    """Load what a day's sharing must know of storages behind metered sites; None where there are none, or are not followed.

    Args:
        site_ids, codes: the sites that share, in the order of the sharing's arrays.
    """
    rule = origin_rule_on(microgrid, day)
    if rule is None:
        return None
    column_of = {site: column for column, site in enumerate(site_ids)}
    storages = [
        row
        for row in StorageUnit.objects.filter(site__microgrid=microgrid, meter__isnull=False).select_related("meter").order_by("pk")
        if row.site_id in column_of
    ]
    if not storages:
        return None
    meter_ids = sorted(row.meter.pk for row in storages)
    charge, discharge = (
        load_channel(microgrid=microgrid, channel=c, days=[day], meter_ids=meter_ids, with_quality=False)
        for c in (Channel.CHARGE, Channel.DISCHARGE)
    )
    behind = sorted({row.site_id for row in storages})
    source_site = dict(Meter.objects.filter(microgrid=microgrid, kind=MeterKind.SOURCE, site_id__in=behind).values_list("pk", "site_id"))
    production = load_channel(
        microgrid=microgrid, channel=Channel.PRODUCTION, days=[day], meter_ids=sorted(source_site), with_quality=False
    )
    stocks = stocks_before(microgrid=microgrid, day=day)
    row_of = {int(pk): row for row, pk in enumerate(charge.meter_ids)}
    length = charge.values_wh.shape[1]
    sites, ids = [], []
    for site in behind:
        own = [row for row in storages if row.site_id == site]
        flows = tuple(
            StorageFlow(
                stocks.get(row.pk, Stock()),
                vessel_of(row, microgrid.interval_minutes),
                charge.values_wh[row_of[row.meter.pk]],
                discharge.values_wh[row_of[row.meter.pk]],
            )
            for row in own
        )
        column = column_of[site]
        sites.append(StorageSite(column, codes[column], _of_site(production, source_site, site, length), flows))
        ids.append(tuple(row.pk for row in own))
    return StorageFacts(rule, tuple(sites), tuple(ids), _digest(rule, sites, (charge, discharge, production)))


def _of_site(block: ChannelBlock, site_of: dict[int, int], site: int, length: int) -> NDArray[np.int64]:
    rows = [row for row, pk in enumerate(block.meter_ids.tolist()) if site_of[pk] == site]
    total: NDArray[np.int64] = block.values_wh[rows].sum(axis=0) if rows else np.zeros(length, dtype=np.int64)
    return total


def _digest(rule: OriginRule, sites: Sequence[StorageSite], blocks: Sequence[ChannelBlock]) -> str:
    """What was stored before, and by whom it was produced, is part of it: a corrected day changes the days after it."""
    flows = ", ".join(f"[{', '.join(f'({_lying(f.stock)}, {f.vessel!r})' for f in s.storages)}]" for s in sites)
    digest = hashlib.sha256(f"({rule!r}, [{flows}])".encode())
    for block in blocks:
        digest.update(block.meter_ids.tobytes())
        digest.update(block.versions.tobytes())
        digest.update(np.ascontiguousarray(block.values_wh).tobytes())
    return digest.hexdigest()


def _lying(stock: Stock) -> str:
    """A stock as text; one whose producers nobody knows reads as stocks did before producers were followed."""
    known = [parcel for parcel in stock.parcels if any(producer != NOT_KNOWN for producer, _ in parcel.wh)]
    text = f"Stock(layers={stock.layers!r}, owed={stock.owed!r})"
    return f"{text}, {known!r}" if known else text


def vessel_of(storage: StorageUnit, interval_minutes: int) -> Vessel:
    """A storage's losses for intervals of that length."""
    kept_per_interval = (1.0 - float(storage.self_discharge_per_day)) ** (interval_minutes / 1440)
    return Vessel(
        int(storage.eta_charge * PARTS),
        int(storage.eta_discharge * PARTS),
        round((1.0 - kept_per_interval) * STANDING_PARTS),
        storage.capacity_wh,
    )


def stocks_before(*, microgrid: Microgrid, day: date) -> dict[int, Stock]:
    """What lies in each storage before a day, by its last day that was followed; days that nobody shared are passed over."""
    rows = (
        StorageDay.objects.filter(microgrid=microgrid, is_current=True, day__lt=day)
        .order_by("storage_id", "-day")
        .distinct("storage_id")
        .only("storage_id", "layers_at", "layers_wh", "owed", "producers", "parcels_at", "parcels_layer", "parcels_wh")
    )
    return {row.storage_id: stock_of(row) for row in rows}


def stock_of(row: StorageDay) -> Stock:
    """What a storage's day left."""
    layers = zip(row.layers_at, row.layers_wh, strict=True)
    parcels = tuple(
        Parcel(layer, int(at.timestamp()), tuple((p, w) for p, w in zip(row.producers, wh, strict=True) if w))
        for layer, at, wh in zip(row.parcels_layer, row.parcels_at, row.parcels_wh, strict=True)
    )
    return Stock(tuple(Layer(int(at.timestamp()), tuple(wh)) for at, wh in layers), row.owed, parcels)
