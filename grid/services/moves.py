"""What a member had arranged for a site ends on the day on which the site is handed over."""

from datetime import date, datetime, timedelta

from django.db.models import Q

from energy.models import Site
from grid.models import DemandConsent, FlexibleRun, MarketOrder, SurplusPreference, TradingLimit
from grid.selectors.market import gate_of
from grid.selectors.member_energy import last_closed_day
from grid.services.demand_response import withdraw_consent


def end_arrangements(*, site: Site, day: date, now: datetime) -> None:
    """End limits, orders, runs, consents and lists of a site with what was before `day`; what is settled already stays as it was.

    Lists in which others name the site as receiver end too: they meant who lived there. Part of the caller's transaction. Safe to repeat.
    A part of a common plant that was used here is credited from then on.
    """
    TradingLimit.objects.filter(site=site, is_current=True).update(is_current=False)
    first = site.microgrid.local_day(day).start_at
    for order in MarketOrder.objects.filter(site=site, matched_wh=None, start_at__gte=max(first, now)):
        if gate_of(site.microgrid, order.start_at) > now:
            order.delete()
    FlexibleRun.objects.filter(consumer__site=site, withdrawn_at=None, ready_at__gt=max(first, now)).update(withdrawn_at=now)
    for consent in DemandConsent.objects.filter(site=site, withdrawn_at=None).select_related("programme"):
        withdraw_consent(programme=consent.programme, site=site, now=now)
    _end_lists(site, day)


def _end_lists(site: Site, day: date) -> None:
    closed = last_closed_day(site.microgrid)
    end = day if closed is None else max(day, closed + timedelta(days=1))
    rows = SurplusPreference.objects.filter(Q(site=site) | Q(receiver=site))
    rows.filter(valid_from__gte=end).delete()
    rows.filter(Q(valid_to=None) | Q(valid_to__gt=end)).update(valid_to=end)
