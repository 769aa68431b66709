"""Which days there are readings for."""

from collections.abc import Sequence
from datetime import date

from django.db.models import Max, Min

from energy.models import Meter, MeterDay, Site


def covered_days(sites: Sequence[Site]) -> tuple[date, date] | None:
    """The first and last day with readings of these sites; None where there is none."""
    meters = Meter.objects.filter(site__in=list(sites)).values("pk")
    found = MeterDay.objects.filter(meter_id__in=meters).aggregate(first=Min("day"), last=Max("day"))
    return (found["first"], found["last"]) if found["first"] else None
