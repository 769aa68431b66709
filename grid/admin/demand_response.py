"""Demand response as facts; members and operators act on their pages."""

from django.contrib import admin

from grid.admin.decisions import MicrogridFactAdmin
from grid.models import DemandConsent, DemandEvent, DemandProgramme, DemandResponse


@admin.register(DemandProgramme)
class DemandProgrammeAdmin(MicrogridFactAdmin):
    """What members may consent to."""

    list_display = ("name", "microgrid", "incentive_per_kwh", "notice_minutes", "most_events_per_month", "offered_at", "ended_at")
    ordering = ("microgrid", "name")


@admin.register(DemandConsent)
class DemandConsentAdmin(MicrogridFactAdmin):
    """Who takes part, and who did."""

    cooperative_path = "programme__microgrid__cooperative"
    list_display = ("site", "programme", "given_by", "given_at", "withdrawn_at")
    list_select_related = ("site", "programme", "given_by")
    ordering = ("-given_at",)


@admin.register(DemandEvent)
class DemandEventAdmin(MicrogridFactAdmin):
    """Events, the newest first."""

    cooperative_path = "programme__microgrid__cooperative"
    list_display = ("start_at", "end_at", "programme", "reason", "called_by", "cancelled_at", "measured_at", "booked_at")
    list_select_related = ("programme__microgrid", "called_by")
    ordering = ("-start_at",)


@admin.register(DemandResponse)
class DemandResponseAdmin(MicrogridFactAdmin):
    """What each site brought."""

    cooperative_path = "event__programme__microgrid__cooperative"
    list_display = ("event", "site", "opted_out_at", "delivered_wh", "incentive_minor", "why_not")
    list_select_related = ("event__programme__microgrid", "site")
    search_fields = ("site__code",)
    ordering = ("-event__start_at", "site__code")
