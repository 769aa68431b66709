"""Sharing the energy of closed days."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from energy.adapters.binary_copy import Column, copy_in
from energy.models import Channel, Microgrid, Site
from energy.selectors.meter_days import ChannelBlock, load_channel
from energy.services.partitions import ensure_months
from grid.domain.market.settlement import Matched
from grid.domain.origin_sharing import SharedByOrigin, share_by_origin
from grid.domain.sharing.day import DayShared, share_day
from grid.domain.sharing.hierarchy import FeederLevel
from grid.domain.sharing.keys import Shared
from grid.domain.sharing.terms import ShareRule
from grid.domain.stored_producers import follow_producers
from grid.models import FeederShareDay, SharingDay, SiteShareDay, StorageDay
from grid.selectors.market import digest_of, matched_on
from grid.selectors.preferences import PreferencesOfDay, preferences_on
from grid.selectors.sharing_terms import AgreedTerms, SiteAxis, rule_on, terms_on
from grid.selectors.storage_origin import StorageFacts, follows_origins, storage_facts
from grid.services.market_clearing import clear_intervals
from grid.services.market_settlement import store_given, store_market_day, supersede
from grid.services.storage_origin import store_storage_days

SHARES_TABLE = "grid_siteshareday"
SITES_AT_ONCE = 8_192


def share_days(*, microgrid: Microgrid, days: Sequence[date], now: datetime) -> list[SharingDay]:
    """Share each day among all sites; a day whose meter days have not changed since stays as it is.

    Superseding meter days make the next revision, and so does what the days before left in the storages, if that changed. One
    transaction per day.
    """
    sites = SiteAxis.of(microgrid)
    ensure_months(table=SHARES_TABLE, days=days)
    return [_share_day(microgrid, sites, day, now) for day in sorted(days)]


def _digest(key: str, *blocks: ChannelBlock) -> str:
    digest = hashlib.sha256(key.encode())
    for block in blocks:
        digest.update(block.meter_ids.data)
        digest.update(block.versions.data)
        for first in range(0, len(block.values_wh), SITES_AT_ONCE):
            digest.update(block.values_wh[first : first + SITES_AT_ONCE].astype(np.int64).data)
    return digest.hexdigest()


@transaction.atomic
def _share_day(microgrid: Microgrid, sites: SiteAxis, day: date, now: datetime) -> SharingDay:
    _wait_for_turn(microgrid, day)
    rule = rule_on(microgrid, day)
    imports, exports = (
        load_channel(microgrid=microgrid, channel=channel, days=[day], meter_ids=sites.meter_ids, with_quality=False, narrow=True)
        for channel in (Channel.IMPORT, Channel.EXPORT)
    )
    agreed = terms_on(microgrid=microgrid, rule=rule, sites=sites, day=day)
    preferences = preferences_on(microgrid=microgrid, day=day, sites=sites)
    matched = _matched(microgrid, agreed, sites, day, now)
    stored = storage_facts(microgrid=microgrid, day=day, site_ids=sites.site_ids.tolist(), codes=sites.codes)
    traded = digest_of(matched) if matched else ""
    digest = _digest(agreed.digest_text + (stored.digest if stored else "") + preferences.digest + traded, imports, exports)
    before = SharingDay.objects.select_for_update().filter(microgrid=microgrid, day=day, is_current=True).first()
    if before is not None and before.sources_digest == digest:
        return before
    drawn, fed_in = imports.values_wh.T, exports.values_wh.T
    share = _Sharing(agreed, sites, preferences, matched)
    found = _share_by_origin(microgrid, day, stored, drawn, fed_in, share)
    revision = 0
    if before is not None:
        revision = before.revision + 1
        SharingDay.objects.filter(pk=before.pk).update(is_current=False)
        everybody = Site.objects.filter(microgrid=microgrid).values("pk")
        SiteShareDay.objects.filter(day=day, site_id__in=everybody, is_current=True).update(is_current=False)
        StorageDay.objects.filter(microgrid=microgrid, day=day, is_current=True).update(is_current=False)
        supersede(microgrid=microgrid, day=day)
    _store_shares(microgrid, sites, day, revision, imports, exports, found, stored)
    if stored is not None:
        produced = follow_producers(
            found, stored.sites, drawn, fed_in, sites.site_ids.tolist(), sites.ranks, _starts_s(microgrid, day), stored.rule
        )
        store_storage_days(microgrid=microgrid, day=day, revision=revision, facts=stored, found=found, produced=produced)
    last = share.last
    if matched is not None:
        store_market_day(microgrid=microgrid, day=day, revision=revision, sites=sites, matched=matched, found=last)
    store_given(microgrid=microgrid, day=day, revision=revision, preferences=preferences, found=last)
    row = _store_day(microgrid, sites, day, revision, agreed, digest, found, last, now)
    if last.feeders is not None:
        _store_feeders(row, sites, agreed.feeder_names, last.feeders)
    return row


def _wait_for_turn(microgrid: Microgrid, day: date) -> None:
    """A day is shared by one at a time; where storages are followed, a microgrid is: a day begins with what the last one left."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"sharing {microgrid.pk} {day}"])
    if follows_origins(microgrid, day):
        Microgrid.objects.select_for_update(no_key=True).get(pk=microgrid.pk)


def _matched(microgrid: Microgrid, agreed: AgreedTerms, sites: SiteAxis, day: date, now: datetime) -> Matched | None:
    """What was matched on a day of the market; what was not cleared in time is cleared now, its gates having closed long ago."""
    if agreed.terms.key != ShareRule.MARKET:
        return None
    clear_intervals(microgrid=microgrid, starts=microgrid.local_day(day).starts(), now=now)
    return matched_on(microgrid=microgrid, day=day, sites=sites)


class _Sharing:
    """Preferences and key as a function; keeps what its last call found."""

    last: DayShared

    def __init__(self, agreed: AgreedTerms, sites: SiteAxis, preferences: PreferencesOfDay, matched: Matched | None) -> None:
        self.terms = agreed.terms
        self.ranks = sites.ranks
        self.preferences = preferences.entries
        self.matched = matched

    def __call__(self, drawn_wh: NDArray[np.int64], local_wh: NDArray[np.int64]) -> Shared:
        self.last = share_day(self.terms, self.preferences, self.matched, drawn_wh, local_wh, self.ranks)
        return self.last.shared


def _share_by_origin(
    microgrid: Microgrid,
    day: date,
    stored: StorageFacts | None,
    drawn: NDArray[np.int64],
    fed_in: NDArray[np.int64],
    share: Callable[[NDArray[np.int64], NDArray[np.int64]], Shared],
) -> SharedByOrigin:
    """Share what is of local origin; without storages that is all that is fed in."""
    if stored is None:
        nothing = np.zeros((len(drawn), 0), dtype=np.int64)
        return SharedByOrigin(share(drawn, fed_in), nothing, nothing, ())
    return share_by_origin(drawn, fed_in, share, stored.sites, _starts_s(microgrid, day), stored.rule)


def _starts_s(microgrid: Microgrid, day: date) -> list[int]:
    return [int(start.timestamp()) for start in microgrid.local_day(day).starts()]


def _store_shares(
    microgrid: Microgrid,
    sites: SiteAxis,
    day: date,
    revision: int,
    imports: ChannelBlock,
    exports: ChannelBlock,
    found: SharedByOrigin,
    stored: StorageFacts | None,
) -> None:
    """Append a row for each site: its readings with their versions, and its shares; a side with nothing is NULL."""
    sides = {
        "import_wh": imports.values_wh,
        "export_wh": exports.values_wh,
        "received_wh": found.shared.received.parts_wh.T,
        "delivered_wh": found.shared.delivered.parts_wh.T,
    }
    if stored is not None:
        not_local, carried = np.zeros_like(exports.values_wh), np.zeros_like(exports.values_wh)
        for place, site in enumerate(stored.sites):
            not_local[site.column], carried[site.column] = (found.not_local_wh[:, place], found.carried_wh[:, place])
        sides |= {"not_local_wh": not_local, "carried_wh": carried}
    kind_of = sum(values.any(axis=1).astype(np.int64) << bit for bit, values in enumerate(sides.values()))
    with connection.cursor() as cursor:
        for kind in np.unique(kind_of).tolist():
            alike = np.flatnonzero(kind_of == kind)
            held = {name: side for bit, (name, side) in enumerate(sides.items()) if kind >> bit & 1}
            columns = [
                Column("day", "date"),
                Column("site_id", "int8"),
                Column("revision", "int2"),
                Column("microgrid_id", "int8"),
                Column("import_version", "int2"),
                Column("export_version", "int2"),
                *(Column(name, "packed", side.shape[1]) for name, side in held.items()),
            ]
            for first in range(0, len(alike), SITES_AT_ONCE):
                chosen = alike[first : first + SITES_AT_ONCE]
                values: dict[str, Any] = {
                    "day": np.datetime64(day, "D"),
                    "site_id": sites.site_ids[chosen],
                    "revision": revision,
                    "microgrid_id": microgrid.pk,
                    "import_version": imports.versions[chosen, 0],
                    "export_version": exports.versions[chosen, 0],
                    **{name: side[chosen] for name, side in held.items()},
                }
                copy_in(cursor, SHARES_TABLE, columns, values, len(chosen))


def _store_day(
    microgrid: Microgrid,
    sites: SiteAxis,
    day: date,
    revision: int,
    agreed: AgreedTerms,
    digest: str,
    found: SharedByOrigin,
    last: DayShared,
    now: datetime,
) -> SharingDay:
    shared = found.shared
    return SharingDay.objects.create(
        microgrid=microgrid,
        day=day,
        revision=revision,
        key=agreed.terms.key,
        price_rule=agreed.terms.price_rule,
        sources_digest=digest,
        consumption_wh=shared.consumption_wh.tolist(),
        production_wh=shared.production_wh.tolist(),
        matched_wh=shared.matched_wh.tolist(),
        shared_wh=shared.shared_wh.tolist(),
        not_local_wh=_or_nothing(found.not_local_wh.sum(axis=1)),
        carried_wh=_or_nothing(found.carried_wh.sum(axis=1)),
        **_fill(shared),
        **_before_and_kept(last),
        received_cutoff=shared.received.cutoff.tolist(),
        received_cutoff_site=_at_sites(sites, shared.received.cutoff_site),
        delivered_cutoff=shared.delivered.cutoff.tolist(),
        delivered_cutoff_site=_at_sites(sites, shared.delivered.cutoff_site),
        computed_at=now,
    )


def _fill(shared: Shared) -> dict[str, list[int]]:
    if shared.fill is None:
        return {}
    return {
        "keyed_wh": shared.fill.keyed_wh.tolist(),
        "level_wh": shared.fill.level.tolist(),
        "level_divisor": shared.fill.divisor.tolist(),
    }


def _before_and_kept(last: DayShared) -> dict[str, list[int]]:
    """What preferences gave, and what of the orders was kept."""
    given = _or_nothing(last.given.wh.sum(axis=1)) if last.given is not None else []
    kept = last.settled
    return {
        "given_wh": given,
        "kept_bids_wh": kept.kept_bids_wh.tolist() if kept else [],
        "kept_offers_wh": kept.kept_offers_wh.tolist() if kept else [],
    }


def _store_feeders(row: SharingDay, sites: SiteAxis, names: Sequence[str], level: FeederLevel) -> None:
    FeederShareDay.objects.bulk_create(
        FeederShareDay(
            sharing_day=row,
            feeder=name,
            drawn_wh=level.drawn_wh[:, g].tolist(),
            fed_in_wh=level.fed_in_wh[:, g].tolist(),
            received_cutoff=level.received_cutoff[:, g].tolist(),
            received_cutoff_site=_at_sites(sites, level.received_cutoff_site[:, g]),
            delivered_cutoff=level.delivered_cutoff[:, g].tolist(),
            delivered_cutoff_site=_at_sites(sites, level.delivered_cutoff_site[:, g]),
        )
        for g, name in enumerate(names)
    )


def _at_sites(sites: SiteAxis, places: NDArray[np.int64]) -> list[int]:
    """The sites at places of the axis, 0 where there is none."""
    return [int(sites.site_ids[place]) if place >= 0 else 0 for place in places]


def _or_nothing(values_wh: NDArray[np.int64]) -> list[int]:
    values: list[int] = values_wh.tolist() if values_wh.any() else []
    return values
