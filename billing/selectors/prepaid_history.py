"""What happened while a member pays before using, as it stands in the books and logs; nothing is kept twice for it."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from billing.models import Payment, PrepaidAgreement, PrepaidAlarm
from energy.models import Site
from energy.selectors.ownership import theirs_since_of
from grid.models import SupplyRequest, SupplyStep
from grid.models.supply_requests import OPEN_REQUESTS
from members.models import Member, Notification

MOST_ROWS = 40


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a notice reached its people: when the first e-mail left, whether one waits, whether anybody saw it."""

    mailed_at: datetime | None
    waits: bool
    seen: bool


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened: exactly one of its rows is there; an agreement alone began, or ended at `at`."""

    at: datetime
    agreement: PrepaidAgreement | None = None
    payment: Payment | None = None
    alarm: PrepaidAlarm | None = None
    step: SupplyStep | None = None
    delivery: Delivery | None = None


def happenings(agreement: PrepaidAgreement) -> list[Happening]:
    """The newest first, from when it was agreed on."""
    member, since = agreement.member, agreement.agreed_at
    alarms = list(PrepaidAlarm.objects.filter(agreement=agreement, is_told=True).order_by("-passed_at", "-pk")[:MOST_ROWS])
    delivered = deliveries([alarm.key for alarm in alarms])
    payments = Payment.objects.filter(member=member, received_at__gte=since).order_by("-received_at", "-pk")
    found = [
        *(Happening(row.received_at, payment=row) for row in payments[:MOST_ROWS]),
        *(Happening(row.passed_at, alarm=row, delivery=delivered.get(row.key)) for row in alarms),
        *(Happening(row.at, step=row) for row in own_steps(agreement)),
        Happening(since, agreement=agreement),
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)[:MOST_ROWS]


def own_steps(agreement: PrepaidAgreement) -> list[SupplyStep]:
    """Steps of limits at the member's sites, from when the site was theirs and this was agreed on."""
    sites = list(Site.objects.filter(member=agreement.member).select_related("microgrid"))
    since = theirs_since_of({site.pk for site in sites})
    zones = {site.pk: site.microgrid.zone for site in sites}
    rows = SupplyStep.objects.filter(request__site__in=sites, at__gte=agreement.agreed_at)
    return [
        row
        for row in rows.select_related("request__site").order_by("-at", "-pk")[:MOST_ROWS]
        if since.get(row.request.site_id) is None or row.at.astimezone(zones[row.request.site_id]).date() >= since[row.request.site_id]
    ]


def open_limits(members: Collection[Member]) -> dict[int, list[SupplyRequest]]:
    """What is asked for or in force at the sites of members who pay before using, by member."""
    found: dict[int, list[SupplyRequest]] = defaultdict(list)
    rows = SupplyRequest.objects.filter(site__member__in=members, status__in=OPEN_REQUESTS)
    for row in rows.select_related("site").order_by("site__code"):
        found[row.site.member_id].append(row)
    return found


def deliveries(keys: Collection[str]) -> dict[str, Delivery]:
    """How notices were delivered, by what they are about."""
    rows: dict[str, list[Notification]] = defaultdict(list)
    for row in Notification.objects.filter(key__in=keys):
        rows[row.key].append(row)
    return {
        key: Delivery(
            min((row.mailed_at for row in some if row.mailed_at), default=None),
            any(row.by_mail and row.mailed_at is None for row in some),
            any(row.seen_at for row in some),
        )
        for key, some in rows.items()
    }


def standing_alarms(agreements: Collection[PrepaidAgreement]) -> dict[int, list[PrepaidAlarm]]:
    """Alarms that are not over, by agreement, as they were passed."""
    found: dict[int, list[PrepaidAlarm]] = defaultdict(list)
    for row in PrepaidAlarm.objects.filter(agreement__in=agreements, over_at__isnull=True).order_by("pk"):
        found[row.agreement_id].append(row)
    return found
