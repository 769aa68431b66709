"""A URDB tariff from a JSON file of anybody's, with its numbers as they are written."""

import json
from decimal import Decimal
from pathlib import Path

from billing.domain.pricing.parts import TierRule
from billing.domain.pricing.urdb import CannotReadUrdb, Metering, UrdbTariff, tariff_from_urdb


class CannotReadTariffFile(ValueError):
    """The file holds no tariff; the message names file and key, and the mending step, in one line."""


def read_urdb_file(path: Path, *, metering: Metering, tier_rule: TierRule) -> UrdbTariff:
    """Read a tariff; a list of one item, as URDB answers, counts as its item.

    Raises:
        CannotReadTariffFile: it is missing, broken, or cannot be billed.
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal, parse_constant=_refused)
    except FileNotFoundError:
        raise CannotReadTariffFile(f"{path.name}: there is no such file in {path.parent}; check the path") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise CannotReadTariffFile(f"{path.name}: cannot be read ({problem}); give a JSON file") from None
    except (ValueError, ArithmeticError, RecursionError) as problem:
        raise CannotReadTariffFile(f"{path.name}: is no JSON ({problem}); write it again as one JSON object") from None
    if isinstance(given, dict) and isinstance(given.get("items"), list) and len(given["items"]) == 1:
        given = given["items"][0]
    if not isinstance(given, dict):
        raise CannotReadTariffFile(f"{path.name}: is no JSON object; put the keys between braces")
    try:
        return tariff_from_urdb(given, metering=metering, tier_rule=tier_rule)
    except CannotReadUrdb as problem:
        raise CannotReadTariffFile(f"{path.name}, {problem}") from None


def _refused(name: str) -> float:
    raise ValueError(f"{name} is no number")
