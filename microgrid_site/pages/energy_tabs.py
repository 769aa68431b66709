"""The navigation below Energy, and what its pages share."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from energy.models import Site, Source, StorageUnit
from grid.models import PlantShare


@dataclass(frozen=True, slots=True)
class Tab:
    """One entry of the navigation below Energy."""

    name: str
    url: str
    current: bool


def energy_tabs(sites: Sequence[Site], current: str) -> list[Tab]:
    """What there is below Energy; the roof, the battery and the part of a common plant where there are."""
    entries = [
        (_("Day by day"), "energy"),
        (_("Ahead"), "own-forecast"),
        (_("Habits"), "habits"),
        (_("Comparison"), "comparison"),
        (_("Tips"), "tips"),
        (_("Alarms"), "own-alarms"),
        (_("Sharing"), "sharing"),
        (_("Market"), "market"),
        (_("Giving"), "preferences"),
        (_("Devices"), "runs"),
        (_("Programmes"), "programmes"),
    ]
    if Source.objects.filter(site__in=[site.pk for site in sites]).exists():
        entries.insert(2, (_("Your roof"), "own-source"))
    if StorageUnit.objects.filter(site__in=[site.pk for site in sites]).exists():
        entries.insert(2, (_("Your battery"), "own-battery"))
    if PlantShare.objects.filter(member__in={site.member_id for site in sites}).exists():
        entries.insert(2, (_("Our plant"), "own-plant"))
    return [Tab(name, reverse(route), route == current) for name, route in entries]


def csv_answer(name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> HttpResponse:
    """A table as a file."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    writer = csv.writer(answer)
    writer.writerow(columns)
    writer.writerows(rows)
    return answer
