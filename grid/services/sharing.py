"""Sharing the energy of closed days."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import date, datetime
from itertools import product
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import Q
from numpy.typing import NDArray

from energy.adapters.binary_copy import Column, copy_in
from energy.models import Channel, Meter, Microgrid
from energy.models.meters import MeterKind
from energy.selectors.meter_days import ChannelBlock, load_channel
from energy.services.partitions import ensure_months
from grid.domain.origin_sharing import SharedByOrigin, share_by_origin
from grid.domain.sharing.keys import SHARE_UNITS, CannotShare, Shared, share_dynamic, share_static
from grid.domain.sharing.splitting import ranks_by_code
from grid.models import SharingDay, SharingKey, SharingRule, SiteShareDay, StorageDay
from grid.selectors.storage_origin import StorageFacts, storage_facts
from grid.services.storage_origin import store_storage_days

SHARES_TABLE = "grid_siteshareday"
SIDES = [sides for sides in product((True, False), repeat=3) if any(sides)]


def rule_on(microgrid: Microgrid, day: date) -> SharingRule | None:
    """The rule in force on a day; none means the dynamic key."""
    return (
        SharingRule.objects.filter(microgrid=microgrid, valid_from__lte=day)
        .filter(Q(valid_to__isnull=True) | Q(valid_to__gt=day))
        .first()
    )


def share_days(*, microgrid: Microgrid, days: Sequence[date], now: datetime) -> list[SharingDay]:
    """Share each day among all sites; a day whose meter days have not changed since stays as it is.

    Superseding meter days make the next revision, and so does what the days before left in the storages, if that changed. One
    transaction per day.
    """
    sites = _SiteAxis.of(microgrid)
    ensure_months(table=SHARES_TABLE, days=days)
    return [_share_day(microgrid, sites, day, now) for day in sorted(days)]


class _SiteAxis:
    """The sites in the order of their meters' ids, with what sharing needs to know of them."""

    def __init__(self, meter_ids: list[int], site_ids: list[int], codes: list[str]) -> None:
        self.meter_ids = meter_ids
        self.site_ids = np.array(site_ids, dtype=np.int64)
        self.codes = codes
        self.ranks = ranks_by_code(codes)

    @classmethod
    def of(cls, microgrid: Microgrid) -> "_SiteAxis":
        rows = list(
            Meter.objects.filter(microgrid=microgrid, kind=MeterKind.SITE, removed_at__isnull=True)
            .order_by("pk")
            .values_list("pk", "site_id", "site__code")
        )
        return cls([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows])


def _digest(key: str, *blocks: ChannelBlock) -> str:
    digest = hashlib.sha256(key.encode())
    for block in blocks:
        digest.update(block.meter_ids.tobytes())
        digest.update(block.versions.tobytes())
        digest.update(np.ascontiguousarray(block.values_wh).tobytes())
    return digest.hexdigest()


@transaction.atomic
def _share_day(microgrid: Microgrid, sites: _SiteAxis, day: date, now: datetime) -> SharingDay:
    Microgrid.objects.select_for_update(no_key=True).get(pk=microgrid.pk)  # one day at a time
    rule = rule_on(microgrid, day)
    imports, exports = (
        load_channel(
            microgrid=microgrid, channel=channel, days=[day], meter_ids=sites.meter_ids, with_quality=False
        )
        for channel in (Channel.IMPORT, Channel.EXPORT)
    )
    key = SharingKey(rule.key) if rule else SharingKey.DYNAMIC
    shares = _static_shares(rule, sites) if key == SharingKey.STATIC and rule else None
    stored = storage_facts(microgrid=microgrid, day=day, site_ids=sites.site_ids.tolist(), codes=sites.codes)
    terms = key + (shares.tobytes().hex() if shares is not None else "") + (stored.digest if stored else "")
    digest = _digest(terms, imports, exports)
    before = (
        SharingDay.objects.select_for_update().filter(microgrid=microgrid, day=day, is_current=True).first()
    )
    if before is not None and before.sources_digest == digest:
        return before
    drawn, fed_in = np.ascontiguousarray(imports.values_wh.T), np.ascontiguousarray(exports.values_wh.T)

    def share(drawn_wh: NDArray[np.int64], local_wh: NDArray[np.int64]) -> Shared:
        if shares is not None:
            return share_static(drawn_wh, local_wh, shares, sites.ranks)
        return share_dynamic(drawn_wh, local_wh, sites.ranks)

    found = _share_by_origin(microgrid, day, stored, drawn, fed_in, share)
    revision = 0
    if before is not None:
        revision = before.revision + 1
        SharingDay.objects.filter(pk=before.pk).update(is_current=False)
        SiteShareDay.objects.filter(day=day, microgrid_id=microgrid.pk, is_current=True).update(
            is_current=False
        )
        StorageDay.objects.filter(microgrid=microgrid, day=day, is_current=True).update(is_current=False)
    _store_shares(microgrid, sites, day, revision, found, stored)
    if stored is not None:
        store_storage_days(microgrid=microgrid, day=day, revision=revision, facts=stored, found=found)
    return _store_day(microgrid, sites, day, revision, key, digest, found, now)


def _share_by_origin(
    microgrid: Microgrid, day: date, stored: StorageFacts | None, drawn: NDArray[np.int64], fed_in: NDArray[np.int64],
    share: Callable[[NDArray[np.int64], NDArray[np.int64]], Shared],
) -> SharedByOrigin:  # fmt: skip
    """Share what is of local origin; without storages that is all that is fed in."""
    if stored is None:
        nothing = np.zeros((len(drawn), 0), dtype=np.int64)
        return SharedByOrigin(share(drawn, fed_in), nothing, nothing, ())
    starts_s = [int(start.timestamp()) for start in microgrid.local_day(day).starts()]
    return share_by_origin(drawn, fed_in, share, stored.sites, starts_s, stored.rule)


def _static_shares(rule: SharingRule, sites: _SiteAxis) -> NDArray[np.int64]:
    share_of = {s.site_id: int(s.share * SHARE_UNITS) for s in rule.shares.all()}
    strangers = set(share_of) - set(sites.site_ids.tolist())
    if strangers:
        raise CannotShare(
            f"The rule gives shares to {len(strangers)} sites that are not metered; take them out."
        )
    return np.array([share_of.get(site, 0) for site in sites.site_ids.tolist()], dtype=np.int64)


def _store_shares(
    microgrid: Microgrid, sites: _SiteAxis, day: date, revision: int, found: SharedByOrigin, stored: StorageFacts | None
) -> None:  # fmt: skip
    """Append a row for each site that received, delivered, or fed in what is not local; a side with nothing is NULL."""
    received, delivered = found.shared.received.parts_wh.T, found.shared.delivered.parts_wh.T
    not_local, carried = np.zeros_like(received), np.zeros_like(received)
    for place, site in enumerate(stored.sites if stored else ()):
        not_local[site.column], carried[site.column] = (
            found.not_local_wh[:, place],
            found.carried_wh[:, place],
        )
    took, gave, held = received.any(axis=1), delivered.any(axis=1), not_local.any(axis=1)
    count = received.shape[1]
    with connection.cursor() as cursor:
        for has_received, has_delivered, has_held in SIDES:
            chosen = np.flatnonzero((took == has_received) & (gave == has_delivered) & (held == has_held))
            if not len(chosen):
                continue
            columns = [
                Column("day", "date"), Column("site_id", "int8"), Column("revision", "int2"), Column("microgrid_id", "int8"),
                Column("received_wh", "int4[]" if has_received else "null", count),
                Column("delivered_wh", "int4[]" if has_delivered else "null", count),
                Column("not_local_wh", "int4[]" if has_held else "null", count),
                Column("carried_wh", "int4[]" if has_held else "null", count),
            ]  # fmt: skip
            values: dict[str, Any] = {
                "day": np.datetime64(day, "D"), "site_id": sites.site_ids[chosen], "revision": revision,
                "microgrid_id": microgrid.pk, "received_wh": received[chosen], "delivered_wh": delivered[chosen],
                "not_local_wh": not_local[chosen], "carried_wh": carried[chosen],
            }  # fmt: skip
            copy_in(cursor, SHARES_TABLE, columns, values, len(chosen))


def _store_day(
    microgrid: Microgrid, sites: _SiteAxis, day: date, revision: int, key: str, digest: str, found: SharedByOrigin, now: datetime
) -> SharingDay:  # fmt: skip
    shared = found.shared

    def site_of(places: NDArray[np.int64]) -> list[int]:
        return [int(sites.site_ids[place]) if place >= 0 else 0 for place in places]

    return SharingDay.objects.create(
        microgrid=microgrid, day=day, revision=revision, key=key, sources_digest=digest,
        consumption_wh=shared.consumption_wh.tolist(), production_wh=shared.production_wh.tolist(),
        matched_wh=shared.matched_wh.tolist(), shared_wh=shared.shared_wh.tolist(),
        not_local_wh=_or_nothing(found.not_local_wh.sum(axis=1)), carried_wh=_or_nothing(found.carried_wh.sum(axis=1)),
        received_cutoff=shared.received.cutoff.tolist(), received_cutoff_site=site_of(shared.received.cutoff_site),
        delivered_cutoff=shared.delivered.cutoff.tolist(), delivered_cutoff_site=site_of(shared.delivered.cutoff_site),
        computed_at=now,
    )  # fmt: skip


def _or_nothing(values_wh: NDArray[np.int64]) -> list[int]:
    values: list[int] = values_wh.tolist() if values_wh.any() else []
    return values
