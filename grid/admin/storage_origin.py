"""How the origin of stored energy is followed: decided by hand, for days that are not closed yet."""

from typing import Any

from django import forms
from django.contrib import admin

from grid.models import StorageOriginRule
from grid.selectors.member_energy import last_closed_day
from members.admin.roles import RoleAdmin
from members.language import say_kept
from members.models import Role


class StorageOriginRuleForm(forms.ModelForm):
    """A rule begins and ends after the last closed day: what was shared stays shared."""

    class Meta:
        model = StorageOriginRule
        fields = ("microgrid", "order", "unknown_is_local", "valid_from", "valid_to")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        microgrid = given.get("microgrid") or getattr(self.instance, "microgrid", None)
        closed = last_closed_day(microgrid) if microgrid else None
        first, after = given.get("valid_from"), given.get("valid_to")
        if first and after and after <= first:
            self.add_error("valid_to", say_kept("The rule must end after it begins."))
        for name, day in (("valid_from", first), ("valid_to", after)):
            if closed is not None and day is not None and name in self.changed_data and day <= closed:
                self.add_error(name, say_kept(f"Days up to {closed} are closed; choose a later day."))
        return given


@admin.register(StorageOriginRule)
class StorageOriginRuleAdmin(RoleAdmin):
    """Rules with their time of validity; what stands for closed days can only be ended."""

    form = StorageOriginRuleForm
    cooperative_path = "microgrid__cooperative"
    change_roles = add_roles = (Role.OPERATOR, Role.TARIFF_ADMIN)
    list_display = ("microgrid", "order", "unknown_is_local", "valid_from", "valid_to")
    ordering = ("microgrid", "-valid_from")

    def get_readonly_fields(self, request: Any, obj: StorageOriginRule | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        closed = last_closed_day(obj.microgrid)
        used = closed is not None and obj.valid_from <= closed
        return ("microgrid", "order", "unknown_is_local", "valid_from") if used else ("microgrid",)
