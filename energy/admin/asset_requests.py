"""What members asked to have entered; decided on the page for it."""

from django.contrib import admin

from energy.models import AssetRequest
from members.admin.roles import FactAdmin
from members.models import Role


@admin.register(AssetRequest)
class AssetRequestAdmin(FactAdmin):
    """Requests for devices, with what became of them."""

    cooperative_path = "site__microgrid__cooperative"
    view_roles = (Role.OPERATOR, Role.AUDITOR, Role.SUPPORT)
    list_display = ("name", "kind", "site", "power_w", "meter_code", "state", "asked_at", "decided_by")
    list_filter = ("site__microgrid", "state", "kind")
    list_select_related = ("site", "decided_by")
    search_fields = ("name", "meter_code", "site__code", "site__name")
    ordering = ("-asked_at",)
