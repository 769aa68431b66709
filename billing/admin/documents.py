"""Documents as posted, what became of them, and their deliveries."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextInputWidget

from billing.models import Delivery, Document, DocumentLine, DocumentVat
from billing.models.deliveries import BEHIND
from billing.services.corrections import prepare_cancellation
from billing.services.deliveries import CannotSend, send_again
from billing.services.runs import CannotBill
from billing.tasks import send_queued
from members.admin.roles import FactAdmin, RoleTabularInline
from members.models import Role

TREASURERS = (Role.TARIFF_ADMIN,)
SHOWN = (Role.TARIFF_ADMIN, Role.AUDITOR, Role.SUPPORT)


class LineInline(RoleTabularInline):
    """The lines of a document."""

    model = DocumentLine
    view_roles = SHOWN
    fields = (
        "position",
        "component",
        "window",
        "quantity",
        "unit",
        "price",
        "net_minor",
        "vat_category",
        "vat_rate",
    )
    readonly_fields = fields
    can_delete = False
    ordering = ("position",)
    tab = False


class VatInline(RoleTabularInline):
    """The VAT of a document, rate by rate."""

    model = DocumentVat
    view_roles = SHOWN
    fields = ("category", "rate", "net_minor", "vat_minor", "reason")
    readonly_fields = fields
    can_delete = False
    tab = False


class DeliveryInline(RoleTabularInline):
    """To whom a document was sent, and what became of it."""

    model = Delivery
    view_roles = SHOWN
    fields = ("recipient", "sending", "status", "queued_at", "sent_at", "opened_at", "problem")
    readonly_fields = fields
    can_delete = False
    ordering = ("-queued_at",)
    tab = False


class CancelForm(forms.Form):
    """Why a document is taken back."""

    reason = forms.CharField(
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("The member reads it on the credit note."),
        label=gettext_lazy("Reason"),
    )


class SendForm(forms.Form):
    """Where a document goes."""

    recipient = forms.EmailField(widget=UnfoldAdminEmailInputWidget, label=gettext_lazy("E-mail address"))


@admin.register(Document)
class DocumentAdmin(FactAdmin):
    """Bills, credits, and what takes them back."""

    view_roles = SHOWN
    list_display = ("label", "kind", "member", "site", "period", "gross_minor", "paid_minor", "status", "pdf")
    list_filter = ("kind", "status", "period")
    list_select_related = ("member", "site")
    search_fields = ("label", "member__name", "member__number", "payment_reference", "site__code")
    inlines = (LineInline, VatInline, DeliveryInline)
    readonly_fields = ("cancels", "replaces")
    actions_detail = ("cancel", "send")

    @admin.display(description="PDF")
    def pdf(self, document: Document) -> str:
        return (
            format_html('<a href="{}">PDF</a>', reverse("bill-pdf", args=[document.public_id]))
            if document.number
            else "–"
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:document_id>/cancel/", view(self.cancel_view), name="billing_document_cancel"),
            path("<int:document_id>/send/", view(self.send_view), name="billing_document_send"),
        ]
        return own + list(super().get_urls())

    def has_treasure_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, TREASURERS)

    @action(description=gettext_lazy("Take back"), url_path="start-cancel", permissions=["treasure"])
    def cancel(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return redirect("admin:billing_document_cancel", object_id)

    @action(description=gettext_lazy("Send"), url_path="start-send", permissions=["treasure"])
    def send(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return redirect("admin:billing_document_send", object_id)

    def _document(self, request: HttpRequest, document_id: int) -> Document:
        document = get_object_or_404(
            self.get_queryset(request).select_related("member", "run__microgrid"), pk=document_id
        )
        if not self._may_row(request, TREASURERS, document):
            raise PermissionDenied
        return document

    def cancel_view(self, request: HttpRequest, document_id: int) -> HttpResponse:
        """Ask for the reason, then draft the reversal; somebody else releases it."""
        document = self._document(request, document_id)
        form = CancelForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            now = document.run.microgrid.now(timezone.now())
            try:
                run = prepare_cancellation(
                    document=document, reason=form.cleaned_data["reason"], user=request.user, now=now
                )  # type: ignore[arg-type]
            except CannotBill as problem:
                form.add_error(None, str(problem))
            else:
                messages.success(
                    request,
                    _("A credit note for %(document)s is drafted; a second person releases it.")
                    % {"document": document},
                )
                return redirect("admin:billing_billingrun_change", run.pk)
        sentence = _(
            "A credit note will take back %(document)s whole; it stays readable as it was. Another document comes only by the month's next run."
        ) % {"document": document}
        return self._ask(
            request,
            document,
            form,
            _("Take back %(document)s") % {"document": document},
            sentence,
            _("Draft the credit note"),
        )

    def send_view(self, request: HttpRequest, document_id: int) -> HttpResponse:
        """Send a document once more, to one address."""
        document = self._document(request, document_id)
        form = SendForm(request.POST or None, initial={"recipient": document.member.email})
        if request.method == "POST" and form.is_valid():
            now = document.run.microgrid.now(timezone.now())
            try:
                send_again(letter=document, recipient=form.cleaned_data["recipient"], now=now)
            except CannotSend as problem:
                form.add_error(None, str(problem))
            else:
                send_queued.delay()
                messages.success(
                    request,
                    _("%(document)s is on its way to %(recipient)s.")
                    % {"document": document, "recipient": form.cleaned_data["recipient"]},
                )
                return redirect("admin:billing_document_change", document.pk)
        return self._ask(
            request,
            document,
            form,
            _("Send %(document)s") % {"document": document},
            _("It goes out as an e-mail with the PDF."),
            _("Send"),
        )

    def _ask(
        self, request: HttpRequest, document: Document, form: forms.Form, title: str, sentence: str, button: str
    ) -> HttpResponse:  # fmt: skip
        context = {
            **self.admin_site.each_context(request), "title": title, "form": form, "sentence": sentence, "button": button,
            "back": reverse("admin:billing_document_change", args=[document.pk]), "opts": self.opts,
        }  # fmt: skip
        return render(request, "admin/billing/ask_form.html", context)


@admin.register(Delivery)
class DeliveryAdmin(FactAdmin):
    """Every letter's way to every recipient."""

    cooperative_path = "member__cooperative"
    view_roles = SHOWN
    list_display = (
        "letter",
        "member",
        "recipient",
        "sending",
        "status",
        "queued_at",
        "sent_at",
        "opened_at",
        "problem",
    )
    list_filter = ("status",)
    list_select_related = BEHIND
    search_fields = ("recipient", "document__label", "member__name", "member__number")
