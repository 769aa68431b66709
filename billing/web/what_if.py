"""What another tariff would cost: for a member the own sites, for who makes tariffs every member."""

import json
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.selectors.comparable import comparable_sites, comparable_versions, compared_since, compares_for_all
from billing.services.what_if import (
    CannotCompare,
    Outcome,
    Proposal,
    WhatIf,
    comparable_days,
    proposal_of_json,
    proposal_of_urdb,
    proposal_of_version,
    vat_rate_of,
    what_if,
)
from members.choices import offer
from members.models import Member
from members.selectors.scope import user_of
from members.services.access import record_looks

SHOWN = 10
LARGEST_FILE = 400_000
METERING = (
    ("none", gettext_lazy("what is fed in earns nothing")),
    ("net-billing", gettext_lazy("what is fed in is credited at the file's sell prices")),
    ("net-metering", gettext_lazy("kWh fed in are set off against kWh drawn")),
    ("buy-all-sell-all", gettext_lazy("all use is bought, all production is sold at the file's sell prices")),
)


class WhatIfForm(forms.Form):
    """A version of the cooperative's, or a file of anybody's."""

    version: Any = forms.ModelChoiceField(
        queryset=None, required=False, label=gettext_lazy("A tariff of ours"), empty_label=gettext_lazy("none")
    )
    file = forms.FileField(
        required=False,
        label=gettext_lazy("Or a tariff from a file"),
        help_text=gettext_lazy("JSON: OpenEI's URDB form, or a list of parts as docs/tariffs.md describes it."),
    )
    metering = forms.ChoiceField(choices=METERING, required=False, label=gettext_lazy("For OpenEI files"))

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "version", comparable_versions(user))

    def clean_file(self) -> Any:
        """The file's JSON, numbers as they are written."""
        file = self.cleaned_data["file"]
        if file is None:
            return None
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(_("The file is larger than 400 kB; a tariff is smaller than that."))
        try:
            return file.name, json.loads(file.read().decode("utf-8-sig"), parse_float=Decimal)
        except (ValueError, ArithmeticError, RecursionError):
            raise forms.ValidationError(_("{name} is no JSON; choose another file.").format(name=file.name)) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.is_bound and not self.errors and not cleaned.get("version") and not cleaned.get("file"):
            raise forms.ValidationError(_("Choose a tariff of ours or a file."))
        return cleaned

    def proposals(self, vat_rate: Decimal, currency: str) -> list[Proposal]:
        """What is to be tried.

        Raises:
            CannotCompare: the file holds no tariff.
        """
        found = []
        if self.cleaned_data.get("version"):
            found.append(proposal_of_version(self.cleaned_data["version"]))
        if self.cleaned_data.get("file"):
            name, given = self.cleaned_data["file"]
            if isinstance(given, dict) and "parts" in given:
                found.append(proposal_of_json(name, given, vat_rate, currency))
            else:
                found.append(proposal_of_urdb(name, given, self.cleaned_data["metering"] or "none", vat_rate))
        return found


@login_required
def what_if_page(request: HttpRequest) -> HttpResponse:
    """Choose, and see what the newest closed year would have cost."""
    user = user_of(request)
    asked = request.POST if request.method == "POST" else request.GET if "version" in request.GET else None
    form = WhatIfForm(user, asked, request.FILES or None)
    context: dict[str, Any] = {"form": form, "for_all": compares_for_all(user), "result": None, "fault": ""}
    if form.is_bound and form.is_valid():
        try:
            context |= _result(user, form)
        except CannotCompare as problem:
            context["fault"] = str(problem)
    return render(request, "portal/what_if.html", context)


def _result(user: Any, form: WhatIfForm) -> dict[str, Any]:
    sites = list(comparable_sites(user))
    if not sites:
        raise CannotCompare(_("No metering point is yours to compare."))
    microgrid = sites[0].microgrid
    sites = [site for site in sites if site.microgrid_id == microgrid.pk]
    proposals = form.proposals(vat_rate_of(microgrid), microgrid.cooperative.currency)
    found = what_if(sites=sites, proposals=proposals, days=comparable_days(microgrid, compared_since(user, sites)))
    shown = [_shown(found, outcome) for outcome in found.outcomes]
    seen = {row["site"].member_id for outcome in shown for row in (*outcome["more"], *outcome["less"])}
    record_looks(user=user, members=Member.objects.filter(pk__in=seen), what="what-if", subject=microgrid.name, now=timezone.now())
    return {
        "result": found,
        "outcomes": shown,
        "currency": microgrid.cooperative.currency,
        "first": found.days[0],
        "last": found.days[-1],
        "effect_columns": (_("Change"), _("Metering points")),
    }


def _shown(found: WhatIf, outcome: Outcome) -> dict[str, Any]:
    change = outcome.effect.change_minor.tolist()
    before, after = outcome.effect.before_minor.tolist(), outcome.effect.after_minor.tolist()
    rows = [
        {"site": site, "before": b, "after": a, "change": c}
        for site, b, a, c in sorted(zip(found.sites, before, after, change, strict=True), key=lambda row: (-row[3], row[0].code))
    ]
    bins = outcome.effect.bins()
    return {
        "proposal": outcome.proposal,
        "effect": outcome.effect,
        "more": [row for row in rows if row["change"] > 0][:SHOWN],
        "less": [row for row in reversed(rows) if row["change"] <= 0][:SHOWN],
        "bins": bins,
        "picture": {
            "labels": [f"{b.from_minor // 100}" for b in bins],
            "names": True,
            "unit": "count",
            "series": [{"name": _("metering points"), "colour": "use", "values": [b.customers for b in bins], "bars": True}],
        },
        "table": [(_("{first} to {last}").format(first=b.from_minor // 100, last=b.to_minor // 100), b.customers) for b in bins],
    }
