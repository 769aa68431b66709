"""Sizes, folders and months that a measurement is asked for, checked before anything starts."""

from argparse import ArgumentTypeError
from collections.abc import Callable, Collection
from pathlib import Path

from kernel.intervals import CannotReadPeriod, Month

MOST = 100_000_000
"""What no measurement here is meant for any more; the machine's memory ends before."""


def at_least(least: int) -> Callable[[str], int]:
    """The type of an argument that counts something."""

    def whole(text: str) -> int:
        is_number = text.lstrip("-").isdecimal() and len(text) <= len(str(MOST))
        number = int(text) if is_number else least - 1
        if not least <= number <= MOST:
            raise ArgumentTypeError(f"is {text[:40]}; give a whole number, at least {least} and at most {MOST}")
        return number

    return whole


def some_folder(text: str) -> Path:
    """The type of an argument that names a folder."""
    if not Path(text).is_dir():
        raise ArgumentTypeError(f"{text} is not a folder; check the path")
    return Path(text)


def network_folder(text: str) -> Path:
    """The type of an argument that names a network in SimBench's format."""
    folder = some_folder(text)
    if not (folder / "loads.csv").is_file():
        raise ArgumentTypeError(f"{text} has no loads.csv; give a folder in SimBench's format")
    return folder


def month_text(text: str) -> str:
    """The type of an argument that names a month, written YYYY-MM."""
    try:
        month = Month.parse(text)
    except CannotReadPeriod as wrong:
        raise ArgumentTypeError(str(wrong)) from None
    return f"{month.year}-{month.month:02d}"


def some_of(allowed: Collection[str]) -> Callable[[str], str]:
    """The type of an argument that lists words with commas."""

    def words(text: str) -> str:
        strange = [word for word in text.split(",") if word not in allowed]
        if strange:
            raise ArgumentTypeError(f"'{strange[0]}' is not one of {', '.join(allowed)}")
        return text

    return words
