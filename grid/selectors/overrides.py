"""Which operators' orders stand, and how they look to control."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from energy.models import Microgrid
from grid.domain.control.overrides import Overrides
from grid.models import OperatorOverride
from grid.selectors.control_layout import ControlLayout


def standing_overrides(microgrid: Microgrid, now: datetime) -> QuerySet[OperatorOverride]:
    """Confirmed, not ended, by the microgrid's `now`; the newest last, because it counts."""
    return (
        OperatorOverride.objects.filter(microgrid=microgrid, confirmed_at__lte=now, ends_at__gt=now, ended_early_at__isnull=True)
        .select_related("storage", "source", "confirmed_by")
        .order_by("confirmed_at", "pk")
    )


def lay_over(layout: ControlLayout, rows: Sequence[OperatorOverride], now: datetime) -> Overrides:
    """The orders by position; those whose time is over by `now` are left out."""
    found = Overrides.none(layout.points)
    storages = {storage.pk: place for place, storage in enumerate(layout.storages)}
    first = len(layout.storages)
    sources = {target.asset_id: i for i, target in enumerate(layout.targets[first : first + len(layout.source_site)])}
    for row in rows:
        if row.ends_at is None or row.ends_at <= now:
            continue
        if row.storage_id in storages:
            found.storage_w[storages[row.storage_id]] = row.charge_w - row.discharge_w
        elif row.source_id in sources and row.limit_w is not None:
            found.source_limit_w[sources[row.source_id]] = row.limit_w
        elif row.tier is not None:
            found.load_is_shed[layout.points.load_tier == row.tier] = True
    return found
