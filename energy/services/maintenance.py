"""Looking after sources: work falls due, is planned, begins, is finished; source and plan follow."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np
from django.db import transaction
from django.db.models import QuerySet

from energy.domain.maintenance import Due, PlanRule, PlanTerms, SourceFacts, add_months, due, operating_hours
from energy.models import Channel, MaintenancePlan, Microgrid, Source, WorkKind, WorkOrder, WorkState
from energy.models.assets import AssetStatus
from energy.models.maintenance import UNFINISHED
from energy.selectors.meter_days import load_channel
from energy.selectors.source_figures import production_days, source_courses
from members.models import Role, User
from members.services.notifications import notify, staff_of

KIND = "work order"
JUDGED_DAYS = 5
QUIET_AFTER_CANCEL = timedelta(days=30)
ORDERS_PAGE = "/sources/"


class CannotChangeOrder(ValueError):
    """The work order is finished already, or its window makes no sense; the message says which."""


def terms_of(plan: MaintenancePlan) -> PlanTerms:
    """A plan as plain values."""
    return PlanTerms(
        PlanRule(plan.rule),
        plan.every_months,
        plan.next_date,
        plan.every_hours,
        plan.below_percent / 100 if plan.below_percent else None,
        plan.remind_days,
    )


def open_due_orders(*, microgrid: Microgrid, now: datetime) -> list[WorkOrder]:
    """Make a work order of each plan that is due and has none, and tell the operators. Safe to repeat."""
    plans = list(
        MaintenancePlan.objects.filter(source__site__microgrid=microgrid, is_active=True)
        .exclude(work_orders__state__in=UNFINISHED)
        .exclude(work_orders__in=WorkOrder.objects.filter(state=WorkState.CANCELLED, created_at__gt=now - QUIET_AFTER_CANCEL))
        .exclude(source__status=AssetStatus.RETIRED)
        .select_related("source__site__microgrid__cooperative")
        .order_by("pk")
    )
    facts = _facts(microgrid, plans, now)
    made = []
    for plan in plans:
        found = due(terms_of(plan), facts[plan.source_id])
        if found is not None:
            made += _make_order(plan, found, now)
    return made


@transaction.atomic
def _make_order(plan: MaintenancePlan, found: Due, now: datetime) -> list[WorkOrder]:
    # The row of the plan is held, so that two workers do not make two orders of it.
    MaintenancePlan.objects.select_for_update().get(pk=plan.pk)
    if plan.work_orders.filter(state__in=UNFINISHED).exists():
        return []
    order = WorkOrder.objects.create(
        source=plan.source, plan=plan, work=plan.work, reason=found.reason, due_date=found.due_date, created_at=now
    )
    _tell(order, f"{order} is due by {order.due_date.isoformat()}", "made", now)
    return [order]


def _tell(order: WorkOrder, subject: str, what: str, now: datetime) -> None:
    cooperative = order.source.site.microgrid.cooperative
    notify(
        users=staff_of(cooperative, Role.OPERATOR),
        kind=KIND,
        key=f"work-order:{order.public_id}:{what}",
        subject=subject,
        text=f"{subject}.\n\n{order.reason}\n\nThe work order is on the page Sources.",
        path=ORDERS_PAGE,
        by_mail=True,
        now=now,
    )


def remind_of_overdue(*, microgrid: Microgrid, now: datetime) -> int:
    """Tell the operators once of each order that is past its date; returns how many there are."""
    today = now.astimezone(microgrid.zone).date()
    late = WorkOrder.objects.filter(source__site__microgrid=microgrid, state__in=UNFINISHED, due_date__lt=today).select_related(
        "source__site__microgrid__cooperative"
    )
    for order in late:
        _tell(order, f"{order} was due on {order.due_date.isoformat()}", "overdue", now)
    return len(late)


def _facts(microgrid: Microgrid, plans: Sequence[MaintenancePlan], now: datetime) -> dict[int, SourceFacts]:
    """What the rules of the plans ask for; nothing is computed that none of them needs."""
    today = now.astimezone(microgrid.zone).date()
    rules = {plan.rule for plan in plans}
    hours = _hours_since(microgrid, plans, today) if PlanRule.HOURS in rules else {}
    shares: dict[int, float] = {}
    if PlanRule.PERFORMANCE in rules:
        for course in source_courses(microgrid=microgrid, now=now):
            if course.figures.soiling is not None:
                shares[course.figures.source.pk] = 1 - course.figures.soiling.loss_share
    return {plan.source_id: SourceFacts(today, hours.get(plan.source_id), shares.get(plan.source_id), JUDGED_DAYS) for plan in plans}


def _hours_since(microgrid: Microgrid, plans: Sequence[MaintenancePlan], today: date) -> dict[int, float]:
    """Hours of operation of each source since it was last looked after, as far back as there are readings."""
    sources = {p.source_id: p.source for p in plans if p.rule == PlanRule.HOURS}
    days, _ = production_days(microgrid, before=today)
    meters = dict(Source.objects.filter(pk__in=sources, meter__isnull=False).values_list("meter__pk", "pk"))
    if not days or not meters:
        return {}
    block = load_channel(microgrid=microgrid, channel=Channel.PRODUCTION, days=days, meter_ids=list(meters), with_quality=False)
    found = {}
    for meter_id, values in zip(block.meter_ids.tolist(), block.values_wh, strict=True):
        since = sources[meters[meter_id]].last_maintenance_date
        first = 0 if since is None else int(np.searchsorted(np.array(days, "datetime64[D]"), np.datetime64(since), "right"))
        found[meters[meter_id]] = float(operating_hours(values[block.offsets[first] :], microgrid.interval_minutes / 60))
    return found


@transaction.atomic
def add_order(*, source: Source, work: WorkKind, reason: str, due_date: date, now: datetime) -> WorkOrder:
    """Make a work order by hand."""
    return WorkOrder.objects.create(source=source, work=work, reason=reason, due_date=due_date, created_at=now)


@transaction.atomic
def plan_order(*, order: WorkOrder, start_at: datetime, end_at: datetime, available_percent: int, assigned_to: str) -> WorkOrder:
    """Say when it is done, by whom, and how much of the source works meanwhile; forecasts follow.

    Raises:
        CannotChangeOrder: it is finished, or ends before it starts.
    """
    order = _held(order)
    if end_at <= start_at:
        raise CannotChangeOrder("The work ends before it starts; put the later time second.")
    order.start_at, order.end_at, order.available_percent = start_at, end_at, available_percent
    order.assigned_to, order.state = assigned_to, WorkState.PLANNED
    order.save()
    return order


def _held(order: WorkOrder) -> WorkOrder:
    found = WorkOrder.objects.select_for_update().get(pk=order.pk)
    if found.state not in UNFINISHED:
        raise CannotChangeOrder(f"The work order is {found.get_state_display()} already.")
    return found


@transaction.atomic
def start_order(*, order: WorkOrder, now: datetime) -> WorkOrder:
    """The work begins; the source is in maintenance."""
    order = _held(order)
    order.state = WorkState.STARTED
    if order.start_at is None or order.start_at > now:
        order.start_at = now
    if order.end_at is not None and order.end_at <= order.start_at:
        order.end_at = None  # it began after its window: when it ends is open again
    order.save()
    Source.objects.filter(pk=order.source_id).update(status=AssetStatus.MAINTENANCE)
    return order


@transaction.atomic
def finish_order(*, order: WorkOrder, user: User | None, note: str, now: datetime) -> WorkOrder:
    """The work is done: the source is active again, its date of maintenance and the plan's next date follow.

    Raises:
        CannotChangeOrder: it is finished already.
    """
    order = _held(order)
    source = Source.objects.select_for_update().select_related("site__microgrid").get(pk=order.source_id)
    today = now.astimezone(source.site.microgrid.zone).date()
    order.state, order.done_at, order.done_by, order.note = WorkState.DONE, now, user, note
    order.save()
    source.last_maintenance_date = max(today, source.last_maintenance_date or today)
    if not source.work_orders.filter(state=WorkState.STARTED).exists() and source.status != AssetStatus.RETIRED:
        source.status = AssetStatus.ACTIVE
    source.save(update_fields=["last_maintenance_date", "status"])
    plan = order.plan
    if plan is not None and plan.rule == PlanRule.DATE and plan.every_months:
        plan.next_date = add_months(today, plan.every_months)
        plan.save(update_fields=["next_date"])
    return order


@transaction.atomic
def cancel_order(*, order: WorkOrder, note: str) -> WorkOrder:
    """The work is not done; a plan by date moves on, so that the same order is not made again at once."""
    order = _held(order)
    was_started = order.state == WorkState.STARTED
    order.state, order.note = WorkState.CANCELLED, note
    order.save()
    if was_started and not order.source.work_orders.filter(state=WorkState.STARTED).exists():
        Source.objects.filter(pk=order.source_id, status=AssetStatus.MAINTENANCE).update(status=AssetStatus.ACTIVE)
    plan = order.plan
    if plan is not None and plan.rule == PlanRule.DATE and plan.every_months and plan.next_date is not None:
        plan.next_date = add_months(plan.next_date, plan.every_months)
        plan.save(update_fields=["next_date"])
    return order


def start_planned(*, microgrid: Microgrid, now: datetime) -> int:
    """Begin the work whose window has come; returns how much. Safe to run twice at once, and beside whoever puts it off."""
    waiting = WorkOrder.objects.filter(
        source__site__microgrid=microgrid, state=WorkState.PLANNED, start_at__lte=now, end_at__gt=now - timedelta(days=1)
    )
    return sum(_start_where_it_waits(waiting, pk, now) for pk in waiting.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _start_where_it_waits(waiting: QuerySet[WorkOrder], pk: int, now: datetime) -> bool:
    order = waiting.select_for_update(of=("self",)).filter(pk=pk).first()
    if order is None:  # begun, put off or called off meanwhile
        return False
    start_order(order=order, now=now)
    return True
