"""Demand response from consent to the booked incentive, on final meter days of known use."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from billing.models import FlexibilityCredit, LedgerTransaction
from billing.services.incentives import credit_event, credit_measured_events
from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.models import Meter, Site
from energy.models.meters import MeterKind
from energy.services.partitions import ensure_months
from grid.domain.demand_response import CannotCall
from grid.domain.spoken.book import in_language
from grid.models import DayClosing, DemandConsent, DemandEvent, DemandProgramme, DemandResponse
from grid.services import demand_response as service
from grid.services.demand_measurement import due_events, measure_event
from members.models import Notification, Role
from microgrid_site.demo.cooperative import invite_to_programme
from tests.integration.grid.conftest import SHOWN_NOW, user_with

pytestmark = pytest.mark.django_db
EVENT_DAY = date(2016, 6, 3)  # a Friday; the ten working days before it begin on 20 May
START = datetime(2016, 6, 3, 16, 0, tzinfo=UTC)  # 18:00 in Berlin
END = START + timedelta(hours=1)
FIRST, WINDOW = 72, slice(56, 64)  # the event's first interval; four to two hours before it


@pytest.fixture
def programme(microgrid) -> DemandProgramme:
    return service.offer_programme(
        microgrid=microgrid, name="Evening peaks", incentive_per_kwh=Decimal("0.25"), now=SHOWN_NOW - timedelta(days=30)
    )


@pytest.fixture
def sites(microgrid, household) -> list[Site]:
    """Of the household's member first, then others."""
    own = household.memberships.get().member_id
    rows = list(Site.objects.filter(microgrid=microgrid, meters__kind=MeterKind.SITE).distinct().order_by("code"))
    return sorted(rows, key=lambda site: site.member_id != own)


def write_use(microgrid, site: Site, day: date, wh: int, *, event_wh: int | None = None, status: int = 1) -> None:
    """A day on which a site draws `wh` in every interval, and `event_wh` in those of the event."""
    use = np.full(microgrid.local_day(day).interval_count, wh, np.int32)
    if event_wh is not None:
        use[FIRST : FIRST + 4] = event_wh
    ensure_months(table="energy_meterday", days=[day])
    meter = Meter.objects.get(site=site, kind=MeterKind.SITE)
    row = MeterDayRow(day, meter.pk, 1, use, np.zeros(len(use), np.int16), status=status)
    with connection.cursor() as cursor:
        write_rows(cursor, [row], microgrid_id=microgrid.pk, provenance="test", now=SHOWN_NOW, replace=False)


def write_habit(microgrid, site: Site, *, days: int = 16) -> None:
    """Working days of 100, 110, 120 ... Wh in the hours of the event, the oldest the least; 80 Wh otherwise."""
    for i in range(days):
        day = EVENT_DAY - timedelta(days=days - i)
        write_use(microgrid, site, day, 80, event_wh=100 + 10 * i)


@pytest.fixture
def event(programme, sites, household, operator) -> DemandEvent:
    for site in sites[:2]:
        service.give_consent(programme=programme, site=site, by=household, now=SHOWN_NOW - timedelta(days=1))
    return service.call_event(programme=programme, start_at=START, end_at=END, reason="A clouded evening.", by=operator, now=SHOWN_NOW)


def close(microgrid) -> None:
    DayClosing.objects.create(microgrid=microgrid, day=EVENT_DAY, closed_at=SHOWN_NOW)


def test_who_consented_is_asked_told_and_may_leave_one_event_out(microgrid, programme, sites, event, household):
    assert set(event.responses.values_list("site", flat=True)) == {s.pk for s in sites[:2]}
    told = Notification.objects.get(user=household)
    assert told.subject == "Please draw less: 3 June, 18:00 to 19:00"
    assert "0.25 EUR" in told.text
    own = event.responses.get(site=sites[0])
    service.opt_out(response=own, now=START - timedelta(minutes=1))
    own.refresh_from_db()
    assert own.opted_out_at is not None
    with pytest.raises(service.CannotChange, match="has begun"):
        service.opt_out(response=event.responses.get(site=sites[1]), now=START)
    assert DemandConsent.objects.filter(withdrawn_at=None).count() == 2


def test_a_withdrawn_consent_ends_with_the_events_ahead(programme, sites, event):
    assert service.withdraw_consent(programme=programme, site=sites[0], now=SHOWN_NOW)
    assert not service.withdraw_consent(programme=programme, site=sites[0], now=SHOWN_NOW)
    assert event.responses.get(site=sites[0]).opted_out_at == SHOWN_NOW


def test_an_event_keeps_to_the_terms_and_to_whole_intervals(programme, operator, event, sites):
    def call(start, end, now=SHOWN_NOW):
        service.call_event(programme=programme, start_at=start, end_at=end, reason="", by=operator, now=now)

    with pytest.raises(CannotCall, match="told 2 h ahead"):
        call(SHOWN_NOW + timedelta(hours=1), SHOWN_NOW + timedelta(hours=2))
    with pytest.raises(CannotCall, match="full interval of 15 min"):
        call(START + timedelta(hours=2, minutes=7), START + timedelta(hours=3))
    with pytest.raises(CannotCall, match="on the day"):
        call(datetime(2016, 6, 3, 21, 0, tzinfo=UTC), datetime(2016, 6, 3, 23, 0, tzinfo=UTC))
    with pytest.raises(CannotCall, match="Another event"):
        call(START, END)
    service.cancel_event(event=event, now=SHOWN_NOW)
    assert Notification.objects.filter(subject__startswith="Cancelled").count() == 1
    call(START, END)
    with pytest.raises(CannotCall, match="Nobody takes part"):
        for site in sites:
            service.withdraw_consent(programme=programme, site=site, now=SHOWN_NOW)
        call(START + timedelta(hours=2), END + timedelta(hours=2))


def test_what_was_drawn_less_is_measured_and_credited_once(microgrid, event, sites):
    for site in sites[:2]:
        write_habit(microgrid, site)
    write_use(microgrid, sites[0], EVENT_DAY, 88, event_wh=50)  # 10 % more than usual before the event
    write_use(microgrid, sites[1], EVENT_DAY, 80, event_wh=900)
    assert due_events(microgrid) == []
    close(microgrid)
    assert due_events(microgrid) == [event]
    measure_event(event=event, now=SHOWN_NOW)
    first, second = (event.responses.get(site=s) for s in sites[:2])
    # The days before are 18 May to 2 June, numbers 0 to 15; working days among them: 18-20, 23-27, 30-31 May, 1, 2 June. Corpus Christi
    # (26 May) is a holiday in some regions of Germany only. The five highest are the newest five: numbers 11 to 15 without a weekend.
    highest = [100 + 10 * i for i in (15, 14, 13, 12, 9)]
    assert first.adjustment == pytest.approx(1.1)
    assert first.baseline_wh == [round(sum(highest) / 5 * 1.1)] * 4
    assert first.measured_wh == [50] * 4
    assert first.delivered_wh == sum(first.baseline_wh) - 200
    assert second.delivered_wh < 0
    total = credit_event(event=DemandEvent.objects.get(), now=SHOWN_NOW)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.incentive_minor, second.incentive_minor) == (round(first.delivered_wh * 0.025), 0)
    assert total == first.incentive_minor
    owed = FlexibilityCredit.objects.get()
    assert (owed.site, owed.window, owed.net_minor) == (sites[0], "2016-06-03 18:00-19:00", total)
    assert owed.baseline_wh - owed.measured_wh == owed.quantity_wh == first.delivered_wh
    assert credit_measured_events(microgrid=microgrid, now=SHOWN_NOW) == 0
    assert not LedgerTransaction.objects.exists()  # the books take it in with the credit document


def test_sites_without_final_days_or_habits_get_a_sentence_and_no_money(microgrid, event, sites):
    write_habit(microgrid, sites[0], days=3)
    write_use(microgrid, sites[0], EVENT_DAY, 80)
    write_habit(microgrid, sites[1])
    write_use(microgrid, sites[1], EVENT_DAY, 80, status=0)
    close(microgrid)
    measure_event(event=event, now=SHOWN_NOW)
    assert event.responses.get(site=sites[0]).why_not.startswith("No result: 3 comparison days")
    assert "no final readings" in event.responses.get(site=sites[1]).why_not
    assert credit_event(event=DemandEvent.objects.get(), now=SHOWN_NOW) == 0
    assert not FlexibilityCredit.objects.exists()
    assert DemandEvent.objects.get().booked_at is not None


def test_the_database_refuses_what_makes_no_sense(event, sites, programme, household):
    for change in (
        lambda: DemandEvent.objects.update(end_at=START),
        lambda: DemandEvent.objects.update(booked_at=SHOWN_NOW),
        lambda: DemandResponse.objects.update(incentive_minor=5),
        lambda: DemandConsent.objects.create(programme=programme, site=sites[0], given_by=household, given_at=SHOWN_NOW),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def ahead(microgrid) -> datetime:
    """A full hour a while after what the microgrid's clock shows now."""
    local = (microgrid.now(timezone.now()) + timedelta(days=1)).astimezone(microgrid.zone)
    return local.replace(hour=18, minute=0, second=0, microsecond=0)


def test_a_member_consents_leaves_one_out_and_ends_it_on_the_page(client, microgrid, programme, sites, household, operator):
    client.force_login(household)
    page = reverse("programmes")
    assert "Evening peaks" in client.get(page).content.decode()
    choice = {"programme": programme.public_id, "site": sites[0].public_id}
    client.post(page, choice | {"step": "consent"})
    assert DemandConsent.objects.get().given_by == household
    start = ahead(microgrid)
    event = service.call_event(
        programme=programme,
        start_at=start,
        end_at=start + timedelta(hours=1),
        reason="A clouded evening.",
        by=operator,
        now=microgrid.now(timezone.now()),
    )
    assert "A clouded evening." in client.get(page).content.decode()
    client.post(reverse("demand-opt-out", args=[event.responses.get().public_id]))
    assert event.responses.get().opted_out_at is not None
    assert "you leave it out" in client.get(page).content.decode()
    client.post(page, choice | {"step": "withdraw"})
    assert not DemandConsent.objects.filter(withdrawn_at=None).exists()


def test_nobody_consents_for_somebody_else(client, microgrid, programme, sites, household, stranger):
    other = next(site for site in sites if site.member_id != sites[0].member_id)
    client.force_login(household)
    choice = {"programme": programme.public_id, "site": other.public_id, "step": "consent"}
    assert client.post(reverse("programmes"), choice).status_code == 404
    client.force_login(stranger)
    assert client.put(reverse("api-programme-site", args=[programme.public_id, sites[0].public_id])).status_code == 404
    assert client.get(reverse("api-programmes")).json()["count"] == 0
    assert not DemandConsent.objects.exists()


def test_a_call_for_less_is_read_in_german_and_its_form_keeps_the_day(client, event, household, operator):
    german = {"Accept-Language": "de"}
    client.force_login(household)
    assert "0,25 EUR" in client.get(reverse("programmes"), headers=german).content.decode()
    told = Notification.objects.get(user=household)
    assert in_language(told.subject, "de") == "Bitte beziehen Sie weniger: 3. Juni, 18:00 bis 19:00 Uhr"
    assert "Für jede kWh weniger als üblich bekommen Sie 0,25 EUR." in in_language(told.text, "de")
    client.force_login(operator)
    page = client.get(reverse("demand-events"), headers=german).content.decode()
    assert re.search(r'type="date" name="[\w-]*day" value="\d{4}-\d\d-\d\d"', page)


def test_an_operator_offers_calls_and_cancels_on_the_page(client, microgrid, sites, household, operator):
    client.force_login(operator)
    page, start = reverse("demand-events"), ahead(microgrid)
    terms = {
        "offer-name": "Evenings",
        "offer-incentive_per_kwh": "0.2",
        "offer-notice_minutes": 60,
        "offer-most_minutes_per_event": 120,
        "offer-most_events_per_month": 3,
        "offer-most_minutes_per_month": 300,
        "step": "offer",
    }
    client.post(page, terms)
    programme = DemandProgramme.objects.get()
    service.give_consent(programme=programme, site=sites[0], by=household, now=SHOWN_NOW)
    call = {"programme": programme.pk, "day": start.date(), "begins": "18:00", "minutes": 60, "reason": "Clouds."}
    assert "ends after it begins" not in client.post(page, call, follow=True).content.decode()
    event = DemandEvent.objects.get()
    assert (event.start_at, event.called_by) == (start, operator)
    assert "Another event lies in these hours." in client.post(page, call).content.decode()
    client.post(reverse("demand-cancel", args=[event.public_id]))
    assert DemandEvent.objects.get().cancelled_at is not None
    assert "cancelled" in client.get(page).content.decode()


def test_a_programme_that_ends_takes_its_consents_and_events_ahead_along(client, microgrid, programme, sites, household, operator):
    service.give_consent(programme=programme, site=sites[0], by=household, now=SHOWN_NOW)
    start = ahead(microgrid)
    service.call_event(
        programme=programme, start_at=start, end_at=start + timedelta(hours=1), reason="", by=operator, now=microgrid.now(timezone.now())
    )
    client.force_login(operator)
    client.post(reverse("demand-programme-end", args=[programme.public_id]))
    assert DemandEvent.objects.get().cancelled_at is not None
    assert not DemandConsent.objects.filter(withdrawn_at=None).exists()
    programme.refresh_from_db()
    with pytest.raises(service.CannotConsent, match="has ended"):
        service.give_consent(programme=programme, site=sites[0], by=household, now=SHOWN_NOW)


def test_an_auditor_reads_events_and_changes_nothing(client, microgrid, event):
    client.force_login(user_with(microgrid, "auditor@hamlet.example", Role.AUDITOR))
    page = reverse("demand-events")
    assert "A clouded evening." in client.get(page).content.decode()
    assert client.post(page, {"step": "offer"}).status_code == 404
    assert client.post(reverse("demand-cancel", args=[event.public_id])).status_code == 404


def test_the_doors_of_the_api_are_the_pages_doors(client, microgrid, programme, sites, household, operator):
    client.force_login(household)
    consent = reverse("api-programme-site", args=[programme.public_id, sites[0].public_id])
    assert client.put(consent).status_code == 204
    assert client.get(reverse("api-programmes")).json()["results"][0]["consenting_sites"] == [str(sites[0].public_id)]
    events, start = reverse("api-programme-events", args=[programme.public_id]), ahead(microgrid)
    body = {"start_at": start.isoformat(), "end_at": (start + timedelta(hours=1)).isoformat(), "reason": "Clouds."}
    assert client.post(events, body, content_type="application/json").status_code == 404
    client.force_login(operator)
    assert client.post(events, body, content_type="application/json").json()["taking_part"] == 1
    refused = client.post(events, body, content_type="application/json")
    assert (refused.status_code, refused.json()["detail"]) == (409, "Another event lies in these hours.")
    client.force_login(household)
    own = client.get(reverse("api-demand-responses")).json()["results"][0]
    assert client.post(reverse("api-demand-opt-out", args=[own["id"]])).json()["opted_out_at"] is not None
    client.force_login(operator)
    listed = client.get(events).json()["results"][0]
    assert (listed["asked"], listed["taking_part"]) == (1, 0)
    assert client.delete(reverse("api-demand-event", args=[listed["id"]])).status_code == 204
    client.force_login(household)
    assert client.delete(consent).status_code == 204
    assert client.get(reverse("api-programmes")).json()["results"][0]["consenting_sites"] == []


def test_the_demos_households_take_part_from_the_start(microgrid, household, operator):
    programme = invite_to_programme(microgrid, SHOWN_NOW)
    assert invite_to_programme(microgrid, SHOWN_NOW) == programme
    own = Site.objects.filter(member=household.memberships.get().member_id)
    assert set(programme.consents.values_list("site", flat=True)) == set(own.values_list("pk", flat=True))
