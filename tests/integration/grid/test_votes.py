"""A vote on sharing from opening to the rule in force."""

import hashlib
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from energy.models import Site
from grid.admin.market import MarketTermsForm
from grid.domain.prices import PriceRule
from grid.domain.sharing.terms import ShareRule
from grid.models import BalanceDay, DayClosing, MarketTerms, SharingProposal, SharingRule, SharingVote, VoteChoice, VoteStatus
from grid.selectors.sharing_terms import rule_on
from grid.selectors.votes import eligible_members
from grid.services import votes
from grid.services.day_close import close_day
from grid.services.sharing import share_days
from members.models import Notification
from tests.integration.grid.conftest import DAY, NEXT_DAY, SHOWN_NOW

pytestmark = pytest.mark.django_db
CLOSES = SHOWN_NOW + timedelta(days=7)
FROM = date(2016, 6, 15)


def opened(microgrid: Any, by: Any, **changes: Any) -> SharingProposal:
    given = {
        "microgrid": microgrid,
        "key": ShareRule.HIERARCHICAL,
        "price_rule": PriceRule.SUPPLY_DEMAND_RATIO,
        "valid_from": FROM,
        "reason": "Neighbours first.",
        "quorum_percent": 50,
        "closes_at": CLOSES,
        "by": by,
        "now": SHOWN_NOW,
    }
    return votes.open_vote(**(given | changes))


def all_vote(proposal: SharingProposal, by: Any, choices: str) -> None:
    words = {"y": VoteChoice.YES, "n": VoteChoice.NO, "a": VoteChoice.ABSTAIN}
    for member, choice in zip(eligible_members(proposal.microgrid).order_by("pk"), choices, strict=False):
        if choice != "-":
            votes.cast_vote(proposal=proposal, member=member, choice=words[choice], by=by, now=SHOWN_NOW)


def test_what_members_adopt_comes_into_force_with_its_text(microgrid, operator, household):
    standing = SharingRule.objects.create(microgrid=microgrid, valid_from=DAY)
    proposal = opened(microgrid, operator)
    assert hashlib.sha256(proposal.text.encode()).hexdigest() == proposal.text_sha256
    assert "key: hierarchical\nprice: supply_demand_ratio" in proposal.text
    count = eligible_members(microgrid).count()
    all_vote(proposal, operator, "y" * count)
    assert votes.close_votes(microgrid=microgrid, now=CLOSES - timedelta(seconds=1)) == []
    [decided] = votes.close_votes(microgrid=microgrid, now=CLOSES)
    assert (decided.status, decided.yes, decided.eligible) == (VoteStatus.ADOPTED, count, count)
    assert votes.close_votes(microgrid=microgrid, now=CLOSES) == []
    standing.refresh_from_db()
    assert standing.valid_to == FROM
    rule = rule_on(microgrid, FROM)
    assert (rule.key, rule.price_rule, rule.text_sha256) == ("hierarchical", "supply_demand_ratio", proposal.text_sha256)
    told = Notification.objects.filter(user=household, kind=votes.KIND).order_by("created_at", "pk")
    assert [row.subject for row in told] == ["A vote on how we share is open", "The vote on how we share: adopted"]


@pytest.mark.parametrize(
    ("choices", "status"), [("nnnn", VoteStatus.REJECTED), ("y---", VoteStatus.TOO_FEW), ("ynaa", VoteStatus.REJECTED)]
)
def test_a_vote_that_fails_changes_nothing(microgrid, operator, choices, status):
    proposal = opened(microgrid, operator, quorum_percent=60)
    all_vote(proposal, operator, choices)
    [decided] = votes.close_votes(microgrid=microgrid, now=CLOSES)
    assert decided.status == status
    assert not SharingRule.objects.exists()


def test_fixed_shares_are_voted_on_as_they_stand_in_the_text(microgrid, measured_days, operator):
    close_day(microgrid=microgrid, day=DAY, now=SHOWN_NOW)
    proposal = opened(microgrid, operator, key=ShareRule.HYBRID, price_rule=PriceRule.MID_MARKET)
    shares = {row.site_id: row.share for row in proposal.shares.all()}
    assert sum(shares.values()) == 1
    site = Site.objects.filter(pk__in=shares).first()
    assert f"share of {site.code}: {int(shares[site.pk] * 1_000_000)}/1000000" in proposal.text
    all_vote(proposal, operator, "yyyy")
    votes.close_votes(microgrid=microgrid, now=CLOSES)
    rule = rule_on(microgrid, FROM)
    assert {row.site_id: row.share for row in rule.shares.all()} == shares
    SharingRule.objects.filter(pk=rule.pk).update(valid_from=NEXT_DAY)
    [shared] = share_days(microgrid=microgrid, days=[NEXT_DAY], now=SHOWN_NOW)
    assert shared.key == "hybrid"


def test_closed_days_keep_the_rule_they_were_shared_by(microgrid, operator):
    """Decided late, the rule begins after the last closed day; a planned rule behind it stays."""
    proposal = opened(microgrid, operator)
    planned = SharingRule.objects.create(microgrid=microgrid, valid_from=date(2016, 7, 1))
    all_vote(proposal, operator, "yyyy")
    BalanceDay.objects.create(
        microgrid=microgrid,
        day=date(2016, 6, 20),
        revision=0,
        import_wh=[0],
        export_wh=[0],
        production_wh=[0],
        consumption_wh=[0],
        charge_wh=[0],
        discharge_wh=[0],
        losses_wh=[0],
    )
    [decided] = votes.close_votes(microgrid=microgrid, now=CLOSES + timedelta(days=15))
    assert (decided.rule.valid_from, decided.rule.valid_to) == (date(2016, 6, 21), planned.valid_from)
    assert not DayClosing.objects.filter(day__gte=decided.rule.valid_from).exists()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"closes_at": SHOWN_NOW + timedelta(days=1)}, "at least 3 days"),
        ({"valid_from": CLOSES.date()}, "after the day on which"),
        ({"key": ShareRule.STATIC}, "close a day first"),
    ],
)
def test_what_cannot_be_voted_on_is_refused(microgrid, operator, changes, why):
    with pytest.raises(votes.CannotOpenVote, match=why):
        opened(microgrid, operator, **changes)
    opened(microgrid, operator)
    with pytest.raises(votes.CannotOpenVote, match="Another vote is open"):
        opened(microgrid, operator)


def test_a_vote_is_the_members_own_and_ends_with_the_vote(microgrid, operator, household, stranger, client):
    proposal = opened(microgrid, operator)
    own = eligible_members(microgrid).get(memberships__user=household)
    other = eligible_members(microgrid).exclude(pk=own.pk).first()
    cast = reverse("api-sharing-vote-cast", args=[proposal.public_id])
    client.force_login(stranger)
    assert client.post(cast, {"member": own.public_id, "choice": "no"}).status_code == 404
    client.force_login(household)
    assert client.post(cast, {"member": other.public_id, "choice": "no"}).status_code == 404
    assert client.post(cast, {"member": own.public_id, "choice": "maybe"}).status_code == 400
    assert client.post(cast, {"member": own.public_id, "choice": "no"}).status_code == 409  # the real clock is past it
    microgrid.clock_real_start = timezone.now()
    microgrid.save()
    assert client.post(cast, {"member": own.public_id, "choice": "no"}).status_code == 200
    page = client.get(reverse("sharing")).content.decode()
    assert "Your vote: Neighbours first, price by plenty" in page
    assert "1 of " in page
    assert (
        client.post(reverse("sharing"), {"proposal": proposal.public_id, "member": own.public_id, "choice": "yes"}, follow=True).status_code
        == 200
    )
    assert SharingVote.objects.get().choice == "yes"
    listed = client.get(reverse("api-sharing-votes")).json()["results"]
    assert [(row["status"], row["yes"]) for row in listed] == [("open", None)]
    with pytest.raises(votes.CannotVote, match="closed"):
        votes.cast_vote(proposal=proposal, member=own, choice=VoteChoice.NO, by=household, now=CLOSES)


def test_staff_open_and_withdraw_votes_in_the_admin(microgrid, operator, client):
    microgrid.clock_real_start = timezone.now()
    microgrid.save()
    client.force_login(operator)
    form = {
        "microgrid": microgrid.pk,
        "key": "dynamic",
        "price_rule": "bill_sharing",
        "valid_from": "2016-06-15",
        "reason": "Try it.",
        "quorum_percent": 50,
        "closes_at_0": "2016-06-04",
        "closes_at_1": "10:00",
    }
    add = reverse("admin:grid_sharingproposal_add")
    assert "at least 3 days" in client.post(add, form).content.decode()
    assert client.post(add, form | {"closes_at_0": "2016-06-10"}).status_code == 302
    proposal = SharingProposal.objects.get()
    assert proposal.opened_by == operator
    assert client.get(reverse("admin:grid_sharingproposal_change", args=[proposal.pk])).status_code == 200
    withdraw = f"/admin/grid/sharingproposal/{proposal.pk}/withdraw/"
    assert "Nobody can vote on it any more" in client.get(withdraw).content.decode()
    client.post(withdraw)
    proposal.refresh_from_db()
    assert proposal.status == VoteStatus.WITHDRAWN


def test_who_votes_for_a_market_votes_for_its_terms_too(microgrid, operator):
    MarketTerms.objects.create(microgrid=microgrid, valid_from=FROM, gate_minutes=90, deviation_micro=52_500)
    given = {"key": ShareRule.MARKET, "price_rule": PriceRule.UNIFORM_AUCTION}
    proposal = opened(microgrid, operator, **given)
    assert "orders close [minutes before]: 90\ndeviation charge [per kWh]: 0.052500\n" in proposal.text
    assert hashlib.sha256(proposal.text.encode()).hexdigest() == proposal.text_sha256
    form = {"microgrid": microgrid.pk, "valid_from": FROM + timedelta(days=9), "gate_minutes": 60, "deviation_micro": 0}
    assert "is open" in MarketTermsForm(form).errors["valid_from"][0]
    all_vote(proposal, operator, "y" * eligible_members(microgrid).count())
    votes.close_votes(microgrid=microgrid, now=CLOSES)
    assert "end that rule first" in MarketTermsForm(form).errors["valid_from"][0]
    SharingRule.objects.filter(microgrid=microgrid, key="market").update(valid_to=FROM + timedelta(days=9))
    assert MarketTermsForm(form).is_valid()
