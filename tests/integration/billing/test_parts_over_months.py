"""Parts that look beyond a month's own readings and prices of the hour: billed over months, recomputed by plain arithmetic."""

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from benchmarks.e_invoice_rules import broken_rules
from billing.adapters.documents.e_invoice import invoice_xml
from billing.domain.e_invoice import business_terms
from billing.models import (
    BillingRun,
    Document,
    LedgerEntry,
    SpotIndex,
    SurplusCarried,
    Tariff,
    TariffAssignment,
    TariffPriceDay,
    TariffVersion,
)
from billing.selectors.e_invoice import invoice_of
from billing.selectors.paper import paper_content
from billing.selectors.paper_facts import paper_facts
from billing.selectors.run_summary import summarise
from billing.services.papers import pdf_of
from billing.services.price_publication import publish_days
from billing.services.rating import load_energy
from billing.services.spot_prices import import_spot_prices
from billing.services.tariffs import publish_version
from energy.models import Site
from grid.models import BalanceDay
from kernel.intervals import Month
from tests.integration.billing.conftest import Hamlet, make_hamlet, measure

SPANS = {
    10: [date(2016, 10, 29), date(2016, 10, 30), date(2016, 10, 31)],  # clocks go back on the 30th
    11: [date(2016, 11, 1), date(2016, 11, 2)],
    12: [date(2016, 12, 29), date(2016, 12, 30), date(2016, 12, 31)],
}
NOW = datetime(2017, 1, 3, 6, tzinfo=UTC)
PERIODS = [("base", "0.30"), ("evening", "0.40")]
NETTED = [
    {
        "kind": "energy",
        "periods": [{"name": n, "tiers": [{"price": p}]} for n, p in PERIODS],
        "schedule": [{"period": 1, "from": "17:00", "to": "21:00"}],
    },
    {"kind": "export", "rule": "net_metering", "year_end_price": "0.05"},
    {
        "kind": "demand",
        "periods": [{"name": "all day", "tiers": [{"price": "6.2"}]}],
        "measure": "mean_of_three",
        "ratchet_percent": "120",
        "ratchet_months": 2,
    },
    {"kind": "demand", "periods": [{"name": "at the peak", "tiers": [{"price": "3"}]}], "measure": "coincident"},
    {"kind": "standing", "amount": "9.30", "per": "month"},
]
HOURLY = [
    {"kind": "spot", "index": "day-ahead", "factor": "1.1", "margin": "0.12", "floor": "0.05", "cap": "0.24", "fallback": "day_before"},
    {"kind": "capacity", "steps": [{"fuse_a": 35, "amount": "6.20"}, {"fuse_a": 63, "amount": "12.40"}]},
    {"kind": "incentive", "basis": "off_peak", "price": "0.02", "schedule": [{"period": 1, "from": "11:00", "to": "14:00"}]},
    {
        "kind": "export",
        "rule": "feed_in",
        "periods": [{"name": "noon", "tiers": [{"price": "0.04"}]}, {"name": "else", "tiers": [{"price": "0.09"}]}],
        "schedule": [{"period": 1, "from": "00:00", "to": "10:00"}, {"period": 1, "from": "15:00", "to": "24:00"}],
    },
    {"kind": "minimum", "amount": "3660", "per": "year"},
]
READ = ("import_wh", "export_wh", "received_wh", "delivered_wh", "carried_wh")
ON_NETTED, ON_HOURLY = ("B 9", "b 10"), ("a 2", "Z 1")


def cents(exact: Decimal) -> int:
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def tariff_of(hamlet: Hamlet, code: str, parts: list[Any], sites: tuple[str, ...]) -> None:
    tariff = Tariff.objects.create(cooperative=hamlet.cooperative, code=code, name=code)
    version = TariffVersion.objects.create(
        tariff=tariff, number=1, valid_from=date(2016, 1, 1), energy_per_kwh=Decimal("0.2"), export_per_kwh=Decimal("0.08"), parts=parts
    )
    publish_version(version=version, user=None, now=NOW)
    TariffAssignment.objects.filter(site__microgrid=hamlet.microgrid, site__code__in=sites).update(tariff=tariff)


def index_at(start: datetime) -> Decimal:
    """Made for this test: a wave that goes below zero, known but for most of one day."""
    return Decimal(start.hour * 7 % 30 - 6) / 100


@pytest.fixture(scope="module")
def _known() -> list[datetime]:
    first = datetime(2016, 10, 27, 22, tzinfo=UTC)
    hours = [first + timedelta(hours=i) for i in range(24 * 66)]
    gap = [datetime(2016, 11, 2, h, tzinfo=UTC) for h in range(6, 22)]
    return [hour for hour in hours if hour not in gap]


@pytest.fixture
def runs(db: None, _known: list[datetime]) -> dict[int, BillingRun]:
    hamlet = make_hamlet("months", closed=False)
    tariff_of(hamlet, "netted", NETTED, ON_NETTED)
    tariff_of(hamlet, "hourly", HOURLY, ON_HOURLY)
    Site.objects.filter(code="a 2").update(fuse_a=35)
    Site.objects.filter(code="Z 1").update(fuse_a=50)
    index = SpotIndex.objects.create(cooperative=hamlet.cooperative, code="day-ahead", name="made for a test")
    rows = "".join(f"{hour.isoformat()},{index_at(hour) * 1000}\n" for hour in _known)
    import_spot_prices(
        index=index, source="a test", file_name="made.csv", content=f"time,price_per_mwh\n{rows}".encode(), user=None, now=NOW
    )
    found = {}
    for month, days in SPANS.items():
        publish_days(microgrid=hamlet.microgrid, days=days, now=NOW)
        measure(hamlet.microgrid, days, seed=month, now=NOW)
        found[month] = hamlet.bill(month=Month(2016, month), days=days, now=NOW)
    return found


class Plain:
    """One site in one month, interval by interval, as plain numbers."""

    def __init__(self, run: BillingRun, site: Site) -> None:
        energy = load_energy(run, [site.pk], run.days())
        self.drawn, self.fed_in, self.received, delivered, carried = (getattr(energy, name)[0].tolist() for name in READ)
        self.grid = [a - b for a, b in zip(self.drawn, self.received, strict=True)]
        self.exported = [a - b - c for a, b, c in zip(self.fed_in, delivered, carried, strict=True)]
        days = [run.microgrid.local_day(day) for day in run.days()]
        self.hours = [start.hour for day in days for start in day.local_starts()]
        self.starts = [day.start_at + timedelta(minutes=15 * i) for day in days for i in range(day.interval_count)]
        imported = BalanceDay.objects.filter(microgrid=run.microgrid, day__in=run.days(), is_current=True).order_by("day")
        self.village = [wh for row in imported for wh in row.import_wh]
        self.days, self.month_days = len(days), len(Month(run.period // 100, run.period % 100).days())


def lines_of(run: BillingRun, code: str, kind: str = "bill") -> dict[tuple[str, str], tuple[int, int]]:
    document = Document.objects.filter(run=run, site__code=code, kind=kind).first()
    rows = document.lines.all() if document else []
    return {(line.component, line.window): (line.quantity, line.net_minor) for line in rows}


@pytest.mark.parametrize("code", ON_NETTED)
def test_kilowatt_hours_are_set_off_carried_and_paid_at_the_year_s_end(runs: dict[int, BillingRun], code: str) -> None:
    held = {"base": 0, "evening": 0}
    for month, run in runs.items():
        site = Site.objects.get(microgrid=run.microgrid, code=code)
        plain, lines = Plain(run, site), lines_of(run, code)
        for name, price in PERIODS:
            mine = [(h in range(17, 21)) == (name == "evening") for h in plain.hours]
            drawn = sum(wh for wh, own in zip(plain.grid, mine, strict=True) if own)
            exported = sum(wh for wh, own in zip(plain.exported, mine, strict=True) if own)
            use = max(drawn - exported - held[name], 0)
            left = max(exported + held[name] - drawn, 0)
            assert lines.get(("grid", name), (0, 0)) == (use, cents(use * Decimal(price) / 10))
            assert lines.get(("set_off", name), (0, 0)) == (drawn - use, 0)
            kept = SurplusCarried.objects.get(run=run, site=site, window=name)
            assert (kept.before_wh, kept.after_wh) == (held[name], 0 if month == 12 else left)
            assert lines.get(("kept", name), (0, 0)) == (kept.after_wh, 0)
            held[name] = left
        credited = lines_of(run, code, "credit")
        surplus = sum(held.values()) if month == 12 else 0
        assert credited.get(("export", "surplus"), (0, 0)) == (surplus, cents(Decimal(surplus) * 5 / 1000))
        assert ("export", "") not in credited
    assert code != "B 9" or sum(held.values()) > 0, "the case has a surplus to pay"


@pytest.mark.parametrize("code", ON_NETTED)
def test_power_looks_back_and_at_the_village_s_peak(runs: dict[int, BillingRun], code: str) -> None:
    measured: list[int] = []
    for run in runs.values():
        site = Site.objects.get(microgrid=run.microgrid, code=code)
        plain, lines = Plain(run, site), lines_of(run, code)
        own = cents(Decimal(sum(sorted(plain.drawn)[-3:])) * 4 / 3)
        floor = int((Decimal(max(measured[-2:], default=0)) * Decimal("1.2")).quantize(Decimal(1)))
        billed, name = (own, "all day") if own >= floor else (floor, "all day, earlier")
        quantity, net = lines["demand", name]
        assert abs(quantity - billed) <= 1  # a half is rounded to the even watt
        assert net == cents(Decimal(quantity) * Decimal("6.2") * plain.days / plain.month_days / 10)
        measured.append(own)
        peak = plain.village.index(max(plain.village))
        at_peak = plain.drawn[peak] * 4
        assert lines.get(("demand", "at the peak"), (0, 0))[0] == at_peak
        assert lines["standing", ""][1] == cents(Decimal("9.30") * 100 * plain.days / plain.month_days)
        assert lines["standing", ""][0] == plain.days
    assert any(("demand", "all day, earlier") in lines_of(run, code) for run in runs.values())


@pytest.mark.parametrize("code", ON_HOURLY)
def test_prices_of_the_hour_are_billed_as_published_and_a_substitute_says_so(
    runs: dict[int, BillingRun], code: str, _known: list[datetime]
) -> None:
    known = set(_known)
    net_of_year = days_of_year = 0
    for month, run in runs.items():
        site = Site.objects.get(microgrid=run.microgrid, code=code)
        plain, lines = Plain(run, site), lines_of(run, code)
        exact: dict[str, Decimal] = {"day-ahead": Decimal(0), "day-ahead, substitute": Decimal(0)}
        for wh, start in zip(plain.grid, plain.starts, strict=True):
            hour = start.replace(minute=0)
            index = index_at(hour if hour in known else hour - timedelta(days=1))
            price = min(max(Decimal("1.1") * index + Decimal("0.12"), Decimal("0.05")), Decimal("0.24"))
            exact["day-ahead" if hour in known else "day-ahead, substitute"] += wh * price / 10
        for window, amount in exact.items():
            assert lines.get(("spot", window), (0, 0))[1] == cents(amount)
        assert (("spot", "day-ahead, substitute") in lines) == (month == 11)
        fuse = Decimal("6.20") if code == "a 2" else Decimal("12.40")
        assert lines["capacity", ""][1] == cents(fuse * 100 * plain.days / plain.month_days)
        noon = sum(wh for wh, hour in zip(plain.drawn, plain.hours, strict=True) if 11 <= hour < 14)
        assert lines["incentive", "off_peak"] == (noon, -cents(noon * Decimal("0.02") / 10))
        credited = lines_of(run, code, "credit")
        for name, price, inside in (("noon", "0.04", True), ("else", "0.09", False)):
            wh = sum(e for e, hour in zip(plain.exported, plain.hours, strict=True) if (10 <= hour < 15) == inside)
            assert credited.get(("export", name), (0, 0)) == (wh, cents(wh * Decimal(price) / 10))
        before_minimum = sum(net for (component, _), (_, net) in lines.items() if component != "minimum")
        days_of_year += plain.days
        least = cents(Decimal("3660") * 100 * days_of_year / 366)
        topped_up = max(least - net_of_year - before_minimum, 0) if month == 12 else 0
        assert lines.get(("minimum", ""), (0, 0))[1] == topped_up
        net_of_year += before_minimum
    assert topped_up > 0


def test_books_balance_and_papers_and_e_invoices_hold_every_part(runs: dict[int, BillingRun]) -> None:
    names: set[str] = set()
    for month, run in runs.items():
        summary = summarise(run)
        assert summary.residual_minor == 0
        assert summary.debits_minor == summary.credits_minor
        chosen = [*ON_NETTED, *ON_HOURLY] if month == 12 else ["B 9", "b 10", "Z 1"]
        documents = list(Document.objects.filter(run=run, site__code__in=chosen).select_related("site", "member", "cooperative", "run"))
        facts = paper_facts(documents)
        for document in documents:
            assert broken_rules(invoice_xml(business_terms(invoice_of(document, facts[document.pk].lines)))) == []
            lines = paper_content(document, facts[document.pk])["lines"]
            assert all(line["name"] and line["why"] for line in lines)
            names |= {line["name"] for line in lines}
    assert {"Your connection", "Set off against what you fed in, base hours", "Thank-you for local energy, outside the peak"} <= names
    assert pdf_of(document=documents[0]).read_bytes()[:5] == b"%PDF-"
    assert LedgerEntry.objects.exists()


def test_what_was_published_and_what_a_posted_run_counted_stay(runs: dict[int, BillingRun]) -> None:
    with pytest.raises(DatabaseError, match="stay"), transaction.atomic():
        TariffPriceDay.objects.update(price_micro=[1])
    with pytest.raises(DatabaseError, match="stays"), transaction.atomic():
        SurplusCarried.objects.update(after_wh=1)
    with pytest.raises(DatabaseError, match="stay"), transaction.atomic():
        TariffPriceDay.objects.all()._raw_delete("default")
