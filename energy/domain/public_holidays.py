"""Public holidays, by country and region; a time zone tells its country where nobody wrote it down."""

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from importlib import resources

import holidays


@lru_cache(maxsize=1)
def _country_of_zones() -> dict[str, str]:
    """The first country that the IANA database names for each zone."""
    text = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text()
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {row[2]: row[0] for row in rows}


def country_of(zone_name: str) -> str:
    """The ISO code of the country of an IANA zone; empty where it belongs to none (UTC)."""
    return _country_of_zones().get(zone_name, "")


def holiday_test(country: str, region: str = "") -> Callable[[date], bool]:
    """A test for public holidays; of a country or region that is not known only its country, or none, are."""
    known = holidays.list_supported_countries(include_aliases=True)
    if country not in known:
        return lambda day: False
    calendar = holidays.country_holidays(country, subdiv=region if region in known[country] else None)
    return lambda day: day in calendar
