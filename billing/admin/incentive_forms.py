"""An incentive version as a treasurer writes it: fields that make the rule, so that nobody writes JSON."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from billing.domain.incentive_rules import (
    CannotReadRule,
    DemandResponse,
    LowIncome,
    PerDay,
    PerKwh,
    PerMonth,
    Rule,
    ShiftOffPeak,
    clock,
    rule_from_json,
    rule_to_json,
)
from billing.models import IncentiveVersion
from billing.selectors.phrases import PHRASES
from members.language import said

KIND_CHOICES = (
    ("local_use", gettext_lazy("energy received from neighbours")),
    ("shift_off_peak", gettext_lazy("energy moved out of the peak")),
    ("demand_response", gettext_lazy("drawing less when asked (price by the programme of the event)")),
    ("low_income", gettext_lazy("support for low income")),
)
BY_CHOICES = (
    ("kwh", gettext_lazy("for each kWh")),
    ("month", gettext_lazy("fixed, for a month")),
    ("day", gettext_lazy("fixed, for each day")),
)
FIELDS = ("kind", "by", "amount", "from_kwh", "most_kwh_a_day", "peak_from", "peak_to", "workdays_only", "usual_days", "least_days")


class IncentiveVersionForm(forms.ModelForm):
    """What is rewarded, by how much, within which limits; only what the kind needs is read."""

    kind = forms.ChoiceField(label=gettext_lazy("Rewarded is"), choices=KIND_CHOICES, widget=UnfoldAdminSelectWidget())
    by = forms.ChoiceField(label=gettext_lazy("Paid"), choices=BY_CHOICES, required=False, initial="kwh", widget=UnfoldAdminSelectWidget())
    amount = forms.DecimalField(
        label=gettext_lazy("Amount"),
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=6,
        widget=UnfoldAdminDecimalFieldWidget(),
        help_text=gettext_lazy("In the currency: 0.02 per kWh, 5.00 a month. Not for drawing less when asked."),
    )
    from_kwh = forms.IntegerField(
        label=gettext_lazy("From so many kWh a month"),
        required=False,
        min_value=0,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=gettext_lazy("For a fixed amount a month."),
    )
    most_kwh_a_day = forms.IntegerField(
        label=gettext_lazy("Up to so many kWh a day"),
        required=False,
        min_value=1,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=gettext_lazy("For low income by kWh; empty: all that was drawn."),
    )
    peak_from = forms.CharField(label=gettext_lazy("Peak from"), required=False, initial="17:00", widget=UnfoldAdminTextInputWidget())
    peak_to = forms.CharField(label=gettext_lazy("Peak to"), required=False, initial="21:00", widget=UnfoldAdminTextInputWidget())
    workdays_only = forms.BooleanField(
        label=gettext_lazy("On workdays only"), required=False, initial=True, widget=UnfoldBooleanSwitchWidget()
    )
    usual_days = forms.IntegerField(
        label=gettext_lazy("What is usual is measured over so many days before the month"),
        required=False,
        initial=28,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    least_days = forms.IntegerField(
        label=gettext_lazy("and said from so many of them on"), required=False, initial=14, widget=UnfoldAdminIntegerFieldWidget()
    )

    class Meta:
        model = IncentiveVersion
        fields = ("programme", "valid_from", "member_cap_minor", "budget_minor", "budget_span", "when_short")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial = {**self.initial, **fields_of(self.instance.parsed)}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            self.instance.rule = rule_to_json(rule_from_json(_json_of(cleaned)))
        except CannotReadRule as why:
            self.add_error(None, f"{said(str(why), PHRASES)}.")
        return cleaned


def _json_of(given: dict[str, Any]) -> dict[str, Any]:
    """The rule's JSON from the form's fields, as the kind needs them."""
    kind = given["kind"]
    rule: dict[str, Any] = {"format": 1, "kind": kind}
    if kind == "demand_response":
        return rule
    amount = f"{given['amount']:f}" if given.get("amount") is not None else ""
    by = given.get("by") or "kwh"
    rule["reward"] = {"by": by, "price" if by == "kwh" else "amount": amount}
    if by == "month":
        rule["reward"]["from_wh"] = (given.get("from_kwh") or 0) * 1000
    if kind == "shift_off_peak":
        rule["peak"] = {"from": given.get("peak_from"), "to": given.get("peak_to"), "workdays_only": bool(given.get("workdays_only"))}
        rule |= {name: given[name] for name in ("usual_days", "least_days") if given.get(name) is not None}
    if kind == "low_income" and by == "kwh" and given.get("most_kwh_a_day"):
        rule["most_wh_a_day"] = given["most_kwh_a_day"] * 1000
    return rule


def fields_of(rule: Rule) -> dict[str, Any]:
    """The form's fields of a rule."""
    found: dict[str, Any] = {"kind": rule_to_json(rule)["kind"]}
    if isinstance(rule, DemandResponse):
        return found
    reward = rule.reward
    if isinstance(reward, PerKwh):
        found |= {"by": "kwh", "amount": reward.price}
    elif isinstance(reward, PerDay):
        found |= {"by": "day", "amount": reward.amount}
    elif isinstance(reward, PerMonth):
        found |= {"by": "month", "amount": reward.amount, "from_kwh": reward.from_wh // 1000}
    if isinstance(rule, ShiftOffPeak):
        found |= {
            "peak_from": clock(rule.peak.start_minute),
            "peak_to": clock(rule.peak.end_minute),
            "workdays_only": rule.peak.workdays_only,
            "usual_days": rule.usual_days,
            "least_days": rule.least_days,
        }
    if isinstance(rule, LowIncome) and rule.most_wh_a_day:
        found["most_kwh_a_day"] = rule.most_wh_a_day // 1000
    return found


def in_words(rule: Rule, currency: str) -> str:
    """A rule in one sentence."""
    if isinstance(rule, DemandResponse):
        return _("Drawing less when asked, at the price of the event's programme, within these limits.")
    reward = rule.reward
    amount = f"{Decimal(reward.price if isinstance(reward, PerKwh) else reward.amount).normalize():f} {currency}"
    span = (
        _("for each kWh")
        if isinstance(reward, PerKwh)
        else _("for each day")
        if isinstance(reward, PerDay)
        else _("for a month with at least %(from_wh)s kWh") % {"from_wh": reward.from_wh // 1000}
    )
    if isinstance(rule, ShiftOffPeak):
        days = _("on workdays") if rule.peak.workdays_only else _("every day")
        what = _("moved out of the peak, %(start_minute)s to %(end_minute)s %(days)s, against the %(usual_days)s days before the month") % {
            "start_minute": clock(rule.peak.start_minute),
            "end_minute": clock(rule.peak.end_minute),
            "days": days,
            "usual_days": rule.usual_days,
        }
    elif isinstance(rule, LowIncome):
        what = _("for members who are entitled") + (
            _(", up to %(most_wh_a_day)s kWh a day") % {"most_wh_a_day": rule.most_wh_a_day // 1000} if rule.most_wh_a_day else ""
        )
    else:
        what = _("received from neighbours")
    return f"{amount} {span} {what}."
