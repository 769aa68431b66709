"""Incentives from the rule to the credit document: awarded once, cut to the budget, held and decided, never beside a tariff's own."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connections, transaction
from django.db.models import Sum

from billing.domain.incentive_rules import DemandResponse, Hours, LocalUse, LowIncome, PerDay, PerKwh, Rule, ShiftOffPeak, rule_to_json
from billing.models import (
    AwardStatus,
    Document,
    DocumentLine,
    IncentiveAward,
    IncentiveBudget,
    IncentiveEntitlement,
    IncentiveProgramme,
    IncentiveVersion,
    TariffAssignment,
)
from billing.selectors.reconciliation import links_of
from billing.selectors.run_summary import trial_balance
from billing.services.incentive_awards import CannotDecide, EventAmount, decide_award, foresee, limit_event
from billing.services.incentive_versions import CannotApprove, approve_incentive, next_number, submit_incentive
from billing.services.papers import pdf_of
from billing.services.release import withdraw_run
from billing.services.runs import prepare_run, run_month
from energy.models import Site
from members.models import Member, User
from tests.integration.billing.conftest import CODES, DAYS, MARCH, NOW, Hamlet, make_tariff, measure
from tests.integration.billing.test_money_pages import client_of

LOCAL = LocalUse(PerKwh(Decimal("0.05")))


@pytest.fixture
def hands(db: None) -> tuple[User, User]:
    return User.objects.create_user("one@x.example", "x"), User.objects.create_user("two@x.example", "x")


def approved(hamlet: Hamlet, rule: Rule, *, name: str = "Sun", day: date = date(2016, 3, 1), **changes) -> IncentiveVersion:
    one = User.objects.get_or_create(email="h1@x.example")[0]
    two = User.objects.get_or_create(email="h2@x.example")[0]
    programme, _ = IncentiveProgramme.objects.get_or_create(microgrid=hamlet.microgrid, name=name)
    with transaction.atomic():
        made = IncentiveVersion.objects.create(
            programme=programme,
            number=next_number(programme),
            valid_from=day,
            rule=rule_to_json(rule),
            **{"budget_minor": 100_000} | changes,
        )
    submit_incentive(version=made, by=one)
    with pytest.raises(CannotApprove, match="second person"):
        approve_incentive(version=made, by=one, now=NOW)
    return approve_incentive(version=made, by=two, now=NOW)


def without_own_incentive(hamlet: Hamlet) -> None:
    plain, _ = make_tariff(hamlet.cooperative, "plain", incentive_per_kwh="0")
    TariffAssignment.objects.filter(tariff=hamlet.tariff).update(tariff=plain)


def test_local_energy_is_rewarded_on_the_credit_document_within_the_budget(hamlet: Hamlet, settings, tmp_path) -> None:
    without_own_incentive(hamlet)
    version = approved(hamlet, LOCAL)
    foreseen = foresee(version=version, days=DAYS)
    whole = foreseen.paid_minor
    assert whole > 20
    version = approved(hamlet, LOCAL, day=date(2016, 2, 1), budget_minor=whole // 2)
    assert foresee(version=version, days=DAYS).paid_minor == whole // 2
    prepare_run(microgrid=hamlet.microgrid, month=MARCH, now=NOW, days=DAYS)
    run = hamlet.bill()
    awards = IncentiveAward.objects.all()
    assert sum(a.awarded_minor for a in awards) == whole  # of March's version
    lines = DocumentLine.objects.filter(component="local_use", document__run=run)
    assert sum(line.net_minor for line in lines) == whole
    local = DocumentLine.objects.filter(component="local", document__run=run).order_by()
    billed = dict(local.values_list("document__site").annotate(wh=Sum("quantity")))
    assert all(a.quantity == billed[a.site_id] for a in awards)
    assert {line.document.kind for line in lines.select_related("document")} == {"credit"}
    assert IncentiveBudget.objects.get().spent_minor == whole
    assert not [gap for link in links_of(hamlet.microgrid, MARCH) for gap in link.gaps]
    assert trial_balance(hamlet.cooperative)["local_clearing"] == 0
    settings.DOCUMENT_DIR = tmp_path
    assert pdf_of(document=lines[0].document).read_bytes()[:4] == b"%PDF"
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        awards.update(awarded_minor=0)
    with pytest.raises(DatabaseError, match="draft"), transaction.atomic():
        IncentiveVersion.objects.filter(pk=version.pk).update(budget_minor=1)
    member = awards[0].member
    own = client_of(hamlet, "member", member)
    assert "Sun" in own.get("/incentives/").content.decode()
    told = own.get("/api/v1/incentive-awards/").json()["results"]
    mine = awards.filter(member=member)
    assert {row["id"] for row in told} == {str(a.public_id) for a in mine}
    assert {row["document"] for row in told} <= {line.document.label for line in lines} and told[0]["kind"] == "local_use"
    assert own.get("/api/v1/incentive-awards/?status=held").json()["count"] == 0


def test_a_run_that_comes_again_with_other_days_awards_nothing_twice(hamlet: Hamlet) -> None:
    without_own_incentive(hamlet)
    approved(hamlet, LOCAL)
    tried = prepare_run(microgrid=hamlet.microgrid, month=MARCH, now=NOW, days=DAYS)
    spent = IncentiveBudget.objects.get().spent_minor
    awards = IncentiveAward.objects.count()
    assert spent > 0
    withdraw_run(run_id=tried.pk, now=NOW)
    prepare_run(microgrid=hamlet.microgrid, month=MARCH, now=NOW, days=DAYS[1:])
    assert IncentiveAward.objects.count() == awards
    assert IncentiveBudget.objects.get().spent_minor == spent


def test_a_short_budget_is_shared_and_the_cap_kept(hamlet: Hamlet) -> None:
    without_own_incentive(hamlet)
    approved(hamlet, LOCAL, budget_minor=17, member_cap_minor=9)
    hamlet.bill()
    awards = list(IncentiveAward.objects.all())
    assert sum(a.awarded_minor for a in awards) == 17
    assert max(a.capped_minor for a in awards) <= 9
    assert any(a.awarded_minor < a.capped_minor for a in awards)
    with pytest.raises(DatabaseError), transaction.atomic():
        IncentiveBudget.objects.update(spent_minor=18)


def test_what_the_tariff_pays_for_already_is_not_rewarded_again(hamlet: Hamlet) -> None:
    approved(hamlet, LOCAL)
    hamlet.bill()
    assert not IncentiveAward.objects.exists()
    with pytest.raises(CannotApprove, match="the same already"):
        approved(hamlet, LOCAL, name="Sun again")
    approved(hamlet, LOCAL, day=date(2016, 5, 1), budget_minor=0)
    approved(hamlet, LOCAL, name="Sun again", day=date(2016, 5, 1))


def test_own_sites_are_looked_at_by_a_person(hamlet: Hamlet, hands) -> None:
    without_own_incentive(hamlet)
    members = list(Member.objects.filter(is_cooperative=False).order_by("pk"))
    Site.objects.filter(member__is_cooperative=False).update(member=members[0])
    version = approved(hamlet, LOCAL)
    twins = [one for one, _ in foresee(version=version, days=DAYS).rows if one.concerns]
    assert twins
    run = hamlet.bill()
    held = list(IncentiveAward.objects.filter(status=AwardStatus.HELD).order_by("pk"))
    assert {a.site_id for a in held} == {one.stay.site.pk for one in twins}
    assert not DocumentLine.objects.filter(document__run=run, component="local_use", document__site=held[0].site_id).exists()
    keeper = client_of(hamlet, "tariff_admin", name="k")
    page = keeper.get("/money/incentives/").content.decode()
    assert "other sites of the same member" in page
    unsaid = {"award": str(held[0].public_id), "do": "decline", "why": "   "}
    told = keeper.post("/money/incentives/", unsaid, headers={"Accept-Language": "de"}).content.decode()
    assert 'value="   "' in told and 'aria-invalid="true"' in told and "anderen Messpunkten" in told
    before = IncentiveBudget.objects.get().spent_minor
    keeper.post("/money/incentives/", {"award": str(held[0].public_id), "do": "decline", "why": "Both are yours."})
    assert IncentiveBudget.objects.get().spent_minor == before - held[0].awarded_minor
    with pytest.raises(CannotDecide, match="declined already"):
        decide_award(award=held[0], grant=True, why="x", by=hands[0], now=NOW)
    own = client_of(hamlet, "member", members[0], language="de", name="m")
    german = own.get("/incentives/").content.decode()
    [declined] = own.get("/api/v1/incentive-awards/?status=declined").json()["results"]
    assert (declined["why"], declined["document"], len(declined["concerns"])) == ("Both are yours.", None, len(held[0].concerns))
    assert "Both are yours." in german
    assert "von anderen Messpunkten" in german
    if len(held) > 1:
        decide_award(award=held[1], grant=True, why="A tenant lives there.", by=hands[0], now=NOW)
        assert held[1].cause_ref in set(held[1].site.flexibility_credits.values_list("cause_ref", flat=True))
    assert client_of(hamlet, "auditor", name="x").post("/money/incentives/", {}).status_code == 403


def test_support_goes_by_days_of_being_entitled(hamlet: Hamlet, hands) -> None:
    member = Site.objects.get(code=CODES[0]).member
    IncentiveEntitlement.objects.create(member=member, valid_from=DAYS[1], noted_by=hands[0])
    approved(hamlet, LowIncome(PerDay(Decimal("0.5"))), name="Support")
    run = hamlet.bill()
    line = DocumentLine.objects.get(document__run=run, component="low_income")
    assert (line.quantity, line.unit, line.price, line.net_minor, line.document.member) == (1, "day", Decimal("0.5"), 50, member)
    assert pdf_of(document=Document.objects.get(pk=line.document_id)).exists()


def test_moved_out_of_the_peak_is_measured_against_the_days_before(hamlet: Hamlet) -> None:
    before = [DAYS[0] - timedelta(days=i) for i in range(7, 0, -1)]
    rule = ShiftOffPeak(PerKwh(Decimal("1")), Hours(17 * 60, 21 * 60, workdays_only=False), usual_days=7, least_days=5)
    version = approved(hamlet, rule, name="Evening")
    assert not foresee(version=version, days=DAYS).rows
    measure(hamlet.microgrid, before, seed=8)
    rows = foresee(version=version, days=DAYS).rows
    assert rows
    for one, _ in rows:
        assert one.baseline_wh is not None and one.measured_wh is not None
        assert one.quantity == one.baseline_wh - one.measured_wh > 0
    run = run_month(microgrid=hamlet.microgrid, month=MARCH, now=NOW, days=DAYS)
    lines = DocumentLine.objects.filter(document__run=run, component="shifted")
    assert sum(line.net_minor for line in lines) == sum(part.paid_minor for _, part in rows)


def test_an_event_gets_what_its_budget_leaves_whoever_asks_at_once(committed_hamlet: Hamlet) -> None:
    hamlet = committed_hamlet
    approved(hamlet, DemandResponse(), name="Events", budget_minor=100)
    site = Site.objects.select_related("member").get(code=CODES[0])
    day, start, end = DAYS[0], NOW - timedelta(days=5), NOW - timedelta(days=5, hours=-1)

    def ask(number: int) -> int:
        try:
            amount = EventAmount(1, f"demand-response:{number}", site, site.member, 1000, 2000, 1000, 30)
            with transaction.atomic():
                return limit_event(microgrid=hamlet.microgrid, day=day, start_at=start, end_at=end, amounts=[amount], now=NOW)[1]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(ask, range(8)))
    assert sorted(given) == [0, 0, 0, 0, 10, 30, 30, 30]
    assert IncentiveBudget.objects.get().spent_minor == 100
    assert ask(0) in (given[0], 0)
    assert sum(IncentiveAward.objects.values_list("awarded_minor", flat=True)) == 100


def test_a_treasurer_writes_a_version_in_fields_and_sees_what_it_would_have_given(hamlet: Hamlet) -> None:
    without_own_incentive(hamlet)
    hamlet.bill()
    one, two = client_of(hamlet, "tariff_admin", name="one"), client_of(hamlet, "tariff_admin", name="two")
    User.objects.update(is_staff=True)
    programme = IncentiveProgramme.objects.create(microgrid=hamlet.microgrid, name="Sun")
    fields = {
        "programme": programme.pk,
        "valid_from": "2016-04-01",
        "kind": "local_use",
        "by": "kwh",
        "amount": "0.05",
        "budget_minor": "5000",
        "budget_span": "month",
        "when_short": "pro_rata",
        "peak_from": "17:00",
        "peak_to": "21:00",
    }
    path = "/admin/billing/incentiveversion/"
    refused = one.post(f"{path}add/", fields | {"by": "day"}).content.decode()
    assert "must be one of kwh, month" in refused
    german = one.post(f"{path}add/", fields | {"by": "day"}, headers={"Accept-Language": "de"})
    assert "reward.by: muss eines von kwh, month sein." in german.content.decode()
    one.post(f"{path}add/", fields)
    made = IncentiveVersion.objects.get()
    assert made.parsed == LOCAL
    look = one.get(f"{path}{made.pk}/look/").content.decode()
    assert "0.05 EUR for each kWh received from neighbours." in look
    assert f"{foresee(version=made, days=DAYS).paid_minor / 100:.2f}" in look
    one.post(f"{path}{made.pk}/submit/")
    one.post(f"{path}{made.pk}/approve/")
    made.refresh_from_db()
    assert made.status == "submitted"
    two.post(f"{path}{made.pk}/approve/")
    made.refresh_from_db()
    assert made.status == "approved"
    assert "0.05 EUR for each kWh" in two.get(f"{path}{made.pk}/change/").content.decode()
