"""Who is called in an emergency; emergencies and orders by hand to look at."""

from django.contrib import admin

from grid.models import Emergency, EmergencyContact, OperatorOverride
from members.admin.roles import RoleAdmin
from members.models import Role


@admin.register(EmergencyContact)
class EmergencyContactAdmin(RoleAdmin):
    """Called one after the other by position."""

    cooperative_path = "microgrid__cooperative"
    change_roles = add_roles = delete_roles = (Role.OPERATOR,)
    list_display = ("microgrid", "position", "user", "phone")
    ordering = ("microgrid", "position")


@admin.register(Emergency)
class EmergencyAdmin(RoleAdmin):
    """From the moment the grid left what is normal until it came back; and drills."""

    cooperative_path = "microgrid__cooperative"
    list_display = ("began_at", "ended_at", "microgrid", "is_drill", "status", "cause")
    list_filter = ("microgrid", "is_drill")
    ordering = ("-began_at",)


@admin.register(OperatorOverride)
class OperatorOverrideAdmin(RoleAdmin):
    """What operators ordered by hand, with who, when and why."""

    cooperative_path = "microgrid__cooperative"
    list_display = ("proposed_at", "microgrid", "order", "minutes", "proposed_by", "confirmed_by", "ended_early_at")
    list_filter = ("microgrid", "kind")
    ordering = ("-proposed_at",)
