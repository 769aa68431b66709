"""Documents that are not for whom they were billed to any more, since a move was entered afterwards."""

from datetime import date, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from billing.models import BillingRun, Document, DocumentLine
from billing.models.flexibility import FLEXIBILITY
from energy.models import SiteOwnership
from energy.selectors.ownership import ownerships_along
from grid.models import PlantShare


def astray(run: BillingRun, documents: QuerySet[Document]) -> list[Document]:
    """Of a month's documents those whose days are not a stretch on which their member has the site, by moves entered since the run began.

    Documents of flexibility alone stay with who had the site when it was given, gone or not.
    """
    moved = SiteOwnership.objects.filter(site__microgrid=run.microgrid_id, entered_at__gt=run.prepared_at, valid_from__lte=run.last_day)
    sites = set(moved.values_list("site_id", flat=True))
    if not sites:
        return []
    after = run.last_day + timedelta(days=1)
    stretches: set[tuple[int, int, date, date]] = set()
    for site_id, owned in ownerships_along(sites, run.first_day, run.last_day).items():
        for row in owned:
            first, end = (max(row.valid_from or run.first_day, run.first_day), min(row.valid_to or after, after))
            stretches.add((site_id, row.member_id, first, end - timedelta(days=1)))
    # Parts of common plants are divided ahead, never for days that were billed: their documents stay.
    holders = set(PlantShare.objects.filter(division__plant__in=sites).values_list("division__plant", "member"))
    of_energy = DocumentLine.objects.filter(document=OuterRef("pk")).exclude(component__in=FLEXIBILITY)
    rows = documents.filter(Exists(of_energy), site__in=sites, cancels=None)
    return [
        document
        for document in rows.select_related("site").order_by("site__code", "pk")
        if (document.site_id, document.member_id, document.first_day, document.last_day) not in stretches
        and (document.site_id, document.member_id) not in holders
    ]
