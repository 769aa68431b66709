"""Plans and work orders of sources, for operators."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from energy.models import MaintenancePlan, WorkOrder, WorkState
from energy.services.maintenance import CannotChangeOrder, finish_order, start_order
from members.admin.roles import RoleAdmin, label_said
from members.language import say_kept
from members.models import Role
from members.selectors.scope import user_of

STATE_COLOURS = {
    WorkState.OPEN: "warning",
    WorkState.PLANNED: "info",
    WorkState.STARTED: "primary",
    WorkState.DONE: "success",
    WorkState.CANCELLED: "info",
}
IN_COOPERATIVE = "source__site__microgrid__cooperative"


@admin.register(MaintenancePlan)
class MaintenancePlanAdmin(RoleAdmin):
    """When sources are looked after; work orders are made from here when a plan is due."""

    cooperative_path = IN_COOPERATIVE
    change_roles = add_roles = delete_roles = (Role.OPERATOR,)
    list_display = ("source", "work", "rule", "next_date", "every_hours", "below_percent", "is_active")
    list_filter = ("source__site__microgrid", "work", "rule", "is_active")
    list_select_related = ("source",)
    search_fields = ("source__code", "source__site__name")
    ordering = ("source__code", "work")
    autocomplete_fields = ("source",)
    fieldsets = (
        (None, {"fields": ("source", "work", "rule", "is_active")}),
        (gettext_lazy("By date"), {"fields": ("next_date", "every_months", "remind_days")}),
        (gettext_lazy("By hours of operation"), {"fields": ("every_hours",)}),
        (gettext_lazy("By performance"), {"fields": ("below_percent",)}),
    )


@admin.register(WorkOrder)
class WorkOrderAdmin(RoleAdmin):
    """Work on sources; what is done or cancelled stays as it is."""

    cooperative_path = IN_COOPERATIVE
    change_roles = add_roles = (Role.OPERATOR,)
    list_display = ("source", "work", "state_label", "due_date", "start_at", "end_at", "assigned_to", "done_by")
    list_filter = ("source__site__microgrid", "state", "work")
    list_select_related = ("source", "done_by")
    search_fields = ("source__code", "source__site__name", "assigned_to", "reason")
    ordering = ("due_date",)
    date_hierarchy = "due_date"
    autocomplete_fields = ("source",)
    fields = (
        "source",
        "work",
        "reason",
        "due_date",
        "state",
        "start_at",
        "end_at",
        "available_percent",
        "assigned_to",
        "note",
        "plan",
        "created_at",
        "done_at",
        "done_by",
    )
    readonly_fields = ("state", "plan", "created_at", "done_at", "done_by")
    actions = ("start_chosen", "finish_chosen")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and obj.state in (WorkState.DONE, WorkState.CANCELLED):
            return False
        return super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: WorkOrder, form: Any, change: bool) -> None:
        if not change:
            obj.created_at = obj.source.site.microgrid.now(timezone.now())
        if obj.state == WorkState.OPEN and obj.start_at and obj.end_at:
            obj.state = WorkState.PLANNED
        super().save_model(request, obj, form, change)

    @display(description=gettext_lazy("State"), label=STATE_COLOURS, ordering="state")
    def state_label(self, row: WorkOrder) -> tuple[str, str]:
        return row.state, label_said(row.get_state_display())

    def has_finish_permission(self, request: HttpRequest) -> bool:
        return self._may(request, (Role.OPERATOR,))

    @action(description=gettext_lazy("Begin: the sources are in maintenance from now on"), permissions=["finish"])
    def start_chosen(self, request: HttpRequest, queryset: QuerySet[WorkOrder]) -> None:
        self._each(request, queryset, "begun", lambda order, now: start_order(order=order, now=now))

    @action(description=gettext_lazy("Done: the sources are active again"), permissions=["finish"])
    def finish_chosen(self, request: HttpRequest, queryset: QuerySet[WorkOrder]) -> None:
        user = user_of(request)
        self._each(request, queryset, "done", lambda order, now: finish_order(order=order, user=user, note=order.note, now=now))

    def _each(self, request: HttpRequest, queryset: QuerySet[WorkOrder], word: str, step: Any) -> None:
        done = 0
        for order in queryset.select_related(IN_COOPERATIVE):
            if not self._may_row(request, (Role.OPERATOR,), order):
                continue
            try:
                step(order, order.source.site.microgrid.now(timezone.now()))
            except CannotChangeOrder as why:
                messages.warning(request, f"{order}: {say_kept(str(why))}")
                continue
            self.log_change(request, order, word)
            done += 1
        messages.success(request, f"{done} work orders {word}.")
