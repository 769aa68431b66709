"""Reactive energy and selling all on real documents: recomputed from meter days in fractions, posted, printed, compared, corrected, refused."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.test import Client
from django.urls import reverse

from benchmarks.e_invoice_rules import broken_rules
from billing.adapters.documents.e_invoice import invoice_xml
from billing.domain.e_invoice import business_terms
from billing.domain.rating import CannotRate
from billing.models import Document, RunCheck, TariffVersion
from billing.selectors.corrections import correction_of, outdated_months
from billing.selectors.e_invoice import invoice_of
from billing.selectors.paper import paper_content
from billing.selectors.paper_facts import paper_facts
from billing.selectors.readings import documents_of_day, versions_beside
from billing.selectors.reconciliation import links_of
from billing.selectors.run_summary import summarise
from billing.selectors.tariffs import terms_of
from billing.services.corrections import correct_month
from billing.services.papers import pdf_of
from billing.services.preview import PAID_FOR, preview_terms
from billing.services.rating import rate_sites
from billing.services.release import check_run
from billing.services.rule_replay import replay_rules
from billing.services.runs import draw_up_run, prepare_run, rate_chunk
from billing.services.what_if import proposal_of_json, proposal_of_version, what_if
from energy.models import Channel, Meter, MeterDay, Site, StorageUnit
from grid.selectors.sharing import load_shares
from members.models import Membership, Role, User
from tests.integration.billing.beside import FLAT_ROOF, REACTIVE, SELLS, TIMED_ROOF, WORKSHOP, make_tariff, make_works, measure_works
from tests.integration.billing.conftest import DAYS, MARCH, NOW, Hamlet
from tests.integration.billing.late import measure_again

pytestmark = pytest.mark.django_db


@pytest.fixture
def works(db: None) -> Hamlet:
    hamlet = make_works()
    measure_works(hamlet)
    return hamlet


def site_of(hamlet: Hamlet, code: str) -> Site:
    return Site.objects.get(microgrid=hamlet.microgrid, code=code)


def add_battery(hamlet: Hamlet, code: str) -> None:
    StorageUnit.objects.create(
        site=site_of(hamlet, code),
        code="battery",
        capacity_wh=9000,
        charge_max_w=3000,
        discharge_max_w=3000,
        soc_max_wh=9000,
        eta_charge=Decimal("0.95"),
        eta_discharge=Decimal("0.95"),
        soc_wh=0,
    )


def cents(exact: Fraction) -> int:
    """Of units of currency, half away from zero."""
    return int(abs(exact) * 100 + Fraction(1, 2)) * (1 if exact >= 0 else -1)


def read(hamlet: Hamlet, code: str, channel: Channel) -> list[list[int]]:
    """What the meter day rows say, day by day."""
    meter = Meter.objects.get(microgrid=hamlet.microgrid, code=code)
    rows = MeterDay.objects.filter(meter_id=meter.pk, channel=int(channel), is_current=True, day__in=DAYS)
    return [row.values_wh for row in rows.order_by("day")]


def lines_of(hamlet: Hamlet, code: str, kind: str = "bill") -> dict[tuple[str, str], tuple[int, int]]:
    [document] = Document.objects.standing().filter(cooperative=hamlet.cooperative, site__code=code, kind=kind)
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for line in document.lines.all():
        before = found.get((line.component, line.window), (0, 0))
        found[line.component, line.window] = before[0] + line.quantity, before[1] + line.net_minor
    return found


def shared(hamlet: Hamlet, code: str) -> tuple[int, int, list[int]]:
    """What the site received and delivered [Wh], and what it delivered in each interval."""
    site = site_of(hamlet, code)
    block = load_shares(microgrid=hamlet.microgrid, days=DAYS, site_ids=[site.pk])
    return int(block.received_wh.sum()), int(block.delivered_wh.sum()), block.delivered_wh[0].tolist()


def test_reactive_energy_is_charged_by_the_month_whatever_else_changes_in_it(works: Hamlet) -> None:
    works.bill()
    active, reactive = (read(works, WORKSHOP, c) for c in (Channel.IMPORT, Channel.REACTIVE))
    sums = [sum(day) for day in reactive]
    free = int(Fraction("0.4843") * sum(map(sum, active)) + Fraction(1, 2))
    above = sum(sums) - free
    assert 0 < above < sums[1] - int(Fraction("0.4843") * sum(active[1]))  # the first day has free energy left
    quotas = [Fraction(above * part, sum(sums)) for part in sums]
    parts = [int(quota) for quota in quotas]
    parts[max(range(2), key=lambda i: quotas[i] - parts[i])] += above - sum(parts)
    found = lines_of(works, WORKSHOP)["reactive", ""]
    assert found == (above, sum(cents(Fraction(part) * Fraction("0.0217") / 1000) for part in parts))


def test_who_sells_all_buys_the_own_use_and_sells_it(works: Hamlet) -> None:
    run = works.bill()
    minutes = [s.hour for day in DAYS for s in run.microgrid.local_day(day).local_starts()]
    for code in (FLAT_ROOF, TIMED_ROOF):
        drawn, fed_in, made = (
            [wh for day in read(works, meter, channel) for wh in day]
            for meter, channel in ((code, Channel.IMPORT), (code, Channel.EXPORT), (f"{code} roof", Channel.PRODUCTION))
        )
        own = [max(m - e, 0) for m, e in zip(made, fed_in, strict=True)]
        received, delivered, along = shared(works, code)
        bill, credit = lines_of(works, code), lines_of(works, code, "credit")
        bought = sum(drawn) + sum(own) - received
        assert bill["grid", "base"] == (bought, cents(Fraction(bought) * Fraction("0.27") / 1000))
        assert bill["own_use", ""] == credit["own_use", ""] == (sum(own), 0)
        sold = [e + o - d for e, o, d in zip(fed_in, own, along, strict=True)]
        if code == FLAT_ROOF:
            assert credit["export", ""] == (sum(sold), cents(Fraction(sum(sold)) * Fraction("0.083") / 1000))
        for name, price in (("noon", "0.04"), ("else", "0.09")) if code == TIMED_ROOF else ():
            wh = sum(s for s, hour in zip(sold, minutes, strict=True) if (10 <= hour < 15) == (name == "noon"))
            assert credit["export", name] == (wh, cents(Fraction(wh) * Fraction(price) / 1000))
        assert credit["local_delivered", ""][0] == delivered


def test_books_meters_papers_and_e_invoices_agree(works: Hamlet) -> None:
    works.cooperative.members.update(language="de")
    run = works.bill()
    summary = summarise(run)
    assert (summary.residual_minor, summary.debits_minor) == (0, summary.credits_minor)
    links = {link.code: link for link in links_of(works.microgrid, MARCH)}
    assert links["energy-drawn"].gaps == links["energy-given"].gaps == []
    documents = list(Document.objects.filter(run=run).select_related("site", "member", "cooperative", "run"))
    facts = paper_facts(documents)
    for document in documents:
        content = paper_content(document, facts[document.pk])
        lines = {line["name"]: line for line in content["lines"]}
        assert broken_rules(invoice_xml(business_terms(invoice_of(document, facts[document.pk].lines)))) == []
        if document.site.code == WORKSHOP and document.kind == "bill":
            assert lines["Blindarbeit"]["quantity"].endswith(" kvarh")
            assert any(register[0] == "Blindarbeit" for register in content["readings"]) is False  # none was read
            assert pdf_of(document=document).read_bytes()[:5] == b"%PDF-"
        if document.site.code == FLAT_ROOF:
            assert lines["Selbst erzeugt und genutzt"]["net"] == "0,00"
            drawn = sum(map(sum, read(works, FLAT_ROOF, Channel.IMPORT)))
            if document.kind == "bill":
                received, *_ = shared(works, FLAT_ROOF)
                assert f"{(drawn - received) / 1000:.3f}".replace(".", ",") in content["from_grid"]
    check_readings_behind(works)


def check_readings_behind(works: Hamlet) -> None:
    """The page from a bill to its readings names what was counted beside the register, and a reading leads to the bills."""
    reader = User.objects.create_user("reads@works.example")
    Membership.objects.create(user=reader, cooperative=works.cooperative, role=Role.AUDITOR)
    client = Client()
    client.force_login(reader)
    for code, kind, wanted in (
        (WORKSHOP, "bill", {Channel.REACTIVE: (WORKSHOP, "Reactive energy")}),
        (FLAT_ROOF, "bill", {Channel.PRODUCTION: (f"{FLAT_ROOF} roof", "own plant"), Channel.EXPORT: (FLAT_ROOF, "taken off")}),
        (FLAT_ROOF, "credit", {Channel.PRODUCTION: (f"{FLAT_ROOF} roof", "own plant")}),
        ("Z 1", "bill", {}),
    ):
        document = Document.objects.standing().get(cooperative=works.cooperative, site__code=code, kind=kind)
        beside = {counted.channel: counted for counted in versions_beside(document)}
        assert beside.keys() == wanted.keys(), (code, kind)
        page = client.get(reverse("bill-readings", args=[document.public_id])).content.decode()
        for channel, (meter, words) in wanted.items():
            counted = beside[channel]
            assert counted.total == sum(map(sum, read(works, meter, channel))) > 0
            assert [use.day for use in counted.uses] == DAYS
            assert words in page and ("kvarh" in page) == (code == WORKSHOP)
            used = documents_of_day(counted.uses[0].meter, channel, DAYS[0])
            assert document in [d for rows in used.values() for d in rows]


def test_another_tariff_is_compared_and_previewed_with_what_meters_count(works: Hamlet) -> None:
    run = works.bill()
    sites = list(Site.objects.filter(microgrid=works.microgrid).exclude(code="C-own"))
    flat = {"kind": "energy", "periods": [{"name": "all day", "tiers": [{"price": "0.27"}]}]}
    tried = [
        proposal_of_version(works.version),
        proposal_of_json("reactive", {"format": 1, "currency": "EUR", "parts": [flat, REACTIVE]}, Decimal(0), "EUR"),
        proposal_of_json("sells", {"format": 1, "currency": "EUR", "parts": [flat, SELLS]}, Decimal(0), "EUR"),
    ]
    found = what_if(sites=sites, proposals=tried[:1], days=DAYS)
    place = {site.code: row for row, site in enumerate(found.sites)}
    billed = Document.objects.get(run=run, site__code=WORKSHOP, kind="bill")
    # The bill taxes the month's sum once, the comparison each version's.
    assert abs(int(found.present_minor[place[WORKSHOP]].sum()) - billed.gross_minor) <= 2
    only = what_if(sites=sites, proposals=tried[1:2], days=DAYS)
    assert [site.code for site in only.sites] == [WORKSHOP]
    assert {why for _, why in only.left_out} == {"Its meter counts no reactive energy, which the tariff charges."}
    [outcome] = only.outcomes
    active = sum(map(sum, read(works, WORKSHOP, Channel.IMPORT)))
    above = lines_of(works, WORKSHOP)["reactive", ""][0]
    assert outcome.amount_minor.sum() == cents(Fraction(active) * Fraction("0.27") / 1000) + cents(
        Fraction(above) * Fraction("0.0217") / 1000
    )
    add_battery(works, "Z 1")
    selling = what_if(sites=sites, proposals=tried[2:], days=DAYS)
    assert [(site.code, why[:14]) for site, why in selling.left_out] == [("Z 1", "Who buys and s")]
    drawn, fed_in, own = (
        sum(map(sum, read(works, FLAT_ROOF, Channel.IMPORT))),
        sum(map(sum, read(works, FLAT_ROOF, Channel.EXPORT))),
        lines_of(works, FLAT_ROOF)["own_use", ""][0],
    )
    row = [site.code for site in selling.sites].index(FLAT_ROOF)
    bought, sold = Fraction(drawn + own) * Fraction("0.27"), Fraction(fed_in + own) * Fraction("0.083")
    assert selling.outcomes[0].amount_minor[row].sum() == cents(bought / 1000) - cents(sold / 1000)
    terms = terms_of(works.version)
    assert preview_terms(tariff=works.tariff, terms=terms)
    newest = TariffVersion.objects.filter(tariff__code="workshop").order_by("-number")[0]
    [sample] = preview_terms(tariff=newest.tariff, terms=terms_of(newest))  # the only one whose meter counts it
    shown = {line.name: (line.before_minor, line.after_minor) for line in sample.lines}
    assert shown["reactive energy"] == (lines_of(works, WORKSHOP)["reactive", ""][1],) * 2
    sells = TariffVersion.objects.get(tariff__code="sells-flat")
    paying = [bill for bill in preview_terms(tariff=sells.tariff, terms=terms_of(sells)) if bill.is_paid]
    assert all(line.after_minor < 0 for bill in paying for line in bill.lines if line.name == PAID_FOR)
    assert replay_rules(run=run, now=NOW)


def test_newer_readings_of_what_no_share_is_made_of_are_corrected(works: Hamlet) -> None:
    works.bill()
    before = {code: lines_of(works, code) for code in (WORKSHOP, FLAT_ROOF)}
    measure_again(works, WORKSHOP, DAYS[1], 100, channel=Channel.REACTIVE)
    measure_again(works, f"{FLAT_ROOF} roof", DAYS[0], 50, channel=Channel.PRODUCTION)
    [outdated] = outdated_months(works.microgrid)
    assert outdated.days == DAYS
    run = correct_month(microgrid=works.microgrid, month=MARCH, now=NOW + timedelta(days=20))
    assert summarise(run).residual_minor == 0
    fresh = Document.objects.filter(run=run, cancels=None)
    assert {(d.site.code, d.kind) for d in fresh} == {(WORKSHOP, "bill"), (FLAT_ROOF, "bill"), (FLAT_ROOF, "credit")}
    assert lines_of(works, WORKSHOP)["reactive", ""][0] == before[WORKSHOP]["reactive", ""][0] + 92 * 100
    assert lines_of(works, FLAT_ROOF)["own_use", ""][0] > before[FLAT_ROOF]["own_use", ""][0]
    corrected = correction_of(fresh.get(site__code=WORKSHOP))
    assert corrected is not None
    assert {line.difference.line.component for line in corrected.lines} == {"reactive"}
    assert "27/03/2016" in corrected.reasons[0]
    assert outdated_months(works.microgrid) == []


def test_a_bill_waits_where_what_it_charges_is_not_known(db: None) -> None:
    hamlet = make_works()
    measure_works(hamlet, reactive=False)
    run = prepare_run(microgrid=hamlet.microgrid, month=MARCH, now=NOW, days=DAYS)
    for chunk in run.chunks.all():
        rate_chunk(chunk_id=chunk.pk)
    check_run(run_id=draw_up_run(run_id=run.pk, now=NOW).pk)
    held = RunCheck.objects.get(run=run, kind="no_readings")
    assert (held.site.code, held.is_blocking) == (WORKSHOP, True)
    assert held.told == "Nothing was read of reactive energy on 2 days on which it is charged."
    make_tariff(hamlet, "everybody", [REACTIVE], ["Ä 1"])
    with pytest.raises(CannotRate, match="Ä 1: Its meter counts no reactive energy"):
        rate_sites(run=run, site_ids=[site_of(hamlet, "Ä 1").pk], days=DAYS)
    add_battery(hamlet, FLAT_ROOF)
    with pytest.raises(CannotRate, match="has no battery"):
        rate_sites(run=run, site_ids=[site_of(hamlet, FLAT_ROOF).pk], days=DAYS)
