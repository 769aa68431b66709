"""A version with tiers, demand, levies, a discount and a minimum: billed, posted, recomputed by hand, refused where it cannot be."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from benchmarks.e_invoice_rules import broken_rules
from billing.adapters.documents.e_invoice import invoice_xml
from billing.domain.e_invoice import business_terms
from billing.models import Document, Tariff, TariffVersion
from billing.selectors.e_invoice import invoice_of
from billing.selectors.paper import paper_content
from billing.selectors.paper_facts import paper_facts
from billing.selectors.run_summary import summarise
from billing.services.price_publication import publish_days
from billing.services.rating import load_energy
from billing.services.tariffs import CannotPublishVersion, draft_from, publish_version
from grid.models import PriceDay
from tests.integration.billing.conftest import DAYS, NOW, Hamlet, make_hamlet

PARTS = [
    {
        "kind": "energy",
        "periods": [
            {"name": "day", "tiers": [{"price": "0.25", "up_to": "2", "unit": "day"}, {"price": "0.37"}]},
            {"name": "evening", "tiers": [{"price": "0.31", "up_to": "2", "unit": "day"}, {"price": "0.45"}]},
        ],
        "schedule": [{"period": 1, "from": "17:00", "to": "21:00"}],
    },
    {"kind": "demand", "periods": [{"name": "all day", "tiers": [{"price": "62"}]}]},
    {"kind": "levy", "name": "grid fund", "price": "0.0051"},
    {"kind": "levy", "name": "town", "percent": "1.5", "on": ["energy"]},
    {"kind": "discount", "name": "founders", "percent": "10", "on": ["energy"]},
    {"kind": "minimum", "amount": "155", "per": "month"},
]


def cents(exact: Decimal) -> int:
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@pytest.fixture
def hamlet_with_parts(db: None) -> Hamlet:
    """The members' tariff has parts from the first of March; nothing is billed yet."""
    hamlet = make_hamlet("parts")
    draft = draft_from(version=hamlet.version, now=NOW)
    draft.valid_from, draft.parts, draft.incentive_per_kwh = date(2016, 3, 1), PARTS, Decimal(0)
    draft.save()
    publish_version(version=draft, user=None, now=NOW)
    return hamlet


def test_the_lines_are_those_a_hand_computes(hamlet_with_parts: Hamlet) -> None:
    run = hamlet_with_parts.bill()
    summary = summarise(run)
    assert summary.residual_minor == 0
    assert summary.debits_minor == summary.credits_minor
    bills = Document.objects.filter(run=run, kind="bill", member__is_cooperative=False).order_by("site_id")
    energy = load_energy(run, sorted(bill.site_id for bill in bills), DAYS)
    minutes = [s.hour * 60 for day in DAYS for s in run.microgrid.local_day(day).local_starts()]
    for row, bill in enumerate(bills):
        drawn, received = energy.import_wh[row].tolist(), energy.received_wh[row].tolist()
        found = {(x.component, x.window): (x.quantity, x.net_minor) for x in bill.lines.all()}
        assert_energy(found, drawn, received, minutes)
        peak_w = max(drawn) * 4
        assert found["demand", "all day"] == (peak_w, cents(Decimal(peak_w) * 62 * 2 / 31 / 10))
        assert found["levy", "grid fund"] == (sum(drawn), cents(Decimal(sum(drawn)) * Decimal("0.0051") / 10))
        grid = sum(net for (component, _), (_, net) in found.items() if component == "grid")
        assert found.get(("levy", "town"), (0, 0))[1] == cents(grid * Decimal("0.015"))
        assert found.get(("discount", "founders"), (0, 0))[1] == -cents(grid * Decimal("0.10"))
        rest = sum(net for (component, _), (_, net) in found.items() if component != "minimum")
        assert found["minimum", ""][1] == 1000 - rest  # 155 for two of March's 31 days
        assert bill.net_minor == 1000


def assert_energy(found: dict[Any, Any], drawn: list[int], received: list[int], minutes: list[int]) -> None:
    """Four kWh, two for each of two days, at the first price, the rest at the second, as they are drawn."""
    expected = dict.fromkeys(((w, t) for w in ("day", "evening") for t in (1, 2)), 0)
    used = 0
    for whole, shared, minute in zip(drawn, received, minutes, strict=True):
        window = "evening" if 1020 <= minute < 1260 else "day"
        first = min(whole - shared, max(4000 - used, 0))
        expected[window, 1] += first
        expected[window, 2] += whole - shared - first
        used += whole - shared
    prices = {("day", 1): "0.25", ("day", 2): "0.37", ("evening", 1): "0.31", ("evening", 2): "0.45"}
    for (window, tier), wh in expected.items():
        line = found.get(("grid", f"{window}, tier {tier}"), (0, 0))
        assert line == (wh, cents(Decimal(wh) * Decimal(prices[window, tier]) / 10))


def test_the_paper_names_what_is_no_energy(hamlet_with_parts: Hamlet) -> None:
    run = hamlet_with_parts.bill()
    bill = Document.objects.filter(run=run, kind="bill", member__is_cooperative=False).first()
    assert bill is not None
    facts = paper_facts([bill])[bill.pk]
    lines = {line["name"]: line for line in paper_content(bill, facts)["lines"]}
    assert lines["Highest power of the month, all day"]["quantity"].endswith(" kW")
    assert lines["Top-up to the minimum"]["quantity"] == lines["Top-up to the minimum"]["price"] == ""
    assert broken_rules(invoice_xml(business_terms(invoice_of(bill, facts.lines)))) == []


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ([{"kind": "reactive", "price": "0.0200001", "free_share": "0.5"}], "more than six decimals"),
        ([{"kind": "export", "rule": "buy_all_sell_all"}], "say what is paid for energy fed in"),
        ([{"kind": "spot", "index": "x"}, {"kind": "export", "rule": "net_metering"}], "set off against each other"),
        ([{"kind": "levy", "name": "fine", "price": "0.00000001"}], "more than six decimals"),
        ([PARTS[0], PARTS[0]], "Energy has a price already"),
        ([{"kind": "toll"}], "toll, kind of charge: Is no kind of charge"),
    ],
)
def test_what_no_bill_can_hold_is_not_published(hamlet: Hamlet, parts: list[Any], named: str) -> None:
    draft = draft_from(version=hamlet.version, now=NOW)
    TariffVersion.objects.filter(pk=draft.pk).update(parts=parts, valid_from=date(2016, 5, 1))
    with pytest.raises(CannotPublishVersion, match=named.replace("[", r"\[").replace("]", r"\]")):
        publish_version(version=draft, user=None, now=NOW)


def test_the_database_keeps_parts_a_list(hamlet: Hamlet) -> None:
    draft = draft_from(version=hamlet.version, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        TariffVersion.objects.filter(pk=draft.pk).update(parts={"kind": "levy"})


def test_a_copy_has_the_same_parts(hamlet_with_parts: Hamlet) -> None:
    newest = hamlet_with_parts.tariff.versions.order_by("-number").first()
    assert newest is not None
    assert draft_from(version=newest, now=NOW).parts == PARTS


def test_what_power_costs_is_published_with_the_day_for_plans_to_count_with(hamlet_with_parts: Hamlet) -> None:
    microgrid, before, after = hamlet_with_parts.microgrid, date(2016, 2, 28), date(2016, 3, 30)
    Tariff.objects.filter(pk=hamlet_with_parts.version.tariff_id).update(is_reference=True)
    publish_days(microgrid=microgrid, days=[before, after], now=NOW)
    charged = dict(PriceDay.objects.filter(microgrid=microgrid).values_list("day", "peak_micro_per_kw"))
    assert (charged[before], charged[after]) == (None, 62_000_000)
