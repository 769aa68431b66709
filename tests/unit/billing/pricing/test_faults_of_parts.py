"""What is wrong with parts is told all at once, in the words of the editor, and in German."""

import copy
import gettext
import re
from pathlib import Path
from typing import Any

import pytest

from billing.domain.pricing.faults import CannotReadParts, PartsRefused
from billing.domain.pricing.part_places import charges, fields, place_in_words
from billing.domain.pricing.reading import parts_from_json
from billing.domain.pricing.sense import checked_parts
from billing.domain.pricing.writing import tariff_as_json
from kernel.speech import ENGLISH, Speech
from tests.unit.billing.pricing.tariff_samples import WHOLE
from tests.unit.billing.said import sentences_of, unsaid

ROOT = Path(__file__).resolve().parents[4]
RULES = ROOT / "billing" / "domain" / "pricing"
TARIFF = ROOT / "static" / "src" / "tariff"
GERMAN = gettext.translation("django", ROOT / "locale", ["de"])


def flat(price: Any = "0.30", **more: Any) -> dict[str, Any]:
    return {"kind": "energy", "periods": [{"name": "all", "tiers": [{"price": price, **more}]}]}


def refused(parts: list[Any]) -> dict[str, str]:
    with pytest.raises(PartsRefused) as problem:
        checked_parts(parts)
    return {fault.where: fault.what for fault in problem.value.faults}


def test_every_fault_of_every_part_is_told_at_once() -> None:
    parts = [flat(""), {"kind": "standing", "amount": "ten", "per": "week"}, {"kind": "capacity", "steps": [{"fuse_a": 0}]}]
    assert refused(parts) == {
        "parts[0].periods[0].tiers[0].price": "Is empty; fill it in.",
        "parts[1].amount": "'ten' is not a number; write it as 0.28.",
        "parts[1].per": "'week' is not known; choose one of day, month, year.",
        "parts[2].steps[0].fuse_a": "Must be whole amperes above 0, as 35.",
        "parts[2].steps[0].amount": "Is empty; fill it in.",
    }


STEPS = {"kind": "energy", "periods": [{"name": "all", "tiers": [{"price": "0.3", "up_to": "200"}, {"price": "0.4", "up_to": "150"}]}]}


@pytest.mark.parametrize(
    ("part", "where", "what"),
    [
        (STEPS, "parts[0].periods[0].tiers[1].up_to", "150 is not above the 200 of the step before"),
        (
            {"kind": "energy", "periods": [{"name": "a", "tiers": [{"price": "1"}, {"price": "2"}]}]},
            "parts[0].periods[0].tiers[0].up_to",
            "say where this one ends",
        ),
        (
            {"kind": "energy", "periods": [*flat()["periods"], *flat()["periods"]]},
            "parts[0].periods[1].name",
            "Another period has this name",
        ),
        ({"kind": "spot", "index": "x", "floor": "0.5", "cap": "0.2"}, "parts[0].cap", "0.2 is below the 0.5"),
        ({"kind": "demand", "periods": flat()["periods"], "ratchet_percent": "80"}, "parts[0].ratchet_months", "how many months"),
        ({"kind": "demand", "periods": flat()["periods"], "ratchet_months": 11}, "parts[0].ratchet_percent", "which share"),
        ({"kind": "local", "rule": "discount"}, "parts[0].share", "above 0"),
        ({"kind": "levy", "name": "town"}, "parts[0].price", "Nothing would be charged"),
        ({"kind": "discount", "name": "all"}, "parts[0].percent", "Nothing would be deducted"),
        ({"kind": "discount", "name": "all", "percent": "120"}, "parts[0].percent", "above 100 per cent"),
        ({"kind": "vat", "rate": "19"}, "parts[0].rate", "100 per cent or more"),
        ({"kind": "levy", "name": "town", "percent": "1", "on": ["energy", "engery"]}, "parts[0].on[1]", "'engery' is no kind of line"),
        (
            {"kind": "capacity", "steps": [{"fuse_a": 63, "amount": "9"}, {"fuse_a": 35, "amount": "5"}]},
            "parts[0].steps[1].fuse_a",
            "35 A is not above the 63 A",
        ),
    ],
)
def test_what_nobody_can_have_meant_is_refused(part: dict[str, Any], where: str, what: str) -> None:
    found = refused([part])
    assert list(found) == [where]
    assert what in found[where]


def test_a_whole_tariff_has_no_fault() -> None:
    assert parts_from_json(tariff_as_json(WHOLE)["parts"]) == WHOLE.parts


def test_a_fault_is_placed_as_the_editor_calls_it() -> None:
    parts = [{"kind": "levy", "name": "town"}, {"kind": "energy", "periods": [{"name": "day"}, {"name": "night"}]}]
    place = place_in_words("parts[1].periods[1].tiers[0].up_to", parts)
    assert (place.part, place.charge, place.field) == (1, "Energy by the hour", "up to, step 1, period 1 “night”")
    assert place_in_words("parts[0].percent", parts).charge == "Levy “town”"
    assert place_in_words("parts[7].amount", parts).charge == "Charge"
    assert place_in_words("parts", parts).part is None


def test_unreadable_lists_of_parts_are_placed_too() -> None:
    for given in ("text", {"a": 1}, None, [None, 3, {"kind": []}, {"kind": "energy", "periods": "x"}]):
        with pytest.raises(CannotReadParts) as problem:
            parts_from_json(copy.deepcopy(given))
        for fault in problem.value.faults:
            assert place_in_words(fault.where, given).field is not None


def labels_of_the_editor() -> str:
    return (TARIFF / "part_cards.js").read_text()


def german_of_the_editor() -> dict[str, str]:
    return dict(re.findall(r'"([^"\n]+)": "([^"\n]*)"', (TARIFF / "words.js").read_text()))


def test_charges_and_fields_are_called_as_on_the_cards() -> None:
    cards, german = labels_of_the_editor(), german_of_the_editor()
    own = {
        "kind of charge",
        "price",
        "prices",
        "periods",
        "steps",
        "painted hours",
        "days",
        "months",
        "until",
        "from",
        "base price",
        "multiple",
        "Energy at a multiple in peak hours",
    }
    names = {*charges(ENGLISH).values(), *fields(ENGLISH).values()} - own
    assert sorted(name for name in names if f'"{name}"' not in cards) == []
    said = Speech(GERMAN.gettext)
    for mine, theirs in zip(
        (*charges(ENGLISH).values(), *fields(ENGLISH).values()), (*charges(said).values(), *fields(said).values()), strict=True
    ):
        assert mine in own or german.get(mine, mine) == theirs, mine


@pytest.mark.parametrize("name", ["reading", "billable", "sense"])
def test_every_sentence_about_parts_has_its_german(name: str) -> None:
    found = sentences_of(RULES / f"{name}.py", "CannotReadParts.at", "Fault")
    assert len(found) > 5
    assert unsaid(found) == []
