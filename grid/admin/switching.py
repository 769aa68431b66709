"""Planned outages and switches moved by hand as facts, and how long before work members are told."""

from django.contrib import admin

from grid.admin.decisions import MicrogridFactAdmin
from grid.models import OutageRule, PlannedOutage, SwitchOrder
from members.admin.roles import RoleAdmin
from members.models import Role


@admin.register(OutageRule)
class OutageRuleAdmin(RoleAdmin):
    """One rule per microgrid; without one the defaults hold."""

    cooperative_path = "microgrid__cooperative"
    change_roles = add_roles = delete_roles = (Role.OPERATOR,)
    list_display = ("microgrid", "notice_hours", "remind_hours")
    list_select_related = ("microgrid",)
    ordering = ("microgrid__name",)


@admin.register(PlannedOutage)
class PlannedOutageAdmin(MicrogridFactAdmin):
    """Planned outages, what begins last on top."""

    list_display = ("start_at", "end_at", "microgrid", "reason", "state", "requested_by", "decided_by")
    list_filter = ("microgrid", "state")
    ordering = ("-start_at", "-pk")
    list_select_related = ("microgrid", "requested_by", "decided_by")


@admin.register(SwitchOrder)
class SwitchOrderAdmin(MicrogridFactAdmin):
    """Switches moved by hand, the newest order first."""

    list_display = ("proposed_at", "microgrid", "switch", "closes", "reason", "proposed_by", "confirmed_by", "confirmed_at")
    list_filter = ("microgrid",)
    ordering = ("-proposed_at", "-pk")
    list_select_related = ("microgrid", "switch", "proposed_by", "confirmed_by")
