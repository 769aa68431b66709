"""What people were told."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from members.admin.roles import FactAdmin
from members.models import Notification


@admin.register(Notification)
class NotificationAdmin(FactAdmin):
    """What people were told, and which e-mails left; for superusers, since it belongs to users, not to a cooperative."""

    view_roles = ()
    list_display = ("created_at", "user", "kind", "subject", "by_mail", "mailed_at", "attempts")
    list_filter = ("kind", "by_mail")
    list_select_related = ("user",)
    search_fields = ("subject", "user__email", "key")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)
