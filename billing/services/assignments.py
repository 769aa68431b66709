"""Which tariff a site has, for all at once that have none."""

from datetime import date

from django.db import transaction
from django.db.models import QuerySet

from billing.models import Tariff, TariffAssignment
from energy.models import Site
from energy.models.sites import SiteKind


def sites_without(tariff: Tariff) -> QuerySet[Site]:
    """The metering points of the tariff's cooperative that never had a tariff; measuring points in the network are not billed."""
    own = Site.objects.filter(microgrid__cooperative=tariff.cooperative_id, tariff_assignments__isnull=True)
    return own.exclude(kind=SiteKind.NETWORK)


@transaction.atomic
def assign_to_rest(*, tariff: Tariff, valid_from: date) -> int:
    """Give the tariff to every metering point that has none, from a day on; returns to how many. A second call finds nobody left."""
    Tariff.objects.select_for_update(no_key=True).get(pk=tariff.pk)
    made = TariffAssignment.objects.bulk_create(
        TariffAssignment(site=site, tariff=tariff, valid_from=valid_from) for site in sites_without(tariff)
    )
    return len(made)
