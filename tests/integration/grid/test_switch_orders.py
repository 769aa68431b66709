"""A switch moved by hand in two steps, on page and door: what would follow is shown first, and is what follows."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from energy.models import Line, Microgrid, NetworkChange, Switch
from energy.services.import_topology import TopologyReport, _replace
from energy.services.switching import CannotSwitch
from grid.models import Interruption, SwitchOrder
from grid.selectors.network import sites_without_supply
from grid.selectors.switches import switch_lines
from grid.services.day_close import close_day
from grid.services.switch_orders import confirm_switch_order, propose_at_end, propose_switch_order
from tests.integration.grid.conftest import SHOWN_NOW
from tests.integration.grid.test_network_page import leaf_with_sites

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def leaf(microgrid: Microgrid, measured_days: list[date]) -> Line:
    for day in measured_days:
        close_day(microgrid=microgrid, day=day, now=SHOWN_NOW)
    return leaf_with_sites(microgrid)


def open_end(microgrid, leaf, operator, now=SHOWN_NOW) -> SwitchOrder:
    return propose_at_end(
        microgrid=microgrid, kind="line", code=leaf.code, node_code=leaf.node_from.code, reason="Fault search", by=operator, now=now
    )


def test_what_is_foreseen_is_what_follows(microgrid, leaf, operator):
    order = open_end(microgrid, leaf, operator)
    lost = set(order.sites_lost.values_list("pk", flat=True))
    assert lost == set(leaf.node_to.sites.values_list("pk", flat=True))
    assert order.is_within
    assert order.based_on == "like days"
    assert sites_without_supply(microgrid.pk, SHOWN_NOW) == set(), "nothing happened yet"
    with pytest.raises(CannotSwitch, match="Type the switch's code"):
        confirm_switch_order(order=order, typed="", by=operator, now=SHOWN_NOW + MINUTE)
    done = confirm_switch_order(order=order, typed=order.switch.code, by=operator, now=SHOWN_NOW + MINUTE)
    assert done.position.set_by == operator
    assert sites_without_supply(microgrid.pk, SHOWN_NOW + MINUTE) == lost
    cut = Interruption.objects.get()
    assert (cut.recorded_by, cut.note) == (operator, f"Open {order.switch}: Fault search")
    back = propose_switch_order(
        microgrid=microgrid, switch=order.switch, closes=True, reason="Found", by=operator, now=SHOWN_NOW + 5 * MINUTE
    )
    assert set(back.sites_back.values_list("pk", flat=True)) == lost
    assert back.ring == ""
    confirm_switch_order(order=back, typed="", by=operator, now=SHOWN_NOW + 6 * MINUTE)
    cut.refresh_from_db()
    assert cut.ended_at == SHOWN_NOW + 6 * MINUTE
    assert sites_without_supply(microgrid.pk, SHOWN_NOW + 6 * MINUTE) == set()


def test_a_ring_is_named_before_it_closes(microgrid, leaf, operator):
    tie = Switch.objects.create(microgrid=microgrid, code="Tie", node=leaf.node_from, other_node=leaf.node_to, normally_closed=False)
    NetworkChange.objects.create(microgrid=microgrid, made_at=SHOWN_NOW, what="tie laid")
    order = propose_switch_order(microgrid=microgrid, switch=tie, closes=True, reason="Try", by=operator, now=SHOWN_NOW)
    assert order.ring == leaf.code
    assert not order.sites_lost.exists()


def test_what_is_too_old_or_computed_on_another_network_is_not_confirmed(microgrid, leaf, operator):
    order = open_end(microgrid, leaf, operator)
    with pytest.raises(CannotSwitch, match="more than ten minutes ago"):
        confirm_switch_order(order=order, typed=order.switch.code, by=operator, now=SHOWN_NOW + 11 * MINUTE)
    NetworkChange.objects.create(microgrid=microgrid, made_at=SHOWN_NOW, what="something else")
    with pytest.raises(CannotSwitch, match="The network has changed since"):
        confirm_switch_order(order=order, typed=order.switch.code, by=operator, now=SHOWN_NOW + MINUTE)
    for reason, closes in ((" ", False), ("Again", True)):
        with pytest.raises(CannotSwitch):
            propose_switch_order(microgrid=microgrid, switch=order.switch, closes=closes, reason=reason, by=operator, now=SHOWN_NOW)
    with pytest.raises(CannotSwitch, match="There is no line"):
        propose_at_end(microgrid=microgrid, kind="line", code=leaf.code, node_code="nowhere", reason="x", by=operator, now=SHOWN_NOW)


def test_an_import_leaves_isolating_points(microgrid, leaf, operator):
    order = open_end(microgrid, leaf, operator)
    _replace(microgrid, Switch, {}, SHOWN_NOW, TopologyReport([]))
    order.switch.refresh_from_db()
    assert order.switch.valid_to is None


def test_pages_in_two_steps(microgrid, leaf, operator, household, client):
    client.force_login(household)
    assert client.get(reverse("switches")).status_code == 404
    client.force_login(operator)
    assert "No switch is known" in client.get(reverse("switches")).content.decode()
    value = f"end|line|{leaf.code}|{leaf.node_from.code}"
    page = client.post(reverse("switches"), {"move": value, "reason": "Fault search"}, follow=True)
    order = SwitchOrder.objects.get()
    shown = page.content.decode()
    assert "Step 2 of 2" in shown
    assert f"type <strong>{order.switch.code}</strong>" in shown
    second = reverse("switch-order", args=[order.public_id])
    wrong = client.post(second, {"step": "confirm", "typed": "wrong"}, follow=True).content.decode()
    assert "Type the switch" in wrong
    done = client.post(second, {"step": "confirm", "typed": order.switch.code}, follow=True).content.decode()
    assert f"{order.switch} is open." in done
    lines = client.get(reverse("switches")).content.decode()
    assert "usually closed" in lines
    assert "Fault search" in lines
    [line] = switch_lines(microgrid, microgrid.now(timezone.now()))
    assert line.is_unusual


def test_doors_in_two_steps(microgrid, leaf, operator, household, client):
    client.force_login(operator)
    orders = reverse("api-switch-orders", args=[microgrid.public_id])
    body = {"element": {"kind": "line", "code": leaf.code}, "node": leaf.node_to.code, "reason": "Fault search"}
    assert client.post(orders, {"reason": "x"}, content_type="application/json").status_code == 400
    made = client.post(orders, body, content_type="application/json")
    assert made.status_code == 201
    assert made.json()["must_be_typed"]
    decide = reverse("api-switch-order-decision", args=[made.json()["id"]])
    refused = client.post(decide, {"step": "confirm"}, content_type="application/json")
    assert refused.status_code == 400
    typed = {"step": "confirm", "typed": made.json()["switch"]}
    assert client.post(decide, typed, content_type="application/json").json()["state"] == "confirmed"
    [line] = client.get(reverse("api-switches", args=[microgrid.public_id])).json()
    assert (line["is_closed"], line["reason"]) == (False, "Fault search")
    again = client.post(orders, {"switch": line["id"], "closes": True, "reason": "Found"}, content_type="application/json").json()
    back = client.post(reverse("api-switch-order-decision", args=[again["id"]]), {"step": "take_back"}, content_type="application/json")
    assert back.json()["state"] == "taken back"
    assert len(client.get(orders).json()) == 2
    client.force_login(household)
    assert client.get(orders).status_code == 404
    assert client.post(decide, typed, content_type="application/json").status_code == 404
