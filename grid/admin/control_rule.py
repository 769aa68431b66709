"""How a microgrid is controlled: thresholds and times, set by operators."""

from django.contrib import admin
from django.http import HttpRequest

from grid.models import ControlRule
from members.admin.roles import RoleAdmin
from members.models import Role


@admin.register(ControlRule)
class ControlRuleAdmin(RoleAdmin):
    """One rule per microgrid; without one the defaults hold."""

    cooperative_path = "microgrid__cooperative"
    change_roles = add_roles = delete_roles = (Role.OPERATOR,)
    list_display = ("microgrid", "peak_share", "lowest_tier_shed", "restore_hold_s", "rotate_after_s")
    ordering = ("microgrid",)

    def get_readonly_fields(self, request: HttpRequest, obj: ControlRule | None = None) -> tuple[str, ...]:
        return () if obj is None else ("microgrid",)
