"""Telling members their year: a statement per member and site, once, and on its way like a bill."""

from datetime import datetime

from django.db import transaction

from billing.models import Document, YearStatement
from billing.services.deliveries import queue_letters
from energy.models import Microgrid


@transaction.atomic
def tell_year(*, microgrid: Microgrid, year: int, now: datetime) -> int:
    """Make the statements of all whose documents of a year count, and queue those that nobody was sent; returns how many are new on their way."""
    pairs = (
        Document.objects.standing()
        .filter(site__microgrid=microgrid, period__range=(year * 100 + 1, year * 100 + 12), member__is_cooperative=False)
        .order_by("member", "site")
        .values_list("member", "site")
        .distinct()
    )
    YearStatement.objects.bulk_create(
        (YearStatement(member_id=member, site_id=site, year=year, made_at=now) for member, site in pairs), ignore_conflicts=True
    )
    unsent = YearStatement.objects.filter(site__microgrid=microgrid, year=year, deliveries=None)
    return queue_letters(letters=unsent.select_related("member"), now=now)
