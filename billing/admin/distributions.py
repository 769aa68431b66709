"""Shares that members paid in, and what the bylaws say of sharing out."""

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from billing.models import DistributionRule, MemberShare
from members.admin.roles import RoleAdmin
from members.models import Role
from members.selectors.scope import user_of

BOOKS = (Role.TARIFF_ADMIN, Role.AUDITOR)
KEEPER = (Role.TARIFF_ADMIN,)


@admin.register(DistributionRule)
class DistributionRuleAdmin(RoleAdmin):
    """From a day on; the newest in force on a distribution's last day counts."""

    view_roles = BOOKS
    change_roles = KEEPER
    add_roles = KEEPER
    list_display = ("cooperative", "valid_from", "reserve_rate", "highest_dividend", "dividend_withholding", "member_cap_minor")


@admin.register(MemberShare)
class MemberShareAdmin(RoleAdmin):
    """Paid in on a day; paid and given back on their own page under Money, where they are booked."""

    cooperative_path = "member__cooperative"
    view_roles = BOOKS
    change_roles = KEEPER
    add_roles = KEEPER
    list_display = ("member", "count", "paid_in_minor", "paid_in_date", "way", "returned_date", "repaid_minor")
    list_select_related = ("member",)
    search_fields = ("member__number", "member__name")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        return ("member", "count", "paid_in_minor", "paid_in_date", "returned_date")

    def save_model(self, request: HttpRequest, obj: MemberShare, form: ModelForm, change: bool) -> None:
        if not change:
            obj.noted_by = user_of(request)
        super().save_model(request, obj, form, change)
