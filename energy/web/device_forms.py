"""Forms of the device pages: they parse, and call one service."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from energy.domain.exchange import CannotExchange, HandOver
from energy.models import Device, Meter
from energy.selectors.devices import served_meters, served_sensors
from energy.services.enrolment import FreshCode, make_code
from energy.services.exchanges import Exchanged, exchange_meter
from members.choices import offer
from members.language import say_kept
from members.models import Role, User

LETTERS_TO_TYPE = 4


class CodeForm(forms.Form):
    """For which meter or sensor the next device is to come in."""

    place = forms.ChoiceField(
        label=gettext_lazy("Meter or sensor"), help_text=gettext_lazy("The device that serves it now ends when the new one comes in.")
    )

    def __init__(self, user: User, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._meters = {str(m.public_id): m for m in served_meters(user, Role.OPERATOR)}
        self._sensors = {str(s.public_id): s for s in served_sensors(user, Role.OPERATOR)}
        offer(
            self,
            "place",
            [
                (_("Sensors"), [(key, f"{s.code}, {s.get_kind_display()}") for key, s in self._sensors.items()]),
                (_("Meters"), [(key, f"{m.code}, {m.site.name}") for key, m in self._meters.items()]),
            ],
        )

    def save(self, user: Any, now: datetime) -> FreshCode:
        """Make the code."""
        key = self.cleaned_data["place"]
        return make_code(meter=self._meters.get(key), sensor=self._sensors.get(key), now=now, by=user)

    def place_of(self, made: FreshCode | None) -> str:
        """What a code was made for."""
        return str(made.row.meter or made.row.sensor) if made else ""


class EndForm(forms.Form):
    """How and why a device ends."""

    step = forms.ChoiceField(
        label=gettext_lazy("How"),
        choices=[
            ("decommission", gettext_lazy("In good order: it is taken down")),
            ("revoke", gettext_lazy("At once: it is lost, stolen or opened")),
        ],
    )
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=200, required=False)
    typed = forms.CharField(label=gettext_lazy("Last letters of its name"))

    def __init__(self, device: Device, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._letters = device.name[-LETTERS_TO_TYPE:]
        self.fields["typed"].help_text = _("Type %(letters)s: this cannot be undone.") % {"letters": self._letters}

    def clean_typed(self) -> str:
        if self.cleaned_data["typed"].strip() != self._letters:
            raise forms.ValidationError(_("Type %(letters)s.") % {"letters": self._letters})
        return self._letters


class ExchangeForm(forms.Form):
    """When a meter was exchanged, and what both registers read."""

    exchanged_at = forms.DateTimeField(
        label=gettext_lazy("When"),
        help_text=gettext_lazy("By the microgrid's clock, local time."),
        widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M"),
    )
    old_serial = forms.CharField(label=gettext_lazy("Serial number of the old meter"), max_length=80, required=False)
    new_serial = forms.CharField(label=gettext_lazy("Serial number of the new meter"), max_length=80)

    def __init__(self, meter: Meter, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._meter = meter
        self._channels = [channel.label for channel in meter.channels]
        for channel in meter.channels:
            name, unit = channel.label, channel.unit
            said = capfirst(say_kept(name))
            self.fields[f"{name}_last"] = forms.IntegerField(
                label=_("%(register)s: last reading of the old meter [%(unit)s]") % {"register": said, "unit": unit}, min_value=0
            )
            self.fields[f"{name}_first"] = forms.IntegerField(
                label=_("%(register)s: first reading of the new meter [%(unit)s]") % {"register": said, "unit": unit}, min_value=0
            )

    def clean_exchanged_at(self) -> datetime:
        """The form's time is meant by the microgrid's zone."""
        given: datetime = self.cleaned_data["exchanged_at"]
        return given.replace(tzinfo=self._meter.microgrid.zone)

    def save(self, user: Any, now: datetime) -> Exchanged | None:
        """Write the exchange down; None where it cannot be, then the form says why."""
        given = self.cleaned_data
        registers = {name: HandOver(given[f"{name}_last"], given[f"{name}_first"]) for name in self._channels}
        try:
            return exchange_meter(
                meter=self._meter,
                exchanged_at=given["exchanged_at"],
                registers=registers,
                now=now,
                by=user,
                new_serial=given["new_serial"],
                old_serial=given["old_serial"],
            )
        except CannotExchange as problem:
            self.add_error(None, str(problem).capitalize() + ".")
            return None
