"""Common plants and their holders; a division is entered once and ended by the next."""

from typing import Any

from django.contrib import admin, messages
from django.forms import BaseInlineFormSet, ValidationError
from django.http import HttpRequest
from django.utils import timezone

from grid.models import PlantDivision, PlantShare
from grid.services.plant_shares import CannotDividePlant, Part, check_division, divide_plant
from members.admin.roles import RoleAdmin, RoleTabularInline
from members.models import Role


class PartsFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """Parts that come to the whole."""

    def parts(self) -> list[Part]:
        rows = [form.cleaned_data for form in self.forms if form.has_changed() and form.is_valid()]
        return [Part(row["member"], row["millionths"], row.get("used_at")) for row in rows]

    def clean(self) -> None:
        super().clean()
        if any(self.errors) or self.instance.plant_id is None or self.instance.valid_from is None:
            return
        try:
            check_division(plant=self.instance.plant, valid_from=self.instance.valid_from, parts=self.parts())
        except CannotDividePlant as why:
            raise ValidationError(str(why)) from None


class PartInline(RoleTabularInline):
    model = PlantShare
    formset = PartsFormSet
    fields = ("member", "millionths", "used_at")
    view_roles = (Role.OPERATOR, Role.AUDITOR, Role.SUPPORT, Role.TARIFF_ADMIN)
    add_roles = (Role.TARIFF_ADMIN,)
    extra = 3
    tab = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(obj is None and super().has_add_permission(request, obj))


@admin.register(PlantDivision)
class PlantDivisionAdmin(RoleAdmin):
    """Who holds how much of a common plant from a day on; parts in millionths, 250000 for a quarter."""

    cooperative_path = "plant__microgrid__cooperative"
    add_roles = (Role.TARIFF_ADMIN,)
    list_display = ("plant", "valid_from", "valid_to", "entered_at", "entered_by")
    list_select_related = ("plant__microgrid__cooperative", "entered_by")
    ordering = ("plant__code", "-valid_from")
    fields = ("plant", "valid_from")
    inlines = (PartInline,)

    def save_model(self, request: HttpRequest, obj: PlantDivision, form: Any, change: bool) -> None:
        """The service writes it with its parts, see `save_related`."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        given = form.cleaned_data
        row = divide_plant(
            plant=given["plant"], valid_from=given["valid_from"], parts=formsets[0].parts(), by=request.user,  # type: ignore[arg-type]
            now=given["plant"].microgrid.now(timezone.now()),
        )  # fmt: skip
        form.instance.pk = row.pk
        for formset in formsets:
            formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        messages.info(request, f"From {row.valid_from} on what {row.plant} feeds in is divided so.")
