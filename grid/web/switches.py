"""Switches: how each stands, one moved by hand in two steps, and the log of all of them."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from rest_framework.generics import get_object_or_404

from energy.models import Microgrid, Switch
from energy.selectors.scope import READING_ROLES, operated_microgrids
from energy.services.switching import CannotSwitch
from grid.models import SwitchOrder
from grid.selectors.switches import SwitchLine, ends_without_switch, switch_lines, switch_orders
from grid.services.switch_orders import confirm_switch_order, is_grave, propose_at_end, propose_switch_order, take_back_switch_order
from grid.web.said import said
from members.choices import offer
from members.selectors.scope import user_of

AT_END = "end"


class SwitchForm(forms.Form):
    """The first step: which switch is moved, and why. It goes to where it does not stand now."""

    move = forms.ChoiceField(label=gettext_lazy("Move"))
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=200)

    def __init__(self, lines: list[SwitchLine], ends: list[tuple[str, str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = []
        if lines:
            groups.append(
                (
                    _("Switches"),
                    [(f"{line.switch.pk}", said(f"{'Open' if line.is_closed else 'Close'} {line.switch.code}")) for line in lines],
                )
            )
        groups.append(
            (
                _("Ends without a switch of their own"),
                [(f"{AT_END}|{kind}|{code}|{node}", said(f"Open {code} at {node}")) for kind, code, node in ends],
            )
        )
        offer(self, "move", groups)


def _microgrid(request: HttpRequest, *, to_change: bool) -> Microgrid:
    roles = () if to_change else READING_ROLES
    found = operated_microgrids(user_of(request), *roles).first()
    if found is None:
        raise Http404
    return found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def switches(request: HttpRequest) -> HttpResponse:
    """All switches and all orders; an operator takes the first step of a new one here."""
    microgrid = _microgrid(request, to_change=request.method == "POST")
    now = microgrid.now(timezone.now())
    lines = switch_lines(microgrid, now)
    form = SwitchForm(lines, ends_without_switch(microgrid, now), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = _proposed(request, microgrid, form, lines)
            return redirect("switch-order", row.public_id)
        except CannotSwitch as problem:
            form.add_error(None, str(problem))
    context = {
        "microgrid": microgrid,
        "tab": "network",
        "zone": microgrid.zone,
        "lines": lines,
        "form": form,
        "log": switch_orders(microgrid),
        "may_change": operated_microgrids(user_of(request)).filter(pk=microgrid.pk).exists(),
    }
    return render(request, "live/switches.html", context)


def _proposed(request: HttpRequest, microgrid: Microgrid, form: SwitchForm, lines: list[SwitchLine]) -> SwitchOrder:
    value, reason, now = form.cleaned_data["move"], form.cleaned_data["reason"], microgrid.now(timezone.now())
    if value.startswith(f"{AT_END}|"):
        _, kind, code, node = value.split("|", 3)
        return propose_at_end(microgrid=microgrid, kind=kind, code=code, node_code=node, reason=reason, by=user_of(request), now=now)
    line = next(line for line in lines if str(line.switch.pk) == value)
    switch: Switch = line.switch
    return propose_switch_order(microgrid=microgrid, switch=switch, closes=not line.is_closed, reason=reason, by=user_of(request), now=now)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def switch_order(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The second step: read what would follow, then confirm, or take it back."""
    microgrid = _microgrid(request, to_change=request.method == "POST")
    row = get_object_or_404(
        SwitchOrder.objects.select_related(
            "switch__node", "switch__other_node", "microgrid", "proposed_by", "confirmed_by", "taken_back_by"
        ),
        public_id=public_id,
        microgrid=microgrid,
    )
    if request.method == "POST":
        _step(request, row)
        return redirect("switch-order", row.public_id)
    context = {
        "row": row,
        "tab": "network",
        "zone": microgrid.zone,
        "is_grave": is_grave(row),
        "lost": row.sites_lost.select_related("member").order_by("code"),
        "back": row.sites_back.order_by("code"),
        "may_change": operated_microgrids(user_of(request)).filter(pk=microgrid.pk).exists(),
    }
    return render(request, "live/switch_order.html", context)


def _step(request: HttpRequest, row: SwitchOrder) -> None:
    now = row.microgrid.now(timezone.now())
    if request.POST.get("step") == "take_back":
        take_back_switch_order(order=row, by=user_of(request), now=now)
        messages.success(request, _("Taken back: nothing is switched."))
        return
    try:
        confirm_switch_order(order=row, typed=request.POST.get("typed", ""), by=user_of(request), now=now)
        messages.success(
            request, (_("Done: %(switch)s is closed.") if row.closes else _("Done: %(switch)s is open.")) % {"switch": row.switch}
        )
    except CannotSwitch as problem:
        messages.error(request, str(problem))
