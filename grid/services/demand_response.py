"""Demand response: consent, calling an event, opting out, cancelling. `now` is always the microgrid's."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from energy.models import Microgrid, Site
from grid.domain.demand_response import CannotCall, Span, check_call
from grid.models import DemandConsent, DemandEvent, DemandProgramme, DemandResponse
from kernel.intervals import Month
from members.models import User
from members.services.notifications import notify

KIND = "demand event"
PATH = "/energy/programmes/"


class CannotConsent(ValueError):
    """Consent cannot be given; the message says why."""


class CannotChange(ValueError):
    """It is too late for that; the message says since when."""


def offer_programme(
    *,
    microgrid: Microgrid,
    name: str,
    incentive_per_kwh: Decimal,
    now: datetime,
    notice_minutes: int = 120,
    most_minutes_per_event: int = 120,
    most_events_per_month: int = 4,
    most_minutes_per_month: int = 480,
    load_limit_percent: int | None = None,
) -> DemandProgramme:
    """Offer a programme; its terms stay as they are for as long as it lasts."""
    return DemandProgramme.objects.create(
        microgrid=microgrid,
        name=name,
        incentive_per_kwh=incentive_per_kwh,
        offered_at=now,
        notice_minutes=notice_minutes,
        most_minutes_per_event=most_minutes_per_event,
        most_events_per_month=most_events_per_month,
        most_minutes_per_month=most_minutes_per_month,
        load_limit_percent=load_limit_percent,
    )


def give_consent(*, programme: DemandProgramme, site: Site, by: User, now: datetime) -> DemandConsent:
    """Let a site take part in the events called from now on; given twice it is one consent.

    Raises:
        CannotConsent: the programme has ended, or is of another microgrid.
    """
    if site.microgrid_id != programme.microgrid_id:
        raise CannotConsent(f"{programme} is not offered to {site}.")
    if programme.ended_at is not None:
        raise CannotConsent(f"{programme} has ended.")
    consent, _ = DemandConsent.objects.get_or_create(
        programme=programme, site=site, withdrawn_at=None, defaults={"given_by": by, "given_at": now}
    )
    return consent


@transaction.atomic
def withdraw_consent(*, programme: DemandProgramme, site: Site, now: datetime) -> bool:
    """End a site's consent, and its part in events that have not begun; returns whether there was one."""
    ended = DemandConsent.objects.filter(programme=programme, site=site, withdrawn_at=None).update(withdrawn_at=now)
    DemandResponse.objects.filter(
        event__programme=programme, event__start_at__gt=now, event__cancelled_at=None, site=site, opted_out_at=None
    ).update(opted_out_at=now)
    return bool(ended)


@transaction.atomic
def end_programme(*, programme: DemandProgramme, now: datetime) -> None:
    """Offer it no longer: consents end, events ahead are cancelled, results stay. Ended twice it is ended once."""
    programme = DemandProgramme.objects.select_for_update(of=("self",)).get(pk=programme.pk)
    if programme.ended_at is not None:
        return
    for event in DemandEvent.objects.filter(programme=programme, cancelled_at=None, start_at__gt=now):
        cancel_event(event=event, now=now)
    DemandConsent.objects.filter(programme=programme, withdrawn_at=None).update(withdrawn_at=now)
    programme.ended_at = now
    programme.save(update_fields=["ended_at"])


@transaction.atomic
def call_event(*, programme: DemandProgramme, start_at: datetime, end_at: datetime, reason: str, by: User, now: datetime) -> DemandEvent:
    """Call an event: every site that consented takes part until it opts out, and its people are told.

    Raises:
        CannotCall: the terms, the intervals of the settlement, or an event of another programme are in the way, or nobody consented.
    """
    programme = DemandProgramme.objects.select_for_update(of=("self",)).select_related("microgrid").get(pk=programme.pk)
    microgrid, event = programme.microgrid, Span(start_at, end_at)
    if programme.ended_at is not None:
        raise CannotCall(f"{programme} has ended.")
    check_call(programme.terms, event, now=now, this_month=_events_of_month(programme, start_at))
    _check_intervals(microgrid, event)
    overlapping = DemandEvent.objects.filter(programme__microgrid=microgrid, cancelled_at=None, start_at__lt=end_at, end_at__gt=start_at)
    if overlapping.exists():
        raise CannotCall("Another event lies in these hours.")
    sites = list(DemandConsent.objects.filter(programme=programme, withdrawn_at=None).values_list("site", flat=True))
    if not sites:
        raise CannotCall(f"Nobody takes part in {programme} yet.")
    row = DemandEvent.objects.create(programme=programme, start_at=start_at, end_at=end_at, reason=reason, called_by=by, called_at=now)
    DemandResponse.objects.bulk_create(DemandResponse(event=row, site_id=site) for site in sites)
    _tell(
        row,
        "called",
        "Please draw less: " + _hours(row),
        now,
        f"{reason} For each kWh less than usual you get {programme.incentive_text} {microgrid.cooperative.currency}. "
        "You need not take part: opt out on the page of the programme until it begins.",
    )
    return row


def _events_of_month(programme: DemandProgramme, at: datetime) -> list[Span]:
    microgrid = programme.microgrid
    local = at.astimezone(microgrid.zone)
    month = Month(local.year, local.month)
    first, last = microgrid.local_day(month.first_day).start_at, microgrid.local_day(month.last_day).end_at
    rows = DemandEvent.objects.filter(programme=programme, cancelled_at=None, start_at__gte=first, start_at__lt=last)
    return [row.span for row in rows]


def _check_intervals(microgrid: Microgrid, event: Span) -> None:
    """An event is settled on whole intervals of one local day."""
    day = microgrid.local_day(event.start_at.astimezone(microgrid.zone).date())
    if event.end_at > day.end_at:
        raise CannotCall("An event ends on the day on which it begins.")
    step = timedelta(minutes=microgrid.interval_minutes)
    if (event.start_at - day.start_at) % step or event.length % step:
        raise CannotCall(f"An event begins and ends at a full interval of {microgrid.interval_minutes} min.")


@transaction.atomic
def opt_out(*, response: DemandResponse, now: datetime) -> None:
    """Leave one event out; the consent stays.

    Raises:
        CannotChange: the event has begun or was cancelled.
    """
    response = DemandResponse.objects.select_for_update(of=("self",)).select_related("event").get(pk=response.pk)
    _check_ahead(response.event, now)
    if response.opted_out_at is None:
        response.opted_out_at = now
        response.save(update_fields=["opted_out_at"])


@transaction.atomic
def cancel_event(*, event: DemandEvent, now: datetime) -> None:
    """Take an event back before it begins; it does not count against the month.

    Raises:
        CannotChange: it has begun or was cancelled.
    """
    event = DemandEvent.objects.select_for_update(of=("self",)).select_related("programme__microgrid").get(pk=event.pk)
    _check_ahead(event, now)
    event.cancelled_at = now
    event.save(update_fields=["cancelled_at"])
    _tell(event, "cancelled", "Cancelled: " + _hours(event), now, "Use energy as you like.")


def _check_ahead(event: DemandEvent, now: datetime) -> None:
    if event.cancelled_at is not None:
        raise CannotChange("The event was cancelled.")
    if event.start_at <= now:
        raise CannotChange("The event has begun.")


def _hours(event: DemandEvent) -> str:
    zone = event.programme.microgrid.zone
    start = event.start_at.astimezone(zone)
    return f"{start.day} {start:%B, %H:%M} to {event.end_at.astimezone(zone):%H:%M}"


def people_of(event: DemandEvent) -> QuerySet[User]:
    """Users of the members whose sites were asked."""
    sites = DemandResponse.objects.filter(event=event, opted_out_at=None).values("site")
    return User.objects.filter(is_active=True, memberships__member__sites__in=sites).distinct()


def _tell(event: DemandEvent, what: str, subject: str, now: datetime, text: str) -> None:
    notify(
        users=people_of(event),
        kind=KIND,
        key=f"demand-event:{event.public_id}:{what}",
        subject=subject,
        text=text,
        path=PATH,
        by_mail=True,
        now=now,
    )


@transaction.atomic
def note_incentives(*, event: DemandEvent, amounts: Mapping[int, int], now: datetime) -> None:
    """Note what billing booked for each response [minor units], so that members see it here; once per event."""
    changed = DemandEvent.objects.filter(pk=event.pk, booked_at=None, measured_at__isnull=False).update(booked_at=now)
    if changed:
        _store_amounts(DemandResponse.objects.filter(event=event, pk__in=amounts), amounts)


def _store_amounts(rows: Iterable[DemandResponse], amounts: Mapping[int, int]) -> None:
    changed = list(rows)
    for row in changed:
        row.incentive_minor = amounts[row.pk]
    DemandResponse.objects.bulk_update(changed, ["incentive_minor"])
