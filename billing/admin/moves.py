"""Whose each site is and was, and handing one over: the form says who comes, and from which day on."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from billing.models import Tariff
from billing.services.moves import move
from energy.models import Site, SiteOwnership
from energy.services.ownership import CannotMove, check, take_back
from members.admin.roles import RoleAdmin
from members.models import Member, Role
from members.selectors.scope import user_of

A_DAY = timedelta(days=1)


class MoveForm(ModelForm):
    """A move: who has the site from a day on."""

    tariff = forms.ModelChoiceField(
        Tariff.objects.none(),
        required=False,
        help_text=gettext_lazy("Empty: the site keeps the tariff it has."),
        widget=UnfoldAdminSelectWidget(),
        label=gettext_lazy("Tariff"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        told = {
            "site": (_("Site"), True, _("What is handed over: a home, a business, a plant.")),
            "member": (_("Who comes"), False, _("Empty: nobody. Its landlord pays meanwhile, or the cooperative.")),
            "valid_from": (_("From"), True, _("The first day of who comes; the day before is the last of who goes.")),
            "reason": (_("Reason"), False, _("For those who read it later; neither of the two members sees it.")),
        }
        for name, (label, is_needed, help_text) in told.items():
            field = self.fields[name]
            field.label, field.required, field.help_text = label, is_needed, help_text

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
    list_display = ("site", "member", "first_day", "last_day", "state", "entered_by")
    list_filter = ("site__microgrid", "has_begun", "is_vacant")
    search_fields = ("site__code", "site__name", "member__name", "member__number")
    list_select_related = ("site__microgrid", "member", "entered_by")
    ordering = (F("valid_from").desc(nulls_last=True), "site__code")
    actions = None
    autocomplete_fields = ("site", "member")
    fields = ("site", "member", "valid_from", "valid_to", "is_vacant", "has_begun", "entered_at", "entered_by", "reason")

    @admin.display(description=gettext_lazy("From"), ordering=F("valid_from").asc(nulls_first=True))
    def first_day(self, row: SiteOwnership) -> str:
        return _("from the beginning") if row.valid_from is None else date_format(row.valid_from)

    @admin.display(description=gettext_lazy("To"), ordering=F("valid_to").asc(nulls_last=True))
    def last_day(self, row: SiteOwnership) -> str:
        return _("until further notice") if row.valid_to is None else date_format(row.valid_to - A_DAY)

    @display(
        description=gettext_lazy("State"),
        label={"theirs": "success", gettext_lazy("nobody lives there"): "warning", "ahead": "info", "over": ""},
    )
    def state(self, row: SiteOwnership) -> str:
        if not row.has_begun:
            return "ahead"
        if row.valid_to is not None and row.valid_to <= row.site.microgrid.now(timezone.now()).astimezone(row.site.microgrid.zone).date():
            return "over"
        return _("nobody lives there") if row.is_vacant else "theirs"

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None:
            return super().get_form(request, obj, change, **kwargs)
        form = super().get_form(request, obj, change, form=MoveForm, fields=MoveForm.Meta.fields)
        form.base_fields["site"].queryset = self._scoped(Site, request).select_related("microgrid").order_by("code")
        form.base_fields["member"].queryset = self._scoped(Member, request).order_by("number")
        form.base_fields["member"].required = False
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
        given, user = form.cleaned_data, user_of(request)
        now = given["site"].microgrid.now(timezone.now())
        row = move(
            site=given["site"],
            member=given["member"],
            day=given["valid_from"],
            by=user,
            now=now,
            tariff=given["tariff"],
            reason=given["reason"],
        )
        obj.pk, obj.site, obj.member, obj.valid_from = row.pk, row.site, row.member, row.valid_from
        began = _("It is handed over.") if row.has_begun else _("It is handed over on that day.")
        messages.info(request, _("%(began)s Each is billed for their own days; what they paid and owe stays theirs.") % {"began": began})

    def delete_model(self, request: HttpRequest, obj: SiteOwnership) -> None:
        take_back(ownership=obj)
