"""What was decided and done: shares, balances, prices, ticks, commands. Facts, not forms."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.decorators import display

from grid.models import BalanceDay, CommandStatus, DayClosing, DeviceCommand, GridState, GridStatus, PriceDay, SharingDay
from members.admin.roles import FactAdmin, label_said
from members.language import energy_in_words, power_in_words
from members.models import Role

STATUS_COLOURS = {
    GridStatus.NORMAL: "success",
    GridStatus.SURPLUS: "success",
    GridStatus.DEFICIT: "info",
    GridStatus.PEAK: "warning",
    GridStatus.CURTAILED: "warning",
    GridStatus.EMERGENCY: "danger",
    GridStatus.ISLANDED: "warning",
    GridStatus.BLACKSTART: "danger",
    GridStatus.RESYNC: "warning",
}
COMMAND_COLOURS = {
    CommandStatus.PENDING: "info",
    CommandStatus.SENT: "info",
    CommandStatus.ACKNOWLEDGED: "success",
    CommandStatus.EXPIRED: "warning",
}


def _energy(values_wh: list[int]) -> str:
    return energy_in_words(sum(values_wh))


class MicrogridFactAdmin(FactAdmin):
    """Facts of one microgrid."""

    cooperative_path = "microgrid__cooperative"
    view_roles: tuple[Role, ...] = (Role.OPERATOR, Role.AUDITOR)
    list_select_related: tuple[str, ...] = ("microgrid",)


@admin.register(DayClosing)
class DayClosingAdmin(MicrogridFactAdmin):
    list_display = ("day", "microgrid", "revision", "closed_at", "estimated_values")
    list_filter = ("microgrid",)
    date_hierarchy = "day"
    ordering = ("-day", "-revision")


@admin.register(SharingDay)
class SharingDayAdmin(MicrogridFactAdmin):
    """What was shared, by day."""

    list_display = ("day", "microgrid", "key", "drawn", "fed_in", "shared", "revision", "is_current")
    list_filter = ("microgrid", "key", "is_current")
    date_hierarchy = "day"
    ordering = ("-day", "-revision")

    @display(description=gettext_lazy("drawn"))
    def drawn(self, row: SharingDay) -> str:
        return _energy(row.consumption_wh)

    @display(description=gettext_lazy("fed in"))
    def fed_in(self, row: SharingDay) -> str:
        return _energy(row.production_wh)

    @display(description=gettext_lazy("shared"))
    def shared(self, row: SharingDay) -> str:
        return _energy(row.shared_wh)


@admin.register(BalanceDay)
class BalanceDayAdmin(MicrogridFactAdmin):
    """The balance, by day; the database has checked each interval."""

    list_display = ("day", "microgrid", "production", "consumption", "imported", "exported", "charged", "discharged", "is_current")
    list_filter = ("microgrid", "is_current")
    date_hierarchy = "day"
    ordering = ("-day", "-revision")

    @display(description=gettext_lazy("production"))
    def production(self, row: BalanceDay) -> str:
        return _energy(row.production_wh)

    @display(description=gettext_lazy("consumption"))
    def consumption(self, row: BalanceDay) -> str:
        return _energy(row.consumption_wh)

    @display(description=gettext_lazy("import"))
    def imported(self, row: BalanceDay) -> str:
        return _energy(row.import_wh)

    @display(description=gettext_lazy("export"))
    def exported(self, row: BalanceDay) -> str:
        return _energy(row.export_wh)

    @display(description=gettext_lazy("charged"))
    def charged(self, row: BalanceDay) -> str:
        return _energy(row.charge_wh)

    @display(description=gettext_lazy("discharged"))
    def discharged(self, row: BalanceDay) -> str:
        return _energy(row.discharge_wh)


@admin.register(PriceDay)
class PriceDayAdmin(MicrogridFactAdmin):
    """Published prices, by day."""

    view_roles = (Role.OPERATOR, Role.AUDITOR, Role.TARIFF_ADMIN)
    list_display = ("day", "microgrid", "window_names", "local_prices", "published_at")
    list_filter = ("microgrid",)
    date_hierarchy = "day"
    ordering = ("-day",)

    @display(description=gettext_lazy("local price per kWh"))
    def local_prices(self, row: PriceDay) -> str:
        lowest, highest = min(row.local_micro) / 1e6, max(row.local_micro) / 1e6
        if lowest == highest:
            return number_format(lowest, 4)
        return _("%(start)s to %(end)s") % {"start": number_format(lowest, 4), "end": number_format(highest, 4)}


@admin.register(GridState)
class GridStateAdmin(MicrogridFactAdmin):
    """Control ticks, newest first."""

    list_display = ("at", "microgrid", "state", "production", "consumption", "exchange", "stored", "loading", "why")
    list_filter = ("microgrid", "status")
    ordering = ("-at",)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return ["why" if name == "reasons" else name for name in super().get_fields(request, obj)]

    @display(description=gettext_lazy("status"), label=STATUS_COLOURS)
    def state(self, row: GridState) -> tuple[str, str]:
        return row.status, label_said(row.get_status_display())

    @display(description=gettext_lazy("production"))
    def production(self, row: GridState) -> str:
        return power_in_words(row.production_w)

    @display(description=gettext_lazy("consumption"))
    def consumption(self, row: GridState) -> str:
        return power_in_words(row.consumption_w)

    @display(description=gettext_lazy("public grid"))
    def exchange(self, row: GridState) -> str:
        if row.import_w >= row.export_w:
            return _("gives %(power)s") % {"power": power_in_words(row.import_w)}
        return _("takes %(power)s") % {"power": power_in_words(row.export_w)}

    @display(description=gettext_lazy("stored"))
    def stored(self, row: GridState) -> str:
        return energy_in_words(row.storage_wh)

    @display(description=gettext_lazy("highest loading"))
    def loading(self, row: GridState) -> str:
        return "–" if row.highest_loading is None else f"{row.highest_loading * 100:.0f} %"

    @display(description=gettext_lazy("why"))
    def why(self, row: GridState) -> str:
        return " ".join(label_said(reason) for reason in row.reasons)


@admin.register(DeviceCommand)
class DeviceCommandAdmin(MicrogridFactAdmin):
    """What devices were told, and whether they acknowledged."""

    list_display = ("issued_at", "told", "charge", "discharge", "limit", "state", "expires_at", "acknowledged_at", "reason")
    list_filter = ("microgrid", "status")
    list_select_related = ("microgrid", "storage", "source", "consumer", "breaker")
    search_fields = ("storage__code", "source__code", "consumer__code")
    ordering = ("-issued_at",)

    @display(description=gettext_lazy("told"))
    def told(self, row: DeviceCommand) -> str:
        return str(row.target)

    @display(description=gettext_lazy("at most"))
    def limit(self, row: DeviceCommand) -> str:
        return "–" if row.limit_w is None else power_in_words(row.limit_w)

    @display(description=pgettext_lazy("storage", "charge"))
    def charge(self, row: DeviceCommand) -> str:
        return power_in_words(row.charge_w)

    @display(description=pgettext_lazy("storage", "discharge"))
    def discharge(self, row: DeviceCommand) -> str:
        return power_in_words(row.discharge_w)

    @display(description=gettext_lazy("status"), label=COMMAND_COLOURS)
    def state(self, row: DeviceCommand) -> tuple[str, str]:
        return row.status, label_said(row.get_status_display())
