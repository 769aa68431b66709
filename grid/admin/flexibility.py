"""What the cooperative owes owners of storages: decided by hand, for days that are not closed yet."""

from typing import Any

from django import forms
from django.contrib import admin

from grid.models import FlexibilityPay, FlexibilityTerms
from grid.selectors.member_energy import last_closed_day
from members.admin.roles import RoleAdmin
from members.language import say_kept
from members.models import Role


class FlexibilityTermsForm(forms.ModelForm):
    """Terms begin and end after the last closed day: what was owed stays owed."""

    class Meta:
        model = FlexibilityTerms
        fields = ("microgrid", "pay", "share", "price_per_kwh", "valid_from", "valid_to")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        microgrid = given.get("microgrid") or getattr(self.instance, "microgrid", None)
        closed = last_closed_day(microgrid) if microgrid else None
        first, after = given.get("valid_from"), given.get("valid_to")
        if first and after and after <= first:
            self.add_error("valid_to", say_kept("The terms must end after they begin."))
        for name, day in (("valid_from", first), ("valid_to", after)):
            if closed is not None and day is not None and name in self.changed_data and day <= closed:
                self.add_error(name, say_kept(f"Days up to {closed} are closed; choose a later day."))
        missing = "share" if given.get("pay") == FlexibilityPay.SHARE_OF_SAVING else "price_per_kwh"
        if given.get("pay") and not given.get(missing):
            self.add_error(missing, say_kept("Say how much; end the terms where nothing is to be paid."))
        return given


@admin.register(FlexibilityTerms)
class FlexibilityTermsAdmin(RoleAdmin):
    """Terms with their time of validity; what stood on closed days can only be ended."""

    form = FlexibilityTermsForm
    cooperative_path = "microgrid__cooperative"
    change_roles = add_roles = (Role.TARIFF_ADMIN,)
    list_display = ("microgrid", "pay", "share", "price_per_kwh", "valid_from", "valid_to")
    ordering = ("microgrid", "-valid_from")

    def get_readonly_fields(self, request: Any, obj: FlexibilityTerms | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        closed = last_closed_day(obj.microgrid)
        used = closed is not None and obj.valid_from <= closed
        return ("microgrid", "pay", "share", "price_per_kwh", "valid_from") if used else ("microgrid",)
