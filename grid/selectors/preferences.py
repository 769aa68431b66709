"""To whom members give their surplus first: lists as they hold on a day, and what they gave."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from energy.models import Microgrid, Site
from energy.selectors.ownership import theirs_since
from grid.domain.sharing.keys import SHARE_UNITS
from grid.domain.sharing.preferences import Preference
from grid.models import GivenDay, PlantShare, SurplusPreference
from grid.selectors.sharing_terms import SiteAxis


@dataclass(frozen=True, slots=True)
class PreferencesOfDay:
    """Entries that hold on a day, as rows and as the domain reads them; both in the same order."""

    rows: list[SurplusPreference]
    entries: list[Preference]

    @property
    def digest(self) -> str:
        """Of what decides who is given what; empty where nobody gives."""
        if not self.rows:
            return ""
        text = "\n".join(f"{row.pk} {entry}" for row, entry in zip(self.rows, self.entries, strict=True))
        return hashlib.sha256(text.encode()).hexdigest()


def preferences_on(*, microgrid: Microgrid, day: date, sites: SiteAxis) -> PreferencesOfDay:
    """The lists that hold on a day; entries to or from sites that are not metered rest."""
    column = {site: place for place, site in enumerate(sites.site_ids.tolist())}
    rows = [
        row
        for row in holding(SurplusPreference.objects.filter(site__microgrid=microgrid), day).order_by("pk")
        if row.site_id in column and row.receiver_id in column
    ]
    entries = [
        Preference(column[row.site_id], column[row.receiver_id], row.place, int(row.share * SHARE_UNITS), row.is_gift) for row in rows
    ]
    return PreferencesOfDay(rows, entries)


def holding(rows: QuerySet[SurplusPreference], day: date) -> QuerySet[SurplusPreference]:
    """Those that hold on a day."""
    return rows.filter(valid_from__lte=day).filter(Q(valid_to__isnull=True) | Q(valid_to__gt=day))


def given_rows(*, microgrid: Microgrid, days: Sequence[date], site_ids: Sequence[int], gifts_only: bool = False) -> list[GivenDay]:
    """What was given by or to sites on shared days, oldest first."""
    rows = GivenDay.objects.filter(microgrid=microgrid, day__in=days, is_current=True)
    if gifts_only:
        rows = rows.filter(preference__is_gift=True)
    ids = set(site_ids)
    rows = rows.filter(Q(preference__site__in=ids) | Q(preference__receiver__in=ids))
    shares = PlantShare.objects.filter(preference=OuterRef("preference"))
    return list(
        rows.select_related("preference__site__member", "preference__receiver__member")
        .annotate(is_plant=Exists(shares))
        .order_by("day", "pk")
    )


def of_who_has_it(site: Site) -> QuerySet[SurplusPreference]:
    """The entries of whose the site is today; a move ends those from before."""
    rows = SurplusPreference.objects.filter(site=site)
    begun = theirs_since(site)
    return rows if begun is None else rows.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=begun), valid_from__gte=begun)


def own_preferences(site: Site, *, since: date) -> list[SurplusPreference]:
    """A site's list with what is to come, without what has ended before, and without what others wished who had it earlier."""
    rows = of_who_has_it(site).filter(Q(valid_to__isnull=True) | Q(valid_to__gt=since))
    return list(rows.select_related("receiver").order_by("place", "valid_from"))
