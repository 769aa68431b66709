"""What the calendar tells ahead: weekdays, public holidays, and which days are like which."""

from datetime import date, timedelta
from functools import lru_cache

import holidays
import numpy as np
from numpy.typing import NDArray

WORKDAY, SATURDAY, SUNDAY = 0, 1, 2
EPOCH = date(1970, 1, 1)


@lru_cache(maxsize=64)
def _holidays_of(country: str, region: str, year: int) -> frozenset[int]:
    """Days since 1970-01-01 that are public holidays."""
    if not country:
        return frozenset()
    found = holidays.country_holidays(country, subdiv=region or None, years=year)
    return frozenset((day - EPOCH).days for day in found)


def is_country(country: str, region: str = "") -> bool:
    """Whether public holidays are known for that ISO country and its region."""
    known = holidays.list_supported_countries(include_aliases=True)
    return country in known and (not region or region in known[country])


def weekdays(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """0 Monday to 6 Sunday, of days since 1970-01-01 (a Thursday)."""
    return (days + 3) % 7


def day_types(days: NDArray[np.int64], country: str, region: str = "") -> NDArray[np.int64]:
    """Workday, Saturday or Sunday of days since 1970-01-01; a public holiday is like a Sunday."""
    weekday = weekdays(days)
    result = np.where(weekday == 6, SUNDAY, np.where(weekday == 5, SATURDAY, WORKDAY))
    unique = np.unique(days)
    years = {(EPOCH + timedelta(days=int(day))).year for day in unique}
    free = np.array(sorted(set().union(*(_holidays_of(country, region, year) for year in years))), dtype=np.int64)
    return np.where(np.isin(days, free), SUNDAY, result)


COUNTRY_OF_ZONE = {
    "Europe/Amsterdam": "NL",
    "Europe/Athens": "GR",
    "Europe/Berlin": "DE",
    "Europe/Brussels": "BE",
    "Europe/Budapest": "HU",
    "Europe/Bucharest": "RO",
    "Europe/Copenhagen": "DK",
    "Europe/Dublin": "IE",
    "Europe/Helsinki": "FI",
    "Europe/Istanbul": "TR",
    "Europe/Lisbon": "PT",
    "Europe/Ljubljana": "SI",
    "Europe/London": "GB",
    "Europe/Luxembourg": "LU",
    "Europe/Madrid": "ES",
    "Europe/Oslo": "NO",
    "Europe/Paris": "FR",
    "Europe/Prague": "CZ",
    "Europe/Rome": "IT",
    "Europe/Sofia": "BG",
    "Europe/Stockholm": "SE",
    "Europe/Tallinn": "EE",
    "Europe/Riga": "LV",
    "Europe/Vienna": "AT",
    "Europe/Vilnius": "LT",
    "Europe/Warsaw": "PL",
    "Europe/Zagreb": "HR",
    "Europe/Zurich": "CH",
}


def country_of_zone(zone_name: str) -> str:
    """The ISO country whose holidays count in a time zone; empty where we would have to guess."""
    return COUNTRY_OF_ZONE.get(zone_name, "")
