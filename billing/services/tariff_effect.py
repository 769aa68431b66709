"""What a version would do to every member, whether it is saved or not: the what-if over the newest closed days of a cooperative."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from billing.domain.pricing.effect import TariffEffect
from billing.domain.tariffs import TariffTerms
from billing.services.what_if import CannotCompare, comparable_days, proposal_of_terms, what_if
from energy.models import Site
from energy.models.meters import MeterKind
from members.models import Cooperative

MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class SiteEffect:
    """One metering point, before and after [minor units]."""

    site: Site
    before_minor: int
    after_minor: int

    @property
    def change_minor(self) -> int:
        return self.after_minor - self.before_minor

    @property
    def percent(self) -> float | None:
        return 100 * self.change_minor / self.before_minor if self.before_minor > 0 else None


@dataclass(frozen=True, slots=True)
class VersionEffect:
    """Over which days, for how many; the bins for a picture; who pays most more and most less."""

    first_day: date
    last_day: date
    days: int
    sites: list[Site]
    effect: TariffEffect
    most_more: list[SiteEffect]
    most_less: list[SiteEffect]
    left_out: list[tuple[Site, str]]

    @property
    def revenue_percent(self) -> float | None:
        before = self.effect.revenue_before_minor
        return 100 * self.effect.revenue_change_minor / before if before > 0 else None


def version_effect(*, cooperative: Cooperative, terms: TariffTerms, name: str) -> VersionEffect:
    """Every member's metering points in the cooperative's first microgrid that has closed days.

    Raises:
        CannotCompare: nothing is closed yet, or a part needs what is not known.
    """
    for microgrid in cooperative.microgrids.order_by("pk"):
        days = comparable_days(microgrid)
        if days:
            break
    else:
        raise CannotCompare(_("No day is closed and priced yet; after the first one every member is shown here."))
    sites = list(
        Site.objects.filter(microgrid=microgrid, member__is_cooperative=False, meters__kind=MeterKind.SITE, meters__removed_at__isnull=True)
        .select_related("member", "microgrid__cooperative")
        .order_by("code")
        .distinct()
    )
    found = what_if(sites=sites, proposals=[proposal_of_terms(name, terms)], days=days)
    effect = found.outcomes[0].effect
    rows = [
        SiteEffect(site, before, after)
        for site, before, after in zip(found.sites, effect.before_minor.tolist(), effect.after_minor.tolist(), strict=True)
    ]
    ranked = sorted(rows, key=lambda row: (-row.change_minor, row.site.code))
    return VersionEffect(
        found.days[0],
        found.days[-1],
        len(found.days),
        found.sites,
        effect,
        [row for row in ranked if row.change_minor > 0][:MOST_NAMED],
        [row for row in reversed(ranked) if row.change_minor < 0][:MOST_NAMED],
        found.left_out,
    )
