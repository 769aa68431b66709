"""What is metered and decided, by two workers at once, and by one beside a person: it comes to what one after the other comes to."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

import billing.tasks
import energy.tasks
import grid.tasks
import members.tasks
from billing.services.price_publication import publish_days
from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.models import (
    Channel,
    ForecastKind,
    Gateway,
    MaintenancePlan,
    Meter,
    Microgrid,
    OwnAlarm,
    OwnAlarmKind,
    ReadingImport,
    Site,
    Source,
    StorageUnit,
    WorkKind,
    WorkOrder,
)
from energy.models.meters import MeterKind
from energy.services import imports, maintenance, own_alarms
from energy.services.devices import enrol_devices
from energy.services.firmware import add_release
from energy.services.forecasts import look_ahead, make_forecast, score_day
from energy.services.grid_meters import place_grid_meter
from grid.models import (
    AdrPayload,
    AdrSubscription,
    DayClosing,
    DeviceLink,
    Emergency,
    EmergencyCall,
    EmergencyContact,
    GridState,
    LinkProtocol,
    PlannedOutage,
    SharingRule,
)
from grid.services import demand_response, emergencies, outage_extension, votes
from grid.services.openadr_events import PRICES, program_of
from members.models import Role, User
from members.services.notifications import notify
from microgrid_site.demo.cooperative import agree_on_rules
from tests.integration.energy import test_forecasts
from tests.integration.energy.test_imports import wide
from tests.integration.grid.conftest import (
    DAY,
    NEXT_DAY,
    SHOWN_NOW,
    correct_meter,
    household,
    measured_days,
    microgrid,
    operator,
    user_with,
    village_folder,
)
from tests.integration.grid.test_demand_events import END, EVENT_DAY, START, write_use
from tests.integration.grid.test_market import let_trade
from tests.integration.grid.test_network_page import leaf_with_sites
from tests.integration.grid.test_openadr import callback_server, make_link
from tests.integration.grid.test_outage_course import approved
from tests.integration.grid.test_votes import CLOSES, all_vote, opened
from tests.integration.hands import Table, Work, twice

__all__ = ["correct_meter", "household", "measured_days", "microgrid", "operator", "village_folder"]
HOUR = timedelta(hours=1)


@dataclass
class Village:
    """Two metered days, agreed rules, people; its clock stands where a case needs it."""

    microgrid: Microgrid
    operator: User
    second: User
    household: User
    correct: Callable[[Meter, date, int], None]
    folder: Path
    called: list[dict[str, Any]]
    callback_url: str

    def shows(self, now: datetime) -> datetime:
        self.microgrid.clock_real_start, self.microgrid.clock_shown_start = timezone.now(), now
        self.microgrid.save()
        return now

    def calls(self) -> int:
        return len(self.called)

    @property
    def sites(self) -> list[Site]:
        rows = Site.objects.filter(microgrid=self.microgrid, meters__kind=MeterKind.SITE)
        return list(rows.distinct().order_by("code"))


VILLAGE = Table[Village]()


@pytest.fixture
def village(
    microgrid: Microgrid,
    measured_days: list[date],
    operator: User,
    household: User,
    correct_meter: Callable[[Meter, date, int], None],
    tmp_path: Path,
    settings: Settings,
) -> Iterator[Village]:
    settings.BROKER_DIR, settings.FIRMWARE_DIR = tmp_path / "broker", tmp_path / "firmware"
    settings.DEVICE_NETWORKS = ["127.0.0.0/8"]
    settings.WEATHER_SOURCE = str(Path(test_forecasts.__file__).with_name("open_meteo.json"))
    second = user_with(microgrid, "second@hamlet.example", Role.OPERATOR)
    with callback_server() as (url, called):
        found = Village(microgrid, operator, second, household, correct_meter, tmp_path, called, url)
        found.shows(SHOWN_NOW)
        agree_on_rules(microgrid, SHOWN_NOW)
        yield found


@pytest.mark.django_db(transaction=True)
def test_two_hands_do_what_one_after_the_other_does(village: Village, subtests: pytest.Subtests) -> None:
    VILLAGE.run(village, subtests)


@VILLAGE.case(energy.tasks.look_for_signs_of_tampering)
def signs_of_tampering_are_found(village: Village) -> Sequence[Work]:
    keys = {m.pk: Ed25519PrivateKey.generate().public_key().public_bytes_raw() for m in Meter.objects.all()}
    enrol_devices(microgrid=village.microgrid, public_keys=keys, now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE energy_meterday SET register_end_wh = 0, register_start_wh = 70000000 WHERE day = %s AND channel = 1 AND is_current",
            [NEXT_DAY],
        )
    return twice(energy.tasks.look_for_signs_of_tampering)


@VILLAGE.case(grid.tasks.close_day)
def a_day_is_closed(village: Village) -> Sequence[Work]:
    return twice(grid.tasks.close_day, microgrid_id=village.microgrid.pk, day=DAY.isoformat())


@VILLAGE.case(grid.tasks.close_finished_days)
def days_that_are_over_are_closed(village: Village) -> Sequence[Work]:
    return twice(grid.tasks.close_finished_days)


@VILLAGE.case(grid.tasks.close_finished_days)
def a_day_is_closed_again(village: Village) -> Sequence[Work]:
    village.correct(Meter.objects.filter(kind=MeterKind.SITE).order_by("pk")[0], DAY, 500)
    return twice(grid.tasks.close_finished_days)


@VILLAGE.case(energy.tasks.stage_readings)
def readings_are_staged(village: Village) -> Sequence[Work]:
    return twice(energy.tasks.stage_readings, reading_import_id=_received(village).pk)


def _received(village: Village, text: str = "") -> ReadingImport:
    return imports.receive_file(
        microgrid=village.microgrid,
        content=(text or wide(village.microgrid, [DAY])).encode(),
        file_name="wide.csv",
        format="wide",
        user=village.operator,
        now=SHOWN_NOW,
    )


@VILLAGE.case(grid.tasks.close_day)
def readings_are_accepted_while_a_day_is_closed(village: Village) -> Sequence[Work]:
    staged = ReadingImport.objects.get()
    village.correct(Meter.objects.filter(kind=MeterKind.SITE).order_by("pk")[0], DAY, 700)
    return [
        lambda: imports.accept_import(reading_import=staged, user=village.operator, reason="", now=SHOWN_NOW),
        lambda: grid.tasks.close_day(microgrid_id=village.microgrid.pk, day=DAY.isoformat()),
    ]


@VILLAGE.case(energy.tasks.hear_silence)
def silence_is_heard(village: Village) -> Sequence[Work]:
    Gateway.objects.create(
        microgrid=village.microgrid,
        name="head-end",
        key_sha256=secrets.token_hex(32),
        enrolled_at=SHOWN_NOW - 9 * HOUR,
        last_seen_at=SHOWN_NOW - 8 * HOUR,
    )
    return twice(energy.tasks.hear_silence)


@VILLAGE.case(energy.tasks.look_after_sources)
def sources_are_looked_after(village: Village) -> Sequence[Work]:
    MaintenancePlan.objects.filter(rule="date").update(next_date=SHOWN_NOW.date())
    return twice(energy.tasks.look_after_sources)


def _planned(village: Village) -> WorkOrder:
    source = Source.objects.filter(site__microgrid=village.microgrid).order_by("pk")[0]
    Source.objects.filter(pk=source.pk).update(status="active")
    order = maintenance.add_order(source=source, work=WorkKind.REPAIR, reason="Inverter", due_date=EVENT_DAY, now=SHOWN_NOW)
    return maintenance.plan_order(order=order, start_at=SHOWN_NOW - HOUR, end_at=SHOWN_NOW + HOUR, available_percent=0, assigned_to="Ada")


@VILLAGE.case(energy.tasks.look_after_sources)
def planned_work_begins(village: Village) -> Sequence[Work]:
    _planned(village)
    return twice(energy.tasks.look_after_sources)


@VILLAGE.case(energy.tasks.look_after_sources, reads="energy_workorder")
def planned_work_begins_as_it_is_called_off(village: Village) -> Sequence[Work]:
    order = _planned(village)
    return [energy.tasks.look_after_sources, lambda: maintenance.cancel_order(order=order, note="rain")]


@VILLAGE.case(energy.tasks.look_after_sources, reads="energy_workorder")
def planned_work_begins_as_it_is_put_off(village: Village) -> Sequence[Work]:
    order = _planned(village)
    later = {"start_at": SHOWN_NOW + 4 * HOUR, "end_at": SHOWN_NOW + 5 * HOUR}
    return [energy.tasks.look_after_sources, lambda: maintenance.plan_order(order=order, available_percent=0, assigned_to="Ada", **later)]


def _alarm(village: Village, limit: str) -> OwnAlarm:
    site = village.household.memberships.get().member.sites.order_by("code")[0]
    return own_alarms.set_alarm(
        user=village.household, site=site, kind=OwnAlarmKind.DAY_USE, limit=Decimal(limit), by_mail=True, now=SHOWN_NOW
    )


@VILLAGE.case(energy.tasks.judge_own_alarms)
def own_alarms_are_judged(village: Village) -> Sequence[Work]:
    _alarm(village, "0.1")
    return twice(energy.tasks.judge_own_alarms)


@VILLAGE.case(energy.tasks.judge_own_alarms)
def an_own_alarm_is_judged_as_it_is_taken_away(village: Village) -> Sequence[Work]:
    alarm = _alarm(village, "0.2")
    return [energy.tasks.judge_own_alarms, lambda: own_alarms.take_away(alarm=OwnAlarm.objects.get(pk=alarm.pk))]


@VILLAGE.case()
def a_firmware_is_released(village: Village) -> Sequence[Work]:
    return twice(
        add_release,
        cooperative=village.microgrid.cooperative,
        model="meter",
        version="1.0.0",
        image=b"image",
        percent=10,
        failure_limit_percent=5,
        now=timezone.now(),
        by=village.operator,
    )


@VILLAGE.case(members.tasks.send_notifications)
def what_waits_is_told_by_mail(village: Village) -> Sequence[Work]:
    notify(users=[village.operator], kind="k", key="k", subject="s", text="t", by_mail=True, now=timezone.now())
    return twice(members.tasks.send_notifications)


@VILLAGE.case(grid.tasks.run_markets)
def markets_run(village: Village) -> Sequence[Work]:
    SharingRule.objects.filter(microgrid=village.microgrid).update(valid_to=EVENT_DAY)
    let_trade(village.microgrid)
    return twice(grid.tasks.run_markets)


@VILLAGE.case(energy.tasks.take_weather)
def the_weather_is_taken(village: Village) -> Sequence[Work]:
    return twice(energy.tasks.take_weather)


@VILLAGE.case(energy.tasks.look_ahead, energy.tasks.look_ahead_in)
def the_village_looks_ahead(village: Village) -> Sequence[Work]:
    return twice(energy.tasks.look_ahead)


@VILLAGE.case()
def forecasts_are_made_past_the_lock(village: Village) -> Sequence[Work]:
    """Whoever looks ahead by hand holds no lock."""
    now = village.shows(SHOWN_NOW + timedelta(hours=1))
    return twice(look_ahead, microgrid=village.microgrid, now=now)


@VILLAGE.case()
def a_forecast_is_scored(village: Village) -> Sequence[Work]:
    make_forecast(
        microgrid=village.microgrid, origin_at=village.microgrid.local_day(NEXT_DAY).start_at, kind=ForecastKind.DAY_AHEAD, now=SHOWN_NOW
    )
    return twice(score_day, microgrid=village.microgrid, day=NEXT_DAY, now=SHOWN_NOW)


@VILLAGE.case(energy.tasks.learn_limits)
def habits_are_learned(village: Village) -> Sequence[Work]:
    for site in village.sites[:2]:
        for ago in range(3, 48):
            write_use(village.microgrid, site, EVENT_DAY - timedelta(days=ago), 80, event_wh=100 + ago)
    return twice(energy.tasks.learn_limits)


@VILLAGE.case(grid.tasks.make_plans)
def plans_are_made(village: Village) -> Sequence[Work]:
    publish_days(microgrid=village.microgrid, days=[EVENT_DAY, EVENT_DAY + timedelta(days=1)], now=SHOWN_NOW)
    return twice(grid.tasks.make_plans)


@VILLAGE.case(grid.tasks.close_votes)
def votes_are_closed(village: Village) -> Sequence[Work]:
    proposal = opened(village.microgrid, village.operator)
    all_vote(proposal, village.operator, "yyyyyyyy")
    village.shows(CLOSES)
    return twice(grid.tasks.close_votes)


@VILLAGE.case(grid.tasks.close_votes)
def a_vote_is_closed_as_it_is_withdrawn(village: Village) -> Sequence[Work]:
    village.shows(SHOWN_NOW)
    proposal = opened(village.microgrid, village.operator, valid_from=date(2016, 6, 25))
    all_vote(proposal, village.operator, "yyyyyyyy")
    now = village.shows(CLOSES)
    return [grid.tasks.close_votes, lambda: votes.withdraw_vote(proposal=proposal, now=now)]


@VILLAGE.case(grid.tasks.look_for_bypass)
def bypass_is_looked_for(village: Village) -> Sequence[Work]:
    village.shows(SHOWN_NOW)
    line = leaf_with_sites(village.microgrid)
    meter = place_grid_meter(microgrid=village.microgrid, branch=line, code="on a leaf", now=SHOWN_NOW)
    rows = [
        MeterDayRow(day, meter.pk, int(channel), np.full(96, 50, np.int32), np.zeros(96, np.int16), status=1)
        for day in (DAY, NEXT_DAY)
        for channel in (Channel.DOWN, Channel.UP)
    ]
    with connection.cursor() as cursor:
        write_rows(cursor, rows, microgrid_id=village.microgrid.pk, provenance="test", now=SHOWN_NOW, replace=False)
    return twice(grid.tasks.look_for_bypass)


@VILLAGE.case(grid.tasks.measure_demand_events)
def an_event_is_measured(village: Village) -> Sequence[Work]:
    programme = demand_response.offer_programme(
        microgrid=village.microgrid, name="Peaks", incentive_per_kwh=Decimal("0.25"), now=SHOWN_NOW - timedelta(days=30)
    )
    for site in village.sites[:2]:
        demand_response.give_consent(programme=programme, site=site, by=village.household, now=SHOWN_NOW - HOUR)
    demand_response.call_event(programme=programme, start_at=START, end_at=END, reason="Clouds.", by=village.operator, now=SHOWN_NOW)
    for site in village.sites[:2]:
        write_use(village.microgrid, site, EVENT_DAY, 80, event_wh=20)
    village.shows(SHOWN_NOW + timedelta(days=1))
    DayClosing.objects.create(microgrid=village.microgrid, day=EVENT_DAY, closed_at=SHOWN_NOW + timedelta(days=1))
    return twice(grid.tasks.measure_demand_events)


@VILLAGE.case(billing.tasks.book_demand_events)
def an_event_is_credited(village: Village) -> Sequence[Work]:
    return twice(billing.tasks.book_demand_events)


@VILLAGE.case(grid.tasks.read_device_links)
def devices_behind_links_are_read(village: Village) -> Sequence[Work]:
    village.shows(SHOWN_NOW)
    storage = StorageUnit.objects.filter(site__microgrid=village.microgrid).order_by("pk")[0]
    DeviceLink.objects.create(
        microgrid=village.microgrid, storage=storage, protocol=LinkProtocol.SUNSPEC, address="127.0.0.1", port=9, unit_id=1
    )
    return twice(grid.tasks.read_device_links)


@VILLAGE.case(grid.tasks.tell_openadr_clients)
def openadr_clients_are_told(village: Village) -> Sequence[Work]:
    link = make_link(village.microgrid, "heat pump", "heat-pump-7")
    program = program_of(microgrid=village.microgrid, name=PRICES, payload=AdrPayload.PRICE, now=SHOWN_NOW)
    operations = [{"objects": ["EVENT"], "operations": ["POST", "PUT"], "callbackUrl": village.callback_url, "bearerToken": ""}]
    AdrSubscription.objects.create(
        program=program, link=link, client_name="pump", object_operations=operations, created_at=SHOWN_NOW, modified_at=SHOWN_NOW
    )
    return twice(grid.tasks.tell_openadr_clients)


@VILLAGE.case(grid.tasks.call_emergency_contacts)
def contacts_are_called(village: Village) -> Sequence[Work]:
    for position, user in enumerate((village.operator, village.second)):
        EmergencyContact.objects.create(microgrid=village.microgrid, user=user, position=position, phone="+49 385 1")
    Emergency.objects.create(microgrid=village.microgrid, status="ISLANDED", cause="storm", began_at=SHOWN_NOW)
    return twice(grid.tasks.call_emergency_contacts)


@VILLAGE.case(grid.tasks.call_emergency_contacts)
def a_contact_is_called_as_the_same_answers(village: Village) -> Sequence[Work]:
    EmergencyCall.objects.update(called_at=timezone.now() - HOUR)
    emergency = Emergency.objects.get()
    return [
        grid.tasks.call_emergency_contacts,
        lambda: emergencies.answer_call(emergency=emergency, by=village.second, real_now=timezone.now()),
    ]


@VILLAGE.case(grid.tasks.call_emergency_contacts, reads="grid_emergency")
def a_contact_is_called_as_the_emergency_ends(village: Village) -> Sequence[Work]:
    EmergencyCall.objects.all().delete()
    now = village.microgrid.now(timezone.now())

    def end() -> None:
        emergencies.note_status(microgrid=village.microgrid, status="NORMAL", reasons=[], now=now, real_now=timezone.now())

    return [grid.tasks.call_emergency_contacts, end]


@VILLAGE.case(grid.tasks.watch_control)
def control_that_stands_still_is_told(village: Village) -> Sequence[Work]:
    GridState.objects.create(
        microgrid=village.microgrid,
        at=SHOWN_NOW - HOUR,
        status="NORMAL",
        production_w=0,
        consumption_w=0,
        charge_w=0,
        discharge_w=0,
        import_w=0,
        export_w=0,
        storage_wh=0,
        storage_capacity_wh=0,
        sites_reporting=1,
        sites_total=1,
        reasons=[],
    )
    return twice(grid.tasks.watch_control)


@VILLAGE.case(grid.tasks.run_planned_outages)
def a_planned_outage_begins(village: Village) -> Sequence[Work]:
    line = leaf_with_sites(village.microgrid)
    outage = approved(village.microgrid, village.operator, village.second, [line.code])
    village.shows(outage.start_at)
    return twice(grid.tasks.run_planned_outages)


@VILLAGE.case(grid.tasks.run_planned_outages, reads="grid_plannedoutage")
def a_planned_outage_ends_as_it_is_let_run_longer(village: Village) -> Sequence[Work]:
    outage = PlannedOutage.objects.get()
    asked = outage_extension.ask_for_longer(
        outage=outage, end_at=outage.end_at + HOUR, reason="rain", by=village.operator, now=outage.start_at
    )
    now = village.shows(outage.end_at)
    return [
        grid.tasks.run_planned_outages,
        lambda: outage_extension.decide_extension(extension=asked, approve=True, by=village.second, now=now),
    ]


@VILLAGE.case(grid.tasks.run_planned_outages, reads="grid_plannedoutage")
def a_planned_outage_ends_as_longer_is_asked_for(village: Village) -> Sequence[Work]:
    outage = PlannedOutage.objects.get()
    now = village.shows(outage.end_at)
    return [
        grid.tasks.run_planned_outages,
        lambda: outage_extension.ask_for_longer(
            outage=outage, end_at=outage.end_at + HOUR, reason="more rain", by=village.operator, now=now
        ),
    ]
