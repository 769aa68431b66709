"""Whether and with which words a cooperative shows its days to everybody."""

from django.contrib import admin

from billing.models import PublicPage
from members.admin.roles import RoleAdmin
from members.models import Role


@admin.register(PublicPage)
class PublicPageAdmin(RoleAdmin):
    """Opened and closed by the treasurer, for the cooperative."""

    view_roles = (Role.TARIFF_ADMIN, Role.AUDITOR)
    change_roles = (Role.TARIFF_ADMIN,)
    add_roles = (Role.TARIFF_ADMIN,)
    list_display = ("cooperative", "is_open")
