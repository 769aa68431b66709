"""Alarms of the grid as facts; operators act on their page."""

from django.contrib import admin

from grid.admin.decisions import MicrogridFactAdmin
from grid.models import GridAlarm


@admin.register(GridAlarm)
class GridAlarmAdmin(MicrogridFactAdmin):
    """Alarms, the newest first."""

    list_display = ("raised_at", "microgrid", "priority", "kind", "subject", "sentence", "acknowledged_by", "cleared_at", "shelved_until")
    list_filter = ("microgrid", "kind", "priority")
    ordering = ("-raised_at", "-pk")
    list_select_related = ("microgrid", "acknowledged_by")
