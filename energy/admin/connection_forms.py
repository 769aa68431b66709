"""Forms by which a microgrid is founded and sites are connected to it: what the database would refuse is said beside its field."""

from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget

from energy.models import Microgrid, Site, StorageUnit
from energy.models.sites import SiteKind
from energy.services.connections import CannotConnect, check_node, check_site

if TYPE_CHECKING:
    MicrogridFormBase = forms.ModelForm[Microgrid]
    SiteFormBase = forms.ModelForm[Site]
    StorageFormBase = forms.ModelForm[StorageUnit]
else:
    MicrogridFormBase = SiteFormBase = StorageFormBase = forms.ModelForm

BATTERY = ("code", "capacity_wh", "charge_max_w", "discharge_max_w", "eta_charge", "eta_discharge", "soc_min_wh", "soc_max_wh")
INTERVALS = [(minutes, f"{minutes} min") for minutes in (5, 10, 15, 30, 60)]
PHASES = [(phases, phases) for phases in ("123", "1", "2", "3", "12", "13", "23")]


class MicrogridForm(MicrogridFormBase):
    """A microgrid's zone and interval are chosen from what the platform knows, once."""

    class Meta:
        model = Microgrid
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "interval_minutes" in self.fields:
            self.fields["interval_minutes"] = forms.TypedChoiceField(
                choices=INTERVALS,
                coerce=int,
                initial=15,
                widget=UnfoldAdminSelectWidget(),
                label=gettext_lazy("Interval"),
                help_text=gettext_lazy("Energy is shared and billed in steps of this length; it cannot change later."),
            )

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"]
        if name not in available_timezones():
            raise forms.ValidationError(gettext_lazy("There is no such time zone; write it as Europe/Berlin."))
        return name


class ConnectionForm(SiteFormBase):
    """A site: whose it is and where it hangs is given once; a node may be given later, when the wires are there."""

    metered_from = forms.DateField(
        required=False,
        label=gettext_lazy("Metered from"),
        widget=UnfoldAdminDateWidget(),
        help_text=gettext_lazy("First local day on which its meter counts; empty: since ever."),
    )
    phases = forms.ChoiceField(
        label=gettext_lazy("Phases"),
        choices=PHASES,
        initial="123",
        widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy("On which of the phases 1, 2 and 3 it is connected."),
    )

    class Meta:
        model = Site
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.fields.get("kind")
        if self.instance.pk is None and isinstance(kind, forms.ChoiceField):
            kind.choices = [one for one in kind.choices if one[0] not in ("", SiteKind.NETWORK)]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        microgrid = given.get("microgrid") or self.instance.microgrid_id
        alike = Site.objects.filter(microgrid=microgrid, name=given.get("name")).exclude(pk=self.instance.pk)
        if "name" in self.changed_data and alike.exists():
            self.add_error("name", gettext_lazy("Another metering point is called so; say which one it is, for example by the flat."))
        if self.errors:
            return given
        try:
            if self.instance.pk is None:
                named = ("microgrid", "member", "node", "code", "kind")
                check_site(site=Site(**{name: given.get(name) for name in named}))
            elif "node" in given:
                check_node(microgrid=self.instance.microgrid, node=given["node"])
        except CannotConnect as why:
            self.add_error(None, str(why))
        return given


class StorageForm(StorageFormBase):
    """A battery: bounds in order; a new one stands at the least charge it keeps."""

    class Meta:
        model = StorageUnit
        fields = (*BATTERY, "status")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        least, most, holds = (given.get(name) for name in ("soc_min_wh", "soc_max_wh", "capacity_wh"))
        if least is not None and most is not None and holds is not None and not 0 <= least <= most <= holds:
            self.add_error("soc_max_wh", gettext_lazy("From the least charge kept to the most, and within the capacity."))
        for name in ("eta_charge", "eta_discharge"):
            if given.get(name) is not None and not 0 < given[name] <= 1:
                self.add_error(name, gettext_lazy("An efficiency lies above 0 and is at most 1, for example 0.95."))
        if self.instance.pk is None and least is not None:
            self.instance.soc_wh = least
        return given
