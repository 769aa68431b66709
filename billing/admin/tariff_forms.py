"""What a treasurer writes: a version with its parts, a file of somebody else's tariff, the reason of a rejection."""

import json
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from billing.domain.pricing.faults import PartsRefused
from billing.domain.pricing.parts import Energy, PeakMultiplier, Spot
from billing.domain.pricing.reading import parts_from_json
from billing.domain.pricing.sense import checked_parts
from billing.domain.pricing.words import plain
from billing.domain.tariffs import TariffTerms
from billing.models import Tariff, TariffVersion
from billing.selectors.tariff_faults import ShownFault, shown_faults
from billing.selectors.tariffs import windows_of
from members.choices import offer

METERING = (
    ("none", gettext_lazy("what is fed in is paid as in the version before")),
    ("net-billing", gettext_lazy("what is fed in is paid at the file's sell prices")),
    ("net-metering", gettext_lazy("kWh fed in are set off against kWh drawn")),
    ("buy-all-sell-all", gettext_lazy("all use is bought, all production is sold at the file's sell prices")),
)


class PercentField(forms.DecimalField):
    """A share (0.19) that people write as percent (19)."""

    def prepare_value(self, value: Any) -> Any:
        return f"{(value * 100).normalize():f}" if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Any:
        percent = super().to_python(value)
        return None if percent is None else percent / 100


class VersionForm(forms.ModelForm):
    """A version; an emptied field of parts means none. Where parts price energy, the base price is theirs."""

    vat_rate = PercentField(
        label=gettext_lazy("VAT [%]"), min_value=0, max_value=1, decimal_places=4, max_digits=7, widget=UnfoldAdminDecimalFieldWidget()
    )

    class Meta:
        model = TariffVersion
        fields = ("tariff", "valid_from", "vat_rate", "standing_per_day", "energy_per_kwh", "export_per_kwh", "incentive_per_kwh", "parts")
        widgets = {"parts": forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "style": "font-family:monospace;width:100%"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.part_faults: list[ShownFault] = []
        for name in ("standing_per_day", "energy_per_kwh", "export_per_kwh", "incentive_per_kwh"):
            if isinstance(self.initial.get(name), Decimal):
                self.initial[name] = plain(self.initial[name])
        if "energy_per_kwh" in self.fields:
            self.fields["energy_per_kwh"].required = False

    def clean_parts(self) -> list[Any]:
        given = self.cleaned_data["parts"] or []
        try:
            checked_parts(given)
        except PartsRefused as problem:
            self.part_faults = shown_faults(problem.faults, given)
            raise forms.ValidationError([fault.text for fault in self.part_faults]) from None
        return list(given)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        price = self._first_price(cleaned.get("parts"))
        if price is not None:
            cleaned["energy_per_kwh"] = max(price, Decimal(0))
        elif "parts" in cleaned and cleaned.get("energy_per_kwh") is None and "energy_per_kwh" not in self.errors:
            self.add_error("energy_per_kwh", _("Give a price of energy."))
        return cleaned

    def _first_price(self, given: Any) -> Decimal | None:
        """What the parts charge for the first kWh outside every window; None where no part says."""
        return base_price(self.terms_with(parts_from_json(given))) if given else None

    def terms_with(self, parts: Any) -> TariffTerms:
        """The form's prices with some parts, as terms."""
        cleaned, zero = self.cleaned_data, Decimal(0)
        windows = () if prices_energy(parts) or self.instance.pk is None else windows_of(self.instance)
        return TariffTerms(
            self.instance.pk or 0,
            cleaned.get("standing_per_day") or zero,
            cleaned.get("energy_per_kwh") or zero,
            cleaned.get("export_per_kwh") or zero,
            cleaned.get("incentive_per_kwh") or zero,
            cleaned.get("vat_rate") or zero,
            windows,
            tuple(parts),
        )

    def terms(self) -> TariffTerms:
        """What a valid form says, saved or not."""
        return self.terms_with(parts_from_json(self.cleaned_data["parts"]))


def prices_energy(parts: Any) -> bool:
    """Whether parts price energy from the public grid, so that windows have no say."""
    return any(isinstance(part, Energy | PeakMultiplier | Spot) for part in parts)


def base_price(terms: TariffTerms) -> Decimal | None:
    """The first price of the first period of an energy part; None where there is none."""
    if not any(isinstance(part, Energy | PeakMultiplier) for part in terms.parts):
        return None
    return terms.energy.periods[0].tiers[0].price


def faults_of(form: VersionForm) -> list[ShownFault]:
    """What is wrong, by field, in the order of the form; of parts, by charge."""
    told: list[ShownFault] = []
    for name, errors in form.errors.items():
        if name == "parts" and form.part_faults:
            told += form.part_faults
            continue
        label = str(form.fields[name].label or name) if name in form.fields else ""
        told += [ShownFault(label, "", str(error)) for error in errors]
    return told


def as_text(parts: Any) -> str:
    """Parts as the text of the expert's field."""
    return json.dumps(parts, indent=1)


class AssignForm(forms.Form):
    """From which day on."""

    valid_from = forms.DateField(
        widget=UnfoldAdminDateWidget,
        label=gettext_lazy("Valid from"),
        help_text=gettext_lazy("A version of the tariff must hold on each day that is billed."),
    )


class TariffFileForm(forms.Form):
    """Somebody else's tariff as a draft of ours."""

    tariff = forms.ModelChoiceField(queryset=Tariff.objects.none(), widget=UnfoldAdminSelectWidget(), label=gettext_lazy("Tariff"))
    file = forms.FileField(
        label=gettext_lazy("OpenEI URDB file"),
        help_text=gettext_lazy("JSON, one tariff. Its amounts are taken as the cooperative's currency."),
        widget=UnfoldAdminFileFieldWidget(),
    )
    metering = forms.ChoiceField(label=gettext_lazy("Feeding in"), choices=METERING, initial="none", widget=UnfoldAdminSelectWidget())
    valid_from = forms.DateField(
        label=gettext_lazy("First day"), help_text=gettext_lazy("It can be changed in the draft."), widget=UnfoldAdminDateWidget()
    )

    def __init__(self, tariffs: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "tariff", tariffs)


class RejectionForm(forms.Form):
    """Why a version is sent back."""

    reason = forms.CharField(
        label=gettext_lazy("What should be different?"), max_length=400, widget=UnfoldAdminTextareaWidget(attrs={"rows": 4})
    )
