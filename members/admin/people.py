"""Cooperatives, members, log-ins and who looked at whose data."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from members.admin.roles import FactAdmin, RoleAdmin, RoleTabularInline
from members.models import AccessRecord, Cooperative, Member, Membership, Role, User
from members.selectors.scope import user_of
from members.services.access import record_look
from members.services.cooperatives import cooperative_as_member

admin.site.unregister(Group)  # roles are memberships


@admin.register(Cooperative)
class CooperativeAdmin(RoleAdmin):
    """The issuer's own data, as they stand on bills."""

    cooperative_path = ""
    change_roles = (Role.TARIFF_ADMIN,)
    list_display = ("name", "city", "currency", "email", "emergency_phone")
    search_fields = ("name", "city")
    readonly_fields = ("slug", "currency")
    fieldsets = (
        (None, {"fields": ("name", "slug", "currency", "vat_id")}),
        (gettext_lazy("Address"), {"fields": ("street", "postal_code", "city", "country")}),
        (gettext_lazy("Bank"), {"fields": ("iban", "bic")}),
        (gettext_lazy("Contact"), {"fields": ("email", "phone", "emergency_phone", "website")}),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else self.readonly_fields

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: Cooperative, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        cooperative_as_member(obj)


class MemberLoginInline(RoleTabularInline):
    """Who may act for the member."""

    model = Membership
    fields = ("user", "role")
    readonly_fields = ("user", "role")
    verbose_name_plural = "log-ins"


@admin.register(Member)
class MemberAdmin(RoleAdmin):
    """Members; opening one is a look at personal data and is written down."""

    change_roles = (Role.SUPPORT, Role.OPERATOR)
    add_roles = (Role.SUPPORT, Role.OPERATOR)
    list_display = ("number", "name", "city", "language", "is_cooperative", "joined_date", "left_date")
    list_filter = ("cooperative", "is_cooperative", "language", "publishes_usage")
    search_fields = ("number", "name", "street", "email")
    ordering = ("number",)
    readonly_fields = ("is_cooperative", "publishes_usage", "chain_ref", "external_ref")
    inlines = (MemberLoginInline,)
    fieldsets = (
        (None, {"fields": ("cooperative", "number", "name", "language", "joined_date", "left_date")}),
        (gettext_lazy("Contact"), {"fields": ("street", "postal_code", "city", "country", "email", "iban")}),
        (gettext_lazy("Settings and references"), {"fields": ("is_cooperative", "publishes_usage", "chain_ref", "external_ref")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fixed = () if obj is None else ("cooperative", "number")
        return (*fixed, *self.readonly_fields)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().change_view(request, object_id, *args, **kwargs)
        member = self.get_object(request, object_id)
        if member is not None and response.status_code == 200:
            record_look(user=user_of(request), member=member, what="member in the admin", subject=member.number, now=timezone.now())
        return response


class MembershipInline(RoleTabularInline):
    """A log-in's roles; only a superuser gives roles."""

    model = Membership
    fields = ("cooperative", "role", "member")
    autocomplete_fields = ("member",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    """Log-ins, for superusers."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    ordering = ("email",)
    list_display = ("email", "name", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_active", "is_superuser")
    search_fields = ("email", "name")
    readonly_fields = ("last_login", "joined_at")
    filter_horizontal = ()
    inlines = (MembershipInline,)
    fieldsets = (
        (None, {"fields": ("email", "password", "name", "language")}),
        (gettext_lazy("Rights"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (gettext_lazy("Dates"), {"fields": ("last_login", "joined_at")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "name", "password1", "password2")}),)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


@admin.register(AccessRecord)
class AccessRecordAdmin(FactAdmin):
    """Who looked at whose data."""

    cooperative_path = "member__cooperative"
    view_roles = (Role.AUDITOR,)
    list_display = ("looked_at", "user", "member", "what", "subject")
    list_filter = ("what",)
    search_fields = ("user__email", "member__number", "member__name", "subject")
    date_hierarchy = "looked_at"
    ordering = ("-looked_at",)
    list_select_related = ("user", "member")
