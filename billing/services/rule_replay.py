"""Replaying a rule of sharing over a posted month: the same readings and tariffs, other shares and local prices."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from billing.domain.rating import RatedLines, SiteEnergy, rate_period
from billing.models import BillingRun, RuleReplay, RunStatus
from billing.selectors.bill_history import history_of
from billing.selectors.tariffs import group_by_tariffs
from billing.services.carried import Carried
from billing.services.plant_parts import with_parts
from billing.services.rate_plans import prices_within, rate_plan, terms_along
from billing.services.rating import load_energy
from billing.services.stays import Stay, same_vat
from energy.models import Microgrid, Site
from grid.domain.market.agent import Limits, orders_for
from grid.domain.market.book import clear_wanted
from grid.domain.market.settlement import Matched
from grid.domain.prices import PriceRule, local_prices, mid_market
from grid.domain.sharing.day import share_day
from grid.domain.sharing.keys import SHARE_UNITS
from grid.domain.sharing.preferences import Preference, give
from grid.domain.sharing.terms import KEYED, ShareRule, SharingTerms
from grid.models import SharingKey, SharingPrice
from grid.selectors.preferences import preferences_on
from grid.selectors.prices import PriceBlock, load_prices
from grid.selectors.sharing import ShareBlock, load_shares
from grid.selectors.sharing_terms import SiteAxis, agreed, rule_on
from grid.selectors.trading import limits_of
from kernel.apportionment import largest_remainder
from kernel.money import round_half_away

Ints = NDArray[np.int64]
LOOKED_BACK = timedelta(days=100)
AS_IT_WAS = ("", "")
RULES = [
    *(
        (ShareRule(key), PriceRule(price))
        for key in SharingKey
        for price in SharingPrice
        if not {key, price} & {SharingKey.MARKET, SharingPrice.UNIFORM_AUCTION}
    ),
    (ShareRule.MARKET, PriceRule.UNIFORM_AUCTION),
]


@dataclass(frozen=True, slots=True)
class MonthMoney:
    """What each site pays and is paid for a month [minor units], what holders of common plants are, and what was shared."""

    bill_minor: Ints
    credit_minor: Ints
    shared_wh: int
    parts: list[Stay]
    part_credit_minor: Ints


@dataclass(frozen=True, slots=True)
class _Month:
    """A posted month's readings; sites ascending by id, in every array."""

    run: BillingRun
    sites: list[Site]
    axis: SiteAxis
    offsets: Ints
    energy: SiteEnergy
    local_wh: Ints
    prices: PriceBlock
    shares: ShareBlock


@dataclass(frozen=True, slots=True)
class _Shares:
    """A month as a rule would have shared it: the energy, what all drew and what was shared [T], and the market's prices if it has any."""

    energy: SiteEnergy
    drawn_wh: Ints
    shared_wh: Ints
    local_micro: Ints | None


def replay_rules(*, run: BillingRun, now: datetime) -> list[RuleReplay]:
    """Replay every key at every price over a posted month, once, beside the month as it was; returns what was added. Safe to repeat.

    What members give away is given first under every rule. Under the market everybody is taken to have ordered just what was drawn and
    fed in, within the limits that hold now: what the agent would do if it foresaw everything.

    The fixed shares are those of the rule in force, or where it has none each site's part of what all drew in the month.
    """
    known = set(run.replays.values_list("key", "price_rule"))
    missing = [rule for rule in [AS_IT_WAS, *RULES] if rule not in known]
    if not missing:
        return []
    month = _load(run)
    added = []
    for key in dict.fromkeys(key for key, _ in missing):  # one key's shares at a time: they are as large as the readings
        shared = _share(month, ShareRule(key)) if key else None
        for price_rule in [price for of_key, price in missing if of_key == key]:
            money = _rate(month, month.energy, month.prices) if shared is None else _money(month, shared, PriceRule(price_rule))
            row, _ = RuleReplay.objects.get_or_create(
                run=run,
                key=key,
                price_rule=price_rule,
                defaults={
                    "shared_wh": money.shared_wh,
                    "site_ids": month.axis.site_ids.tolist(),
                    "bill_minor": money.bill_minor.tolist(),
                    "credit_minor": money.credit_minor.tolist(),
                    "computed_at": now,
                    "part_site_ids": [stay.site.pk for stay in money.parts],
                    "part_credit_minor": money.part_credit_minor.tolist(),
                    "part_member_ids": [stay.member.pk for stay in money.parts],
                },
            )
            added.append(row)
    return added


def unreplayed_runs(*, microgrid: Microgrid, now: datetime) -> list[BillingRun]:
    """The newest revision of each lately posted month that was not replayed yet."""
    runs = BillingRun.objects.filter(microgrid=microgrid, status=RunStatus.POSTED, last_day__gte=(now - LOOKED_BACK).date())
    newest = {run.period: run for run in runs.order_by("period", "revision").select_related("microgrid__cooperative")}
    return [run for run in newest.values() if run.replays.count() <= len(RULES)]


def _load(run: BillingRun) -> _Month:
    days = run.days()
    metered = SiteAxis.of(run.microgrid)
    order = np.argsort(metered.site_ids)
    axis = SiteAxis([metered.meter_ids[i] for i in order], metered.site_ids[order].tolist(), [metered.codes[i] for i in order])
    site_ids = axis.site_ids.tolist()
    shares = load_shares(microgrid=run.microgrid, days=days, site_ids=site_ids)
    groups = [(members, terms_along(signature, days)) for signature, members in group_by_tariffs(site_ids, days).items()]
    energy = load_energy(run, site_ids, days, groups)
    sites = list(Site.objects.filter(pk__in=site_ids).select_related("member").order_by("pk"))
    prices = load_prices(microgrid_id=run.microgrid_id, days=days)
    return _Month(run, sites, axis, shares.offsets, energy, energy.export_wh - shares.not_local_wh, prices, shares)


def _share(month: _Month, key: ShareRule) -> _Shares:
    """Share the month by a key, or as orders would have been; a day at a time."""
    terms, microgrid = _terms(month, key), month.run.microgrid
    arrays = {name: np.zeros_like(month.local_wh) for name in ("received_wh", "delivered_wh")}
    gifts: dict[str, Ints] = {}
    totals = np.zeros(month.local_wh.shape[1], dtype=np.int64)
    limits = limits_of(microgrid, month.axis)
    local_micro = month.prices.local_micro.copy() if key == ShareRule.MARKET else None
    sites = len(month.axis.codes)
    spans = zip(month.run.days(), month.offsets[:-1].tolist(), month.offsets[1:].tolist(), strict=True)
    for day, first, after in spans:
        within = slice(first, after)
        drawn = np.ascontiguousarray(month.energy.import_wh[:, within].T)
        fed_in = np.ascontiguousarray(month.local_wh[:, within].T)
        entries = preferences_on(microgrid=microgrid, day=day, sites=month.axis).entries
        matched = None
        if local_micro is not None:
            instead = mid_market(month.prices.retail_micro[within], month.prices.feed_in_micro[within])
            matched, local_micro[within] = _as_if_foreseen(month, limits, entries, drawn, fed_in, within, instead)
        found = share_day(terms, entries, matched, drawn, fed_in, month.axis.ranks)
        arrays["received_wh"][:, within] = found.shared.received.parts_wh.T
        arrays["delivered_wh"][:, within] = found.shared.delivered.parts_wh.T
        if found.given is not None:
            gifts = gifts or {name: np.zeros_like(month.local_wh) for name in ("gifted_wh", "given_wh")}
            arrays |= gifts
            arrays["gifted_wh"][:, within] = found.given.received(sites, gifts_only=True).T
            arrays["given_wh"][:, within] = found.given.delivered(sites, gifts_only=True).T
        totals[within] = found.shared.shared_wh
    of_gifts: dict[str, Any] = {"gifted_wh": None, "given_wh": None}
    energy = replace(month.energy, **(of_gifts | arrays))
    return _Shares(energy, month.energy.import_wh.sum(axis=0), totals, local_micro)


def _as_if_foreseen(
    month: _Month, limits: Limits, entries: Sequence[Preference], drawn_wh: Ints, fed_in_wh: Ints, within: slice, instead: Ints
) -> tuple[Matched, Ints]:
    """What would have been matched on a day, and at which prices, had the agent known it."""
    given = give(entries, drawn_wh, fed_in_wh, month.axis.ranks)
    sites = len(month.axis.codes)
    wanted = orders_for(
        limits,
        drawn_wh - given.received(sites),
        fed_in_wh - given.delivered(sites),
        month.prices.retail_micro[within],
        month.prices.feed_in_micro[within],
    )
    return clear_wanted(wanted, month.axis.ranks, instead)


def _terms(month: _Month, key: ShareRule) -> SharingTerms:
    run = month.run
    share_of: dict[int, int] = {}
    if key in KEYED:
        rule = rule_on(run.microgrid, run.last_day)
        if rule is not None and rule.key in KEYED:
            share_of = {s.site_id: int(s.share * SHARE_UNITS) for s in rule.shares.all()}
        else:
            drawn = [int(total) for total in month.energy.import_wh.sum(axis=1)]
            parts = largest_remainder(SHARE_UNITS if any(drawn) else 0, drawn, month.axis.codes)
            share_of = dict(zip(month.axis.site_ids.tolist(), parts, strict=True))
    return agreed(
        microgrid=run.microgrid, key=key, price_rule=PriceRule.MID_MARKET, sites=month.axis, day=run.first_day, share_of=share_of
    ).terms


def _money(month: _Month, shared: _Shares, price_rule: PriceRule) -> MonthMoney:
    local_micro = shared.local_micro
    if local_micro is None:
        local_micro = local_prices(
            price_rule, shared.drawn_wh, shared.shared_wh, month.prices.retail_micro, month.prices.feed_in_micro
        ).local_micro
    return _rate(month, shared.energy, replace(month.prices, local_micro=local_micro))


def _rate(month: _Month, energy: SiteEnergy, prices: PriceBlock) -> MonthMoney:
    """Rate all sites by their own tariffs; what the local lines bring is shared out among those who delivered.

    Of a common plant each holder is paid the own part, as on documents: rows behind those of the sites.
    """
    days, run = month.run.days(), month.run
    count = len(month.sites)
    by_id = {site.pk: site for site in month.sites}
    stays, whole = with_parts(run, by_id, [Stay(site, site.member, 0, len(days)) for site in month.sites], energy, month.shares, days)
    parts = stays[count:]
    credit, exact_local = (np.zeros(count + len(parts), dtype=np.int64) for _ in range(2))
    nets: dict[Decimal, Ints] = {}
    local_brought = 0
    row_of = {site.pk: row for row, site in enumerate(month.sites)}
    is_own = np.array([site.member.is_cooperative for site in month.sites])
    for signature, members in group_by_tariffs([site.pk for site in month.sites], days).items():
        terms = terms_along(signature, days)
        rows = np.array([row_of[pk] for pk in members], dtype=np.int64)
        held = [row for row, stay in enumerate(stays) if stay.part is not None and stay.site.pk in set(members)]
        paid = np.concatenate([rows, np.array(held, dtype=np.int64)])
        carried = Carried()
        for first, after in same_vat(terms):
            span = slice(int(month.offsets[first]), int(month.offsets[after]))
            plan = rate_plan(terms[first:after], days[first:after], run, prices_within(prices, span))
            here = [stays[row] for row in paid.tolist()]
            billed = [stay.billed(after) for stay in here]
            history = carried.history(here, history_of(run=run, billed=billed, parts=plan.parts))
            rating = rate_period(plan, whole.within(paid, span), history)
            carried.note(here, rating, after - first)
            for line in rating.bills:
                net_minor = line.net_minor[: len(rows)]  # what a plant draws is its owner's
                local_brought += int(net_minor.sum()) if line.component == "local" else 0
                rate = terms[first].vat.of_component(line.component)
                for taxed, of_them in ((rate, ~is_own[rows]), (Decimal(0), is_own[rows])):
                    nets.setdefault(taxed, np.zeros(count, dtype=np.int64))[rows] += net_minor * of_them
            exact_local[paid] += rating.credits[0].exact_micro
            credit[paid] += _sum(rating.credits[1:])
    bill = _with_vat(nets, count)
    credit += np.array(largest_remainder(local_brought, [int(e) for e in exact_local], _names(month, stays, parts)), dtype=np.int64)
    return MonthMoney(bill, credit[:count], int(energy.received_wh.sum()), parts, credit[count:])


def _names(month: _Month, stays: Sequence[Stay], parts: Sequence[Stay]) -> list[str]:
    """By which cents go where rests are equal: site, then day, then member, as on documents."""
    if not parts:
        return month.axis.codes
    return [f"{stay.site.code}\0{stay.first:02d}\0{stay.member.number}" for stay in stays]


def _sum(lines: Sequence[RatedLines]) -> Ints:
    total: Ints = np.sum([line.net_minor for line in lines], axis=0, dtype=np.int64)
    return total


def _with_vat(nets: dict[Decimal, Ints], count: int) -> Ints:
    """Net amounts by VAT rate, with the tax on each sum."""
    gross = np.zeros(count, dtype=np.int64)
    for rate, net_minor in nets.items():
        gross += net_minor + np.array([round_half_away(int(net) * rate) for net in net_minor], dtype=np.int64)
    return gross
