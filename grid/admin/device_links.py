"""Links to devices, with what was sent, what was read back and what is wrong; charging; OpenADR's programmes, events and reports."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from grid.domain.devices.links import may_be_reached
from grid.models import AdrEvent, AdrProgram, AdrReport, ChargingSession, ChargingTag, DeviceLink, LinkProtocol
from grid.selectors.device_links import health, read_back, told
from grid.services.charging import tag_digest
from grid.services.device_links import give_key
from members.admin.roles import FactAdmin, RoleAdmin, label_said
from members.language import energy_in_words, say_kept
from members.models import Role

OPERATORS = (Role.OPERATOR,)
# What the platform finds out by itself.
FOUND = ("key_hint", "model", "version", "state", "last_contact_at", "told", "read_back", "health", "problem_since", "failures")


class LinkForm(forms.ModelForm):
    """Refuses an address that devices may not have before it is stored."""

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        address = found.get("address")
        if found.get("protocol") == LinkProtocol.SUNSPEC and not address:
            raise ValidationError({"address": say_kept("SunSpec needs the device's IP address.")})
        if address and not may_be_reached(address, settings.DEVICE_NETWORKS):
            allowed = ", ".join(settings.DEVICE_NETWORKS)
            raise ValidationError({"address": say_kept(f"Devices may only be in {allowed} (DEVICE_NETWORKS).")})
        devices = [found.get(kind) for kind in ("storage", "source", "consumer")]
        grids = {device.site.microgrid_id for device in devices if device is not None}
        if len([device for device in devices if device is not None]) != 1:
            raise ValidationError(say_kept("Choose one storage, source or load."))
        if found.get("microgrid") and grids != {found["microgrid"].pk}:
            raise ValidationError(say_kept("The device belongs to another microgrid."))
        return found


@admin.register(DeviceLink)
class DeviceLinkAdmin(RoleAdmin):
    """By which protocol a device is told, and how that goes."""

    form = LinkForm
    cooperative_path = "microgrid__cooperative"
    add_roles = change_roles = delete_roles = OPERATORS
    list_display = ("device", "protocol", "is_enabled", "heard", "told", "read_back", "health")
    list_filter = ("microgrid", "protocol", "is_enabled", "problem")
    list_select_related = ("storage", "source", "consumer")
    ordering = ("microgrid", "protocol", "pk")
    fields = (
        "microgrid",
        "storage",
        "source",
        "consumer",
        "protocol",
        "is_enabled",
        "address",
        "port",
        "unit_id",
        "station",
        "connector",
        "fallback_w",
        "gateway",
        *FOUND,
    )
    readonly_fields = FOUND
    actions = ("give_new_key",)

    @display(description=gettext_lazy("Last contact"), ordering="last_contact_at")
    def heard(self, row: DeviceLink) -> Any:
        return row.last_contact_at or _("never")

    @display(description=gettext_lazy("Last set-point"))
    def told(self, row: DeviceLink) -> str:
        return label_said(told(row))

    @display(description=gettext_lazy("Read back"))
    def read_back(self, row: DeviceLink) -> str:
        return label_said(read_back(row))

    @display(description=gettext_lazy("How it goes"))
    def health(self, row: DeviceLink) -> str:
        return label_said(health(row))

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return self._may(request, OPERATORS)

    @action(description=gettext_lazy("Give a new key to those that call us; the old one ends at once"), permissions=["operate"])
    def give_new_key(self, request: HttpRequest, queryset: QuerySet[DeviceLink]) -> None:
        for link in queryset.exclude(protocol=LinkProtocol.SUNSPEC).select_related("microgrid"):
            if self._may_row(request, OPERATORS, link):
                messages.warning(request, f"Key of {link.station}, shown this once: {give_key(link=link)}")
                self.log_change(request, link, "given a new key")


class TagForm(forms.ModelForm):
    """The card's id is typed in once and kept as its hash."""

    card = forms.CharField(
        label=gettext_lazy("Card"), max_length=36, help_text=gettext_lazy("As the reader shows it; only its hash is kept.")
    )

    def save(self, commit: bool = True) -> ChargingTag:
        self.instance.tag_sha256 = tag_digest(self.cleaned_data["card"])
        return super().save(commit)


@admin.register(ChargingTag)
class ChargingTagAdmin(RoleAdmin):
    """Who may charge."""

    form = TagForm
    cooperative_path = "microgrid__cooperative"
    add_roles = change_roles = OPERATORS
    list_display = ("name", "microgrid", "revoked_at")
    list_filter = ("microgrid",)
    list_select_related = ("microgrid",)
    ordering = ("microgrid", "name")
    fields = ("microgrid", "name", "card", "revoked_at")


class LinkFactAdmin(FactAdmin):
    """What devices said."""

    cooperative_path = "link__microgrid__cooperative"
    view_roles = (Role.OPERATOR, Role.AUDITOR)


@admin.register(ChargingSession)
class ChargingSessionAdmin(LinkFactAdmin):
    """Charging, the newest first."""

    list_display = ("started_at", "link", "tag", "energy", "ended_at", "reason")
    list_filter = ("link__microgrid",)
    list_select_related = ("link__consumer", "tag")
    ordering = ("-started_at",)

    @display(description=gettext_lazy("Energy"))
    def energy(self, row: ChargingSession) -> str:
        if row.start_wh is None or row.end_wh is None:
            return "–"
        return energy_in_words(row.end_wh - row.start_wh)


@admin.register(AdrReport)
class AdrReportAdmin(LinkFactAdmin):
    """Reports on events, the newest first."""

    list_display = ("created_at", "event", "client_name", "name")
    list_filter = ("link__microgrid",)
    list_select_related = ("event",)
    ordering = ("-created_at",)


@admin.register(AdrProgram)
class AdrProgramAdmin(RoleAdmin):
    """OpenADR's programmes."""

    cooperative_path = "microgrid__cooperative"
    add_roles = change_roles = OPERATORS
    list_display = ("name", "microgrid", "payload")
    list_filter = ("microgrid", "payload")
    list_select_related = ("microgrid",)
    ordering = ("microgrid", "name")
    fields = ("microgrid", "name", "payload")

    def save_model(self, request: HttpRequest, obj: AdrProgram, form: Any, change: bool) -> None:
        obj.modified_at = timezone.now()
        if not change:
            obj.created_at = obj.modified_at
        super().save_model(request, obj, form, change)


@admin.register(AdrEvent)
class AdrEventAdmin(FactAdmin):
    """OpenADR's events; they come from prices and decisions."""

    cooperative_path = "program__microgrid__cooperative"
    view_roles = (Role.OPERATOR, Role.AUDITOR)
    list_display = ("start_at", "name", "program", "link", "priority", "end_at")
    list_filter = ("program",)
    list_select_related = ("program", "link__consumer", "link__storage", "link__source")
    ordering = ("-start_at",)
