"""Public holidays of a microgrid's country, which tariffs count as days of their own kind."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from energy.domain.public_holidays import country_of, holiday_test
from energy.models import Microgrid


def public_holidays(microgrid: Microgrid, days: Iterable[date]) -> frozenset[date]:
    """Which of the days are holidays there."""
    is_holiday = _calendar(microgrid.country or country_of(microgrid.time_zone), microgrid.region)
    return frozenset(day for day in days if is_holiday(day))


_calendar = lru_cache(maxsize=32)(holiday_test)
