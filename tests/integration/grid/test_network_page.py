"""What each node still takes, what the loss of an element means, and outages that are computed before somebody else approves them."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from energy.models import Line, Microgrid, NetworkChange, Switch
from grid.domain.alarm_life import FindingKind
from grid.domain.network.flow_series import solve_series
from grid.models import ElementLoss, GridAlarm, NodeHosting, OutageState, PlannedOutage
from grid.selectors.network import forget_networks, load_network
from grid.selectors.site_powers import load_site_powers
from grid.services.day_close import close_day
from grid.services.network_study import CannotStudyNetwork, study_network
from grid.services.planned_outages import CannotPlanOutage, decide_outage, request_outage, withdraw_outage
from grid.services.unbalance import keep_unbalance
from members.models import Role, User
from tests.integration.grid.conftest import DAY, NEXT_DAY, SHOWN_NOW, user_with

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
BEGIN = SHOWN_NOW + timedelta(days=1)


@pytest.fixture
def closed_days(microgrid: Microgrid, measured_days: list[date]) -> None:
    for day in measured_days:
        close_day(microgrid=microgrid, day=day, now=SHOWN_NOW)


@pytest.fixture
def other(microgrid: Microgrid) -> User:
    return user_with(microgrid, "second@hamlet.example", Role.OPERATOR)


def ask(microgrid: Microgrid, by: User, **changes: object) -> PlannedOutage:
    asked = {
        "lines": [],
        "transformers": [microgrid.transformers.get().code],
        "switches": [],
        "start_at": BEGIN,
        "end_at": BEGIN + timedelta(hours=4),
        "reason": "Oil",
        **changes,
    }
    return request_outage(microgrid=microgrid, by=by, now=SHOWN_NOW, **asked)  # type: ignore[arg-type]


def leaf_with_sites(microgrid: Microgrid) -> Line:
    """A line to a node with sites and nothing behind it."""
    lines = list(Line.objects.filter(microgrid=microgrid).select_related("node_from", "node_to").order_by("pk"))
    ends = [node for line in lines for node in (line.node_from_id, line.node_to_id)]
    return next(line for line in lines if ends.count(line.node_to_id) == 1 and line.node_to.sites.exists())


def test_a_study_tells_what_the_power_flow_confirms(client: Client, microgrid: Microgrid, closed_days: None, operator: User) -> None:
    study = study_network(microgrid=microgrid, now=SHOWN_NOW)
    assert (study.first_day, study.last_day, study.intervals) == (DAY, NEXT_DAY, 192)
    network = load_network(microgrid.pk)
    assert NodeHosting.objects.filter(study=study, technology="solar").count() == len(network.node_codes) - 1
    weakest = NodeHosting.objects.filter(study=study, technology="car_charging").order_by("power_w")[0]
    draw_w, draw_var = load_site_powers(microgrid=microgrid, days=[DAY, NEXT_DAY]).by_node(network)
    for more_w, fits in ((weakest.power_w, True), (weakest.power_w + 100, False)):
        added = draw_w.copy()
        added[:, network.places[weakest.node_code]] += more_w
        flow = solve_series(network.network, added, draw_var)
        kept = flow.line_loading.max() <= 1 + 1e-9 and flow.transformer_loading.max() <= 1 + 1e-9
        kept &= bool((flow.voltage_pu >= network.vm_min_pu).all())
        assert kept == fits
    first = ElementLoss.objects.get(study=study, place=1)
    assert first.sites_lost == microgrid.sites.count()
    assert ElementLoss.objects.filter(study=study).count() == len(network.network.wires) + 1
    again = study_network(microgrid=microgrid, now=SHOWN_NOW + timedelta(hours=1))
    assert list(microgrid.network_studies.all()) == [again]
    client.force_login(operator)
    page = client.get(reverse("network") + "?of=car_charging").content.decode()
    kilowatts = f"{weakest.power_w / 1000:,.1f}" if weakest.power_w < 100_000 else f"{weakest.power_w / 1000:,.0f}"
    assert f"The tightest is {weakest.node_code} with {kilowatts} kW" in page
    assert page.count('<g class="spot ') == 2 * len(network.node_codes)  # what is left, and what a loss means
    assert f"{first.code}: {first.sites_lost} sites without supply" in page
    german = client.get(reverse("network"), headers={"Accept-Language": "de"}).content.decode()
    assert "Was jeder Knoten noch aufnimmt" in german


def test_sites_on_one_phase_unbalance_the_voltages_and_raise_an_alarm(
    client: Client, microgrid: Microgrid, closed_days: None, operator: User
) -> None:
    study = study_network(microgrid=microgrid, now=SHOWN_NOW)
    assert study.unbalance_usual is None  # all on three phases, as far as is known
    powers = load_site_powers(microgrid=microgrid, days=[DAY, NEXT_DAY])
    microgrid.sites.update(phases="1")
    Line.objects.filter(microgrid=microgrid).update(resistance_ohm_per_km=5.0)
    forget_networks()
    network = load_network(microgrid.pk)
    keep_unbalance(study=study, network=network, powers=powers, now=SHOWN_NOW + timedelta(hours=1))
    assert study.unbalance_usual is not None and study.unbalance_most is not None
    assert 0.02 < study.unbalance_usual <= study.unbalance_most < 0.5
    assert study.unbalance_node in network.places
    alarm = GridAlarm.objects.get(kind=FindingKind.UNBALANCE, cleared_at=None)
    assert study.unbalance_node in alarm.sentence
    client.force_login(operator)
    assert "above the 2 % of EN 50160" in client.get(reverse("network")).content.decode()
    microgrid.sites.update(phases="123")
    keep_unbalance(study=study, network=network, powers=powers, now=SHOWN_NOW + timedelta(hours=2))
    assert not GridAlarm.objects.filter(kind=FindingKind.UNBALANCE, cleared_at=None).exists()


def test_without_a_closed_day_nothing_is_computed(microgrid: Microgrid) -> None:
    with pytest.raises(CannotStudyNetwork, match="No day is closed"):
        study_network(microgrid=microgrid, now=SHOWN_NOW)


def test_an_outage_names_who_is_without_supply(microgrid: Microgrid, closed_days: None, operator: User) -> None:
    network = load_network(microgrid.pk)
    outage = ask(microgrid, operator)
    assert outage.sites_lost.count() == microgrid.sites.count()
    assert outage.energy_not_supplied_wh > 0
    assert outage.based_on == "like days"
    leaf = leaf_with_sites(microgrid)
    small = ask(microgrid, operator, transformers=[], lines=[leaf.code])
    here = network.site_ids[network.site_node == network.places[leaf.node_to.code]]
    assert sorted(small.sites_lost.values_list("pk", flat=True)) == here.tolist()
    assert small.is_within
    assert small.lowest_voltage_pu is not None


def test_an_open_switch_that_is_closed_meanwhile_keeps_supply(microgrid: Microgrid, closed_days: None, operator: User) -> None:
    line = leaf_with_sites(microgrid)
    lost = ask(microgrid, operator, transformers=[], lines=[line.code])
    twin = Line.objects.create(
        microgrid=microgrid,
        code="spare",
        node_from=line.node_from,
        node_to=line.node_to,
        length_km=line.length_km,
        resistance_ohm_per_km=0.2,
        reactance_ohm_per_km=0.08,
        max_current_a=270,
    )
    Switch.objects.create(microgrid=microgrid, code="S", node=twin.node_to, line_code="spare", normally_closed=False)
    NetworkChange.objects.create(microgrid=microgrid, made_at=SHOWN_NOW, what="spare cable laid")
    kept = ask(microgrid, operator, transformers=[], lines=[line.code], switches=["S"])
    assert lost.sites_lost.exists()
    assert not kept.sites_lost.exists()
    study = study_network(microgrid=microgrid, now=SHOWN_NOW)
    told = ElementLoss.objects.get(study=study, code=line.code)
    assert (told.tie_code, told.sites_lost_with_tie) == ("S", 0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"transformers": []}, "at least one line or transformer"),
        ({"lines": ["Line 99"]}, "There is no line 'Line 99'"),
        ({"end_at": BEGIN - timedelta(hours=1)}, "must end after it begins"),
        ({"reason": " "}, "Say what is to be done"),
        ({"end_at": BEGIN + timedelta(days=30)}, "14 days at most"),
        ({"switches": ["S9"]}, "Switch 'S9' is not there"),
    ],
)
def test_what_cannot_be_planned_is_said(
    microgrid: Microgrid, closed_days: None, operator: User, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(CannotPlanOutage, match=words):
        ask(microgrid, operator, **changes)
    assert not PlannedOutage.objects.exists()


def test_somebody_else_approves(microgrid: Microgrid, closed_days: None, operator: User, other: User) -> None:
    outage = ask(microgrid, operator)
    with pytest.raises(CannotPlanOutage, match="Somebody else decides"):
        decide_outage(outage=outage, approve=True, note="", by=operator, now=SHOWN_NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        PlannedOutage.objects.filter(pk=outage.pk).update(state="approved", decided_by=operator)
    later = SHOWN_NOW + timedelta(hours=2)
    approved = decide_outage(outage=outage, approve=True, note="Urgent", by=other, now=later)
    assert (approved.state, approved.decided_by, approved.computed_at) == (OutageState.APPROVED, other, later)
    with pytest.raises(CannotPlanOutage, match="approved already"):
        decide_outage(outage=outage, approve=False, note="", by=other, now=later)
    assert withdraw_outage(outage=outage, by=operator, now=later).state == OutageState.WITHDRAWN


def test_an_outage_that_breaks_limits_is_not_approved_without_a_word(
    microgrid: Microgrid, closed_days: None, operator: User, other: User
) -> None:
    Line.objects.filter(microgrid=microgrid).update(max_current_a=0.5)
    NetworkChange.objects.create(microgrid=microgrid, made_at=SHOWN_NOW, what="thin wires")
    leaf = Line.objects.filter(microgrid=microgrid).order_by("-pk")[0]
    outage = ask(microgrid, operator, transformers=[], lines=[leaf.code])
    assert not outage.is_within
    with pytest.raises(CannotPlanOutage, match="say in a note"):
        decide_outage(outage=outage, approve=True, note="", by=other, now=SHOWN_NOW)
    assert decide_outage(outage=outage, approve=True, note="Only at noon", by=other, now=SHOWN_NOW).state == "approved"


def test_page_and_doors_from_request_to_approval(
    microgrid: Microgrid, closed_days: None, operator: User, other: User, household: User, client: Client
) -> None:
    study_network(microgrid=microgrid, now=SHOWN_NOW)
    client.force_login(household, backend=BACKEND)
    assert client.get(reverse("network")).status_code == 404
    assert client.get(reverse("api-network-study", args=[microgrid.public_id])).status_code == 404
    client.force_login(operator, backend=BACKEND)
    code = microgrid.transformers.get().code
    now = microgrid.now(datetime.now(UTC))
    begin = (now + timedelta(days=1)).astimezone(microgrid.zone)
    page = client.post(
        reverse("network"),
        {
            "reason": "Oil change",
            "started": f"{begin:%Y-%m-%dT10:00}",
            "ended": f"{begin:%Y-%m-%dT12:00}",
            "elements": [f"transformer:{code}"],
        },
        follow=True,
    )
    shown = page.content.decode()
    assert "Oil change" in shown and "sites without supply" in shown and ">Open</a>" in shown and ">Decide</a>" not in shown
    assert PlannedOutage.objects.get().start_at.astimezone(microgrid.zone).hour == 10
    study = client.get(reverse("api-network-study", args=[microgrid.public_id])).json()
    assert {one["technology"] for one in study["hosting"]} == {"solar", "car_charging", "heat_pumps"}
    assert study["losses"][0]["sites_lost"] == microgrid.sites.count()
    client.force_login(other, backend=BACKEND)
    assert ">Decide</a>" in client.get(reverse("network")).content.decode()
    assert "Approve" in client.get(reverse("outage", args=[PlannedOutage.objects.get().public_id])).content.decode()
    [listed] = client.get(reverse("api-outages", args=[microgrid.public_id])).json()
    assert len(listed["sites_lost"]) == microgrid.sites.count()
    decide = reverse("api-outage-decision", args=[listed["id"]])
    done = client.post(decide, {"step": "approve", "note": "Urgent"}, content_type="application/json")
    assert (done.status_code, done.json()["state"]) == (200, "approved")
    again = client.post(decide, {"step": "refuse"}, content_type="application/json")
    assert again.status_code == 400
    asked = client.post(
        reverse("api-outages", args=[microgrid.public_id]),
        {
            "start_at": begin.isoformat(),
            "end_at": (begin + timedelta(hours=1)).isoformat(),
            "reason": "Cable",
            "elements": [{"kind": "line", "code": Line.objects.filter(microgrid=microgrid)[0].code}],
        },
        content_type="application/json",
    )
    assert asked.status_code == 201
    client.post(reverse("outage-step", args=[asked.json()["id"]]), {"step": "withdraw"})
    assert PlannedOutage.objects.get(public_id=asked.json()["id"]).state == OutageState.WITHDRAWN
    assert np.isfinite(asked.json()["lowest_voltage_pu"])
