"""The terms of a microgrid's market: set for days to come, and kept."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from grid.models import ForgottenOrders, MarketTerms
from grid.selectors.market import voted_terms
from grid.selectors.member_energy import last_closed_day
from members.admin.roles import FactAdmin, RoleAdmin
from members.language import energy_in_words, month_in_words, say_kept
from members.models import Role


class MarketTermsForm(forms.ModelForm):
    """Terms begin after the last closed day: what was settled stays settled."""

    class Meta:
        model = MarketTerms
        fields = ("microgrid", "valid_from", "gate_minutes", "deviation_micro")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        microgrid, first = given.get("microgrid"), given.get("valid_from")
        closed = last_closed_day(microgrid) if microgrid else None
        if closed and first and first <= closed:
            self.add_error("valid_from", say_kept(f"Days up to {closed} are closed; begin later."))
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


@admin.register(ForgottenOrders)
class ForgottenOrdersAdmin(FactAdmin):
    """Months whose order books are no longer kept: how much they held, and how a copy is recognised."""

    cooperative_path = "microgrid__cooperative"
    list_display = ("of_month", "microgrid", "orders", "ordered", "matched", "archive", "forgotten_at")
    list_filter = ("microgrid",)
    list_select_related = ("microgrid",)
    ordering = ("-month", "microgrid")
    fields = ("microgrid", "of_month", "orders", "ordered", "matched", "sha256", "archive", "forgotten_at")
    readonly_fields = ("of_month", "ordered", "matched")

    @admin.display(description=gettext_lazy("Month"), ordering="month")
    def of_month(self, row: ForgottenOrders) -> str:
        return month_in_words(row.month)

    @admin.display(description=gettext_lazy("Asked and offered"), ordering="ordered_wh")
    def ordered(self, row: ForgottenOrders) -> str:
        return energy_in_words(row.ordered_wh)

    @admin.display(description=gettext_lazy("Traded, of both sides"), ordering="matched_wh")
    def matched(self, row: ForgottenOrders) -> str:
        return energy_in_words(row.matched_wh)
