"""What a newcomer sees of money: something shared out, an incentive with awards, a tariff by the hour. Each comes whole, once."""

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from billing.domain.incentive_rules import LowIncome, PerDay, rule_to_json
from billing.models import (
    Distribution,
    DistributionKind,
    IncentiveEntitlement,
    IncentiveProgramme,
    IncentiveVersion,
    SpotIndex,
    Tariff,
    TariffAssignment,
    TariffVersion,
)
from billing.services.distributions import Wanted, plan_distribution, prepare_distribution, release_distribution
from billing.services.incentive_versions import approve_incentive, submit_incentive
from billing.services.spot_prices import import_spot_prices
from billing.services.tariffs import publish_version
from energy.models import Microgrid, Site
from kernel.intervals import Month
from members.models import Cooperative, Member, Membership, Role, User
from microgrid_site.demo.cooperative import BEGINNING, PRICES

INCENTIVE, PER_DAY, BUDGET_MINOR, ENTITLED = "Solidarstrom", Decimal("0.10"), 5_000, 2
SHARED_PART = 10
"""A tenth of what a month left is shared out."""
INDEX, HOURLY = "made-up-day-ahead", "dorfstrom-stundenpreis"
MARGIN = "0.16"
KNOWN_DAYS = 14


@dataclass(frozen=True, slots=True)
class Hands:
    """The two people that money needs: one prepares, the other releases."""

    first: User
    second: User

    @classmethod
    def of(cls, cooperative: Cooperative) -> "Hands":
        """Those of the demo who keep the books."""
        rows = Membership.objects.filter(cooperative=cooperative, role=Role.TARIFF_ADMIN)
        first, second = [row.user for row in rows.select_related("user").order_by("pk")[:2]]
        return cls(first, second)


@transaction.atomic
def reward(microgrid: Microgrid, now: datetime) -> bool:
    """A small support a day for two households, from the village's own budget; returns whether it is new."""
    if IncentiveProgramme.objects.filter(microgrid=microgrid).exists():
        return False
    hands = Hands.of(microgrid.cooperative)
    households = Member.objects.filter(sites__microgrid=microgrid, sites__sources__isnull=True, is_cooperative=False)
    for member in households.order_by("number").distinct()[:ENTITLED]:
        IncentiveEntitlement.objects.create(member=member, valid_from=BEGINNING, noted_by=hands.first)
    programme = IncentiveProgramme.objects.create(microgrid=microgrid, name=INCENTIVE)
    version = IncentiveVersion.objects.create(
        programme=programme, number=1, valid_from=BEGINNING, rule=rule_to_json(LowIncome(PerDay(PER_DAY))), budget_minor=BUDGET_MINOR
    )
    submit_incentive(version=version, by=hands.first)
    approve_incentive(version=version, by=hands.second, now=now)
    return True


@transaction.atomic
def offer_prices_of_the_hour(microgrid: Microgrid, first_day: date, now: datetime) -> bool:
    """A tariff that follows an index, whose prices are made up, for the household that can log in, from the day after the month; returns whether it is new."""
    cooperative = microgrid.cooperative
    tariff, created = Tariff.objects.get_or_create(cooperative=cooperative, code=HOURLY, defaults={"name": "Dorfstrom Stundenpreis"})
    if not created:
        return False
    index = SpotIndex.objects.create(
        cooperative=cooperative, code=INDEX, name="Day-ahead price, made up for the demo", time_zone=microgrid.time_zone
    )
    version = TariffVersion.objects.create(
        tariff=tariff, number=1, valid_from=first_day, parts=[{"kind": "spot", "index": INDEX, "margin": MARGIN}], **PRICES
    )
    publish_version(version=version, user=None, now=now)
    import_spot_prices(
        index=index,
        source="made up for the demo, published by nobody",
        file_name="made-up.csv",
        content=made_up_prices(microgrid, first_day),
        user=None,
        now=now,
    )
    household = Membership.objects.filter(cooperative=cooperative, role=Role.MEMBER, member__isnull=False).order_by("pk").first()
    sites = Site.objects.filter(microgrid=microgrid, member=household.member) if household else []
    for site in sites:
        TariffAssignment.objects.filter(site=site, valid_to=None, valid_from__lt=first_day).update(valid_to=first_day)
        TariffAssignment.objects.create(site=site, tariff=tariff, valid_from=first_day)
    return True


def made_up_prices(microgrid: Microgrid, first_day: date) -> bytes:
    """Two weeks by the hour: dear in the morning and evening, cheap when the sun is high, each day a little otherwise."""
    rows = []
    for count in range(KNOWN_DAYS):
        for start in microgrid.local_day(first_day + timedelta(days=count)).starts()[::4]:
            hour = start.astimezone(microgrid.zone).hour
            evening = math.exp(-(((hour - 19) / 2.5) ** 2)) + math.exp(-(((hour - 7.5) / 2) ** 2))
            noon = math.exp(-(((hour - 13) / 3) ** 2))
            rows.append(f"{start.isoformat()},{90 + 70 * evening - (60 + 10 * math.sin(count)) * noon:.2f}")
    return "\n".join(["time,price_per_mwh", *rows, ""]).encode()


@transaction.atomic
def share_out(microgrid: Microgrid, month: Month, now: datetime) -> Distribution | None:
    """A part of what the month left goes to its producers: prepared by one, released by another; None where it left nothing or was done."""
    cooperative = microgrid.cooperative
    name = f"Überschuss {month}"
    if Distribution.objects.filter(cooperative=cooperative, name=name).exists():
        return None
    wanted = Wanted(DistributionKind.REVENUE, name, month.first_day, month.last_day)
    used = plan_distribution(cooperative=cooperative, wanted=wanted).margin_minor // SHARED_PART
    wanted = Wanted(DistributionKind.REVENUE, name, month.first_day, month.last_day, used)
    if used <= 0 or plan_distribution(cooperative=cooperative, wanted=wanted).obstacles:
        return None
    hands = Hands.of(cooperative)
    made = prepare_distribution(cooperative=cooperative, wanted=wanted, by=hands.first, now=now)
    return release_distribution(distribution=made, by=hands.second, now=now)
