"""Firmware: which version is newer, who is offered one, and when a roll-out halts itself."""

import hashlib
import re

MOST_PARTS = 4
FEWEST_COUNTED = 10
HUNDREDTHS = 10_000
_VERSION = re.compile(r"\d{1,6}(\.\d{1,6}){0,3}")


class CannotRelease(ValueError):
    """A version cannot be released; the message says why."""


def version_of(text: str) -> tuple[int, ...]:
    """A version as numbers that compare: `1.10.0` is newer than `1.9`.

    Raises:
        CannotRelease: the text is not one to four whole numbers with dots between.
    """
    if not _VERSION.fullmatch(text):
        raise CannotRelease(f"'{text}' is not a version: write whole numbers with dots, for example 1.4.0")
    numbers = [int(part) for part in text.split(".")]
    return tuple(numbers + [0] * (MOST_PARTS - len(numbers)))


def is_newer(version: str, than: str) -> bool:
    """Whether `version` comes after `than`; a device that has not told its version takes any."""
    if not _VERSION.fullmatch(than):
        return True
    return version_of(version) > version_of(than)


def is_offered(*, device_name: str, version: str, percent: int) -> bool:
    """Whether a device is among the first `percent` of the devices for a version.

    By a hash of name and version: the same device always gives the same answer, who is offered it at 10 % is so at 20 %, and
    the first ones differ from version to version. Devices reckon the same from what is signed.
    """
    digest = hashlib.sha256(f"{device_name}\n{version}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % HUNDREDTHS < percent * (HUNDREDTHS // 100)


def has_failed_too_often(*, tried: int, failed: int, limit_percent: int) -> bool:
    """Whether a roll-out has to halt; few tries are counted as ten, so that one failure alone says nothing.

    At a limit of 10 %: the second failure among the first ten, then every share above a tenth.
    """
    return failed * 100 > limit_percent * max(tried, FEWEST_COUNTED)


def folder_of(cooperative: str, model: str) -> str:
    """Where the targets of a model lie, for example `wiesengrund/example-1`."""
    return f"{cooperative}/{re.sub(r'[^a-z0-9]+', '-', model.lower()).strip('-') or 'model'}"
