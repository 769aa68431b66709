"""The closed set of parts, walked: each has a row in the manual, a card, a line on a document, an amount in a comparison, or says why not.

A part that is added without its row, its sample or its line makes this fail.
"""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from billing.domain.pricing.axis import axis_of_days
from billing.domain.pricing.billable import BILLABLE_KINDS, check_billable
from billing.domain.pricing.engine import rate
from billing.domain.pricing.metered import Metered, PriceSeries
from billing.domain.pricing.parts import (
    KIND_OF,
    KINDS,
    Capacity,
    Demand,
    DemandMeasure,
    Discount,
    Energy,
    Export,
    ExportRule,
    Incentive,
    Levy,
    Local,
    Minimum,
    Part,
    PeakMultiplier,
    Period,
    PricedTariff,
    Reactive,
    Spot,
    Standing,
    Tier,
    Vat,
)
from billing.domain.pricing.reading import parts_from_json
from billing.domain.pricing.urdb import Metering, tariff_from_urdb
from billing.domain.pricing.urdb_writing import tariff_as_urdb
from billing.domain.pricing.windows import Schedule, Window
from billing.domain.pricing.words import part_in_words
from billing.domain.pricing.writing import parts_as_json
from billing.domain.rating import RatePlan, SiteEnergy, SiteHistory, VersionDays, rate_period
from billing.domain.sentences import WORDS
from billing.domain.vat import TariffVat
from kernel.intervals import LocalDay, Month, zone

ROOT = Path(__file__).resolve().parents[4]
COLUMNS = ("editor", "preview", "bill", "what-if", "URDB import", "URDB export", "as SAM")
NIGHT = Schedule((Window(1, 0, 360),))
DAYS = [LocalDay(day, zone("Europe/Berlin"), 60) for day in Month(2016, 12).days()]


def flat(price: str) -> tuple[Period, ...]:
    return (Period("all", (Tier(Decimal(price)),)),)


def day_and_night(price: str, other: str) -> tuple[Period, ...]:
    return (Period("day", (Tier(Decimal(price)),)), Period("night", (Tier(Decimal(other)),)))


ENERGY = Energy(flat("0.30"))
# By the name of its row: the part, and the component of the document that shows it; of VAT the tax on one.
SAMPLES: dict[str, tuple[Part, str]] = {
    "standing": (Standing(Decimal("0.2"), "day"), "standing"),
    "energy": (Energy(day_and_night("0.30", "0.20"), NIGHT), "grid"),
    "peak_multiplier": (PeakMultiplier(Decimal("0.3"), (("night", Decimal("1.2")),), NIGHT), "grid"),
    "spot": (Spot("day-ahead", Decimal("0.1")), "spot"),
    "local": (Local("mid_market"), "local"),
    "capacity": (Capacity(((35, Decimal(6)),)), "capacity"),
    "reactive": (Reactive(Decimal("0.02"), Decimal("0.5")), "reactive"),
    "levy": (Levy("town", Decimal("0.01")), "levy"),
    "discount": (Discount("founders", percent=Decimal(5)), "discount"),
    "vat": (Vat(Decimal("0.07"), on=("standing",)), "vat"),
    "minimum": (Minimum(Decimal(9000), "month"), "minimum"),
    **{f"demand: {m}": (Demand(flat("5"), measure=m), "demand") for m in get_args(DemandMeasure)},
    **{
        f"export: {r}": (Export(r, () if r == "net_metering" else flat("0.08")), "set_off" if r == "net_metering" else "export")
        for r in get_args(ExportRule)
    },
    **{
        f"incentive: {b}": (Incentive(Decimal("0.02"), b, NIGHT if b == "off_peak" else Schedule()), "incentive")
        for b in ("local", "off_peak")
    },
}
METERINGS: dict[str, Metering] = {"net_metering": "net-metering", "net_billing": "net-billing", "buy_all_sell_all": "buy-all-sell-all"}


def table() -> dict[str, dict[str, bool]]:
    """The manual's table: by row and column, yes or a dash."""
    text = (ROOT / "docs/tariffs.md").read_text()
    rows = re.findall(r"^\| `([a-z_: ]+)` \|((?: (?:yes|–) \|){7})", text, re.MULTILINE)
    return {name: dict(zip(COLUMNS, [cell.strip() == "yes" for cell in cells.split("|")[:7]], strict=True)) for name, cells in rows}


def tariff_with(part: Part) -> PricedTariff:
    """The part beside what a tariff has anyway."""
    own = () if isinstance(part, Energy | PeakMultiplier | Spot) else (ENERGY,)
    local = () if isinstance(part, Local) else (Local("mid_market"),)
    standing = (Standing(Decimal("0.2"), "day"),) if isinstance(part, Vat) else ()
    return PricedTariff((*local, *own, *standing, part))


def documents_with(part: Part) -> tuple[set[str], set[str]]:
    """The components that a bill and a credit of a month show."""
    axis = axis_of_days(DAYS)
    drawn = np.full((1, axis.intervals), 400) * (np.arange(axis.intervals) % 2)
    fed_in = np.full((1, axis.intervals), 150) * (np.arange(axis.intervals) % 3 == 0) * (drawn == 0)
    energy = SiteEnergy(drawn, fed_in, drawn // 4, fed_in // 5, np.zeros_like(drawn), reactive_varh=drawn, own_wh=fed_in // 2)
    along = [np.full(axis.intervals, price) for price in (300_000, 80_000, 190_000)]
    version = VersionDays(tariff_with(part), axis, slice(None), spot_micro=along[0])
    plan = RatePlan([version], along[0], along[1], along[2], along[0], village_wh=drawn[0])
    rating = rate_period(plan, energy, SiteHistory(fuse_a=np.array([35])))
    bills, credits = (
        {line.component for line in lines if line.quantity[0] or line.net_minor[0]} for lines in (rating.bills, rating.credits)
    )
    return bills, credits


def test_the_samples_are_the_whole_set() -> None:
    assert {type(part) for part, _ in SAMPLES.values()} == set(KINDS.values())
    assert {name.split(":")[0] for name in SAMPLES} == set(KINDS) == set(BILLABLE_KINDS)


def test_the_manual_has_a_row_for_each_and_no_other() -> None:
    assert table().keys() == SAMPLES.keys()


@pytest.mark.parametrize("name", SAMPLES)
def test_what_the_manual_says_of_a_part_is_so(name: str) -> None:
    part, component = SAMPLES[name]
    says = table()[name]
    kind, _, variant = name.partition(": ")
    # It reads as it was written, and in words.
    assert parts_from_json(parts_as_json((part,))) == (part,)
    assert part_in_words(part, "EUR")
    check_billable(tariff_with(part).parts)
    assert says["editor"] == has_card(kind, variant)
    bills, credits = documents_with(part)
    if component == "vat":
        assert TariffVat.of(Decimal("0.19"), (part,)).of_component("standing") == Decimal("0.07")
    assert says["bill"] == says["preview"] == (component == "vat" or component in bills | credits)
    if component != "vat":
        assert all(component in words.components for words in WORDS.values()), "a line says what it is"
    assert says["what-if"] == compares(part)
    written = tariff_as_urdb(name, PricedTariff(tuple(p for p in tariff_with(part).parts if p is part or not isinstance(p, Local))))
    assert says["URDB export"] == (not any(fault.startswith(kind) for fault in written.left_out))
    assert says["URDB import"] == says["as SAM"] == comes_back(part, variant, written.data)


def has_card(kind: str, variant: str) -> bool:
    """Whether the editor has a card for it; the peak multiplier is shown as the energy by the hour that it amounts to."""
    cards = (ROOT / "static/src/tariff/part_cards.js").read_text()
    kind = "energy" if kind == "peak_multiplier" else kind
    return f"\n  {kind}: {{ title" in cards and f"\n  {kind}(part, card" in cards and (not variant or f'"{variant}"' in cards)


def compares(part: Part) -> bool:
    """Whether a comparison charges for it: without it another amount comes out."""
    axis = axis_of_days([LocalDay(date(2016, 12, 1), zone("Europe/Berlin"), 60)])
    drawn = np.full((1, axis.intervals), 400) * (np.arange(axis.intervals) % 2)
    fed_in = np.full((1, axis.intervals), 150) * (drawn == 0)
    metered = Metered(drawn, fed_in, drawn // 4, drawn, np.array([35]))
    series = PriceSeries(np.full(axis.intervals, 190_000), {"day-ahead": np.full(axis.intervals, 50_000)}, np.array([5]), None, None)
    with_it = tariff_with(part)
    without = replace(with_it, parts=tuple(other for other in with_it.parts if other is not part))
    return bool((rate(with_it, axis, metered, series=series).gross != rate(without, axis, metered, series=series).gross).any())


def comes_back(part: Part, variant: str, data: dict[str, object]) -> bool:
    """Whether a file of OpenEI's that says it is read as such a part; SAM knows what such files say."""
    read = tariff_from_urdb(
        {
            "energyratestructure": [[{"rate": Decimal(0)}]],
            "energyweekdayschedule": [[0] * 24] * 12,
            "energyweekendschedule": [[0] * 24] * 12,
        }
        | data,
        metering=METERINGS.get(variant, "none"),
        tier_rule="chronological",
    ).tariff
    meant = Energy if isinstance(part, PeakMultiplier) else type(part)
    found = [one for one in read.parts if type(one) is meant]
    if isinstance(part, Export):
        return any(isinstance(one, Export) and one.rule == part.rule for one in found)
    return bool(found) and KIND_OF[meant] in KINDS
