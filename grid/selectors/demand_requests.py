"""Which sites' loads are held down by demand response, now and ahead, and how that looks to control."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from energy.models import Microgrid
from grid.domain.control.requests import Requests
from grid.models import DemandResponse
from grid.selectors.control_layout import ControlLayout

AHEAD = timedelta(days=1)  # known ahead, so that an event begins and ends in time also while the database is away


@dataclass(frozen=True, slots=True)
class DemandRequest:
    """One site's part in an event whose programme lets devices be told; `[start_at, end_at)`."""

    site_id: int
    start_at: datetime
    end_at: datetime
    limit_percent: int
    reason: str


def demand_requests(microgrid: Microgrid, now: datetime) -> list[DemandRequest]:
    """Of events that go on or begin within a day of the microgrid's `now`; who opted out is not among them."""
    rows = DemandResponse.objects.filter(
        event__programme__microgrid=microgrid,
        event__programme__load_limit_percent__isnull=False,
        event__cancelled_at=None,
        event__start_at__lte=now + AHEAD,
        event__end_at__gt=now,
        opted_out_at=None,
    ).select_related("event__programme")
    return [_request(row, microgrid) for row in rows.order_by("event__start_at", "site")]


def _request(row: DemandResponse, microgrid: Microgrid) -> DemandRequest:
    event = row.event
    percent = event.programme.load_limit_percent
    assert percent is not None
    until = event.end_at.astimezone(microgrid.zone)
    reason = f"demand response until {until:%H:%M}, {event.programme.name}"
    return DemandRequest(row.site_id, event.start_at, event.end_at, percent, reason)


def lay_requests(layout: ControlLayout, rows: Sequence[DemandRequest], now: datetime) -> Requests:
    """Those that stand at `now`, by load."""
    standing = {row.site_id: row for row in rows if row.start_at <= now < row.end_at}
    if not standing:
        return Requests.none(layout.points)
    sites = layout.site_ids[layout.load_site].tolist()
    share = np.array([standing[s].limit_percent / 100 if s in standing else np.nan for s in sites])
    reasons = sorted({row.reason for row in standing.values()})
    return Requests.of_shares(share, layout.points, "; ".join(reasons))
