"""Types of commands' arguments: what is wrong is said in the line that argparse prints."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import date
from math import nan
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug

from kernel.intervals import FIRST_YEAR, LAST_YEAR


def day(text: str) -> date:
    """A calendar day, written YYYY-MM-DD."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"'{text}' is no day; write it as 2016-03-01") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ArgumentTypeError(f"{text} lies outside the years {FIRST_YEAR} to {LAST_YEAR}")
    return found


def between(least: float, most: float) -> Callable[[str], float]:
    """A number within bounds, both included."""

    def number(text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            found = nan
        if not least <= found <= most:
            raise ArgumentTypeError(f"is {text}; give a number from {least:g} to {most:g}")
        return found

    return number


def zone_name(text: str) -> str:
    """The IANA name of a time zone."""
    if text not in available_timezones():
        raise ArgumentTypeError(f"there is no time zone '{text}'; write it as Europe/Berlin")
    return text


def slug(text: str) -> str:
    """What a microgrid is called in commands: letters, digits, - and _."""
    try:
        validate_slug(text)
    except ValidationError:
        raise ArgumentTypeError(f"'{text}' is no slug; use letters, digits, - and _") from None
    return text
