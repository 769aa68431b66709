"""Rules of payment, mandates, charges and movements; the desk for the daily work is the page `money/`."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from billing.domain.banking.references import is_creditor_id
from billing.models import BankStatementLine, Charge, Mandate, MandateStatus, PaymentRules
from billing.selectors.phrases import PHRASES, pause_said
from billing.services.mandates import CannotGiveMandate, checked_iban, give_mandate, resume_mandate, revoke_mandate
from members.admin.confirm import ask_first
from members.admin.roles import FactAdmin, RoleAdmin
from members.language import said
from members.models import Role

BOOKS = (Role.TARIFF_ADMIN, Role.AUDITOR)
KEEPERS = (Role.TARIFF_ADMIN,)


class RulesForm(forms.ModelForm):
    """The rules, with the creditor identifier's check digits looked at."""

    class Meta:
        model = PaymentRules
        fields = "__all__"

    def clean_creditor_id(self) -> str:
        text = self.cleaned_data["creditor_id"].replace(" ", "").upper()
        if text and not is_creditor_id(text):
            raise forms.ValidationError(_("The check digits are not right; copy it from your bank's letter."))
        return text


@admin.register(PaymentRules)
class PaymentRulesAdmin(RoleAdmin):
    """How the cooperative handles money in and out."""

    view_roles = BOOKS
    change_roles = add_roles = KEEPERS
    form = RulesForm
    list_display = ("cooperative", "creditor_id", "prenotification_days", "credit_use", "return_fee")


class MandateForm(forms.ModelForm):
    """A mandate that was signed on paper."""

    class Meta:
        model = Mandate
        fields = ("member", "holder", "iban", "bic", "signed_date")

    def clean_iban(self) -> str:
        try:
            return checked_iban(self.cleaned_data["iban"])
        except CannotGiveMandate as problem:
            raise forms.ValidationError(str(problem)) from problem

    def clean_signed_date(self) -> Any:
        day = self.cleaned_data["signed_date"]
        if day > timezone.now().date():
            raise forms.ValidationError(_("A mandate is not signed in the future."))
        return day


@admin.register(Mandate)
class MandateAdmin(RoleAdmin):
    """Mandates: entered from paper, paused by banks, resumed or revoked here; what was signed stays."""

    view_roles = BOOKS
    add_roles = KEEPERS
    form = MandateForm
    list_display = ("reference", "member", "status", "masked_iban", "signed_date", "paused_because")
    list_filter = ("status",)
    list_select_related = ("member",)
    search_fields = ("reference", "member__name", "member__number")
    autocomplete_fields = ("member",)
    actions_detail = ("resume", "revoke")

    def save_model(self, request: HttpRequest, obj: Mandate, form: Any, change: bool) -> None:
        made = give_mandate(
            member=obj.member, holder=obj.holder, iban=obj.iban, bic=obj.bic, signed_date=obj.signed_date, user=None, now=timezone.now()
        )
        obj.pk, obj.public_id, obj.reference, obj.cooperative_id = made.pk, made.public_id, made.reference, made.cooperative_id

    @admin.display(description=gettext_lazy("Why it is paused"))
    def paused_because(self, mandate: Mandate) -> str:
        return pause_said(mandate.pause_reason) or "–"

    def has_step_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        mandate = Mandate.objects.filter(pk=object_id).first() if object_id else None
        return self._may_row(request, KEEPERS, mandate)

    @action(description=gettext_lazy("Let it count again"), url_path="resume", permissions=["step"])
    def resume(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """After somebody has talked with the member."""
        mandate = self.get_queryset(request).get(pk=object_id)
        here = reverse("admin:billing_mandate_change", args=[object_id])
        if mandate.status != MandateStatus.PAUSED:
            messages.info(request, _("Only a paused mandate can be resumed."))
            return redirect(here)
        asked = ask_first(
            request,
            title=_("Resume %(mandate)s") % {"mandate": mandate},
            button=_("Let it count again"),
            back=here,
            sentence=_("It was paused: %(pause_reason)s. Bills of %(member)s are collected by it again.")
            % {"pause_reason": pause_said(mandate.pause_reason), "member": mandate.member},
        )
        if asked:
            return asked
        resume_mandate(mandate=mandate)
        return redirect(here)

    @action(description=gettext_lazy("Revoke"), url_path="revoke", permissions=["step"])
    def revoke(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The member wants it no longer."""
        mandate = self.get_queryset(request).get(pk=object_id)
        here = reverse("admin:billing_mandate_change", args=[object_id])
        asked = ask_first(
            request,
            title=_("Revoke %(mandate)s") % {"mandate": mandate},
            button=_("Revoke"),
            back=here,
            sentence=_("Nothing more is collected from %(member)s by it; this cannot be taken back, a new mandate can be given.")
            % {"member": mandate.member},
        )
        if asked:
            return asked
        revoke_mandate(mandate=mandate, now=timezone.now())
        return redirect(here)


@admin.register(Charge)
class ChargeAdmin(FactAdmin):
    """What members owe besides bills."""

    view_roles = BOOKS
    list_display = ("text", "member", "kind", "amount_minor", "paid_minor", "charged_at", "taken_back_at")
    list_filter = ("kind",)
    list_select_related = ("member",)


@admin.register(BankStatementLine)
class BankStatementLineAdmin(FactAdmin):
    """Movements of the account as the bank wrote them."""

    view_roles = BOOKS
    list_display = ("booked_date", "payer", "purpose", "amount_minor", "status", "why_said")
    list_filter = ("status",)
    search_fields = ("payer", "purpose", "end_to_end_id", "payer_iban")

    @admin.display(description=gettext_lazy("why"))
    def why_said(self, line: BankStatementLine) -> str:
        return said(line.why, PHRASES)
