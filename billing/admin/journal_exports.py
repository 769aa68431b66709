"""What the tax adviser's system calls our accounts, and how its files are headed."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from billing.models import ExportProfile, ExternalAccount
from members.admin.roles import RoleAdmin
from members.models import Role

BOOKS = (Role.TARIFF_ADMIN, Role.AUDITOR)


@admin.register(ExternalAccount)
class ExternalAccountAdmin(RoleAdmin):
    """Numbers are given at the first export; a treasurer changes them here."""

    view_roles = BOOKS
    change_roles = (Role.TARIFF_ADMIN,)
    list_display = ("number", "account", "currency", "tax_key")
    list_select_related = ("account__member",)
    readonly_fields = ("account", "cooperative")
    search_fields = ("number", "account__code", "account__member__number")
    ordering = ("number",)

    @admin.display(description=gettext_lazy("Currency"))
    def currency(self, row: ExternalAccount) -> str:
        return row.account.currency


@admin.register(ExportProfile)
class ExportProfileAdmin(RoleAdmin):
    """Consultant, client, length of numbers, fiscal year: one row per cooperative."""

    view_roles = BOOKS
    change_roles = (Role.TARIFF_ADMIN,)
    add_roles = (Role.TARIFF_ADMIN,)
    list_display = ("cooperative", "consultant_number", "client_number", "account_length", "year_starts_in")
