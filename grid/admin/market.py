"""The terms of a microgrid's market: set for days to come, and kept."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from grid.models import MarketTerms
from grid.selectors.market import voted_terms
from grid.selectors.member_energy import last_closed_day
from members.admin.roles import RoleAdmin
from members.models import Role


class MarketTermsForm(forms.ModelForm):  # type: ignore[type-arg]
    """Terms begin after the last closed day: what was settled stays settled."""

    class Meta:
        model = MarketTerms
        fields = ("microgrid", "valid_from", "gate_minutes", "deviation_micro")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        microgrid, first = given.get("microgrid"), given.get("valid_from")
        closed = last_closed_day(microgrid) if microgrid else None
        if closed and first and first <= closed:
            self.add_error("valid_from", f"Days up to {closed} are closed; begin later.")
        voted = voted_terms(microgrid, first) if microgrid and first else ""
        if voted:
            self.add_error("valid_from", voted)
        return given


@admin.register(MarketTerms)
class MarketTermsAdmin(RoleAdmin):
    """Terms with the day from which they hold; once entered they stand, and later ones take their place."""

    form = MarketTermsForm
    cooperative_path = "microgrid__cooperative"
    add_roles = (Role.OPERATOR, Role.TARIFF_ADMIN)
    list_display = ("microgrid", "valid_from", "gate_minutes", "deviation_micro")
    list_filter = ("microgrid",)
    ordering = ("microgrid", "-valid_from")

    def get_readonly_fields(self, request: HttpRequest, obj: MarketTerms | None = None) -> tuple[str, ...]:
        return () if obj is None else MarketTermsForm.Meta.fields
