"""By which key energy is shared: the one decision of this room that people make by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from grid.models import DayClosing, SharingKey, SharingKeyShare, SharingRule
from grid.selectors.member_energy import last_closed_day
from members.admin.roles import RoleAdmin, RoleTabularInline
from members.language import say_kept
from members.models import Role


class SharingRuleForm(forms.ModelForm):
    """A rule begins and ends after the last closed day: what was shared stays shared."""

    class Meta:
        model = SharingRule
        fields = ("microgrid", "key", "price_rule", "valid_from", "valid_to")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        microgrid = given.get("microgrid") or getattr(self.instance, "microgrid", None)
        if microgrid is None:
            return given
        closed = last_closed_day(microgrid)
        first, after = given.get("valid_from"), given.get("valid_to")
        if first and after and after <= first:
            self.add_error("valid_to", say_kept("The rule must end after it begins."))
        if closed is not None:
            if "valid_from" in self.changed_data and first and first <= closed:
                self.add_error("valid_from", say_kept(f"Days up to {closed} are closed; begin later."))
            if "valid_to" in self.changed_data and after and after <= closed:
                self.add_error("valid_to", say_kept(f"Days up to {closed} are closed; end later."))
        return given


class SharesFormSet(BaseInlineFormSet):
    """The fixed shares of a static or hybrid rule sum to one, and each site is one of the rule's microgrid."""

    def clean(self) -> None:
        super().clean()
        rows = [form.cleaned_data for form in self.forms if getattr(form, "cleaned_data", None) and not form.cleaned_data.get("DELETE")]
        strangers = [row["site"] for row in rows if row["site"].microgrid_id != self.instance.microgrid_id]
        if strangers:
            raise ValidationError(say_kept(f"{strangers[0]} does not belong to the microgrid of this rule."))
        total = sum((row["share"] for row in rows), Decimal(0))
        if self.instance.key in (SharingKey.STATIC, SharingKey.HYBRID) and total != 1:
            raise ValidationError(say_kept(f"The fixed shares sum to {total}; they must sum to 1."))


class SharesInline(RoleTabularInline):
    """Who has which fixed share."""

    model = SharingKeyShare
    formset = SharesFormSet
    autocomplete_fields = ("site",)
    verbose_name_plural = gettext_lazy("fixed shares (for the static and the hybrid key)")


@admin.register(SharingRule)
class SharingRuleAdmin(RoleAdmin):
    """Keys with their time of validity; a rule by which a day was shared can only be ended."""

    form = SharingRuleForm
    inlines = (SharesInline,)
    cooperative_path = "microgrid__cooperative"
    change_roles = add_roles = delete_roles = (Role.OPERATOR, Role.TARIFF_ADMIN)
    list_display = ("microgrid", "key", "price_rule", "valid_from", "valid_to")
    list_filter = ("microgrid", "key")
    ordering = ("microgrid", "-valid_from")

    def get_inlines(self, request: HttpRequest, obj: SharingRule | None) -> Any:
        return _with_rights(self.inlines, self, request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: SharingRule | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        return ("microgrid", "key", "price_rule", "valid_from") if _was_used(obj) else ("microgrid",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if isinstance(obj, SharingRule) and _was_used(obj):
            return False
        return super().has_delete_permission(request, obj)


def _with_rights(inlines: tuple[type[SharesInline], ...], page: Any, request: HttpRequest, rule: Any) -> Any:
    """Shares may be edited while the rule was not used."""
    editable = rule is None or (page.has_change_permission(request, rule) and not _was_used(rule))
    roles = SharingRuleAdmin.change_roles if editable else ()
    return [type(i.__name__, (i,), {"change_roles": roles, "add_roles": roles, "delete_roles": roles}) for i in inlines]


def _was_used(rule: SharingRule) -> bool:
    """Whether a day within its validity is closed, or members adopted it."""
    if rule.text_sha256:
        return True
    days = DayClosing.objects.filter(microgrid=rule.microgrid_id, day__gte=rule.valid_from)
    return days.filter(day__lt=rule.valid_to or date.max).exists()
