"""Devices, sensors, alarms, certificates: what there is and what happened; operators take the steps."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from energy.admin.enrolment import code_for
from energy.models import (
    Device,
    DeviceAlarm,
    DeviceCertificate,
    DeviceEvent,
    DeviceKey,
    EnrolmentCode,
    MeterExchange,
    RefusalCount,
    RegisterHandOver,
    Sensor,
)
from energy.models.devices import DeviceStatus
from energy.services.alarms import acknowledge_alarm, clear_alarm
from energy.services.devices import decommission_device, require_encryption, revoke_device
from members.admin.roles import FactAdmin, RoleAdmin, RoleTabularInline, label_said
from members.models import Role
from members.selectors.scope import user_of

OPERATORS = (Role.OPERATOR,)
DEVICE_COLOURS = {DeviceStatus.ENROLLED: "success", DeviceStatus.REVOKED: "danger", DeviceStatus.DECOMMISSIONED: "info"}
ALARM_COLOURS = {"open": "danger", "taken care of": "warning", "ended": "success"}
ALARM_STATES = {"open": gettext_lazy("open"), "taken care of": gettext_lazy("taken care of"), "ended": gettext_lazy("ended")}


class KeyInline(RoleTabularInline):
    """A device's keys, the newest first."""

    model = DeviceKey
    fields = ("key_hex", "valid_from", "revoked_at")
    readonly_fields = fields
    ordering = ("-valid_from",)
    verbose_name_plural = gettext_lazy("keys")

    @display(description=gettext_lazy("Key id"))
    def key_hex(self, row: DeviceKey) -> str:
        return bytes(row.key_id).hex()


class EventInline(RoleTabularInline):
    """A device's life, the newest step first."""

    model = DeviceEvent
    fields = ("at", "kind", "by", "detail")
    readonly_fields = fields
    ordering = ("-at",)
    max_num = 0
    per_page = 20


class AlarmInline(RoleTabularInline):
    """A device's alarms."""

    model = DeviceAlarm
    fk_name = "device"
    fields = ("kind", "raised_at", "last_at", "count", "detail", "acknowledged_by", "cleared_at")
    readonly_fields = fields
    ordering = ("-raised_at",)
    max_num = 0


class RefusalInline(RoleTabularInline):
    """What was refused of a device."""

    model = RefusalCount
    fields = ("hour_at", "reason", "count")
    readonly_fields = fields
    ordering = ("-hour_at",)
    max_num = 0
    per_page = 20


@admin.register(Device)
class DeviceAdmin(FactAdmin):
    """Devices; they come in by a code, and end here when one is lost, opened or taken down."""

    cooperative_path = "microgrid__cooperative"
    list_display = ("serves", "name", "status_label", "model", "firmware_version", "last_counter", "last_seen_at")
    list_filter = ("microgrid", "status", "model", "encrypts")
    search_fields = ("name", "meter__code", "meter__site__name", "sensor__code")
    list_select_related = ("meter", "sensor")
    ordering = ("microgrid", "meter__code", "sensor__code")
    fields = ("meter", "sensor", "name", "status", "model", "firmware_version", "encrypts", "last_counter", "last_seen_at", "public_id")
    inlines = (AlarmInline, EventInline, KeyInline, RefusalInline)
    actions = ("revoke_chosen", "decommission_chosen", "encrypt_chosen")
    actions_detail = ("open_page", "open_exchange")

    @display(description=gettext_lazy("Serves"), ordering="meter__code")
    def serves(self, row: Device) -> str:
        return str(row.meter or row.sensor)

    @display(description=gettext_lazy("Status"), label=DEVICE_COLOURS, ordering="status")
    def status_label(self, row: Device) -> tuple[str, str]:
        return row.status, label_said(row.get_status_display())

    def has_step_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, OPERATORS)

    @action(description=gettext_lazy("Its page"), url_path="page")
    def open_page(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The device's page among the site's own."""
        return redirect("device", public_id=self.get_queryset(request).get(pk=object_id).public_id)

    @action(description=gettext_lazy("Exchange its meter"), url_path="exchange", permissions=["step"])
    def open_exchange(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The form in which an exchange is written down."""
        return redirect("device-exchange", public_id=self.get_queryset(request).get(pk=object_id).public_id)

    @action(description=gettext_lazy("Revoke: refuse everything they send from now on"), permissions=["step"])
    def revoke_chosen(self, request: HttpRequest, queryset: QuerySet[Device]) -> None:
        count = self._each(request, queryset, revoke_device, "revoked")
        messages.success(request, f"{count} of the chosen devices revoked; their messages are refused.")

    @action(description=gettext_lazy("Decommission: they were taken down in good order"), permissions=["step"])
    def decommission_chosen(self, request: HttpRequest, queryset: QuerySet[Device]) -> None:
        count = self._each(request, queryset, decommission_device, "decommissioned")
        messages.success(request, f"{count} of the chosen devices decommissioned; their messages are refused.")

    @action(description=gettext_lazy("Require encryption: refuse plain messages"), permissions=["step"])
    def encrypt_chosen(self, request: HttpRequest, queryset: QuerySet[Device]) -> None:
        def step(**arguments: Any) -> None:
            require_encryption(encrypts=True, **arguments)

        count = self._each(request, queryset, step, "encryption required")
        messages.success(request, f"{count} of the chosen devices have to encrypt from now on.")

    def _each(self, request: HttpRequest, chosen: QuerySet[Device], step: Callable[..., Any], word: str) -> int:
        """Take a step for each chosen device in service that the user may change."""
        devices = [
            device
            for device in chosen.select_related("microgrid__cooperative")
            if device.status == DeviceStatus.ENROLLED and self._may_row(request, OPERATORS, device)
        ]
        for device in devices:
            step(device=device, now=timezone.now(), by=user_of(request))
            self.log_change(request, device, word)
        return len(devices)


@admin.register(Sensor)
class SensorAdmin(RoleAdmin):
    """Sensors other than meters; an operator adds one, then makes a code for its device."""

    cooperative_path = "microgrid__cooperative"
    add_roles = change_roles = OPERATORS
    list_display = ("code", "kind", "microgrid", "site", "node", "installed_at", "removed_at")
    list_filter = ("microgrid", "kind")
    search_fields = ("code", "site__name")
    list_select_related = ("microgrid", "site", "node")
    ordering = ("microgrid", "code")
    fields = ("microgrid", "kind", "code", "site", "node", "installed_at", "removed_at")
    autocomplete_fields = ("site", "node")
    actions_detail = ("make_code",)

    def get_readonly_fields(self, request: HttpRequest, obj: Sensor | None = None) -> tuple[str, ...]:
        return ("microgrid", "kind", "code") if obj else ()  # what its readings mean does not change

    @action(description=gettext_lazy("Make a code for its device"), url_path="code", permissions=["code"])
    def make_code(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Let the next device of the sensor in."""
        return code_for(self, request, object_id, "sensor")

    def has_code_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, OPERATORS)


class _DeviceFactAdmin(FactAdmin):
    """Facts of a device."""

    cooperative_path = "device__microgrid__cooperative"
    list_select_related: tuple[str, ...] = ("device__meter", "device__sensor")
    search_fields = ("device__name", "device__meter__code", "device__sensor__code")

    @display(description=gettext_lazy("Device"))
    def serves(self, row: Any) -> str:
        return str(row.device.meter or row.device.sensor)


@admin.register(DeviceAlarm)
class DeviceAlarmAdmin(_DeviceFactAdmin):
    """Alarms, open ones first; operators take care of them and end them."""

    list_display = ("kind", "serves", "state", "raised_at", "last_at", "count", "detail", "acknowledged_by")
    list_filter = ("kind", "device__microgrid", ("cleared_at", admin.EmptyFieldListFilter))
    ordering = (F("cleared_at").desc(nulls_first=True), "-raised_at")
    actions = ("acknowledge_chosen", "clear_chosen")

    @display(description=gettext_lazy("State"), label=ALARM_COLOURS)
    def state(self, row: DeviceAlarm) -> tuple[str, str]:
        code = "ended" if row.cleared_at else "taken care of" if row.acknowledged_at else "open"
        return code, str(ALARM_STATES[code])

    def has_step_permission(self, request: HttpRequest) -> bool:
        return self._may(request, OPERATORS)

    @action(description=gettext_lazy("Take care of them"), permissions=["step"])
    def acknowledge_chosen(self, request: HttpRequest, queryset: QuerySet[DeviceAlarm]) -> None:
        self._each(request, queryset, acknowledge_alarm)

    @action(description=gettext_lazy("End them"), permissions=["step"])
    def clear_chosen(self, request: HttpRequest, queryset: QuerySet[DeviceAlarm]) -> None:
        self._each(request, queryset, clear_alarm)

    def _each(self, request: HttpRequest, chosen: QuerySet[DeviceAlarm], step: Callable[..., Any]) -> None:
        alarms = [a for a in chosen.select_related("device__microgrid__cooperative") if self._may_row(request, OPERATORS, a)]
        for alarm in alarms:
            step(alarm=alarm, by=user_of(request), now=timezone.now())
        messages.success(request, f"{len(alarms)} alarms changed.")


@admin.register(DeviceEvent)
class DeviceEventAdmin(_DeviceFactAdmin):
    """The steps of all devices' lives."""

    list_display = ("at", "kind", "serves", "by", "detail")
    list_filter = ("kind", "device__microgrid")
    list_select_related = ("device__meter", "device__sensor", "by")
    date_hierarchy = "at"
    ordering = ("-at",)


@admin.register(DeviceCertificate)
class DeviceCertificateAdmin(_DeviceFactAdmin):
    """Certificates issued to devices; they end with their device."""

    list_display = ("serial", "serves", "issued_at", "expires_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    fields = ("device", "serial", "issued_at", "expires_at", "revoked_at", "certificate_pem")
    ordering = ("-issued_at",)


@admin.register(EnrolmentCode)
class EnrolmentCodeAdmin(FactAdmin):
    """Codes made for devices; only their first letters and a hash are kept."""

    cooperative_path = "microgrid__cooperative"
    list_display = ("locator", "meter", "sensor", "made_by", "made_at", "expires_at", "used_at", "failures")
    list_select_related = ("meter", "sensor", "made_by")
    list_filter = (("used_at", admin.EmptyFieldListFilter),)
    search_fields = ("locator", "meter__code", "sensor__code")
    fields = ("locator", "meter", "sensor", "device", "made_by", "made_at", "expires_at", "used_at", "failures")
    ordering = ("-made_at",)


class HandOverInline(RoleTabularInline):
    """The registers' readings at an exchange."""

    model = RegisterHandOver
    fields = ("channel", "last_wh", "first_wh")
    readonly_fields = fields
    max_num = 0


@admin.register(MeterExchange)
class MeterExchangeAdmin(FactAdmin):
    """Exchanges of meters, written down on the pages of their devices."""

    cooperative_path = "meter__microgrid__cooperative"
    list_display = ("meter", "exchanged_at", "old_serial", "new_serial", "by", "recorded_at")
    list_select_related = ("meter", "by")
    search_fields = ("meter__code", "old_serial", "new_serial")
    inlines = (HandOverInline,)
    ordering = ("-exchanged_at",)


@admin.register(RefusalCount)
class RefusalCountAdmin(FactAdmin):
    """Refused messages by hour and reason; those of unknown keys belong to no device and are shown to superusers."""

    cooperative_path = "device__microgrid__cooperative"
    list_display = ("hour_at", "reason", "count", "device")
    list_filter = ("reason",)
    search_fields = ("device__name", "device__meter__code")
    list_select_related = ("device",)
    date_hierarchy = "hour_at"
    ordering = ("-hour_at",)

    def cooperative_id_of(self, row: Any) -> int | None:
        return None if row.device is None else super().cooperative_id_of(row)
