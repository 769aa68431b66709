"""What some tariffs ask of a site beside its two registers: reactive energy, and what its own plant made and the house used at once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from billing.domain.pricing.engine import buys_all
from billing.domain.pricing.parts import PricedTariff, Reactive
from energy.models import Channel, Meter, Microgrid, Site, Source, StorageUnit
from energy.models.meters import MeterKind
from energy.selectors.meter_days import ChannelBlock, load_channel

Ints = NDArray[np.int64]
BESIDE = (Channel.REACTIVE, Channel.PRODUCTION)
NO_REACTIVE = "Its meter counts no reactive energy, which the tariff charges."
HAS_STORAGE = "Who buys and sells all has no battery: what comes out of one may be bought or made."
NO_PLANT_METER = "Its plant has no meter of its own, so the whole production is not known."


@dataclass(frozen=True, slots=True)
class UsedDays:
    """The versions of one meter's channel that were read, one for each day; 0 where there was none."""

    meter_id: int
    site_id: int
    channel: Channel
    versions: list[int]


@dataclass(frozen=True, slots=True)
class CountedBeside:
    """Of sites in the order asked, along all intervals of the days; an array is None where no site was asked for it.

    Attributes:
        reactive_varh, own_wh: int64 [n, T]; nothing for sites that were not asked for it, or of which it is not known.
        cannot: by site, why what was asked is not known.
        used: what was read.
    """

    reactive_varh: Ints | None = None
    own_wh: Ints | None = None
    cannot: dict[int, str] = field(default_factory=dict)
    used: list[UsedDays] = field(default_factory=list)


def asks_reactive(tariff: PricedTariff) -> bool:
    """Whether reactive energy must be known."""
    return bool(tariff.of_kind(Reactive))


def asks_own_use(tariff: PricedTariff) -> bool:
    """Whether the whole use and production must be known."""
    return buys_all(tariff)


def sites_for(tariff: PricedTariff, day: date) -> QuerySet[Site]:
    """Sites whose meters count on a day what a tariff asks for; all where it asks for nothing more."""
    sites = Site.objects.all()
    if asks_reactive(tariff):
        counting = Meter.objects.filter(kind=MeterKind.SITE, removed_at__isnull=True, reactive_from__lte=day)
        sites = sites.filter(pk__in=counting.values("site"))
    if asks_own_use(tariff):
        unmetered = Source.objects.filter(meter__isnull=True)
        sites = sites.exclude(pk__in=StorageUnit.objects.values("site")).exclude(pk__in=unmetered.values("site"))
    return sites


def counted_beside(
    *, microgrid: Microgrid, days: Sequence[date], site_ids: Sequence[int], export_wh: Ints, reactive: Collection[int], own: Collection[int]
) -> CountedBeside:
    """Read what tariffs ask; nothing is read where none asks.

    Args:
        days: ascending.
        site_ids: ascending, along the rows.
        export_wh: what the sites fed in, [n, T].
        reactive, own: the sites of which it is asked.
    """
    if not reactive and not own:
        return CountedBeside()
    found = CountedBeside(np.zeros_like(export_wh) if reactive else None, np.zeros_like(export_wh) if own else None)
    row_of = {site_id: row for row, site_id in enumerate(site_ids)}
    if found.reactive_varh is not None:
        _read_reactive(found, microgrid, days, row_of, reactive)
    if found.own_wh is not None:
        _read_own_use(found, microgrid, days, row_of, export_wh, own)
    return found


def _read_reactive(
    found: CountedBeside, microgrid: Microgrid, days: Sequence[date], row_of: dict[int, int], sites: Collection[int]
) -> None:
    assert found.reactive_varh is not None
    meters = Meter.objects.filter(site_id__in=sites, kind=MeterKind.SITE, removed_at__isnull=True, reactive_from__lte=max(days))
    site_of = dict(meters.values_list("pk", "site_id"))
    found.cannot.update({site: NO_REACTIVE for site in sites if site not in set(site_of.values())})
    block = load_channel(microgrid=microgrid, channel=Channel.REACTIVE, days=days, meter_ids=sorted(site_of), with_quality=False)
    for row, meter_id in enumerate(block.meter_ids.tolist()):
        _check_final(found, block, row, site_of[meter_id])
        found.reactive_varh[row_of[site_of[meter_id]]] = block.values_wh[row]
        found.used.append(UsedDays(meter_id, site_of[meter_id], Channel.REACTIVE, block.versions[row].tolist()))


def _check_final(found: CountedBeside, block: ChannelBlock, row: int, site_id: int) -> None:
    """Readings that came after their day was closed count once it is closed again."""
    waiting = [day for day, open_still in zip(block.days, block.present[row] & ~block.final[row], strict=True) if open_still]
    if waiting:
        found.cannot.setdefault(site_id, f"There are newer readings of {waiting[0]}; close that day again.")


def _read_own_use(
    found: CountedBeside, microgrid: Microgrid, days: Sequence[date], row_of: dict[int, int], export_wh: Ints, sites: Collection[int]
) -> None:
    """Production less what was fed in; a plant that feeds in more than its meter counted, by the meters' resolution, is used by nobody."""
    assert found.own_wh is not None
    with_storage = set(StorageUnit.objects.filter(site_id__in=sites).values_list("site_id", flat=True))
    unmetered = Source.objects.filter(site_id__in=sites, meter__isnull=True)
    found.cannot.update(dict.fromkeys(unmetered.values_list("site_id", flat=True), NO_PLANT_METER))
    found.cannot.update(dict.fromkeys(with_storage, HAS_STORAGE))
    meters = Meter.objects.filter(site_id__in=sites, kind=MeterKind.SOURCE, removed_at__isnull=True)
    site_of = dict(meters.values_list("pk", "site_id"))
    block = load_channel(microgrid=microgrid, channel=Channel.PRODUCTION, days=days, meter_ids=sorted(site_of), with_quality=False)
    made = np.zeros_like(export_wh)
    for row, meter_id in enumerate(block.meter_ids.tolist()):
        site = site_of[meter_id]
        _check_final(found, block, row, site)
        if not block.present[row].all():
            missing = [day for day, there in zip(days, block.present[row], strict=True) if not there]
            found.cannot.setdefault(site, f"What its plant made on {missing[0]} is not known; close that day again.")
        made[row_of[site]] += block.values_wh[row]
        found.used.append(UsedDays(meter_id, site, Channel.PRODUCTION, block.versions[row].tolist()))
    rows = sorted({row_of[site] for site in site_of.values()})
    found.own_wh[rows] = np.maximum(made[rows] - export_wh[rows], 0)
