"""Parts to JSON and back, OpenEI tariffs to parts and back; what is wrong is named by its place."""

import copy
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing.domain.pricing.reading import CannotReadParts, tariff_from_json
from billing.domain.pricing.urdb import tariff_from_urdb
from billing.domain.pricing.urdb_writing import tariff_as_urdb
from billing.domain.pricing.writing import tariff_as_json
from tests.unit.billing.pricing.tariff_samples import WHOLE

URDB = sorted((Path(__file__).resolve().parents[3] / "data" / "urdb").glob("*.json"))


def test_every_kind_of_part_comes_back_as_it_went() -> None:
    text = json.dumps(tariff_as_json(WHOLE))
    assert tariff_from_json(json.loads(text)) == WHOLE


@pytest.mark.parametrize("path", URDB, ids=lambda path: path.stem)
@pytest.mark.parametrize("metering", ["none", "net-billing", "net-metering"])
def test_an_openei_tariff_survives_both_formats(path: Path, metering: Any) -> None:
    given = json.loads(path.read_text(), parse_float=Decimal)
    tariff = tariff_from_urdb(given, metering=metering, tier_rule="prorated").tariff
    through_json = tariff_from_json(json.loads(json.dumps(tariff_as_json(tariff))))
    assert through_json == tariff
    written = tariff_as_urdb("again", through_json)
    assert written.left_out == ()
    again = tariff_from_urdb(written.data, metering=metering, tier_rule="prorated")
    assert again.tariff == tariff
    assert again.ignored[0] == "name"


def test_what_openei_cannot_say_is_listed() -> None:
    left_out = tariff_as_urdb("all", WHOLE).left_out
    assert {"spot", "local", "capacity", "reactive", "incentive", "levy", "discount", "vat"} <= set(left_out)
    assert any(text.startswith("energy: windows") or text.startswith("energy: only") for text in left_out)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda t: t.__setitem__("format", 2), "format: is 2"),
        (lambda t: t.__setitem__("currency", "euro"), "currency: must be"),
        (lambda t: t["parts"][0].__setitem__("kind", "toll"), "parts[0].kind: must be one of standing"),
        (lambda t: t["parts"][0].pop("amount"), "parts[0].amount: is missing"),
        (lambda t: t["parts"][0].__setitem__("amount", "much"), "parts[0].amount: is 'much'"),
        (lambda t: t["parts"][0].__setitem__("per", "week"), "parts[0].per: is 'week'"),
        (lambda t: t["parts"][0].__setitem__("colour", "red"), "parts[0].colour: is not known"),
        (lambda t: t["parts"][1]["periods"][0]["tiers"][0].pop("price"), "parts[1].periods[0].tiers[0].price: is missing"),
        (lambda t: t["parts"][1]["schedule"][0].__setitem__("period", 7), "parts[1]: names period 7, but has 3"),
        (lambda t: t["parts"][1]["schedule"][0].__setitem__("to", "16:00"), "parts[1].schedule[0].to: must be later"),
        (lambda t: t["parts"][1]["schedule"][0].__setitem__("from", "25:00"), "parts[1].schedule[0].from: must be a time"),
        (lambda t: t["parts"][1]["schedule"][0].__setitem__("days", ["sunday"]), "parts[1].schedule[0].days: must be"),
        (lambda t: t["parts"][6].__setitem__("months", [0]), "parts[6].months: must be 12"),
        (lambda t: t["parts"][8].__setitem__("steps", []), "parts[8].steps: must be steps"),
        (lambda t: t.__setitem__("parts", {}), "parts: must be a list"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_place(change: Callable[[dict[str, Any]], Any], named: str) -> None:
    given = copy.deepcopy(tariff_as_json(WHOLE))
    change(given)
    with pytest.raises(CannotReadParts) as refused:
        tariff_from_json(given)
    assert str(refused.value).startswith(named)
