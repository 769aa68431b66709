"""What a microgrid is foreseen to be in each interval of a day: with more than it needs, near its limit, or neither."""

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from billing.models import PriceState
from energy.models import Microgrid
from grid.models import Plan

NEAR_LIMIT = 0.9
MOST_PLANS = 3


def foreseen_state(microgrid: Microgrid, day: date) -> NDArray[np.int64]:
    """By the newest plans that reach into the day; ordinary where none does. Scarce is a planned import of nine tenths of the limit."""
    local = microgrid.local_day(day)
    state = np.full(local.interval_count, PriceState.ORDINARY, dtype=np.int64)
    step = timedelta(minutes=microgrid.interval_minutes)
    plans = Plan.objects.filter(microgrid=microgrid, origin_at__lt=local.end_at, interval_minutes=microgrid.interval_minutes).order_by(
        "-origin_at"
    )[:MOST_PLANS]
    for plan in reversed(list(plans)):
        use, production, drawn = (np.array(v) for v in (plan.use_w, plan.production_w, plan.import_w))
        said = np.where(production > use, PriceState.SURPLUS, PriceState.ORDINARY)
        if microgrid.import_limit_w:
            said = np.where(drawn >= NEAR_LIMIT * microgrid.import_limit_w, PriceState.SCARCE, said)
        first = (local.start_at - plan.origin_at) // step
        start, end = max(first, 0), min(first + local.interval_count, len(said))
        if end > start:
            state[start - first : end - first] = said[start:end]
    return state
