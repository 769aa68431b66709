"""Closings of years, to look at; they are prepared, released and opened again under Books."""

from django.contrib import admin

from billing.models import YearClosing
from members.admin.roles import FactAdmin
from members.models import Role


@admin.register(YearClosing)
class YearClosingAdmin(FactAdmin):
    """What was carried to equity, and by whom."""

    view_roles = (Role.TARIFF_ADMIN, Role.AUDITOR)
    list_display = ("first_day", "last_day", "status", "result_minor", "reserve_minor", "prepared_by", "released_by")
    list_filter = ("status",)
    list_select_related = ("prepared_by", "released_by", "cooperative")
