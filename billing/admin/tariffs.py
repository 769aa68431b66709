"""Tariffs and their versions: drafted, previewed on real households, published; what was billed stays."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action

from billing.models import Tariff, TariffAssignment, TariffVersion, TimeWindow, VersionStatus
from billing.services.preview import preview_version
from billing.services.tariffs import CannotPublishVersion, draft_from, publish_version
from members.admin.roles import RoleAdmin, RoleTabularInline
from members.models import Role

TREASURERS = (Role.TARIFF_ADMIN,)


class VersionInline(RoleTabularInline):
    """The versions of a tariff, as a list."""

    model = TariffVersion
    fields = (
        "number",
        "status",
        "valid_from",
        "valid_to",
        "energy_per_kwh",
        "standing_per_day",
        "export_per_kwh",
    )
    readonly_fields = fields
    show_change_link = True
    can_delete = False
    ordering = ("-number",)


@admin.register(Tariff)
class TariffAdmin(RoleAdmin):
    """A product with a name; what it costs is in its versions."""

    change_roles = add_roles = TREASURERS
    list_display = ("name", "code", "cooperative", "is_reference")
    search_fields = ("name", "code")
    inlines = (VersionInline,)


class WindowInline(RoleTabularInline):
    """Hours with a price of their own."""

    model = TimeWindow
    change_roles = add_roles = delete_roles = TREASURERS
    fields = ("name", "days", "start_minute", "end_minute", "multiplier")
    ordering = ("start_minute",)
    tab = False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not _is_published(obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and not _is_published(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_published(obj)


def _is_published(version: Any) -> bool:
    return isinstance(version, TariffVersion) and version.status == VersionStatus.PUBLISHED


@admin.register(TariffVersion)
class TariffVersionAdmin(RoleAdmin):
    """A version: while a draft it can be changed and previewed; published it stands."""

    cooperative_path = "tariff__cooperative"
    change_roles = add_roles = delete_roles = TREASURERS
    list_display = ("tariff", "number", "status", "valid_from", "valid_to", "energy_per_kwh", "used_at")
    list_filter = ("status", "tariff")
    ordering = ("tariff", "-number")
    inlines = (WindowInline,)
    readonly_fields = ("number", "status", "valid_to", "preview", "published_at", "published_by", "used_at")
    fieldsets = (
        (None, {"fields": ("tariff", "number", "status", "valid_from", "valid_to", "vat_rate")}),
        ("Prices", {"fields": ("standing_per_day", "energy_per_kwh", "export_per_kwh", "incentive_per_kwh")}),
        ("What bills would become", {"fields": ("preview",)}),
        ("History", {"fields": ("published_at", "published_by", "used_at")}),
    )
    actions_detail = ("publish", "copy_to_draft")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if _is_published(obj):
            return tuple(name for _, options in self.fieldsets for name in options["fields"])
        return self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_published(obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("tariff__cooperative")

    def save_model(self, request: HttpRequest, obj: TariffVersion, form: Any, change: bool) -> None:
        if obj.number is None:
            highest = TariffVersion.objects.filter(tariff=obj.tariff).aggregate(top=Max("number"))["top"]
            obj.number = (highest or 0) + 1
        super().save_model(request, obj, form, change)

    @admin.display(description="Preview")
    def preview(self, version: TariffVersion) -> str:
        """Sample bills of the last billed month, side by side with the tariff in force."""
        if version.pk is None:
            return "Save the draft first; then three real households' last month is shown under its prices."
        return render_to_string("admin/billing/tariff_preview.html", {"bills": preview_version(version)})

    @action(description="Publish", url_path="publish", permissions=["publish"])
    def publish(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Publish the draft; the version before it ends where this one begins."""
        version = self.get_queryset(request).get(pk=object_id)
        try:
            publish_version(version=version, user=request.user, now=timezone.now())  # type: ignore[arg-type]
        except CannotPublishVersion as problem:
            messages.error(request, str(problem))
        else:
            messages.success(request, f"{version} is published from {version.valid_from} on.")
        return redirect(reverse("admin:billing_tariffversion_change", args=[object_id]))

    def has_publish_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, TREASURERS)

    @action(description="Copy to a new draft", url_path="copy", permissions=["publish"])
    def copy_to_draft(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Make a draft with the same prices and windows."""
        draft = draft_from(version=self.get_queryset(request).get(pk=object_id), now=timezone.now())
        messages.success(request, f"{draft} is a draft now: change it, look at the preview, publish it.")
        return redirect(reverse("admin:billing_tariffversion_change", args=[draft.pk]))


@admin.register(TariffAssignment)
class TariffAssignmentAdmin(RoleAdmin):
    """Which site has which tariff, and when."""

    cooperative_path = "tariff__cooperative"
    change_roles = add_roles = TREASURERS
    list_display = ("site", "tariff", "valid_from", "valid_to")
    list_filter = ("tariff",)
    search_fields = ("site__code", "site__name")
    autocomplete_fields = ("site",)
