"""Which tariffs sites have along some days, and what that means for each interval."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from django.utils.translation import gettext as _

from billing.domain.pricing.axis import axis_of_days
from billing.domain.pricing.parts import Demand
from billing.domain.rating import RatePlan, VersionDays
from billing.domain.tariffs import TariffTerms
from billing.models import BillingRun, TariffAssignment
from billing.selectors.bill_history import village_import
from billing.selectors.holidays import public_holidays
from billing.selectors.tariff_prices import spot_along
from billing.selectors.tariffs import TariffMissing, terms_by_day
from grid.selectors.prices import PriceBlock


def terms_along(rows: Sequence[TariffAssignment], days: Sequence[date]) -> list[TariffTerms]:
    """The terms of each day.

    Raises:
        TariffMissing: a day has no tariff, or its tariff no published version.
    """
    by_day: dict[date, TariffTerms] = {}
    for row in rows:
        within = [d for d in days if row.valid_from <= d and (row.valid_to is None or d < row.valid_to)]
        if within:
            by_day |= terms_by_day(row.tariff, within)
    without = [str(day) for day in days if day not in by_day]
    if without:
        raise TariffMissing(
            _("Site '%(site)s' has no tariff on %(without)s; assign one.") % {"site": rows[0].site, "without": ", ".join(without[:5])}
        )
    return [by_day[day] for day in days]


def rate_plan(terms: Sequence[TariffTerms], days: Sequence[date], run: BillingRun, prices: PriceBlock, *, tried: bool = False) -> RatePlan:
    """Lay the terms of each day along the time axis; `tried` terms need no published prices.

    Raises:
        CannotRate: prices that follow an index were not published for a day, or the village's peak is not known.
    """
    local_days = [run.microgrid.local_day(day) for day in days]
    holidays = public_holidays(run.microgrid, days)
    windows = [term.window_indexes(day.local_starts(), holidays) for term, day in zip(terms, local_days, strict=True)]
    retail = [term.retail_micro_by_window()[places] for term, places in zip(terms, windows, strict=True)]
    export = [np.full(len(places), term.export_micro) for term, places in zip(terms, windows, strict=True)]
    day_of_interval = np.repeat(np.arange(len(days)), [len(places) for places in windows])
    versions = []
    for term in dict.fromkeys(terms):
        places = [i for i, other in enumerate(terms) if other == term]
        within = np.flatnonzero(np.isin(day_of_interval, places))
        axis = axis_of_days([local_days[i] for i in places], holidays)
        along = None
        if term.spot is not None:
            along = spot_along(run.microgrid, term, [days[i] for i in places], tried=tried)
        versions.append(
            VersionDays(
                term.priced(),
                axis,
                slice(None) if len(places) == len(days) else within,
                along.price_micro if along else None,
                along.substituted if along else None,
            )
        )
    plan = RatePlan(versions, np.concatenate(retail), np.concatenate(export), prices.local_micro, prices.retail_micro)
    asks_for_peak = any(isinstance(part, Demand) and part.measure == "coincident" for part in plan.parts)
    return replace(plan, village_wh=village_import(run.microgrid, days)) if asks_for_peak else plan


def prices_within(prices: PriceBlock, span: slice) -> PriceBlock:
    """The prices that bills need, over some of the intervals."""
    return replace(prices, local_micro=prices.local_micro[span], retail_micro=prices.retail_micro[span])
