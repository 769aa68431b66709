"""Imports, gateways, silences and versions in the admin."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from energy.models import FeedSilence, Gateway, GatewayMeter, GatewayRefusal, ImportProblem, ImportStatus, ReadingImport
from energy.services.gateways import KEY_PREFIX, renew_key, revoke_gateway
from members.admin.roles import FactAdmin, RoleAdmin, RoleTabularInline, label_said
from members.models import Role

IMPORT_COLOURS = {
    ImportStatus.WAITING: "info",
    ImportStatus.STAGED: "warning",
    ImportStatus.FAULTY: "danger",
    ImportStatus.ACCEPTED: "success",
    ImportStatus.DISCARDED: "info",
}


class ProblemInline(RoleTabularInline):
    """What is wrong, row by row."""

    model = ImportProblem
    fields = ("row", "column", "what", "mending")
    readonly_fields = fields
    ordering = ("row", "column")


@admin.register(ReadingImport)
class ReadingImportAdmin(FactAdmin):
    """Imports; handed in and accepted on the page of readings."""

    cooperative_path = "microgrid__cooperative"
    list_display = ("file_name", "format", "status_label", "uploaded_by", "uploaded_at", "accepted_by", "accepted_at")
    list_filter = ("microgrid", "status", "format")
    list_select_related = ("uploaded_by", "accepted_by")
    search_fields = ("file_name", "file__sha256")
    ordering = ("-uploaded_at",)
    inlines = (ProblemInline,)

    @display(description=gettext_lazy("Status"), label=IMPORT_COLOURS, ordering="status")
    def status_label(self, row: ReadingImport) -> tuple[str, str]:
        return row.status, label_said(row.get_status_display())


class GatewayMeterInline(RoleTabularInline):
    """The meters that a gateway may speak for."""

    model = GatewayMeter
    fields = ("reference", "meter")
    autocomplete_fields = ("meter",)
    add_roles = change_roles = delete_roles = (Role.OPERATOR,)


@admin.register(Gateway)
class GatewayAdmin(RoleAdmin):
    """Gateways with their meters; a key is shown once, when it is given."""

    cooperative_path = "microgrid__cooperative"
    add_roles = change_roles = (Role.OPERATOR,)
    list_display = ("name", "microgrid", "key_hint", "last_seen_at", "enrolled_at", "revoked_at")
    list_filter = ("microgrid",)
    list_select_related = ("microgrid",)
    ordering = ("microgrid", "name")
    fields = ("microgrid", "name", "key_hint", "enrolled_at", "last_seen_at", "revoked_at")
    inlines = (GatewayMeterInline,)
    actions = ("give_new_key", "revoke_chosen")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        always = ("key_hint", "enrolled_at", "last_seen_at", "revoked_at")
        return (*always, "microgrid") if obj else always

    def save_model(self, request: HttpRequest, obj: Gateway, form: Any, change: bool) -> None:
        if not change:
            obj.enrolled_at = timezone.now()
            obj.key_sha256, obj.key_hint = f"none yet {obj.public_id}", KEY_PREFIX
        super().save_model(request, obj, form, change)
        if not change:
            self._show_key(request, obj)

    def _show_key(self, request: HttpRequest, gateway: Gateway) -> None:
        key = renew_key(gateway=gateway)
        messages.warning(request, f"Key of {gateway.name}, shown this once: {key}")
        self.log_change(request, gateway, "given a new key")

    def _chosen(self, request: HttpRequest, queryset: QuerySet[Gateway]) -> list[Gateway]:
        rows = queryset.select_related("microgrid__cooperative")
        return [row for row in rows if self._may_row(request, (Role.OPERATOR,), row)]

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return self._may(request, (Role.OPERATOR,))

    @action(description=gettext_lazy("Give a new key; the old one ends at once"), permissions=["operate"])
    def give_new_key(self, request: HttpRequest, queryset: QuerySet[Gateway]) -> None:
        for gateway in self._chosen(request, queryset):
            self._show_key(request, gateway)

    @action(description=gettext_lazy("Revoke: refuse everything that comes with their keys"), permissions=["operate"])
    def revoke_chosen(self, request: HttpRequest, queryset: QuerySet[Gateway]) -> None:
        chosen = self._chosen(request, queryset)
        for gateway in chosen:
            revoke_gateway(gateway=gateway, now=timezone.now())
            self.log_change(request, gateway, "revoked")
        messages.success(request, f"{len(chosen)} gateways revoked.")


@admin.register(GatewayRefusal)
class GatewayRefusalAdmin(FactAdmin):
    """Refused bodies by hour and reason; those of unknown keys are shown to superusers."""

    cooperative_path = "gateway__microgrid__cooperative"
    list_display = ("hour_at", "reason", "count", "gateway")
    list_filter = ("reason",)
    list_select_related = ("gateway",)
    ordering = ("-hour_at",)

    def cooperative_id_of(self, row: Any) -> int | None:
        return None if row.gateway is None else super().cooperative_id_of(row)


@admin.register(FeedSilence)
class FeedSilenceAdmin(FactAdmin):
    """What fell silent, and when it was heard again."""

    cooperative_path = "microgrid__cooperative"
    list_display = ("__str__", "kind", "since_at", "found_at", "ended_at")
    list_filter = ("microgrid", "kind")
    list_select_related = ("meter", "gateway")
    ordering = ("-found_at",)
