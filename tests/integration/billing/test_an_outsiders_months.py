"""Months with every part of a tariff at once, VAT of every kind, and all that a month can bring: bills, ledger, VAT report, XML and PDF are those of an outsider."""

import random
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction
from lxml import etree
from pypdf import PdfReader

from billing.adapters.documents.e_invoice import invoice_xml
from billing.domain.e_invoice import business_terms
from billing.models import Document, Payment, PaymentRail, VatStatus
from billing.selectors.e_invoice import invoice_of
from billing.selectors.paper_facts import paper_facts
from billing.selectors.run_summary import trial_balance
from billing.selectors.vat_return import vat_return
from billing.services.corrections import correct_month
from billing.services.papers import pdf_of
from billing.services.payments import book_payment
from billing.services.runs import run_month
from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.models import Channel, Meter
from energy.services.partitions import ensure_months
from members.models import Member
from tests.integration.billing.conftest import CODES, NOW, WITH_ROOF
from tests.integration.billing.full_month import FullMonth, Prices, make_full_month
from tests.integration.billing.late import measure_again
from tests.integration.billing.reckoned import quarter_hours, readings
from tests.integration.billing.reckoned import standing as standing_documents
from tests.integration.billing.test_random_months import random_plan
from tests.month_reference import Stay
from tests.outsider import Key, Paper, Terms, Village, papers

F = Fraction
SEEDS = (1, 33, 58)
EVENING = [{"period": 1, "from": "17:00", "to": "21:00", "days": ["mon", "tue", "wed", "thu", "fri"]}]


def steps_json(steps: Any) -> list[dict[str, str]]:
    """Steps as a version's parts write them."""
    return [
        {"price": str(price)} | ({"up_to": str(limit)} if limit is not None else {}) | ({"unit": unit[0]} if unit else {})
        for price, limit, *unit in steps
    ]


def draw_terms(chance: random.Random, since: date, vat: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What a version asks, as texts and steps, and the same as parts."""

    def price(low: float, high: float) -> str:
        return f"{chance.uniform(low, high):.{chance.randint(2, 5)}f}"

    unit = chance.choice(["month", "day", "kw"])
    limits = sorted(chance.sample({"month": range(40, 300), "day": range(2, 12), "kw": range(20, 200)}[unit], 2))
    count = chance.randint(1, 3)
    ends = [*[str(x) for x in limits[: count - 1]], None]
    day = [(price(0.1, 0.4), end, unit) for end in ends]
    evening = [(price(0.2, 0.6), end, unit) for end in ends]
    demand = [(price(3, 9), "1.5"), (price(5, 12), None)][chance.randint(0, 1) :]
    words: dict[str, Any] = {
        "since": since,
        "standing": price(0, 0.4),
        "export": price(0.02, 0.09),
        "incentive": chance.choice(["0", "0.013"]),
        "vat": vat,
        "day": day,
        "evening": evening,
        "demand": demand,
        "ratchet_percent": chance.choice(["0", "70", "112.5"]),
        "levy": price(0.01, 0.03),
        "town_percent": chance.choice(["1.5", "0.75"]),
        "off_percent": chance.choice(["0", "7.5", "10"]),
        "off_a_month": chance.choice(["0", "3.10"]),
        "a_year": chance.choice(["0", "18.30"]),
        "least_a_month": chance.choice(["0", "25", "180"]),
        "vat_on_standing": chance.choice([None, "0.07"]),
    }
    parts: list[dict[str, Any]] = [
        {
            "kind": "energy",
            "periods": [{"name": "day", "tiers": steps_json(day)}, {"name": "evening", "tiers": steps_json(evening)}],
            "schedule": EVENING,
        },
        {"kind": "demand", "periods": [{"name": "all day", "tiers": steps_json(demand)}]}
        | ({"ratchet_percent": words["ratchet_percent"], "ratchet_months": 1} if words["ratchet_percent"] != "0" else {}),
        {"kind": "levy", "name": "grid fund", "price": words["levy"]},
        {"kind": "levy", "name": "town", "percent": words["town_percent"], "on": ["energy", "demand"]},
    ]
    if words["off_percent"] != "0":
        parts.append({"kind": "discount", "name": "founders", "percent": words["off_percent"], "on": ["energy"]})
    if words["off_a_month"] != "0":
        parts.append({"kind": "discount", "name": "loyal", "amount_per_month": words["off_a_month"]})
    if words["a_year"] != "0":
        parts.append({"kind": "standing", "amount": words["a_year"], "per": "year"})
    if words["least_a_month"] != "0":
        parts.append({"kind": "minimum", "amount": words["least_a_month"], "per": "month"})
    if words["vat_on_standing"]:
        parts.append({"kind": "vat", "rate": words["vat_on_standing"], "on": ["standing"]})
    return words, parts


def terms_of(words: dict[str, Any]) -> Terms:
    """The same in fractions."""

    def steps(given: Any) -> list[Any]:
        return [(F(p), None if limit is None else F(limit), *unit) for p, limit, *unit in given]

    plain = {k: F(v) for k, v in words.items() if k not in ("since", "day", "evening", "demand", "vat_on_standing")}
    on_standing = None if words["vat_on_standing"] is None else F(words["vat_on_standing"])
    return Terms(
        "members",
        words["since"],
        day=steps(words["day"]),
        evening=steps(words["evening"]),
        demand=steps(words["demand"]),
        vat_on_standing=on_standing,
        **plain,
    )


@dataclass(frozen=True)
class OutsidersMonth:
    """A month in the application, and what an outsider knows of it beside its readings."""

    month: FullMonth
    terms: list[Terms]
    standing: dict[str, Any]
    before_w: dict[tuple[str, str], int]


def make_month(seed: int, chance: random.Random) -> OutsidersMonth:
    """A random month whose members' tariff has every part, changed up to twice, with power of the month before and everybody's VAT."""
    plan = random_plan(seed)
    days = plan.month.days()
    changes = sorted({days[0], *chance.sample(days[1:], chance.randint(0, 2))})
    rates = ["0.19", chance.choice(["0.19", "0.16"]), "0.19"]
    drawn = [draw_terms(chance, day, rates[place]) for place, day in enumerate(changes)]
    versions = tuple(
        Prices(
            w["since"], energy="0", standing=w["standing"], export=w["export"], incentive=w["incentive"], vat=w["vat"], parts=tuple(parts)
        )
        for w, parts in drawn
    )
    month = make_full_month(replace(plan, versions=versions))
    before_w = read_month_before(month, chance)
    return OutsidersMonth(month, [terms_of(words) for words, _ in drawn], give_vat(month, chance), before_w)


def read_month_before(month: FullMonth, chance: random.Random) -> dict[tuple[str, str], int]:
    """Two days of the month before: the highest power [W] of each site's member of then."""
    grid, rows, highest = month.hamlet.microgrid, [], {}
    days = month.plan.month.previous.days()[10:12]
    for meter in Meter.objects.filter(microgrid=grid).select_related("site__member").order_by("code"):
        values = np.array([[chance.randint(0, 900) for _ in range(96)] for _ in days], np.int32)
        highest[meter.code, str(CODES.index(meter.code) + 1)] = 4 * int(values.max())  # whose it was then
        for day, drawn in zip(days, values, strict=True):
            for channel, wh in ((Channel.IMPORT, drawn), (Channel.EXPORT, np.zeros(96, np.int32))):
                rows.append(MeterDayRow(day, meter.pk, int(channel), wh, np.zeros(96, np.int16)))
    ensure_months(table="energy_meterday", days=days)
    with transaction.atomic(), connection.cursor() as cursor:
        write_rows(cursor, rows, microgrid_id=grid.pk, provenance="test", now=NOW, replace=False)
    return highest


def give_vat(month: FullMonth, chance: random.Random) -> dict[str, Any]:
    """How everybody stands to VAT, in the application and as the outsider writes it down."""
    cooperative = month.hamlet.cooperative
    known: dict[str, Any] = {"shows_no_vat": chance.random() < 0.25, "owes_as_recipient": set(), "delivers_with": {}, "owed_for": {}}
    common = {"cooperative": cooperative, "valid_from": date(2016, 1, 1)}
    if known["shows_no_vat"]:
        VatStatus.objects.create(**common, scheme="small_business")
    for member in Member.objects.filter(cooperative=cooperative, is_cooperative=False).order_by("pk"):
        way = chance.choice(["nothing", "resells", "shows", "small", "reversed"])
        words = {**common, "member": member, "vat_id": f"DE{member.pk:09d}", "scheme": "standard", "rate": Decimal("0.19")}
        if way == "resells":
            known["owes_as_recipient"].add(member.number)
        if way in ("resells", "shows"):
            VatStatus.objects.create(**words, owes_as_recipient=way == "resells")
            known["delivers_with"][member.number] = F("0.19")
        elif way == "reversed":
            VatStatus.objects.create(**words, recipient_owes=True)
            known["owed_for"][member.number] = F("0.19")
        elif way == "small":
            VatStatus.objects.create(**words | {"scheme": "small_business", "rate": Decimal(0)})
    return known


def village_of(made: OutsidersMonth) -> Village:
    """What a meter reader, a notice board and a tax office know."""
    month, grid = made.month, made.month.hamlet.microgrid
    days, first = month.plan.days, month.plan.days[0]
    starts = {day: quarter_hours(day) for day in days}
    utc = [start.astimezone(UTC) for of_day in starts.values() for start in of_day]
    index = {start: F(month.plan.index_at(start.replace(minute=0))) for start in utc}
    stays = {}
    for code, known in month.stays.items():
        ends = [day - timedelta(days=1) for day, _ in known[1:]] + [days[-1]]
        stays[code] = [Stay(m.number, since, last) for (since, m), last in zip(known, ends, strict=True)]
    sites = list(grid.sites.select_related("member"))
    plain = {"standing": F(0), "export": F("0.083"), "incentive": F("0.01"), "vat": F("0.19")}
    flat = {"day": [(F("0.27"), None, "month")], "evening": [(F("0.324"), None, "month")]}
    early = date(2016, 1, 1)
    terms = [
        *made.terms,
        Terms("own-sites", early, **plain, **flat, evening_on_every_day=True),
        Terms("hourly", early, F("0.08"), F("0.05"), F(0), F("0.19"), spot=(F("1.2"), F("0.02"))),
    ]
    year_days = 366 if first.year % 4 == 0 else 365
    return Village(
        days,
        len(days),
        year_days,
        starts,
        readings(month, Channel.IMPORT),
        readings(month, Channel.EXPORT),
        stays,
        {site.code: "members" for site in sites} | {"C-own": "own-sites", "Z 1": "hourly"},
        terms,
        list(month.plan.rules),
        index,
        {s.member.number for s in sites if s.member.is_cooperative},
        made.before_w,
        **made.standing,
    )


def said(document: Document) -> Paper:
    """A document as the outsider would write it; what was delivered to neighbours is one sum, also where the VAT rate changed."""
    rows = [(x.component, x.net_minor) for x in document.lines.all()]
    delivered = sum(minor for what, minor in rows if what == "local_delivered")
    lines = [x for x in rows if x[1] and x[0] != "local_delivered"]
    lines = sorted([*lines, ("local_delivered", delivered)] if delivered else lines)
    vat: dict[Fraction, tuple[int, int]] = {}
    for row in document.vat_sums.all():
        net, tax = vat.get(F(row.rate), (0, 0))
        vat[F(row.rate)] = (net + row.net_minor, tax + row.vat_minor)
    return Paper(lines, vat, sum(row.recipient_vat_minor for row in document.vat_sums.all()))


def compare(made: OutsidersMonth) -> dict[Key, Paper]:
    """Every document that stands against the outsider's; returns the outsider's."""
    reckoned = papers(village_of(made))
    found = {(d.site.code, d.member.number, d.first_day, d.kind): said(d) for d in standing_documents(made.month)}
    assert found.keys() == reckoned.keys()
    for key, paper in reckoned.items():
        assert found[key].lines == paper.lines, key
        assert {r: v for r, v in found[key].vat.items() if any(v)} == {r: v for r, v in paper.vat.items() if any(v)}, key
        assert found[key].as_recipient == paper.as_recipient, key
    return reckoned


def check_books(made: OutsidersMonth, reckoned: dict[Key, Paper]) -> None:
    """Ledger and VAT report against the outsider's sums."""
    cooperative = made.month.hamlet.cooperative
    balance = trial_balance(cooperative)
    bills = [p for key, p in reckoned.items() if key[3] == "bill"]
    credits = [p for key, p in reckoned.items() if key[3] == "credit"]
    came = sum(Payment.objects.filter(cooperative=cooperative).values_list("amount_minor", flat=True))
    assert sum(balance.values()) == balance["local_clearing"] == balance.get("rounding", 0) == 0
    assert balance["receivable"] == sum(p.gross for p in bills) - came
    assert balance["payable"] == -sum(p.gross for p in credits)
    vat = sum(tax for p in bills for _, tax in p.vat.values())
    assert balance.get("vat", 0) == -vat
    owed = sum(p.as_recipient for p in credits)
    charged = sum(tax for p in credits for _, tax in p.vat.values())
    deducts = not made.standing["shows_no_vat"]
    assert balance.get("reverse_vat", 0) == -owed
    assert balance.get("vat_cost", 0) == (0 if deducts else owed + charged)
    told = vat_return(cooperative, date(2016, 1, 1), date(2017, 12, 31))
    assert told.agrees
    assert told.tax_minor == vat + owed
    assert told.deducted_minor == (charged + owed if deducts else 0)


NUMBERS = {"ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"}


def check_papers(made: OutsidersMonth, reckoned: dict[Key, Paper], chance: random.Random) -> None:
    """The e-invoice of each document, and what a reader sees on some PDFs."""
    rows = standing_documents(made.month)
    facts = paper_facts(rows)
    for document in rows:
        paper = reckoned[document.site.code, document.member.number, document.first_day, document.kind]
        root = etree.fromstring(invoice_xml(business_terms(invoice_of(document, facts[document.pk].lines))))

        def amounts(path: str, root: Any = root) -> list[int]:
            return [round(Decimal(e.text) * 100) for e in root.iterfind(f".//ram:{path}", NUMBERS)]

        assert amounts("GrandTotalAmount") == [paper.gross]
        on_lines = amounts("SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount")
        assert sorted(on_lines) == sorted(x.net_minor for x in document.lines.all())
        assert sum(on_lines) == paper.net
        assert sum(amounts("ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax/ram:CalculatedAmount")) == sum(
            v for _, v in paper.vat.values()
        )
        assert sum(amounts("ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax/ram:BasisAmount")) == paper.net
    for document in chance.sample(rows, 2):
        paper = reckoned[document.site.code, document.member.number, document.first_day, document.kind]
        text = "".join(page.extract_text() for page in PdfReader(pdf_of(document=document)).pages)
        plain = text.replace(" ", "").replace("\N{MINUS SIGN}", "-")
        for minor in (paper.gross, *(x.net_minor for x in document.lines.all())):
            assert f"{minor / 100:,.2f}" in plain, (document, minor, text)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_cent_of_any_month_is_the_outsiders(db: None, seed: int) -> None:
    chance = random.Random(f"outsider {seed}")
    made = make_month(seed, chance)
    month, plan = made.month, made.month.plan
    run_month(microgrid=month.hamlet.microgrid, month=plan.month, now=plan.now)
    reckoned = compare(made)
    check_books(made, reckoned)
    check_papers(made, reckoned, chance)
    for place, bill in enumerate(standing_documents(month)):
        if bill.kind == "bill" and bill.gross_minor > 0 and chance.random() < 0.5:
            book_payment(
                document=bill,
                amount_minor=bill.gross_minor + chance.choice([0, 7, 2000]),
                rail=PaymentRail.BANK,
                external_ref=f"p{place}",
                received_at=plan.now,
                now=plan.now,
            )
    for _ in range(3):
        code = chance.choice(CODES)
        channel = chance.choice([Channel.IMPORT, Channel.EXPORT]) if code in WITH_ROOF else Channel.IMPORT
        measure_again(
            month.hamlet, code, chance.choice(plan.days), chance.choice([-60, 1, 400]), channel=channel, now=plan.now + timedelta(days=3)
        )
    correct_month(microgrid=month.hamlet.microgrid, month=plan.month, now=plan.now + timedelta(days=4))
    reckoned = compare(made)
    check_books(made, reckoned)
    check_papers(made, reckoned, chance)
