"""Writing down who looked at the history of whose site: of those whose it was on the days that were looked at."""

from datetime import date, datetime

from energy.domain.ownership import SeenDays
from energy.models import Site
from energy.selectors.ownership import holders
from members.models import User
from members.services.access import record_looks


def record_site_look(
    *, user: User, site: Site, seen: SeenDays, what: str, subject: str, now: datetime, first: date | None = None, after: date | None = None
) -> None:
    """Record a look of staff at a site's days from `first` up to and without `after`; who sees own days alone leaves no record."""
    if seen.spans is None:
        record_looks(user=user, members=holders(site, first, after), what=what, subject=subject, now=now)
