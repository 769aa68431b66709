"""What a tariff version would make of bills, before it is published: real households, their last billed month, the real rating."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import numpy as np
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.rating import CannotRate, RatedLines, Rating, SiteEnergy, rate_period
from billing.domain.tariffs import TariffTerms
from billing.domain.vat import TariffVat
from billing.models import BillingRun, Component, Document, DocumentKind, RunStatus, Tariff, TariffVersion
from billing.selectors.bill_history import Billed, history_of
from billing.selectors.counted_beside import sites_for
from billing.selectors.tariffs import TariffMissing, terms_by_day, terms_of
from billing.services.rate_plans import rate_plan
from billing.services.rating import load_energy
from energy.models import Site
from grid.domain.prices import mid_market
from grid.selectors.prices import PriceBlock, load_prices
from kernel.money import round_half_away

SAMPLES = (gettext_lazy("a small household"), gettext_lazy("a typical household"), gettext_lazy("a large one"))
PAID_FOR = gettext_lazy("paid for feeding in")
PAID = (Component.EXPORT,)  # of credit documents, what the member's own tariff decides


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One component of a sample bill under the tariff in force and under the version, net; what is paid for feeding in is negative [minor units]."""

    name: str
    before_minor: int
    after_minor: int


@dataclass(frozen=True, slots=True)
class PreviewBill:
    """One sample bill, before and after, gross, less what is paid for feeding in [minor units]."""

    who: str
    drawn_wh: int
    lines: list[PreviewLine]
    before_minor: int
    after_minor: int

    @property
    def is_paid(self) -> bool:
        """Whether something is paid to the member beside the bill."""
        return any(line.name == str(PAID_FOR) for line in self.lines)

    @property
    def difference_minor(self) -> int:
        return self.after_minor - self.before_minor


def preview_version(version: TariffVersion) -> list[PreviewBill]:
    """Sample bills of the last posted month under a version; empty where no month was billed yet."""
    return preview_terms(tariff=version.tariff, terms=terms_of(version))


def preview_terms(*, tariff: Tariff, terms: TariffTerms) -> list[PreviewBill]:
    """Sample bills of the last posted month under terms that need not be saved; empty where no month was billed yet.

    They are taken to be in force for the whole month; local prices follow from their own retail and export price.

    Raises:
        CannotRate: a part needs what is not known of these households.
    """
    run = (
        BillingRun.objects.filter(status=RunStatus.POSTED, microgrid__cooperative=tariff.cooperative_id)
        .select_related("microgrid__cooperative")
        .order_by("-period", "revision")
        .first()
    )
    if run is None:
        return []
    sites = sample_sites(run, terms)
    days = run.days()
    ids = sorted(site.pk for site in sites)
    try:
        in_force = terms_by_day(tariff, days)
    except TariffMissing:
        return []
    energy = load_energy(run, ids, days, [(ids, [terms, *in_force.values()])])
    published = load_prices(microgrid_id=run.microgrid_id, days=days)
    after = _rate(run, ids, days, [terms] * len(days), energy, published, own_prices=True)
    before = _rate(run, ids, days, [in_force[day] for day in days], energy, published, own_prices=False)
    order = {pk: row for row, pk in enumerate(sorted(site.pk for site in sites))}
    return [
        _bill(who, order[site.pk], energy, before, after, in_force[days[-1]].vat, terms.vat)
        for who, site in zip(SAMPLES, sites, strict=False)
    ]


def sample_sites(run: BillingRun, terms: TariffTerms) -> list[Site]:
    """A small, a typical and a large member by what they paid in a run: at a tenth, half and nine tenths of the bills that terms can be tried on.

    Raises:
        CannotRate: they can be tried on none.
    """
    billed = Document.objects.filter(run=run, kind=DocumentKind.BILL, member__is_cooperative=False)
    bills = list(billed.filter(site__in=sites_for(terms.priced(), run.last_day)).select_related("site").order_by("gross_minor", "label"))
    if not bills:
        if billed.exists():
            raise CannotRate(_("No site of the last billed month has the meters that this tariff asks for."))
        return []
    places = sorted({len(bills) // 10, len(bills) // 2, len(bills) * 9 // 10})
    return [bills[place].site for place in places]


def _rate(
    run: BillingRun,
    site_ids: list[int],
    days: Sequence[date],
    terms: list[TariffTerms],
    energy: SiteEnergy,
    published: PriceBlock,
    *,
    own_prices: bool,
) -> Rating:
    plan = rate_plan(terms, days, run, published, tried=own_prices)
    if own_prices:
        plan = replace(plan, local_micro=mid_market(plan.retail_micro, plan.export_micro))
    members = dict(Site.objects.filter(pk__in=site_ids).values_list("pk", "member_id"))
    billed = [Billed(pk, members[pk]) for pk in site_ids]
    return rate_period(plan, energy, history_of(run=run, billed=billed, parts=plan.parts))


def _bill(
    who: str | Promise, row: int, energy: SiteEnergy, before: Rating, after: Rating, vat_before: TariffVat, vat_after: TariffVat
) -> PreviewBill:
    sums_before, sums_after = _by_component(before.bills, row), _by_component(after.bills, row)
    paid_before, paid_after = _paid(before, row), _paid(after, row)
    names = [*sums_before, *(name for name in sums_after if name not in sums_before)]
    return PreviewBill(
        str(who),
        int(np.sum(energy.import_wh[row])),
        [
            *(PreviewLine(str(Component(name).label), sums_before.get(name, 0), sums_after.get(name, 0)) for name in names),
            *([PreviewLine(str(PAID_FOR), -paid_before, -paid_after)] if paid_before or paid_after else []),
        ],
        _gross(sums_before, vat_before) - paid_before,
        _gross(sums_after, vat_after) - paid_after,
    )


def _paid(rating: Rating, row: int) -> int:
    return sum(int(line.net_minor[row]) for line in rating.credits if line.component in PAID)


def _by_component(lines: list[RatedLines], row: int) -> dict[str, int]:
    sums: dict[str, int] = {}
    for line in lines:
        if line.quantity[row] or line.net_minor[row]:
            sums[line.component] = sums.get(line.component, 0) + int(line.net_minor[row])
    return sums


def _gross(nets: dict[str, int], vat: TariffVat) -> int:
    """With VAT, of each rate on the sum of its lines."""
    of_rate: dict[Decimal, int] = {}
    for component, net in nets.items():
        rate = vat.of_component(component)
        of_rate[rate] = of_rate.get(rate, 0) + net
    return sum(net + round_half_away(net * rate) for rate, net in of_rate.items())
