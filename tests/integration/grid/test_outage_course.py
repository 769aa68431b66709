"""Approved outages happen: switches move at the start and are put back at the end, members are told, interruptions recorded."""

from datetime import date, timedelta

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from energy.models import Line, Microgrid, NetworkChange, Switch, SwitchPosition
from energy.models.topology import ISOLATING_POINT
from energy.services.switching import move_switch
from grid.models import Interruption, InterruptionCause, OutageExtension, OutageState, PlannedOutage
from grid.selectors.control_layout import load_layout
from grid.selectors.drawing import draw
from grid.selectors.indicators import reliability_over
from grid.selectors.network import load_network, sites_without_supply
from grid.services.day_close import close_day
from grid.services.outage_course import end_outage, run_outages
from grid.services.outage_extension import ask_for_longer, decide_extension
from grid.services.planned_outages import CannotPlanOutage, decide_outage, request_outage, withdraw_outage
from members.models import Notification, Role, User
from tests.integration.grid.conftest import SHOWN_NOW, user_with
from tests.integration.grid.test_network_page import leaf_with_sites

pytestmark = pytest.mark.django_db
HOUR, SOON = timedelta(hours=1), timedelta(seconds=3)
BEGIN, END = SHOWN_NOW + 96 * HOUR, SHOWN_NOW + 100 * HOUR


@pytest.fixture
def leaf(microgrid: Microgrid, measured_days: list[date]) -> Line:
    for day in measured_days:
        close_day(microgrid=microgrid, day=day, now=SHOWN_NOW)
    return leaf_with_sites(microgrid)


@pytest.fixture
def other(microgrid: Microgrid) -> User:
    return user_with(microgrid, "second@hamlet.example", Role.OPERATOR)


@pytest.fixture
def resident(microgrid: Microgrid, leaf: Line) -> User:
    user = user_with(microgrid, "haus@hamlet.example", Role.MEMBER, leaf.node_to.sites.first().member)
    User.objects.filter(pk=user.pk).update(language="de")
    return user


def approved(microgrid: Microgrid, by: User, other: User, lines: list[str], **changes: object) -> PlannedOutage:
    asked = {"transformers": [], "switches": [], "start_at": BEGIN, "end_at": END, "reason": "New joint", **changes}
    outage = request_outage(microgrid=microgrid, lines=lines, by=by, now=SHOWN_NOW, **asked)  # type: ignore[arg-type]
    return decide_outage(outage=outage, approve=True, note="", by=other, now=SHOWN_NOW)


def told(user: User) -> list[str]:
    return list(Notification.objects.filter(user=user).order_by("pk").values_list("subject", flat=True))


def test_an_outage_from_notice_to_supply_that_is_back(microgrid, leaf, operator, other, resident):
    outage = approved(microgrid, operator, other, [leaf.code])
    lost = set(outage.sites_lost.values_list("pk", flat=True))
    before = load_network(microgrid.pk, BEGIN - SOON)
    assert run_outages(microgrid=microgrid, now=BEGIN - 25 * HOUR) == 0
    assert run_outages(microgrid=microgrid, now=BEGIN - 23 * HOUR) == 1
    assert run_outages(microgrid=microgrid, now=BEGIN - 22 * HOUR) == 0, "reminded once"
    assert run_outages(microgrid=microgrid, now=BEGIN + SOON) == 1
    assert run_outages(microgrid=microgrid, now=BEGIN + 2 * SOON) == 0
    outage.refresh_from_db()
    assert (outage.state, outage.began_at) == (OutageState.RUNNING, BEGIN + SOON)
    opened = Switch.objects.filter(line_code=leaf.code, kind=ISOLATING_POINT)
    assert opened.count() == 2, "both ends, or it would be live from the other side"
    assert sites_without_supply(microgrid.pk, BEGIN + SOON) == lost
    assert sites_without_supply(microgrid.pk, BEGIN) == set(), "the network of the instant before"
    layout = load_layout(microgrid, BEGIN + HOUR)
    nothing = np.zeros(len(layout.names.nodes))
    flow = layout.network.network.solve(nothing, nothing)
    assert len(layout.names.cut_off(flow.voltage_pu)) == 0, "off on purpose is no emergency"
    wire = next(w for w in layout.network.network.wires if w.code == leaf.code)
    assert not wire.closed_from
    assert not wire.closed_to
    assert draw(microgrid, BEGIN + HOUR).order != draw(microgrid, BEGIN - HOUR).order or len(before.node_codes)
    [cut] = Interruption.objects.all()
    assert (cut.cause, cut.started_at, cut.ended_at) == (InterruptionCause.PLANNED, BEGIN + SOON, None)
    assert set(cut.sites.values_list("site", flat=True)) == lost
    assert run_outages(microgrid=microgrid, now=END) == 1
    assert run_outages(microgrid=microgrid, now=END + SOON) == 0
    outage.refresh_from_db()
    cut.refresh_from_db()
    assert (outage.state, outage.ended_at, outage.ended_by) == (OutageState.ENDED, END, None)
    assert cut.ended_at == END
    assert sites_without_supply(microgrid.pk, END) == set()
    assert sites_without_supply(microgrid.pk, END - SOON) == lost
    assert told(resident) == [
        "Kein Strom am 7. Juni, 12:00 bis 16:00",
        "Zur Erinnerung: kein Strom am 7. Juni, 12:00 bis 16:00",
        "Der Strom ist wieder da",
    ]
    period = (microgrid, BEGIN - HOUR, END + HOUR)
    assert reliability_over(*period, with_planned=False).saidi_minutes == 0
    assert reliability_over(*period, with_planned=True).saidi_minutes == pytest.approx(
        len(lost) * (END - BEGIN - SOON) / timedelta(minutes=1) / microgrid.sites.count()
    )


def test_a_tie_that_is_closed_keeps_supply_and_opens_again(microgrid, leaf, operator, other):
    twin = Line.objects.create(
        microgrid=microgrid,
        code="spare",
        node_from=leaf.node_from,
        node_to=leaf.node_to,
        length_km=leaf.length_km,
        resistance_ohm_per_km=0.2,
        reactance_ohm_per_km=0.08,
        max_current_a=270,
    )
    tie = Switch.objects.create(microgrid=microgrid, code="S", node=twin.node_to, line_code="spare", normally_closed=False)
    NetworkChange.objects.create(microgrid=microgrid, made_at=SHOWN_NOW, what="spare cable laid")
    outage = approved(microgrid, operator, other, [leaf.code], switches=["S"])
    run_outages(microgrid=microgrid, now=BEGIN)
    assert not Interruption.objects.exists()
    assert SwitchPosition.objects.filter(switch=tie).latest("at").is_closed
    run_outages(microgrid=microgrid, now=END)
    assert not SwitchPosition.objects.filter(switch=tie).latest("at").is_closed
    assert not Interruption.objects.exists()
    assert outage.moves.filter(back__isnull=True).count() == 0


def test_a_later_end_holds_supply_back_and_somebody_else_decides(microgrid, leaf, operator, other, resident):
    outage = approved(microgrid, operator, other, [leaf.code])
    run_outages(microgrid=microgrid, now=BEGIN)
    later = END + 2 * HOUR
    with pytest.raises(CannotPlanOutage, match="later than the one that stands"):
        ask_for_longer(outage=outage, end_at=END, reason="Rain", by=operator, now=BEGIN + HOUR)
    asked = ask_for_longer(outage=outage, end_at=later, reason="Rain", by=operator, now=BEGIN + HOUR)
    assert run_outages(microgrid=microgrid, now=END) == 1  # the operators are told, once
    assert run_outages(microgrid=microgrid, now=END + SOON) == 0
    assert PlannedOutage.objects.get().state == OutageState.RUNNING
    with pytest.raises(CannotPlanOutage, match="Somebody else decides"):
        decide_extension(extension=asked, approve=True, by=operator, now=END)
    with pytest.raises(IntegrityError), transaction.atomic():
        OutageExtension.objects.filter(pk=asked.pk).update(decided_by=operator, decided_at=END, is_approved=True)
    decide_extension(extension=asked, approve=True, by=other, now=END + SOON)
    assert told(resident)[-1] == "Der Strom kommt später wieder: 7. Juni, 18:00"
    assert run_outages(microgrid=microgrid, now=later - SOON) == 0
    assert run_outages(microgrid=microgrid, now=later) == 1
    assert PlannedOutage.objects.get().ended_at == later


def test_work_that_waits_for_clearance_ends_by_word_only(microgrid, leaf, operator, other):
    outage = approved(microgrid, operator, other, [leaf.code], waits_for_clearance=True)
    with pytest.raises(CannotPlanOutage, match="Only work that has begun"):
        end_outage(outage=outage, by=operator, now=SHOWN_NOW)
    run_outages(microgrid=microgrid, now=BEGIN)
    run_outages(microgrid=microgrid, now=END + HOUR)
    assert PlannedOutage.objects.get().state == OutageState.RUNNING
    assert any("Past its end" in subject for subject in told(operator))
    end_outage(outage=outage, by=operator, now=END + 2 * HOUR)
    assert not end_outage(outage=outage, by=operator, now=END + 3 * HOUR)
    assert PlannedOutage.objects.get().ended_by == operator


def test_other_work_on_the_same_line_keeps_it_off(microgrid, leaf, operator, other):
    first = approved(microgrid, operator, other, [leaf.code])
    run_outages(microgrid=microgrid, now=BEGIN)
    held = first.moves.first().switch.code
    with pytest.raises(CannotPlanOutage, match="stands open for work that goes on: New joint"):
        request_outage(
            microgrid=microgrid,
            lines=[leaf.code],
            transformers=[],
            switches=[held],
            start_at=BEGIN + HOUR,
            end_at=END,
            reason="x",
            by=operator,
            now=BEGIN + HOUR,
        )
    second = approved(microgrid, operator, other, [leaf.code], end_at=END + HOUR, reason="Second crew")
    run_outages(microgrid=microgrid, now=BEGIN + SOON)
    run_outages(microgrid=microgrid, now=END)
    first.refresh_from_db()
    assert first.state == OutageState.ENDED
    assert "stays for 'Second crew'" in first.course_note
    assert sites_without_supply(microgrid.pk, END) == set(second.sites_lost.values_list("pk", flat=True))
    run_outages(microgrid=microgrid, now=END + HOUR)
    assert sites_without_supply(microgrid.pk, END + HOUR) == set()
    assert Interruption.objects.get().ended_at == END + HOUR


def test_what_cannot_begin_says_so_and_what_was_moved_meanwhile_is_left(microgrid, leaf, operator, other, resident):
    missed = approved(microgrid, operator, other, [leaf.code])
    assert run_outages(microgrid=microgrid, now=END + SOON) == 1  # no worker ran all the time
    missed.refresh_from_db()
    assert (missed.state, missed.course_note) == (OutageState.FAILED, "Nobody could begin it within its time.")
    assert told(resident)[-1] == "Abgesagt: der Strom bleibt am 7. Juni an"
    assert not SwitchPosition.objects.exists()
    again = approved(microgrid, operator, other, [leaf.code], start_at=END + 2 * HOUR, end_at=END + 3 * HOUR)
    run_outages(microgrid=microgrid, now=END + 2 * HOUR)
    switch = again.moves.first().switch
    move_switch(switch=switch, closed=True, reason="Mistake", by=operator, now=END + 2.5 * HOUR)
    run_outages(microgrid=microgrid, now=END + 3 * HOUR)
    again.refresh_from_db()
    assert "was moved meanwhile and left" in again.course_note
    assert sites_without_supply(microgrid.pk, END + 3 * HOUR) == set()


def test_short_notice_needs_a_word_and_a_withdrawal_is_told(microgrid, leaf, operator, other, resident):
    soon = {"start_at": SHOWN_NOW + 24 * HOUR, "end_at": SHOWN_NOW + 26 * HOUR}
    outage = request_outage(
        microgrid=microgrid, lines=[leaf.code], transformers=[], switches=[], reason="Joint", by=operator, now=SHOWN_NOW, **soon
    )
    with pytest.raises(CannotPlanOutage, match="less than 72 hours before"):
        decide_outage(outage=outage, approve=True, note="", by=other, now=SHOWN_NOW)
    decide_outage(outage=outage, approve=True, note="The joint is hot", by=other, now=SHOWN_NOW)
    withdraw_outage(outage=outage, by=operator, now=SHOWN_NOW + HOUR)
    assert [subject.split(" ")[0] for subject in told(resident)] == ["Kein", "Abgesagt:"]


def test_the_page_and_the_door_take_each_step(microgrid, leaf, operator, other, household, client):
    now = microgrid.now(timezone.now())
    outage = request_outage(
        microgrid=microgrid,
        lines=[leaf.code],
        transformers=[],
        switches=[],
        start_at=now - HOUR,
        end_at=now + HOUR,
        reason="Joint",
        by=operator,
        now=now - 2 * HOUR,
    )
    page, step = reverse("outage", args=[outage.public_id]), reverse("outage-step", args=[outage.public_id])
    client.force_login(household)
    assert client.get(page).status_code == 404
    client.force_login(other)
    shown = client.post(step, {"step": "approve", "note": "Urgent"}, follow=True).content.decode()
    assert "members without supply are told now" in shown
    run_outages(microgrid=microgrid, now=now)
    assert "Work is done: put supply back" in client.get(page).content.decode()
    until = (now + 3 * HOUR).astimezone(microgrid.zone)
    client.post(step, {"step": "extend", "until": f"{until:%Y-%m-%dT%H:%M}", "why": "Rain"})
    client.force_login(operator)
    door = reverse("api-outage-decision", args=[outage.public_id])
    answer = client.post(door, {"step": "approve_longer"}, content_type="application/json").json()
    assert [one["is_approved"] for one in answer["extensions"]] == [True]
    assert len(answer["moves"]) == 2
    ended = client.post(door, {"step": "end"}, content_type="application/json").json()
    assert (ended["state"], {bool(one["back_at"]) for one in ended["moves"]}) == ("ended", {True})
    assert "The interruption that this was" in client.get(page).content.decode()
