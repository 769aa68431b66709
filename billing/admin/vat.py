"""How the cooperative and its members stand to VAT: entered by who makes tariffs, from a day on."""

from django.contrib import admin

from billing.models import VatStatus
from members.admin.roles import RoleAdmin
from members.models import Role


@admin.register(VatStatus)
class VatStatusAdmin(RoleAdmin):
    """A status from a day on; what was billed under it stands on the documents and does not follow a change here."""

    view_roles = (Role.AUDITOR, Role.SUPPORT)
    change_roles = add_roles = delete_roles = (Role.TARIFF_ADMIN,)
    list_display = ("cooperative", "member", "scheme", "rate", "owes_as_recipient", "recipient_owes", "valid_from", "valid_to")
    list_filter = ("scheme", "cooperative")
    list_select_related = ("cooperative", "member")
    search_fields = ("member__name", "member__number", "vat_id")
