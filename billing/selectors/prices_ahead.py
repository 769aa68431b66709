"""What energy from the public grid costs by a tariff on a day that has come or comes next."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from billing.models import Tariff, TariffPriceDay
from billing.selectors.holidays import public_holidays
from billing.selectors.tariffs import TariffMissing, terms_by_day
from energy.models import Microgrid
from members.models import User
from members.selectors.scope import STAFF_ROLES, cooperatives_served, own_members


@dataclass(frozen=True, slots=True)
class DayPrices:
    """Prices of each interval [millionths per kWh, without VAT]; `published_at` None where a tariff's fixed hours say them."""

    tariff: Tariff
    microgrid: Microgrid
    day: date
    starts: list[datetime]
    price_micro: list[int]
    substituted: list[bool]
    state: list[int]
    vat_rate: Decimal
    published_at: datetime | None


def own_tariffs(user: User, real_now: datetime) -> QuerySet[Tariff]:
    """Tariffs of the user's own sites today, by each microgrid's clock; all of the cooperatives that they serve as staff."""
    wanted = Q(cooperative__in=cooperatives_served(user, *STAFF_ROLES))
    for microgrid in Microgrid.objects.filter(sites__member__in=own_members(user)).distinct():
        day = microgrid.now(real_now).astimezone(microgrid.zone).date()
        wanted |= (
            Q(assignments__site__microgrid=microgrid, assignments__site__member__in=own_members(user))
            & Q(assignments__valid_from__lte=day)
            & (Q(assignments__valid_to__isnull=True) | Q(assignments__valid_to__gt=day))
        )
    return Tariff.objects.filter(wanted).select_related("cooperative").order_by("name").distinct()


def microgrid_for(user: User, tariff: Tariff) -> Microgrid | None:
    """The microgrid in which the user has a site with the tariff, else the cooperative's first."""
    own = Microgrid.objects.filter(sites__member__in=own_members(user), sites__tariff_assignments__tariff=tariff)
    return own.order_by("pk").first() or tariff.cooperative.microgrids.order_by("pk").first()


def prices_on(tariff: Tariff, microgrid: Microgrid, day: date) -> DayPrices | None:
    """None where the tariff has no version that day, or follows an index and its prices are not published yet."""
    try:
        terms = terms_by_day(tariff, [day])[day]
    except TariffMissing:
        return None
    local = microgrid.local_day(day)
    starts = local.local_starts()
    common: dict[str, Any] = {"tariff": tariff, "microgrid": microgrid, "day": day, "starts": starts, "vat_rate": terms.vat_rate}
    if terms.spot is None:
        windows = terms.window_indexes(starts, public_holidays(microgrid, [day]))
        prices = terms.retail_micro_by_window()[windows].tolist()
        nothing = [0] * len(prices)
        return DayPrices(**common, price_micro=prices, substituted=[False] * len(prices), state=nothing, published_at=None)
    row = TariffPriceDay.objects.filter(microgrid=microgrid, tariff=tariff, day=day).first()
    if row is None:
        return None
    return DayPrices(**common, price_micro=row.price_micro, substituted=row.substituted, state=row.state, published_at=row.published_at)
