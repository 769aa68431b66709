"""Runs of members' devices as facts; members ask for them on their page."""

from django.contrib import admin

from grid.admin.decisions import MicrogridFactAdmin
from grid.models import FlexibleRun, FlexibleRunResult


@admin.register(FlexibleRun)
class FlexibleRunAdmin(MicrogridFactAdmin):
    """What devices are to do by when, the latest first."""

    list_display = ("name", "consumer", "energy_wh", "power_w", "start_at", "ready_at", "may_pause", "withdrawn_at")
    list_select_related = ("consumer",)
    ordering = ("-ready_at",)


@admin.register(FlexibleRunResult)
class FlexibleRunResultAdmin(MicrogridFactAdmin):
    """What runs came to by the meter and saved, the latest first."""

    cooperative_path = "run__microgrid__cooperative"
    list_display = ("run", "ready_day", "revision", "is_current", "moved_wh", "event_wh", "owed_micro")
    list_select_related = ("run__consumer",)
    ordering = ("-ready_day", "run")
