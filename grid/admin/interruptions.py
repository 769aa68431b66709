"""Interruptions of supply as facts; operators record them on their page."""

from django.contrib import admin

from grid.admin.decisions import MicrogridFactAdmin
from grid.models import Interruption


@admin.register(Interruption)
class InterruptionAdmin(MicrogridFactAdmin):
    """Interruptions, the newest first."""

    list_display = ("started_at", "ended_at", "microgrid", "cause", "note", "recorded_by")
    list_filter = ("microgrid", "cause")
    ordering = ("-started_at", "-pk")
    list_select_related = ("microgrid", "recorded_by")
