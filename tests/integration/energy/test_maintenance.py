"""From a plan to work that is done: source, plan, forecast and people follow, however often the task runs."""

from datetime import date, timedelta

import numpy as np
import pytest
from django.core import mail
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from energy.models import MaintenancePlan, WorkOrder, WorkState
from energy.selectors.availability import source_availability
from energy.selectors.site_energy import interval_starts
from energy.services.maintenance import (
    CannotChangeOrder,
    add_order,
    cancel_order,
    finish_order,
    open_due_orders,
    plan_order,
    remind_of_overdue,
    start_order,
    start_planned,
)
from members.models import Notification
from members.services.notifications import notify, send_waiting
from tests.integration.energy.roofs import NOW, Hamlet, make_roofs, production

pytestmark = pytest.mark.django_db
TODAY = date(2016, 4, 25)


@pytest.fixture
def hamlet(db: None) -> Hamlet:
    cache.clear()
    return make_roofs()


@pytest.fixture
def yearly(hamlet: Hamlet) -> MaintenancePlan:
    return MaintenancePlan.objects.create(
        source=hamlet.sources[0], work="cleaning", rule="date", every_months=12, next_date=TODAY + timedelta(days=10)
    )


def test_a_due_plan_makes_one_order_and_tells_the_operators_once(hamlet: Hamlet, yearly: MaintenancePlan) -> None:
    [order] = open_due_orders(microgrid=hamlet.microgrid, now=NOW)
    assert (order.state, order.due_date, order.plan) == (WorkState.OPEN, yearly.next_date, yearly)
    assert open_due_orders(microgrid=hamlet.microgrid, now=NOW) == []
    assert [n.user for n in Notification.objects.all()] == [hamlet.operator]
    later = NOW + timedelta(days=12)
    assert remind_of_overdue(microgrid=hamlet.microgrid, now=later) == 1
    remind_of_overdue(microgrid=hamlet.microgrid, now=later)
    assert Notification.objects.count() == 2


def test_what_is_told_leaves_by_mail_once(hamlet: Hamlet, yearly: MaintenancePlan) -> None:
    open_due_orders(microgrid=hamlet.microgrid, now=NOW)
    assert send_waiting(now=NOW) == 1
    assert send_waiting(now=NOW) == 0
    [message] = mail.outbox
    assert message.to == [hamlet.operator.email]
    assert "cleaning of roof 0 is due by 2016-05-05" in message.subject


def test_telling_twice_changes_nothing(hamlet: Hamlet) -> None:
    told = [notify(users=[hamlet.member], kind="k", key="once", subject="s", text="t", by_mail=False, now=NOW) for _ in range(2)]
    assert told == [1, 0]
    assert send_waiting(now=NOW) == 0


def _starts_s(hamlet: Hamlet, *days: date) -> np.ndarray:
    starts = interval_starts(microgrid=hamlet.microgrid, days=days)
    return np.array([int(start.timestamp()) for start in starts], dtype=np.int64)


def test_planned_work_takes_its_part_of_the_forecast(hamlet: Hamlet) -> None:
    order = add_order(source=hamlet.sources[1], work="repair", reason="Inverter", due_date=TODAY, now=NOW)
    tomorrow = TODAY + timedelta(days=1)
    noon = hamlet.microgrid.local_day(tomorrow).start_at + timedelta(hours=12)
    plan_order(order=order, start_at=noon, end_at=noon + timedelta(hours=2), available_percent=50, assigned_to="Solarteur")
    found = source_availability(
        microgrid=hamlet.microgrid, source_ids=[s.pk for s in hamlet.sources], starts_s=_starts_s(hamlet, TODAY, tomorrow), now=NOW
    )
    assert found.shape == (4, 192)
    assert found[1, 96 + 48 : 96 + 56].tolist() == [0.5] * 8
    found[1, 96 + 48 : 96 + 56] = 1.0
    assert (found == 1.0).all()


def test_a_faulty_source_is_not_there_until_its_repair_ends(hamlet: Hamlet) -> None:
    source = hamlet.sources[0]
    source.status = "faulty"
    source.save()

    def there() -> list[float]:
        return source_availability(microgrid=hamlet.microgrid, source_ids=[source.pk], starts_s=_starts_s(hamlet, TODAY), now=NOW)[
            0
        ].tolist()

    assert there() == [1.0] * 40 + [0.0] * 56  # 08:00 UTC is 10:00 on the local clock
    order = add_order(source=source, work="repair", reason="Inverter", due_date=TODAY, now=NOW)
    plan_order(order=order, start_at=NOW, end_at=NOW + timedelta(hours=2), available_percent=0, assigned_to="")
    assert there() == [1.0] * 40 + [0.0] * 8 + [1.0] * 48


def test_the_life_of_an_order(hamlet: Hamlet, yearly: MaintenancePlan) -> None:
    [order] = open_due_orders(microgrid=hamlet.microgrid, now=NOW)
    source = hamlet.sources[0]
    order = plan_order(order=order, start_at=NOW, end_at=NOW + timedelta(hours=3), available_percent=0, assigned_to="Ben")
    assert start_planned(microgrid=hamlet.microgrid, now=NOW + timedelta(minutes=5)) == 1
    source.refresh_from_db()
    assert source.status == "maintenance"
    order = finish_order(order=order, user=hamlet.operator, note="Washed.", now=NOW + timedelta(hours=2))
    source.refresh_from_db()
    yearly.refresh_from_db()
    assert (source.status, source.last_maintenance_date) == ("active", TODAY)
    assert (order.done_by, order.note) == (hamlet.operator, "Washed.")
    assert yearly.next_date == date(2017, 4, 25)
    for again in (finish_order, cancel_order):
        with pytest.raises(CannotChangeOrder):
            again(order=order, **({"user": None, "now": NOW} if again is finish_order else {}), note="")


def test_a_cancelled_order_does_not_come_back_at_once(hamlet: Hamlet) -> None:
    MaintenancePlan.objects.create(source=hamlet.sources[1], work="inspection", rule="hours", every_hours=100)
    [order] = open_due_orders(microgrid=hamlet.microgrid, now=NOW)
    assert "hours of operation since the last time, of 100" in order.reason
    order = start_order(order=order, now=NOW)
    cancel_order(order=order, note="Not now.")
    hamlet.sources[1].refresh_from_db()
    assert hamlet.sources[1].status == "active"
    assert open_due_orders(microgrid=hamlet.microgrid, now=NOW) == []


def test_dirt_makes_an_order_by_performance(hamlet: Hamlet) -> None:
    days_dirty = (np.repeat(np.arange(21), 96) - 10).clip(0)
    dirty = (production(hamlet.microgrid) * (1 - 0.01 * days_dirty)).astype(int)
    hamlet.measure(hamlet.sources[3], dirty)
    for source in hamlet.sources:
        MaintenancePlan.objects.create(source=source, work="cleaning", rule="performance", below_percent=97)
    [order] = open_due_orders(microgrid=hamlet.microgrid, now=NOW)
    assert order.source == hamlet.sources[3]
    assert "of what is usual on clear days" in order.reason


def test_a_plan_has_what_its_rule_needs_and_one_unfinished_order(hamlet: Hamlet, yearly: MaintenancePlan) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        MaintenancePlan.objects.create(source=hamlet.sources[0], work="cleaning", rule="hours")
    open_due_orders(microgrid=hamlet.microgrid, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        WorkOrder.objects.create(source=yearly.source, plan=yearly, work="cleaning", reason="again", due_date=TODAY, created_at=NOW)


def test_an_operator_finishes_an_order_in_the_admin(client: Client, hamlet: Hamlet) -> None:
    order = add_order(source=hamlet.sources[0], work="repair", reason="Inverter", due_date=TODAY, now=NOW)
    listing = reverse("admin:energy_workorder_changelist")
    client.force_login(hamlet.member)
    assert client.post(listing, {"action": "finish_chosen", "_selected_action": [order.pk]}).status_code == 302
    order.refresh_from_db()
    assert order.state == WorkState.OPEN
    client.force_login(hamlet.operator)
    assert client.get(listing).status_code == 200
    client.post(listing, {"action": "finish_chosen", "_selected_action": [order.pk]})
    order.refresh_from_db()
    assert (order.state, order.done_by) == (WorkState.DONE, hamlet.operator)
    assert client.get(reverse("admin:energy_maintenanceplan_add")).status_code == 200


def test_an_operator_plans_and_finishes_over_the_api(client: Client, hamlet: Hamlet) -> None:
    order = add_order(source=hamlet.sources[0], work="repair", reason="Inverter", due_date=TODAY, now=NOW)
    plan, finish = (reverse(f"api-{step}-work", args=[order.public_id]) for step in ("plan", "finish"))
    window = {"start_at": "2016-04-26T08:00:00Z", "end_at": "2016-04-26T10:00:00Z"}
    client.force_login(hamlet.member)
    assert client.get(reverse("api-work-orders")).json()["results"][0]["reason"] == "Inverter"
    assert client.post(plan, window, content_type="application/json").status_code == 403
    client.force_login(hamlet.operator)
    assert client.post(plan, {"start_at": "soon"}, content_type="application/json").status_code == 400
    turned = {"start_at": window["end_at"], "end_at": window["start_at"]}
    assert client.post(plan, turned, content_type="application/json").status_code == 409
    assert client.post(plan, window, content_type="application/json").json()["state"] == "planned"
    done = client.post(finish, {"note": "New fan."}, content_type="application/json")
    assert (done.status_code, done.json()["state"], done.json()["note"]) == (200, "done", "New fan.")
    assert client.post(finish, {}, content_type="application/json").status_code == 409
