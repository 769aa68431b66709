"""The rule by which open bills are reminded, base rates, and who is spared."""

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from billing.models import ArrearsRule, BaseRate, Protection, ReminderStage
from members.admin.roles import RoleAdmin, RoleTabularInline
from members.models import Role
from members.selectors.scope import user_of

BOOKS = (Role.TARIFF_ADMIN, Role.AUDITOR)
KEEPER = (Role.TARIFF_ADMIN,)


class StageInline(RoleTabularInline):
    """The reminders of a rule."""

    model = ReminderStage
    view_roles = BOOKS
    change_roles = KEEPER
    add_roles = KEEPER
    delete_roles = KEEPER
    tab = False


@admin.register(ArrearsRule)
class ArrearsRuleAdmin(RoleAdmin):
    """From a day on; the newest one in force counts."""

    view_roles = BOOKS
    change_roles = KEEPER
    add_roles = KEEPER
    list_display = ("cooperative", "valid_from", "least_minor", "interest_points", "charges_interest")
    inlines = (StageInline,)


@admin.register(BaseRate)
class BaseRateAdmin(RoleAdmin):
    """Published by the central bank for a currency, so of no cooperative: read by all who keep books, entered by the superuser."""

    view_roles = BOOKS
    list_display = ("currency", "valid_from", "percent")

    def cooperative_id_of(self, row: Any) -> int | None:
        return None

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, BOOKS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def get_queryset(self, request: HttpRequest) -> Any:
        return BaseRate.objects.all()


@admin.register(Protection)
class ProtectionAdmin(RoleAdmin):
    """Who is spared, and until when; noted by support or treasurer."""

    cooperative_path = "member__cooperative"
    view_roles = (*BOOKS, Role.SUPPORT)
    change_roles = (*KEEPER, Role.SUPPORT)
    add_roles = (*KEEPER, Role.SUPPORT)
    list_display = ("member", "kind", "valid_from", "valid_to")
    list_select_related = ("member",)

    def save_model(self, request: HttpRequest, obj: Protection, form: ModelForm, change: bool) -> None:
        if not change:
            obj.noted_by = user_of(request)
        super().save_model(request, obj, form, change)
