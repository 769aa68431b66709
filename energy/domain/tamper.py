"""Signs that somebody tampers with a device."""

from collections.abc import Sequence
from datetime import datetime, timedelta

REFUSALS_TO_ALARM = 5
REFUSALS_WITHIN = timedelta(hours=1)


def are_alarming(refused_at: Sequence[datetime]) -> bool:
    """Whether five refusals lie within an hour; `refused_at` holds the latest instants, the newest first."""
    if len(refused_at) < REFUSALS_TO_ALARM:
        return False
    return refused_at[0] - refused_at[REFUSALS_TO_ALARM - 1] <= REFUSALS_WITHIN
