"""A member's page on sharing: the rule in force, and what every other rule would have made of the last bills."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from rest_framework.generics import get_object_or_404

from billing.selectors.rule_replay import RuleComparison, RuleOutcome, compare_rules
from energy.models import Microgrid
from grid.models import SharingKey, SharingPrice, SharingProposal, SharingRule, VoteChoice, VoteStatus
from grid.selectors.sharing_terms import rule_on, rules_ahead
from grid.selectors.votes import eligible_members, own_votes, visible_proposals
from grid.services.votes import KIND, CannotVote, cast_vote
from members.selectors.scope import own_members, user_of
from members.services.notifications import mark_seen
from microgrid_site.pages.energy_pages import own_sites_of
from microgrid_site.pages.energy_tabs import energy_tabs
from microgrid_site.templatetags.portal import month_name

SHOWN_VOTES = 6
KEY_WORDS = {
    SharingKey.DYNAMIC: gettext_lazy("Local energy goes to each in proportion to what each draws in that quarter hour."),
    SharingKey.STATIC: gettext_lazy("Each has a fixed share of what is produced; what a member cannot use goes to the public grid."),
    SharingKey.HYBRID: gettext_lazy("Each has a fixed share; what a member cannot use goes to the others by their shares, then by use."),
    SharingKey.HIERARCHICAL: gettext_lazy("Own roof first, then the neighbours on the same feeder, then the whole village."),
    SharingKey.MARKET: gettext_lazy(
        "Members order per quarter hour what they buy and sell, themselves or through an agent that keeps to what they said. "
        "What was ordered is shared as far as the meters show it."
    ),
}
PRICE_WORDS = {
    SharingPrice.MID_MARKET: gettext_lazy("A shared kWh costs the middle between the public grid's price and its feed-in price."),
    SharingPrice.SUPPLY_DEMAND_RATIO: gettext_lazy("A shared kWh is cheap when the village has plenty and dear when it has little."),
    SharingPrice.BILL_SHARING: gettext_lazy("A shared kWh costs nothing; all bear the public grid's cost together."),
    SharingPrice.UNIFORM_AUCTION: gettext_lazy(
        "All who trade in a quarter hour pay the same price: the middle of the last bid and offer that met."
    ),
}
KEY_NAMES = {
    SharingKey.DYNAMIC: gettext_lazy("By use"),
    SharingKey.STATIC: gettext_lazy("Fixed shares"),
    SharingKey.HYBRID: gettext_lazy("Fixed shares, the rest again"),
    SharingKey.HIERARCHICAL: gettext_lazy("Neighbours first"),
    SharingKey.MARKET: gettext_lazy("Market"),
}
PRICE_NAMES = {
    SharingPrice.MID_MARKET: gettext_lazy("middle price"),
    SharingPrice.SUPPLY_DEMAND_RATIO: gettext_lazy("price by plenty"),
    SharingPrice.BILL_SHARING: gettext_lazy("shared bill"),
    SharingPrice.UNIFORM_AUCTION: gettext_lazy("price of the auction"),
}

CHOICE_NAMES = {VoteChoice.YES: gettext_lazy("yes"), VoteChoice.NO: gettext_lazy("no"), VoteChoice.ABSTAIN: gettext_lazy("abstain")}
STATUS_NAMES = {
    VoteStatus.OPEN: gettext_lazy("open"),
    VoteStatus.ADOPTED: gettext_lazy("adopted"),
    VoteStatus.REJECTED: gettext_lazy("rejected"),
    VoteStatus.TOO_FEW: gettext_lazy("too few took part"),
    VoteStatus.WITHDRAWN: gettext_lazy("withdrawn"),
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sharing(request: HttpRequest) -> HttpResponse:
    """The rule now and ahead, the vote on another one, and the comparison."""
    if request.method == "POST":
        _cast(request)
        return redirect("sharing")
    sites = own_sites_of(request)
    context: dict[str, Any] = {"sites": [], "tabs": energy_tabs(sites, "sharing"), "microgrid": None}
    if sites:
        microgrid = sites[0].microgrid
        own = [site for site in sites if site.microgrid_id == microgrid.pk]
        found = compare_rules(microgrid=microgrid, sites=own)
        context |= {"microgrid": microgrid, "found": found, "months": _months(found), "currency": microgrid.cooperative.currency} | _rules(
            microgrid, found
        )
        context |= _votes(request, microgrid, found)
        mark_seen(user=user_of(request), kind=KIND, now=timezone.now())
    return render(request, "portal/sharing.html", context)


def _months(found: RuleComparison) -> str:
    """The months looked at, in words."""
    names = [month_name(date.fromisoformat(f"{period}-01")) for period in found.periods]
    if len(names) < 2:
        return "".join(names)
    return _("{first} to {last}").format(first=names[0], last=names[-1])


def _cast(request: HttpRequest) -> None:
    user = user_of(request)
    proposal = get_object_or_404(visible_proposals(user), public_id=request.POST.get("proposal"))
    member = get_object_or_404(own_members(user), public_id=request.POST.get("member"))
    choice = request.POST.get("choice", "")
    if choice not in VoteChoice.values:
        raise Http404
    try:
        cast_vote(proposal=proposal, member=member, choice=VoteChoice(choice), by=user, now=proposal.microgrid.now(timezone.now()))
        messages.success(request, _("Your vote is cast. You may change it until the vote closes."))
    except CannotVote as why:
        messages.error(request, str(why))


def _votes(request: HttpRequest, microgrid: Microgrid, found: RuleComparison) -> dict[str, Any]:
    """The open vote with what it would have meant, and those decided; votes are counted for others only when it is over."""
    user = user_of(request)
    rows = list(visible_proposals(user).filter(microgrid=microgrid)[:SHOWN_VOTES])
    open_vote = next((row for row in rows if row.status == VoteStatus.OPEN), None)
    context: dict[str, Any] = {
        "decided": [(row, _words_of(row), STATUS_NAMES[VoteStatus(row.status)]) for row in rows if row.status != VoteStatus.OPEN],
        "zone": microgrid.zone,
        "open_vote": open_vote,
    }
    if open_vote is not None:
        rule = (open_vote.key, open_vote.price_rule)
        context |= {
            "open_words": _words(SharingKey(open_vote.key), SharingPrice(open_vote.price_rule)),
            "own_votes": own_votes(user, open_vote),
            "choices": [(choice.value, CHOICE_NAMES[choice]) for choice in VoteChoice],
            "turnout": open_vote.votes.count(),
            "eligible": eligible_members(microgrid).count(),
            "own_shares": [
                (share.site, share.share * 100) for share in open_vote.shares.filter(site__in=own_sites_of(request)).select_related("site")
            ],
            "would": next((o for o in found.outcomes if (o.key, o.price_rule) == rule), None),
        }
    return context


def _rules(microgrid: Microgrid, found: RuleComparison) -> dict[str, Any]:
    today = microgrid.now(timezone.now()).astimezone(microgrid.zone).date()
    rule = rule_on(microgrid, today)
    key = SharingKey(rule.key) if rule else SharingKey.DYNAMIC
    price = SharingPrice(rule.price_rule) if rule else SharingPrice.MID_MARKET
    return {
        "rule": rule,
        "now": _words(key, price),
        "ahead": [(row, _words_of(row)) for row in rules_ahead(microgrid, today)],
        "outcomes": [_line(o, is_now=(o.key, o.price_rule) == (key, price)) for o in found.outcomes],
        "explained": [(KEY_NAMES[k], words) for k, words in KEY_WORDS.items()]
        + [(capfirst(PRICE_NAMES[p]), words) for p, words in PRICE_WORDS.items()],
    }


def _words_of(rule: SharingRule | SharingProposal) -> dict[str, str]:
    return _words(SharingKey(rule.key), SharingPrice(rule.price_rule))


def _words(key: SharingKey, price: SharingPrice) -> dict[str, str]:
    return {"name": f"{KEY_NAMES[key]}, {PRICE_NAMES[price]}", "key": str(KEY_WORDS[key]), "price": str(PRICE_WORDS[price])}


def _line(outcome: RuleOutcome, *, is_now: bool) -> dict[str, Any]:
    key, price = SharingKey(outcome.key), SharingPrice(outcome.price_rule)
    return {"outcome": outcome, "name": f"{KEY_NAMES[key]}, {PRICE_NAMES[price]}", "is_now": is_now}
