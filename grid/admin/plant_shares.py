"""Common plants and their holders; a division is entered once and ended by the next."""

from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.forms import BaseInlineFormSet, DecimalField, ModelForm, ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from grid.models import PlantDivision, PlantShare
from grid.services.plant_shares import CannotDividePlant, Part, check_division, divide_plant
from members.admin.roles import RoleAdmin, RoleTabularInline
from members.models import Role
from members.selectors.scope import user_of

EXPLAINED = gettext_lazy(
    "From this day on what the plant feeds in is its holders': credited to each by their part, or used first at a site of theirs at that moment. "
    "The division before ends the day before; days that are closed do not change."
)


class PartForm(ModelForm):
    """A holder's part, written in per cent."""

    percent = DecimalField(
        label=gettext_lazy("Part [%]"),
        max_digits=7,
        decimal_places=4,
        min_value=Decimal("0.0001"),
        max_value=100,
        widget=UnfoldAdminDecimalFieldWidget(),
    )

    class Meta:
        model = PlantShare
        fields = ("member", "percent", "used_at")


class PartsFormSet(BaseInlineFormSet):
    """Parts that come to the whole."""

    def parts(self) -> list[Part]:
        rows = [form.cleaned_data for form in self.forms if form.has_changed() and form.is_valid()]
        return [Part(row["member"], int(row["percent"] * 10_000), row.get("used_at")) for row in rows]

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
    form = PartForm
    formset = PartsFormSet
    readonly_fields = ("held",)
    autocomplete_fields = ("member", "used_at")
    verbose_name_plural = gettext_lazy("Who holds how much; the parts come to 100 %")
    view_roles = (Role.OPERATOR, Role.AUDITOR, Role.SUPPORT, Role.TARIFF_ADMIN)
    add_roles = (Role.TARIFF_ADMIN,)
    extra = 3
    tab = False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("member", "percent" if obj is None else "held", "used_at")

    @admin.display(description=gettext_lazy("Part"))
    def held(self, row: PlantShare) -> str:
        percent = Decimal(row.millionths).scaleb(-4).normalize()
        return f"{number_format(Decimal(f'{percent:f}'))} %"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(obj is None and super().has_add_permission(request, obj))


@admin.register(PlantDivision)
class PlantDivisionAdmin(RoleAdmin):
    """Who holds how much of a common plant from a day on."""

    cooperative_path = "plant__microgrid__cooperative"
    add_roles = (Role.TARIFF_ADMIN,)
    list_display = ("plant", "valid_from", "valid_to", "holders", "entered_by")
    list_select_related = ("plant__microgrid__cooperative", "entered_by")
    ordering = ("plant__code", "-valid_from")
    fieldsets = ((None, {"fields": ("plant", "valid_from"), "description": EXPLAINED}),)
    autocomplete_fields = ("plant",)
    inlines = (PartInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PlantDivision]:
        return super().get_queryset(request).annotate(count=Count("shares"))

    @admin.display(description=gettext_lazy("Holders"), ordering="count")
    def holders(self, row: Any) -> int:
        return int(row.count)

    def save_model(self, request: HttpRequest, obj: PlantDivision, form: Any, change: bool) -> None:
        """The service writes it with its parts, see `save_related`."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        given = form.cleaned_data
        row = divide_plant(
            plant=given["plant"],
            valid_from=given["valid_from"],
            parts=formsets[0].parts(),
            by=user_of(request),
            now=given["plant"].microgrid.now(timezone.now()),
        )
        form.instance.pk = row.pk
        for formset in formsets:
            formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        messages.info(request, f"From {row.valid_from} on what {row.plant} feeds in is divided so.")
