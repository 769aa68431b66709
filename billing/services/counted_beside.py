"""What tariffs ask beside the registers, on a run: read for the sites that have such tariffs, and kept by its versions."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from billing.domain.rating import CannotRate, SiteEnergy
from billing.domain.tariffs import TariffTerms
from billing.models import BilledReadings, BillingRun
from billing.selectors.counted_beside import BESIDE, CountedBeside, asks_own_use, asks_reactive, counted_beside
from energy.models import Site

MOST_NAMED = 5
# Sites, and the terms that they have along the days.
Groups = Sequence[tuple[Sequence[int], Sequence[TariffTerms]]]


def with_counted_beside(
    run: BillingRun, energy: SiteEnergy, site_ids: Sequence[int], days: Sequence[date], groups: Groups
) -> tuple[SiteEnergy, CountedBeside]:
    """The energy with what the tariffs ask of it.

    Raises:
        CannotRate: what one asks of a site is not known; the message names them.
    """
    reactive: set[int] = set()
    own: set[int] = set()
    for members, terms in groups:
        tariffs = [term.priced() for term in dict.fromkeys(terms)]
        reactive |= set(members) if any(map(asks_reactive, tariffs)) else set()
        own |= set(members) if any(map(asks_own_use, tariffs)) else set()
    found = counted_beside(microgrid=run.microgrid, days=days, site_ids=site_ids, export_wh=energy.export_wh, reactive=reactive, own=own)
    if found.cannot:
        raise CannotRate(_named(found.cannot))
    return replace(energy, reactive_varh=found.reactive_varh, own_wh=found.own_wh), found


def _named(cannot: dict[int, str]) -> str:
    codes = dict(Site.objects.filter(pk__in=cannot).order_by("code").values_list("pk", "code"))
    told = [f"{code}: {cannot[pk]}" for pk, code in codes.items()]
    more = f" And {len(told) - MOST_NAMED} more." if len(told) > MOST_NAMED else ""
    return " ".join(told[:MOST_NAMED]) + more


def remember_beside(run: BillingRun, site_ids: Sequence[int], found: CountedBeside) -> None:
    """Keep which versions were read; rated anew, a run keeps the newer ones."""
    before = BilledReadings.objects.filter(run=run, channel__in=BESIDE)
    if before.exists():
        before.filter(meter_id__in=_meters_of(site_ids)).delete()
    BilledReadings.objects.bulk_create(
        BilledReadings(run=run, meter_id=one.meter_id, channel=one.channel, versions=one.versions) for one in found.used
    )


def _meters_of(site_ids: Sequence[int]) -> list[int]:
    return list(Site.objects.filter(pk__in=site_ids, meters__isnull=False).values_list("meters", flat=True))
