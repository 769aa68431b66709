"""Holders of common plants on a run: each as a stay of their own at the plant, with their part of what it fed in."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from billing.domain.rating import CannotRate, SiteEnergy
from billing.models import BillingRun
from billing.services.stays import Stay
from energy.models import Site
from grid.domain.sharing.plants import CannotDivide, divide
from grid.models import PlantDivision, PlantShare
from grid.selectors.plant_shares import divisions_along, used_by_holders
from grid.selectors.sharing import ShareBlock

Ints = NDArray[np.int64]


def with_parts(
    run: BillingRun, sites: dict[int, Site], stays: list[Stay], energy: SiteEnergy, shares: ShareBlock, days: Sequence[date]
) -> tuple[list[Stay], SiteEnergy]:
    """Divide what common plants fed in among their holders: the stays with theirs, and the energy with a row for each behind the sites' own.

    The owner of the plant keeps what it drew, what it gave away and what storages carried, and the own part if it holds one.

    Raises:
        CannotRate: holders used more of a plant than was theirs.
    """
    divisions = divisions_along(sites, days)
    if not divisions:
        return stays, energy
    gave = energy.given_wh if energy.given_wh is not None else np.zeros_like(energy.delivered_wh)
    export, delivered = energy.export_wh.copy(), energy.delivered_wh.copy()
    added: list[Stay] = []
    sold_rows: list[Ints] = []
    left_rows: list[Ints] = []
    for division in divisions:
        place = int(np.searchsorted(shares.site_ids, division.plant_id))
        first = max((division.valid_from - days[0]).days, 0)
        after = len(days) if division.valid_to is None else min((division.valid_to - days[0]).days, len(days))
        span = slice(int(shares.offsets[first]), int(shares.offsets[after]))
        kept = gave[place, span] + energy.carried_wh[place, span]
        holders = sorted(division.shares.all(), key=lambda share: share.member.number)
        sold, left = _divided(run, division, holders, energy, gave, shares, days, place)
        export[place, span], delivered[place, span] = kept, gave[place, span]
        owned = [stay for stay in stays if stay.site.pk == division.plant_id]
        for row, share in enumerate(holders):
            for stay in _apart(owned, share, sites[division.plant_id], first, after, days):
                cut = slice(int(shares.offsets[stay.first]), int(shares.offsets[stay.after]))
                if stay.part is None:
                    export[place, cut] += sold[row, cut] + left[row, cut]
                    delivered[place, cut] += sold[row, cut]
                else:
                    within = np.zeros_like(sold[row])
                    within[cut] = 1
                    added.append(replace(stay, part=len(added)))
                    sold_rows.append(sold[row] * within)
                    left_rows.append(left[row] * within)
    whole = replace(energy, export_wh=export, delivered_wh=delivered)
    return [*stays, *added], _extended(whole, sold_rows, left_rows)


def _divided(
    run: BillingRun,
    division: PlantDivision,
    holders: Sequence[PlantShare],
    energy: SiteEnergy,
    gave: Ints,
    shares: ShareBlock,
    days: Sequence[date],
    place: int,
) -> tuple[Ints, Ints]:
    """What was sold and what was exported, by holder and interval of the run; nothing on days of other divisions."""
    within = np.zeros(energy.export_wh.shape[1], dtype=np.int64)
    for day, begin, end in zip(days, shares.offsets[:-1].tolist(), shares.offsets[1:].tolist(), strict=True):
        within[begin:end] = division.holds_on(day)
    used = used_by_holders(microgrid=run.microgrid, days=days, offsets=shares.offsets, entries=[h.preference_id for h in holders])
    fed_in = (energy.export_wh[place] - energy.carried_wh[place] - (gave[place] - used.sum(axis=0))) * within
    sold = (energy.delivered_wh[place] - gave[place]) * within
    weights = np.array([h.millionths for h in holders], dtype=np.int64)
    try:
        found = divide(fed_in, sold, used * within, weights, np.arange(len(holders)))
    except CannotDivide as problem:
        raise CannotRate(f"{division.plant}: {problem}") from None
    return found.sold_wh, found.exported_wh


def _apart(owned: Sequence[Stay], share: PlantShare, plant: Site, first: int, after: int, days: Sequence[date]) -> list[Stay]:
    """A holder's days at a plant: apart from its owner's stay, but for those on which the holder owns it too."""
    found, label = [], f"part {share.millionths / 10_000:g} %"
    for stay in owned:
        begin, end = max(stay.first, first), min(stay.after, after)
        if begin < end and stay.member.pk == share.member_id:
            found.append(replace(stay, first=begin, after=end))
    mine = {day for stay in found for day in range(stay.first, stay.after)}
    rest = [day for day in range(first, after) if day not in mine]
    while rest:
        begin = rest[0]
        end = next((day for day in range(begin, after) if day not in rest), after)
        found.append(Stay(plant, share.member, begin, end, days[begin], part=0, label=label))
        rest = [day for day in rest if day >= end]
    return found


def _extended(energy: SiteEnergy, sold: Sequence[Ints], left: Sequence[Ints]) -> SiteEnergy:
    if not sold:
        return energy
    nothing = np.zeros((len(sold), energy.export_wh.shape[1]), dtype=np.int64)
    delivered = np.stack(sold)
    return SiteEnergy(
        np.concatenate([energy.import_wh, nothing]),
        np.concatenate([energy.export_wh, delivered + np.stack(left)]),
        np.concatenate([energy.received_wh, nothing]),
        np.concatenate([energy.delivered_wh, delivered]),
        np.concatenate([energy.carried_wh, nothing]),
        None if energy.gifted_wh is None else np.concatenate([energy.gifted_wh, nothing]),
        None if energy.given_wh is None else np.concatenate([energy.given_wh, nothing]),
        None if energy.reactive_varh is None else np.concatenate([energy.reactive_varh, nothing]),
        None if energy.own_wh is None else np.concatenate([energy.own_wh, nothing]),
    )
