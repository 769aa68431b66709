"""Whose each site is and was, and handing one over: the form says who comes, and from which day on."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from billing.models import Tariff
from billing.services.moves import move
from energy.models import Site, SiteOwnership
from energy.services.ownership import CannotMove, check, take_back
from members.admin.roles import RoleAdmin
from members.models import Member, Role


class MoveForm(ModelForm):  # type: ignore[type-arg]
    """A move: who has the site from a day on."""

    member = forms.ModelChoiceField(
        Member.objects.none(), required=False, help_text="Who moves in; empty: nobody, its landlord pays meanwhile, or the cooperative."
    )  # fmt: skip
    valid_from = forms.DateField(
        label="From", help_text="The first day of who comes; the day before is the last of who goes."
    )
    tariff = forms.ModelChoiceField(
        Tariff.objects.none(), required=False, help_text="Empty: the site keeps the tariff it has."
    )

    class Meta:
        model = SiteOwnership
        fields = ("site", "member", "valid_from", "tariff", "reason")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        site, day = given.get("site"), given.get("valid_from")
        if site is not None and day is not None:
            try:
                check(site=site, member=given.get("member"), day=day, now=site.microgrid.now(timezone.now()))
            except CannotMove as why:
                raise forms.ValidationError(str(why)) from None
        return given

    def _post_clean(self) -> None:
        """Nothing is saved through the form: the service writes the row."""


@admin.register(SiteOwnership)
class SiteOwnershipAdmin(RoleAdmin):
    """Who has which site on which days. A move is entered here; while it lies ahead it may be taken back."""

    cooperative_path = "site__microgrid__cooperative"
    add_roles = delete_roles = (Role.SUPPORT, Role.OPERATOR)
    list_display = (
        "site",
        "member",
        "valid_from",
        "valid_to",
        "is_vacant",
        "has_begun",
        "entered_at",
        "entered_by",
    )
    list_filter = ("site__microgrid", "has_begun", "is_vacant")
    search_fields = ("site__code", "site__name", "member__name", "member__number")
    list_select_related = ("site", "member", "entered_by")
    ordering = (F("valid_from").desc(nulls_last=True), "site__code")
    actions = None
    fields = (
        "site",
        "member",
        "valid_from",
        "valid_to",
        "is_vacant",
        "has_begun",
        "entered_at",
        "entered_by",
        "reason",
    )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None:
            return super().get_form(request, obj, change, **kwargs)
        form = super().get_form(request, obj, change, form=MoveForm, fields=MoveForm.Meta.fields)
        form.base_fields["site"].queryset = (
            self._scoped(Site, request).select_related("microgrid").order_by("code")
        )
        form.base_fields["member"].queryset = self._scoped(Member, request).order_by("number")
        form.base_fields["tariff"].queryset = self._scoped(Tariff, request).order_by("name")
        return form

    def _scoped(self, model: Any, request: HttpRequest) -> QuerySet[Any]:
        """Rows that the user sees on their own page."""
        page: Any = self.admin_site._registry[model]
        rows: QuerySet[Any] = page.get_queryset(request)
        return rows

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj is not None else MoveForm.Meta.fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(super().has_delete_permission(request, obj) and obj is not None and not obj.has_begun)

    def save_model(self, request: HttpRequest, obj: SiteOwnership, form: Any, change: bool) -> None:
        given, user = form.cleaned_data, request.user
        now = given["site"].microgrid.now(timezone.now())
        row = move(
            site=given["site"], member=given["member"], day=given["valid_from"], by=user, now=now, tariff=given["tariff"],  # type: ignore[arg-type]
            reason=given["reason"],
        )  # fmt: skip
        obj.pk, obj.site, obj.member, obj.valid_from = row.pk, row.site, row.member, row.valid_from
        began = "It is handed over." if row.has_begun else "It is handed over on that day."
        messages.info(
            request, f"{began} Each is billed for their own days; what they paid and owe stays theirs."
        )

    def delete_model(self, request: HttpRequest, obj: SiteOwnership) -> None:
        take_back(ownership=obj)
