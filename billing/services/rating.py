"""Rating sites: arrays in, draft documents out."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db import connection
from django.utils.translation import gettext as _

from billing.domain.rating import CannotRate, SiteEnergy, rate_period
from billing.models import BilledReadings, BillingRun
from billing.selectors.bill_history import history_of
from billing.selectors.counted_beside import CountedBeside
from billing.selectors.tariffs import group_by_tariffs
from billing.selectors.vat_status import vat_parties
from billing.services.carried import Carried
from billing.services.counted_beside import Groups, remember_beside, with_counted_beside
from billing.services.drafts import Drafts, store
from billing.services.flexibility import flexibility_to_take
from billing.services.market_lines import Lines, gift_arrays, market_lines
from billing.services.plant_parts import with_parts
from billing.services.rate_plans import prices_within, rate_plan, terms_along
from billing.services.stays import Piece, Stay, pieces_of, stays_by_site, stays_of
from energy.adapters.binary_copy import Column, copy_in
from energy.models import Channel, Meter, Site
from energy.models.meters import MeterKind
from energy.selectors.meter_days import current_versions
from grid.selectors.prices import PriceBlock, load_prices
from grid.selectors.sharing import ShareBlock, load_shares


def rate_sites(*, run: BillingRun, site_ids: Sequence[int], days: Sequence[date]) -> set[int]:
    """Write draft documents of some sites; part of the caller's transaction. Returns the tariff versions used."""
    microgrid = run.microgrid
    sites = {site.pk: site for site in Site.objects.filter(pk__in=set(site_ids))}
    prices = load_prices(microgrid_id=microgrid.pk, days=days)
    shares, meters = (load_shares(microgrid=microgrid, days=days, site_ids=sorted(sites)), _Meters.of(sorted(sites)))
    _check_current(run, meters, shares, days)
    _remember_versions(run, meters, shares)
    owed = flexibility_to_take(run=run, site_ids=sorted(sites))
    drafted = draft_sites(run=run, sites=sites, days=days, prices=prices, shares=shares)
    remember_beside(run, shares.site_ids.tolist(), drafted.beside)
    drafted.carried.keep(run)
    drafted.drafts.add_flexibility(drafted.owners, owed)
    store(run, drafted.drafts.in_order())
    return drafted.version_ids


@dataclass(frozen=True, slots=True)
class Drafted:
    """Documents of some sites before they are written: with what they leave for the next month, and who had each site."""

    drafts: Drafts
    carried: Carried
    owners: dict[int, list[Stay]]
    version_ids: set[int]
    beside: CountedBeside

    def bills_gross(self) -> dict[tuple[int, int], int]:
        """What the bills come to by site and member, VAT included [minor units]; their VAT is settled by this."""
        found: dict[tuple[int, int], int] = defaultdict(int)
        for draft in self.drafts.in_order():
            if draft.kind == "bill":
                vat = sum(part.vat_minor for part in draft.settle_vat())
                found[draft.site.pk, draft.stay.member.pk] += draft.net_minor + vat
        return dict(found)


def draft_sites(
    *, run: BillingRun, sites: dict[int, Site], days: Sequence[date], prices: PriceBlock, shares: ShareBlock, carried: Carried | None = None
) -> Drafted:
    """Draft documents of some sites over days that follow each other; writes nothing, so `run` need not be saved.

    Args:
        shares: of these sites in the order of their ids, over these days.
        carried: what stays bring along from a month before that is not billed yet; else what the books say of it.
    """
    groups = [(members, terms_along(signature, days)) for signature, members in group_by_tariffs(sorted(sites), days).items()]
    energy, axis = _energy_of(run, days, shares), shares.site_ids
    energy, beside = with_counted_beside(run, energy, axis.tolist(), days, groups)
    stays = stays_of([sites[pk] for pk in axis.tolist()], days)
    owners = stays_by_site(stays)
    stays, energy = with_parts(run, sites, stays, energy, shares, days)
    parties = vat_parties(run.microgrid.cooperative, {stay.member.pk for stay in stays}, days)
    drafts = Drafts(run, parties)
    used: set[int] = set()
    stays_at, traded = stays_by_site(stays), _Traded(run, sorted(sites), days)
    carried = carried or Carried()
    for members, terms in groups:
        used |= {t.version_id for t in terms}
        chosen = [stay for pk in members for stay in stays_at[pk]]
        for piece, here in pieces_of(chosen, terms, parties).items():
            span = slice(int(shares.offsets[piece.first]), int(shares.offsets[piece.after]))
            own = terms[piece.first : piece.after]
            plan = rate_plan(own, days[piece.first : piece.after], run, prices_within(prices, span))
            rows = np.searchsorted(axis, np.array([stay.site.pk for stay in here]))
            for place, part in [(place, stay.part) for place, stay in enumerate(here) if stay.part is not None]:
                rows[place] = len(axis) + part
            billed = [stay.billed(piece.after) for stay in here]
            history = carried.history(here, history_of(run=run, billed=billed, parts=plan.parts))
            rating = rate_period(plan, energy.within(rows, span), history)
            carried.note(here, rating, piece.after - piece.first)
            drafts.add(piece, here, rating, own[0].vat, traded.on(piece))
    return Drafted(drafts, carried, owners, used, beside)


def _check_current(run: BillingRun, meters: "_Meters", shares: ShareBlock, days: Sequence[date]) -> None:
    """Readings that were superseded after the day was shared must not be billed as they were shared."""
    rows = np.searchsorted(shares.site_ids, meters.site_ids)
    unfit = np.zeros(len(rows), dtype=bool)
    for channel, shared in ((Channel.IMPORT, shares.import_versions), (Channel.EXPORT, shares.export_versions)):
        now = current_versions(microgrid=run.microgrid, channel=channel, days=days, meter_ids=meters.meter_ids)
        unfit |= (now != shared[rows]).any(axis=1)
    if unfit.any():
        changed = [meters.site_ids[row] for row in np.flatnonzero(unfit)]
        codes = Site.objects.filter(pk__in=changed).order_by("code").values_list("code", flat=True)
        raise CannotRate(
            _("The readings of %(codes)s sites no longer fit what was shared (%(codes2)s); close their days again.")
            % {"codes": len(codes), "codes2": ", ".join(codes[:5])}
        )


@dataclass(frozen=True, slots=True)
class _Meters:
    """The meters of some sites in the order of their ids, and the sites they measure."""

    meter_ids: list[int]
    site_ids: list[int]

    @classmethod
    def of(cls, site_ids: list[int]) -> "_Meters":
        rows = Meter.objects.filter(site_id__in=set(site_ids), kind=MeterKind.SITE, removed_at__isnull=True)
        pairs = list(rows.order_by("pk").values_list("pk", "site_id"))
        return cls([meter for meter, _ in pairs], [site for _, site in pairs])


def load_energy(run: BillingRun, site_ids: list[int], days: Sequence[date], groups: Groups = ()) -> SiteEnergy:
    """Wh per interval of the sites as they were shared, in the order of their ids, and what the tariffs of some of them ask beside.

    Raises:
        CannotRate: what they ask is not known.
    """
    shared = _energy_of(run, days, load_shares(microgrid=run.microgrid, days=days, site_ids=site_ids))
    return with_counted_beside(run, shared, site_ids, days, groups)[0]


def _energy_of(run: BillingRun, days: Sequence[date], shares: ShareBlock) -> SiteEnergy:
    return SiteEnergy(
        shares.import_wh,
        shares.export_wh,
        shares.received_wh,
        shares.delivered_wh,
        shares.carried_wh,
        *gift_arrays(microgrid=run.microgrid, days=days, shares=shares),
    )


def _remember_versions(run: BillingRun, meters: _Meters, shares: ShareBlock) -> None:
    """Keep which versions were rated; rated anew, a run keeps the newer ones."""
    rows = np.searchsorted(shares.site_ids, meters.site_ids)
    with connection.cursor() as cursor:
        for channel, versions in ((Channel.IMPORT, shares.import_versions), (Channel.EXPORT, shares.export_versions)):
            BilledReadings.objects.filter(run=run, channel=channel, meter_id__in=meters.meter_ids).delete()
            columns = [
                Column("run_id", "int8"),
                Column("meter_id", "int8"),
                Column("channel", "int2"),
                Column("versions", "int2[]", versions.shape[1]),
            ]
            values = {"run_id": run.pk, "meter_id": meters.meter_ids, "channel": int(channel), "versions": versions[rows]}
            copy_in(cursor, BilledReadings._meta.db_table, columns, values, len(rows))


class _Traded:
    """Lines of gifts and orders by days; fetched once for each stretch of them."""

    def __init__(self, run: BillingRun, site_ids: list[int], days: Sequence[date]) -> None:
        self.run, self.site_ids, self.days = run, site_ids, days
        self.known: dict[tuple[int, int], Lines] = {}

    def on(self, piece: Piece) -> Lines:
        """By site and kind of document, what its days brought."""
        key = piece.first, piece.after
        if key not in self.known:
            days = self.days[piece.first : piece.after]
            self.known[key] = market_lines(run=self.run, site_ids=self.site_ids, days=days)
        return self.known[key]
