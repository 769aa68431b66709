"""Votes on sharing: staff open and withdraw them; members vote in the portal, and nobody edits what they decided."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from grid.domain.prices import PriceRule
from grid.domain.sharing.terms import ShareRule
from grid.models import SharingProposal, VoteStatus
from grid.services import votes
from members.admin.confirm import ask_first
from members.admin.roles import RoleAdmin
from members.models import Role
from members.selectors.scope import user_of


class ProposalForm(forms.ModelForm):
    """What is put to the vote; the service judges whether it can be."""

    class Meta:
        model = SharingProposal
        fields = ("microgrid", "key", "price_rule", "valid_from", "reason", "quorum_percent", "closes_at")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors and self.instance.pk is None:
            try:
                votes.check_opening(
                    microgrid=given["microgrid"],
                    key=ShareRule(given["key"]),
                    valid_from=given["valid_from"],
                    closes_at=given["closes_at"],
                    now=given["microgrid"].now(timezone.now()),
                )
            except votes.CannotOpenVote as why:
                self.add_error(None, str(why))
        return given


@admin.register(SharingProposal)
class SharingProposalAdmin(RoleAdmin):
    """Open a vote, see how it went, withdraw it while it is open."""

    form = ProposalForm
    cooperative_path = "microgrid__cooperative"
    add_roles = (Role.OPERATOR, Role.TARIFF_ADMIN)
    list_display = ("microgrid", "key", "price_rule", "valid_from", "closes_at", "status", "eligible", "yes", "no", "abstained")
    list_select_related = ("microgrid",)
    ordering = ("-opened_at",)
    actions_detail = ("withdraw",)

    def get_fields(self, request: HttpRequest, obj: SharingProposal | None = None) -> tuple[str, ...]:
        chosen = ProposalForm.Meta.fields
        if obj is None:
            return chosen
        return (*chosen, "status", "eligible", "yes", "no", "abstained", "text", "text_sha256", "opened_by", "decided_at")

    def save_model(self, request: HttpRequest, obj: SharingProposal, form: Any, change: bool) -> None:
        given = form.cleaned_data
        opened = votes.open_vote(
            microgrid=given["microgrid"],
            key=ShareRule(given["key"]),
            price_rule=PriceRule(given["price_rule"]),
            valid_from=given["valid_from"],
            reason=given["reason"],
            quorum_percent=given["quorum_percent"],
            closes_at=given["closes_at"],
            by=user_of(request),
            now=given["microgrid"].now(timezone.now()),
        )
        obj.__dict__.update(opened.__dict__)

    def has_withdraw_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = self.get_queryset(request).filter(pk=object_id, status=VoteStatus.OPEN).first()
        return row is not None and self._may_row(request, self.add_roles, row)

    @action(description=gettext_lazy("Withdraw this vote"), url_path="withdraw", permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, object_id: int) -> HttpResponse:
        row = self.get_queryset(request).get(pk=object_id)
        here = reverse("admin:grid_sharingproposal_change", args=[object_id])
        asked = ask_first(
            request,
            title=f"Withdraw {row}",
            button="Withdraw",
            back=here,
            sentence="Nobody can vote on it any more, nothing is counted and nothing changes. Members are told.",
        )
        if asked:
            return asked
        if votes.withdraw_vote(proposal=row, now=row.microgrid.now(timezone.now())):
            messages.success(request, "Withdrawn; members are told.")
        else:
            messages.error(request, "It is decided already.")
        return HttpResponseRedirect(here)
