"""Tariffs and their versions: drafted, previewed on real households, published; what was billed stays."""

import re
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action

from billing.models import Tariff, TariffAssignment, TariffVersion, TimeWindow, VersionStatus
from billing.selectors.tariffs import version_as_openei
from billing.services.preview import preview_version
from billing.services.tariffs import CannotPublishVersion, draft_from, publish_version
from members.admin.confirm import ask_first
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


class MinuteOfDayField(forms.CharField):
    """A time of day as people write it, `17:00`; `24:00` is the day's end. Its value is minutes after midnight."""

    default_error_messages = {"time": "Write a time of day, for example 17:00; 24:00 is the day's end."}

    def prepare_value(self, value: Any) -> Any:
        return minute_text(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> int | None:
        text = super().to_python(value)
        if not text:
            return None
        found = re.fullmatch(r"(\d{1,2}):(\d{2})", text.strip())
        minutes = int(found[1]) * 60 + int(found[2]) if found and int(found[2]) < 60 else None
        if minutes is None or minutes > 1440:
            raise forms.ValidationError(self.error_messages["time"], code="time")
        return minutes


def minute_text(minutes: int) -> str:
    """Minutes after midnight as a time of day."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


class WindowForm(forms.ModelForm):
    """A window with its hours as people write them."""

    start_minute = MinuteOfDayField(label="from", help_text="Local time, for example 17:00.")
    end_minute = MinuteOfDayField(label="until", help_text="24:00 is the day's end.")

    class Meta:
        model = TimeWindow
        fields = ("name", "days", "start_minute", "end_minute", "multiplier")


class VersionForm(forms.ModelForm):
    """A version; an emptied field of parts means none."""

    class Meta:
        model = TariffVersion
        fields = "__all__"
        widgets = {
            "parts": forms.Textarea(
                attrs={"rows": 12, "spellcheck": "false", "style": "font-family:monospace;width:100%"}
            )
        }

    def clean_parts(self) -> list[Any]:
        return self.cleaned_data["parts"] or []


class WindowInline(RoleTabularInline):
    """Hours with a price of their own."""

    model = TimeWindow
    change_roles = add_roles = delete_roles = TREASURERS
    form = WindowForm
    readonly_fields = ("hours",)
    ordering = ("start_minute",)
    tab = False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        hours = ("hours",) if _is_published(obj) else ("start_minute", "end_minute")
        return ("name", "days", *hours, "multiplier")

    @admin.display(description="Hours")
    def hours(self, window: TimeWindow) -> str:
        """From when until when, local time."""
        return f"{minute_text(window.start_minute)} to {minute_text(window.end_minute)}"

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
    form = VersionForm
    change_roles = add_roles = delete_roles = TREASURERS
    list_display = ("tariff", "number", "status", "valid_from", "valid_to", "energy_per_kwh", "used_at")
    list_filter = ("status", "tariff")
    ordering = ("tariff", "-number")
    inlines = (WindowInline,)
    readonly_fields = ("number", "status", "valid_to", "preview", "published_at", "published_by", "used_at")
    fieldsets = (
        (None, {"fields": ("tariff", "number", "status", "valid_from", "valid_to", "vat_rate")}),
        ("Prices", {"fields": ("standing_per_day", "energy_per_kwh", "export_per_kwh", "incentive_per_kwh")}),
        (
            "More parts",
            {
                "fields": ("parts",),
                "description": "Tiers, demand, levies, discounts and a minimum, as docs/tariffs.md describes them. An energy part "
                "replaces the price of energy from the public grid; local prices still follow from the prices above.",
            },
        ),
        ("What bills would become", {"fields": ("preview",)}),
        ("History", {"fields": ("published_at", "published_by", "used_at")}),
    )
    actions_detail = ("publish", "copy_to_draft", "download_openei")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not _is_published(obj)

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
        context = {"bills": preview_version(version), "version": version}
        return render_to_string("admin/billing/tariff_preview.html", context)

    @action(description="Publish", url_path="publish", permissions=["publish"])
    def publish(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Publish the draft; the version before it ends where this one begins."""
        version = self.get_queryset(request).get(pk=object_id)
        here = reverse("admin:billing_tariffversion_change", args=[object_id])
        asked = ask_first(
            request, title=f"Publish {version}", button="Publish", back=here,
            sentence=f"{version} will hold from {version.valid_from} on, and the version before it ends there. "
            "Published, it can be copied but no longer changed.",
        )  # fmt: skip
        if asked:
            return asked
        try:
            publish_version(version=version, user=request.user, now=timezone.now())  # type: ignore[arg-type]
        except CannotPublishVersion as problem:
            messages.error(request, str(problem))
        else:
            messages.success(request, f"{version} is published from {version.valid_from} on.")
        return redirect(here)

    def has_publish_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        version = TariffVersion.objects.filter(pk=object_id).first() if object_id else None
        return self._may(request, TREASURERS) and not _is_published(version)

    def has_copy_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, TREASURERS)

    @action(description="Copy to a new draft", url_path="copy", permissions=["copy"])
    def copy_to_draft(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Make a draft with the same prices and windows."""
        version = self.get_queryset(request).get(pk=object_id)
        asked = ask_first(
            request, title=f"Copy {version}", button="Make the draft",
            back=reverse("admin:billing_tariffversion_change", args=[object_id]),
            sentence=f"A draft with the prices and windows of {version} will be made. {version} stays as it is.",
        )  # fmt: skip
        if asked:
            return asked
        draft = draft_from(version=version, now=timezone.now())
        messages.success(request, f"{draft} is a draft now: change it, look at the preview, publish it.")
        return redirect(reverse("admin:billing_tariffversion_change", args=[draft.pk]))

    @action(description="Download as OpenEI JSON", url_path="openei")
    def download_openei(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The version as a file that other programs read."""
        version = self.get_queryset(request).get(pk=object_id)
        name = f"{version.tariff.code}-{version.number}.json"
        return HttpResponse(
            version_as_openei(version), content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )  # fmt: skip


@admin.register(TariffAssignment)
class TariffAssignmentAdmin(RoleAdmin):
    """Which site has which tariff, and when."""

    cooperative_path = "tariff__cooperative"
    change_roles = add_roles = TREASURERS
    list_display = ("site", "tariff", "valid_from", "valid_to")
    list_filter = ("tariff",)
    search_fields = ("site__code", "site__name")
    autocomplete_fields = ("site",)
