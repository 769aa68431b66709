"""Microgrids, sites and what stands behind them; devices and what was refused."""

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from energy.admin.connection_forms import BATTERY, ConnectionForm, MicrogridForm, StorageForm
from energy.admin.enrolment import code_for
from energy.models import Consumer, Line, Meter, Microgrid, NetworkChange, Node, Site, Source, StorageUnit, Switch, Transformer
from energy.models.assets import AssetStatus
from energy.services.connections import beginning, connect_site, meter_asset
from members.admin.roles import FactAdmin, RoleAdmin, RoleTabularInline, label_said
from members.models import Role
from members.selectors.scope import user_of

ASSET_COLOURS = {
    AssetStatus.ACTIVE: "success",
    AssetStatus.MAINTENANCE: "warning",
    AssetStatus.FAULTY: "danger",
    AssetStatus.RETIRED: "info",
}


@admin.register(Microgrid)
class MicrogridAdmin(RoleAdmin):
    """Settlement boundaries, made by superusers; zone and interval are fixed then, for every stored day was cut by them."""

    form = MicrogridForm
    change_roles = (Role.OPERATOR,)
    list_display = ("name", "cooperative", "site_count", "time_zone", "interval_minutes", "import_limit", "export_limit")
    search_fields = ("name", "slug")
    readonly_fields = (
        "cooperative",
        "slug",
        "time_zone",
        "interval_minutes",
        "chain_ref",
        "external_ref",
        "clock_real_start",
        "clock_shown_start",
        "clock_speed",
    )
    fieldsets = (
        (None, {"fields": ("name", "cooperative", "slug", "time_zone", "interval_minutes")}),
        (gettext_lazy("Public holidays"), {"fields": ("country", "region")}),
        (gettext_lazy("Limits at the point of common coupling"), {"fields": ("import_limit_w", "export_limit_w")}),
        (gettext_lazy("Settlement"), {"fields": ("settles_losses",)}),
        (gettext_lazy("Replay clock"), {"fields": ("clock_real_start", "clock_shown_start", "clock_speed")}),
        (gettext_lazy("References"), {"fields": ("chain_ref", "external_ref")}),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (
            self.readonly_fields
            if obj is not None
            else ("chain_ref", "external_ref", "clock_real_start", "clock_shown_start", "clock_speed")
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Microgrid]:
        return super().get_queryset(request).select_related("cooperative").annotate(sites_there=Count("sites"))

    @display(description=gettext_lazy("Sites"), ordering="sites_there")
    def site_count(self, row: Any) -> int:
        return row.sites_there

    @display(description=gettext_lazy("Import limit [kW]"), ordering="import_limit_w")
    def import_limit(self, row: Microgrid) -> str:
        return _kilowatts(row.import_limit_w)

    @display(description=gettext_lazy("Export limit [kW]"), ordering="export_limit_w")
    def export_limit(self, row: Microgrid) -> str:
        return _kilowatts(row.export_limit_w)


def _kilowatts(power_w: int | None) -> str:
    return _("none") if power_w is None else number_format(Decimal(power_w) / 1000, 1, force_grouping=True)


class _AssetInline(RoleTabularInline):
    """Assets of a site; operators keep them up to date."""

    change_roles = add_roles = (Role.OPERATOR,)
    show_change_link = True


class ConsumerInline(_AssetInline):
    model = Consumer
    fields = ("code", "kind", "max_demand_w", "priority_tier", "status")


class SourceInline(_AssetInline):
    model = Source
    fields = ("code", "kind", "capacity_w", "status", "last_maintenance_date", "commissioned_date")


class StorageInline(_AssetInline):
    model = StorageUnit
    fields = (*BATTERY, "soc_wh", "status")
    form = StorageForm
    readonly_fields = ("soc_wh",)


class MeterInline(RoleTabularInline):
    model = Meter
    fields = ("code", "kind", "installed_at", "removed_at")
    readonly_fields = fields
    show_change_link = True


@admin.register(Site)
class SiteAdmin(RoleAdmin):
    """Metering points with all that stands behind them; a site comes with its meter, each source and storage with one of its own."""

    form = ConnectionForm
    cooperative_path = "microgrid__cooperative"
    change_roles = add_roles = (Role.OPERATOR,)
    list_display = ("code", "name", "kind", "member", "microgrid", "node")
    list_filter = ("microgrid", "kind", "member__is_cooperative")
    ordering = ("microgrid", "code")
    search_fields = ("code", "name", "member__name", "member__number")
    list_select_related = ("member", "microgrid", "node")
    readonly_fields = ("microgrid", "code", "member", "public_id")
    fields = ("microgrid", "code", "name", "kind", "member", "landlord", "node", "phases", "fuse_a", "public_id")
    autocomplete_fields = ("member", "landlord", "node")
    inlines = (ConsumerInline, SourceInline, StorageInline, MeterInline)
    actions_detail = ("hand_over",)

    def get_fields(self, request: HttpRequest, obj: Site | None = None) -> tuple[str, ...]:
        shown = tuple(self.fields)
        return shown if obj is not None else (*shown[:-1], "metered_from")

    def get_readonly_fields(self, request: HttpRequest, obj: Site | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        return (*self.readonly_fields, "node") if obj.node_id is not None else self.readonly_fields

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: Site, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            connect_site(
                site=obj, metered_from=form.cleaned_data["metered_from"], by=user_of(request), now=obj.microgrid.now(timezone.now())
            )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        site = form.instance
        since = site.microgrid.now(timezone.now()) if change else beginning(site.microgrid, form.cleaned_data["metered_from"])
        for asset in (*site.sources.filter(meter=None), *site.storages.filter(meter=None, request=None)):
            meter_asset(asset=asset, installed_at=since)

    @action(description=gettext_lazy("Hand it over"), url_path="hand-over", permissions=["hand_over"])
    def hand_over(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Lead to the form of a move."""
        return redirect(f"{reverse('admin:energy_siteownership_add')}?site={object_id}")

    def has_hand_over_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, (Role.OPERATOR, Role.SUPPORT))


class _AssetAdmin(RoleAdmin):
    """A list over all sites, for maintenance."""

    cooperative_path = "site__microgrid__cooperative"
    change_roles = (Role.OPERATOR,)
    list_filter: tuple[str, ...] = ("site__microgrid", "kind", "status")
    search_fields = ("code", "site__code", "site__name")
    list_select_related = ("site",)
    ordering = ("site__microgrid", "code")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("site", "code", "chain_ref", "public_id")

    @display(description=gettext_lazy("Status"), label=ASSET_COLOURS, ordering="status")
    def status_label(self, row: Any) -> tuple[str, str]:
        return row.status, label_said(row.get_status_display())


@admin.register(Source)
class SourceAdmin(_AssetAdmin):
    list_display = ("code", "site", "kind", "capacity_w", "status_label", "last_maintenance_date")
    fields = ("site", "code", "kind", "capacity_w", "status", "last_maintenance_date", "commissioned_date", "chain_ref")


@admin.register(Consumer)
class ConsumerAdmin(_AssetAdmin):
    list_display = ("code", "site", "kind", "max_demand_w", "priority_tier", "status_label")
    list_filter = ("site__microgrid", "kind", "priority_tier", "status")
    fields = ("site", "code", "kind", "max_demand_w", "priority_tier", "status", "chain_ref")


@admin.register(StorageUnit)
class StorageAdmin(_AssetAdmin):
    list_display = ("code", "site", "capacity_wh", "charge_max_w", "discharge_max_w", "soc_wh", "status_label")
    list_filter = ("site__microgrid", "status")
    fields = (
        "site",
        "code",
        "capacity_wh",
        "charge_max_w",
        "discharge_max_w",
        "eta_charge",
        "eta_discharge",
        "self_discharge_per_day",
        "soc_min_wh",
        "soc_max_wh",
        "soc_wh",
        "status",
        "chain_ref",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "soc_wh")


@admin.register(Meter)
class MeterAdmin(RoleAdmin):
    """Meters; only the dates of their service change by hand."""

    cooperative_path = "microgrid__cooperative"
    change_roles = (Role.OPERATOR,)
    list_display = ("code", "kind", "site", "installed_at", "removed_at")
    list_filter = ("microgrid", "kind")
    ordering = ("microgrid", "code")
    search_fields = ("code", "site__name")
    list_select_related = ("site",)
    fields = (
        "microgrid",
        "site",
        "code",
        "kind",
        "source",
        "storage",
        "consumer",
        "register_limit_wh",
        "installed_at",
        "removed_at",
        "reactive_from",
        "chain_ref",
        "public_id",
    )
    readonly_fields = ("microgrid", "site", "code", "kind", "source", "storage", "consumer", "register_limit_wh", "chain_ref", "public_id")
    actions_detail = ("make_code",)

    @action(description=gettext_lazy("Make a code for its device"), url_path="code", permissions=["code"])
    def make_code(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Let the next device of the meter in."""
        return code_for(self, request, object_id, "meter")

    def has_code_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, (Role.OPERATOR,))


class _WireAdmin(FactAdmin):
    """The network as it was imported."""

    cooperative_path = "microgrid__cooperative"
    list_filter = ("microgrid",)
    ordering: ClassVar[tuple[str, ...]] = ("microgrid", "code")
    search_fields: ClassVar[tuple[str, ...]] = ("code",)


@admin.register(Node)
class NodeAdmin(_WireAdmin):
    list_display = ("code", "nominal_voltage_v", "vm_min_pu", "vm_max_pu", "is_coupling_point")


@admin.register(Line)
class LineAdmin(_WireAdmin):
    list_display = ("code", "node_from", "node_to", "length_km", "max_current_a", "line_type")
    list_select_related = ("node_from", "node_to")


@admin.register(Transformer)
class TransformerAdmin(_WireAdmin):
    list_display = ("code", "node_hv", "node_lv", "rated_va", "tap_position")
    list_select_related = ("node_hv", "node_lv")


@admin.register(Switch)
class SwitchAdmin(_WireAdmin):
    list_display = ("code", "node", "kind", "line_code", "transformer_code", "normally_closed", "valid_from", "valid_to")
    list_select_related = ("node",)


@admin.register(NetworkChange)
class NetworkChangeAdmin(_WireAdmin):
    list_display = ("made_at", "microgrid", "what", "source")
    ordering = ("-made_at",)
    search_fields = ("what", "source")
