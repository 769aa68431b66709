"""What plans count with: peak charge, wear, reserve; set by operators."""

from django.contrib import admin
from django.http import HttpRequest

from grid.models import PlanRule
from members.admin.roles import RoleAdmin
from members.models import Role


@admin.register(PlanRule)
class PlanRuleAdmin(RoleAdmin):
    """One rule per microgrid; without one the defaults hold."""

    cooperative_path = "microgrid__cooperative"
    change_roles = add_roles = delete_roles = (Role.OPERATOR,)
    list_display = ("microgrid", "peak_micro_per_kw", "wear_micro_per_kwh", "reserve_wh")
    ordering = ("microgrid",)

    def get_readonly_fields(self, request: HttpRequest, obj: PlanRule | None = None) -> tuple[str, ...]:
        return () if obj is None else ("microgrid",)
