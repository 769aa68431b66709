"""Paying before using: the cooperative's rule; agreements, looks and alarms as facts. Members agree on their page, treasurers on theirs."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from billing.models import PrepaidAgreement, PrepaidAlarm, PrepaidRule
from members.admin.roles import FactAdmin, RoleAdmin
from members.models import Role

BOOKS = (Role.TARIFF_ADMIN, Role.AUDITOR)
KEEPER = (Role.TARIFF_ADMIN,)


@admin.register(PrepaidRule)
class PrepaidRuleAdmin(RoleAdmin):
    """One per cooperative. A friendly credit that was agreed on stays as it was agreed."""

    view_roles = BOOKS
    change_roles = add_roles = KEEPER
    list_display = ("cooperative", "low_days", "very_low_days", "little_minor", "friendly_minor", "friendly_days", "limit_w")
    fieldsets = (
        (None, {"fields": ("cooperative",)}),
        (gettext_lazy("Told"), {"fields": (("low_days", "very_low_days"), "little_minor")}),
        (gettext_lazy("Friendly credit"), {"fields": (("friendly_minor", "friendly_days"),)}),
        (
            gettext_lazy("Limit"),
            {
                "fields": (
                    "limit_w",
                    ("night_from_hour", "night_to_hour"),
                    "spares_weekends",
                    ("winter_first_month", "winter_last_month"),
                    "spares_all_in_winter",
                )
            },
        ),
    )

    def get_readonly_fields(self, request, obj=None):
        return () if obj is None else ("cooperative",)


@admin.register(PrepaidAgreement)
class PrepaidAgreementAdmin(FactAdmin):
    """Who agreed to what, and when it ended."""

    view_roles = (*BOOKS, Role.SUPPORT)
    list_display = ("member", "reference", "valid_from", "ended_date", "friendly_minor", "friendly_days")
    list_filter = ("cooperative",)
    search_fields = ("reference", "member__number", "member__name")
    list_select_related = ("member", "cooperative")
    ordering = ("-agreed_at",)


@admin.register(PrepaidAlarm)
class PrepaidAlarmAdmin(FactAdmin):
    """What members were told, once per fall."""

    cooperative_path = "agreement__cooperative"
    view_roles = (*BOOKS, Role.SUPPORT)
    list_display = ("passed_at", "agreement", "alarm", "shown_minor", "days_left", "is_told", "over_at")
    list_filter = ("alarm",)
    list_select_related = ("agreement__member", "agreement__cooperative")
    ordering = ("-passed_at", "-pk")
