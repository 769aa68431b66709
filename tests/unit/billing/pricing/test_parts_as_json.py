"""Parts to JSON and back, OpenEI tariffs to parts and back; what is wrong is named by its place."""

import copy
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing.domain.pricing.faults import CannotReadParts
from billing.domain.pricing.parts import Demand, Minimum, Period, PricedTariff, Tier
from billing.domain.pricing.reading import tariff_from_json
from billing.domain.pricing.urdb import tariff_from_urdb
from billing.domain.pricing.urdb_writing import tariff_as_urdb
from billing.domain.pricing.writing import tariff_as_json
from tests.unit.billing.pricing.tariff_samples import FLAT, WHOLE

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


def ratcheted(months: tuple[int, ...], percent: str, before: int, of: tuple[int, ...] = ()) -> Demand:
    return Demand(
        (Period("period 0", (Tier(Decimal(9)),)),), months, ratchet_percent=Decimal(percent), ratchet_months=before, ratchet_of=of
    )


@pytest.mark.parametrize(
    ("demand", "said"),
    [((0,) * 12, {"lookbackpercent": Decimal("0.8"), "lookbackrange": 5}), ((), {"lookbackpercent": Decimal("0.8"), "lookbackrange": 5})],
)
@pytest.mark.parametrize("of", [(), (6, 7)])
def test_a_ratchet_goes_to_openei_and_comes_back(demand: tuple[int, ...], said: dict[str, Any], of: tuple[int, ...]) -> None:
    part = ratcheted(demand, "80", 5, of)
    written = tariff_as_urdb("again", PricedTariff((FLAT, part), "USD"))
    assert written.left_out == ()
    assert said.items() <= written.data.items()
    assert ("lookbackmonths" in written.data) == bool(of)
    again = tariff_from_urdb(written.data, metering="none", tier_rule="chronological")
    assert again.tariff.of_kind(Demand) == [part]
    assert again.ignored == ("name",)


def test_months_of_the_year_alone_are_of_the_eleven_before() -> None:
    part = ratcheted((0,) * 12, "60", 11, (6, 7, 8, 9))
    written = tariff_as_urdb("again", PricedTariff((FLAT, part), "USD"))
    assert "lookbackrange" not in written.data
    spelled = {key.replace("lookbackp", "lookbackP"): value for key, value in written.data.items()}
    assert tariff_from_urdb(spelled, metering="none", tier_rule="prorated").tariff.of_kind(Demand) == [part]


def test_a_second_charge_of_a_kind_and_a_ratchet_of_one_power_alone_are_told_not_lost() -> None:
    flat, by_hour = ratcheted((0,) * 12, "60", 11), Demand(ratcheted((), "0", 0).periods)
    assert tariff_as_urdb("two", PricedTariff((FLAT, flat, by_hour))).left_out == (
        "demand: a ratchet of more than 100 %, or not the same for all power",
    )
    twice = tariff_as_urdb("two", PricedTariff((FLAT, flat, flat, Minimum(Decimal(3), "month"), Minimum(Decimal(1), "day"))))
    assert twice.left_out == ("demand: a further one by month or by time of use", "minimum: a further one by the day")
    assert tariff_as_urdb("more", PricedTariff((FLAT, ratcheted((), "120", 3)))).left_out == (
        "demand: a ratchet of more than 100 %, or not the same for all power",
    )


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda t: t.__setitem__("format", 2), "format: '2' is not the format"),
        (lambda t: t.__setitem__("currency", "euro"), "currency: Must be"),
        (lambda t: t["parts"][0].__setitem__("kind", "toll"), "parts[0].kind: Is no kind of charge; choose one of standing"),
        (lambda t: t["parts"][0].pop("amount"), "parts[0].amount: Is empty"),
        (lambda t: t["parts"][0].__setitem__("amount", "much"), "parts[0].amount: 'much' is not a number"),
        (lambda t: t["parts"][0].__setitem__("per", "week"), "parts[0].per: 'week' is not known"),
        (lambda t: t["parts"][0].__setitem__("colour", "red"), "parts[0].colour: Is not known"),
        (lambda t: t["parts"][1]["periods"][0]["tiers"][0].pop("price"), "parts[1].periods[0].tiers[0].price: Is empty"),
        (
            lambda t: t["parts"][1]["schedule"][0].__setitem__("period", 7),
            "parts[1]: Its hours or months name period 7, but the last period is 2",
        ),
        (lambda t: t["parts"][1]["schedule"][0].__setitem__("to", "16:00"), "parts[1].schedule[0].to: Must be later"),
        (lambda t: t["parts"][1]["schedule"][0].__setitem__("from", "25:00"), "parts[1].schedule[0].from: Must be a time"),
        (lambda t: t["parts"][1]["schedule"][0].__setitem__("days", ["sunday"]), "parts[1].schedule[0].days: Must be"),
        (lambda t: t["parts"][6].__setitem__("months", [0]), "parts[6].months: Must be 12"),
        (lambda t: t["parts"][7].__setitem__("ratchet_of", [6, 13]), "parts[7].ratchet_of: Must be some of 1 to 12"),
        (lambda t: t["parts"][7].__setitem__("ratchet_of", [6, 6]), "parts[7].ratchet_of: Must be some of 1 to 12"),
        (lambda t: t["parts"][8].__setitem__("steps", []), "parts[8].steps: There is no step"),
        (lambda t: t.__setitem__("parts", {}), "parts: Must be a list"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(change: Callable[[dict[str, Any]], Any], named: str) -> None:
    given = copy.deepcopy(tariff_as_json(WHOLE))
    change(given)
    with pytest.raises(CannotReadParts) as refused:
        tariff_from_json(given)
    assert str(refused.value).startswith(named)
