"""Limits of supply as facts with their steps; operators decide on their page."""

from django.contrib import admin

from grid.models import SupplyRequest, SupplyStep
from members.admin.roles import FactAdmin, RoleTabularInline
from members.models import Role

READERS = (Role.OPERATOR, Role.AUDITOR, Role.SUPPORT)


class StepInline(RoleTabularInline):
    """Each step as it was taken."""

    model = SupplyStep
    view_roles = READERS
    fields = ("at", "status", "by", "why")
    ordering = ("pk",)
    tab = False


@admin.register(SupplyRequest)
class SupplyRequestAdmin(FactAdmin):
    """The newest first."""

    cooperative_path = "site__microgrid__cooperative"
    view_roles = READERS
    list_display = ("asked_at", "site", "limit_w", "status", "by_device", "decided_by", "decided_why")
    list_filter = ("status",)
    list_select_related = ("site__microgrid__cooperative", "decided_by")
    ordering = ("-asked_at", "-pk")
    inlines = (StepInline,)
