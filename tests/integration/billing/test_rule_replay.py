"""Other rules of sharing on a posted month: equal to what billing makes of a village that really shared by them."""

from datetime import date

import pytest
from django.urls import reverse

from billing.models import BillingRun, Document, DocumentKind, RuleReplay
from billing.selectors.rule_replay import compare_rules
from billing.services.rule_replay import RULES, replay_rules, unreplayed_runs
from energy.models import Site
from grid.domain.sharing.terms import ShareRule
from grid.models import SharingRule
from members.models import Membership, Role, User
from tests.integration.billing.conftest import DAYS, NOW, Hamlet, make_hamlet, measure

pytestmark = pytest.mark.django_db


def posted(run: BillingRun) -> dict[str, tuple[int, int]]:
    """Gross of bill and credit document by site code, as posted."""
    money: dict[str, list[int]] = {}
    for document in Document.objects.filter(run=run).select_related("site"):
        entry = money.setdefault(document.site.code, [0, 0])
        entry[document.kind == DocumentKind.CREDIT] = document.gross_minor
    return {code: (bill, credit) for code, (bill, credit) in money.items()}


def replayed(row: RuleReplay) -> dict[str, tuple[int, int]]:
    codes = dict(Site.objects.values_list("pk", "code"))
    return {
        codes[site]: (bill, credit)
        for site, bill, credit in zip(row.site_ids, row.bill_minor, row.credit_minor, strict=True)
        if bill or credit
    }


def village_that_shared_by(slug: str, key: str, price_rule: str, **shares: str) -> Hamlet:
    hamlet = make_hamlet(slug, closed=False)
    rule = SharingRule.objects.create(microgrid=hamlet.microgrid, key=key, price_rule=price_rule, valid_from=date(2016, 1, 1))
    for code, share in shares.items():
        rule.shares.create(site=Site.objects.get(microgrid=hamlet.microgrid, code=code.replace("_", " ")), share=share)
    measure(hamlet.microgrid, DAYS)
    return hamlet


def test_the_month_as_it_was_is_what_was_posted(hamlet):
    run = hamlet.bill()
    added = replay_rules(run=run, now=NOW)
    assert len(added) == len(RULES) + 1
    assert replayed(run.replays.get(key="")) == posted(run)
    assert replayed(run.replays.get(key="dynamic", price_rule="mid_market")) == posted(run)
    assert replay_rules(run=run, now=NOW) == []


@pytest.mark.parametrize(
    ("key", "price_rule"), [("hierarchical", "supply_demand_ratio"), ("dynamic", "supply_demand_ratio"), ("dynamic", "bill_sharing")]
)
def test_a_replay_is_what_a_village_with_that_rule_is_billed(hamlet, key, price_rule):
    run = hamlet.bill()
    replay_rules(run=run, now=NOW)
    other = village_that_shared_by("other", key, price_rule).bill()
    assert replayed(run.replays.get(key=key, price_rule=price_rule)) == posted(other)


def test_fixed_shares_that_are_agreed_are_those_replayed():
    shares = {"B_9": "0.5", "Z_1": "0.3", "b_10": "0.2"}
    hybrid = village_that_shared_by("hybrid", "hybrid", "mid_market", **shares)
    static = village_that_shared_by("static", "static", "mid_market", **shares)
    run, other = hybrid.bill(), static.bill()
    replay_rules(run=run, now=NOW)
    assert replayed(run.replays.get(key="static", price_rule="mid_market")) == posted(other)
    assert replayed(run.replays.get(key="hybrid", price_rule="mid_market")) == posted(run)


def test_under_every_rule_producers_get_what_neighbours_pay(hamlet):
    """The village's money is the same but for grid energy that fixed shares leave unused; so dynamic, hybrid and hierarchical agree."""
    run = hamlet.bill()
    replay_rules(run=run, now=NOW)
    for price_rule in {price for key, price in RULES if key != ShareRule.MARKET}:
        rows = [run.replays.get(key=key, price_rule=price_rule) for key in ("dynamic", "hybrid", "hierarchical")]
        assert len({row.shared_wh for row in rows}) == 1
        sums = [sum(row.bill_minor) - sum(row.credit_minor) for row in rows]
        assert max(sums) - min(sums) <= 2 * len(rows[0].site_ids)  # cents that lines and VAT round
        static = run.replays.get(key="static", price_rule=price_rule)
        assert static.shared_wh <= rows[0].shared_wh


def test_a_member_is_told_what_each_rule_would_have_meant(hamlet, client):
    run = hamlet.bill()
    site = Site.objects.get(microgrid=hamlet.microgrid, code="a 2")
    assert compare_rules(microgrid=hamlet.microgrid, sites=[site]).periods == []
    assert [found.pk for found in unreplayed_runs(microgrid=hamlet.microgrid, now=NOW)] == [run.pk]
    replay_rules(run=run, now=NOW)
    assert unreplayed_runs(microgrid=hamlet.microgrid, now=NOW) == []
    found = compare_rules(microgrid=hamlet.microgrid, sites=[site])
    assert found.periods == ["2016-03"]
    assert found.members == 6
    bill, credit = posted(run)["a 2"]
    assert found.own_minor == bill - credit
    assert [o.own_minor for o in found.outcomes] == sorted(o.own_minor for o in found.outcomes)
    same = next(o for o in found.outcomes if (o.key, o.price_rule) == ("dynamic", "mid_market"))
    assert (same.difference_minor, same.better, same.worse) == (0, 0, 0)
    user = User.objects.create_user("a2@hamlet.example", "a long enough word")
    Membership.objects.create(user=user, cooperative=hamlet.cooperative, role=Role.MEMBER, member=site.member)
    client.force_login(user)
    told = client.get(reverse("api-site-sharing-rules", args=[site.public_id])).json()
    assert len(told["outcomes"]) == len(RULES)
    page = client.get(reverse("sharing")).content.decode()
    assert "By use, middle price" in page
    assert "the rule now" in page
    assert "March 2016 under other rules" in page
    foreign = Site.objects.get(microgrid=hamlet.microgrid, code="B 9")
    assert client.get(reverse("api-site-sharing-rules", args=[foreign.public_id])).status_code == 404
