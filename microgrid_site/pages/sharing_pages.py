"""A member's page on sharing: the rule in force, and what every other rule would have made of the last bills."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.selectors.rule_replay import RuleComparison, RuleOutcome, compare_rules
from energy.models import Microgrid
from grid.models import SharingKey, SharingPrice, SharingRule
from grid.selectors.sharing_terms import rule_on, rules_ahead
from microgrid_site.pages.energy_pages import own_sites_of
from microgrid_site.pages.energy_tabs import energy_tabs

KEY_WORDS = {
    SharingKey.DYNAMIC: "Local energy goes to each in proportion to what each draws in that quarter hour.",
    SharingKey.STATIC: "Each has a fixed share of what is produced; what a member cannot use goes to the public grid.",
    SharingKey.HYBRID: "Each has a fixed share; what a member cannot use goes to the others by their shares, then by use.",
    SharingKey.HIERARCHICAL: "Own roof first, then the neighbours on the same feeder, then the whole village.",
}
PRICE_WORDS = {
    SharingPrice.MID_MARKET: "A shared kWh costs the middle between the public grid's price and its feed-in price.",
    SharingPrice.SUPPLY_DEMAND_RATIO: "A shared kWh is cheap when the village has plenty and dear when it has little.",
    SharingPrice.BILL_SHARING: "A shared kWh costs nothing; all bear the public grid's cost together.",
}
KEY_NAMES = {
    SharingKey.DYNAMIC: "By use", SharingKey.STATIC: "Fixed shares", SharingKey.HYBRID: "Fixed shares, the rest again",
    SharingKey.HIERARCHICAL: "Neighbours first",
}  # fmt: skip
PRICE_NAMES = {
    SharingPrice.MID_MARKET: "middle price", SharingPrice.SUPPLY_DEMAND_RATIO: "price by plenty",
    SharingPrice.BILL_SHARING: "shared bill",
}  # fmt: skip


@login_required
@require_safe
def sharing(request: HttpRequest) -> HttpResponse:
    """The rule now and ahead, and the comparison."""
    sites = own_sites_of(request)
    context: dict[str, Any] = {"sites": [], "tabs": energy_tabs(sites, "sharing"), "microgrid": None}
    if sites:
        microgrid = sites[0].microgrid
        own = [site for site in sites if site.microgrid_id == microgrid.pk]
        found = compare_rules(microgrid=microgrid, sites=own)
        context |= {
            "microgrid": microgrid,
            "found": found,
            "currency": microgrid.cooperative.currency,
        } | _rules(microgrid, found)
    return render(request, "portal/sharing.html", context)  # fmt: skip


def _rules(microgrid: Microgrid, found: RuleComparison) -> dict[str, Any]:
    today = microgrid.now(timezone.now()).astimezone(microgrid.zone).date()
    rule = rule_on(microgrid, today)
    key = SharingKey(rule.key) if rule else SharingKey.DYNAMIC
    price = SharingPrice(rule.price_rule) if rule else SharingPrice.MID_MARKET
    return {
        "rule": rule, "now": _words(key, price), "ahead": [(row, _words_of(row)) for row in rules_ahead(microgrid, today)],
        "outcomes": [_line(o, is_now=(o.key, o.price_rule) == (key, price)) for o in found.outcomes],
        "explained": [(KEY_NAMES[k], words) for k, words in KEY_WORDS.items()] + [(PRICE_NAMES[p].capitalize(), words) for p, words in PRICE_WORDS.items()],
    }  # fmt: skip


def _words_of(rule: SharingRule) -> dict[str, str]:
    return _words(SharingKey(rule.key), SharingPrice(rule.price_rule))


def _words(key: SharingKey, price: SharingPrice) -> dict[str, str]:
    return {
        "name": f"{KEY_NAMES[key]}, {PRICE_NAMES[price]}",
        "key": KEY_WORDS[key],
        "price": PRICE_WORDS[price],
    }


def _line(outcome: RuleOutcome, *, is_now: bool) -> dict[str, Any]:
    key, price = SharingKey(outcome.key), SharingPrice(outcome.price_rule)
    return {"outcome": outcome, "name": f"{KEY_NAMES[key]}, {PRICE_NAMES[price]}", "is_now": is_now}
