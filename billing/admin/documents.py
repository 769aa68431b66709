"""Documents as posted, what became of them, and their deliveries."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextInputWidget

from billing.models import Delivery, Document, DocumentLine, DocumentVat
from billing.models.deliveries import BEHIND, LETTER_NAMES, LETTERS, Letter
from billing.selectors.phrases import PHRASES
from billing.services.corrections import prepare_cancellation
from billing.services.deliveries import CannotSend, send_again
from billing.services.runs import CannotBill
from billing.tasks import send_queued
from energy.selectors.clocks import cooperative_now
from members.admin.roles import FactAdmin, MonthFilter, RoleTabularInline
from members.language import said
from members.models import Role
from members.selectors.scope import user_of

TREASURERS = (Role.TARIFF_ADMIN,)
MOST_WAYS = 40
SHOWN = (Role.TARIFF_ADMIN, Role.AUDITOR, Role.SUPPORT)


class LineInline(RoleTabularInline):
    """The lines of a document."""

    model = DocumentLine
    view_roles = SHOWN
    fields = ("position", "component", "window", "quantity", "unit", "price", "net_minor", "vat_category", "vat_rate")
    readonly_fields = fields
    can_delete = False
    ordering = ("position",)
    tab = False


class VatInline(RoleTabularInline):
    """The VAT of a document, rate by rate."""

    model = DocumentVat
    view_roles = SHOWN
    fields = ("category", "rate", "net_minor", "vat_minor", "ground", "as_printed")
    readonly_fields = fields
    can_delete = False
    tab = False

    @admin.display(description=gettext_lazy("As printed, in the document's language"))
    def as_printed(self, row: DocumentVat) -> str:
        return row.reason or "–"


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
    list_filter = ("kind", "status", MonthFilter)
    list_select_related = ("member", "site")
    search_fields = ("label", "member__name", "member__number", "payment_reference", "site__code")
    inlines = (LineInline, VatInline, DeliveryInline)
    readonly_fields = ("cancels", "replaces")
    actions_detail = ("cancel", "send")

    @admin.display(description="PDF")
    def pdf(self, document: Document) -> str:
        return format_html('<a href="{}">PDF</a>', reverse("bill-pdf", args=[document.public_id])) if document.number else "–"

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
        document = get_object_or_404(self.get_queryset(request).select_related("member", "run__microgrid"), pk=document_id)
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
                run = prepare_cancellation(document=document, reason=form.cleaned_data["reason"], user=user_of(request), now=now)
            except CannotBill as problem:
                form.add_error(None, str(problem))
            else:
                messages.success(
                    request, _("A credit note for %(document)s is drafted; a second person releases it.") % {"document": document}
                )
                return redirect("admin:billing_billingrun_change", run.pk)
        sentence = _(
            "A credit note will take back %(document)s whole; it stays readable as it was. Another document comes only by the month's next run."
        ) % {"document": document}
        return self._ask(
            request, document, form, _("Take back %(document)s") % {"document": document}, sentence, _("Draft the credit note")
        )

    def send_view(self, request: HttpRequest, document_id: int) -> HttpResponse:
        """Send a document once more, to one address."""
        document = self._document(request, document_id)
        now = document.run.microgrid.now(timezone.now())
        done = reverse("admin:billing_document_change", args=[document.pk])
        return sending_page(self, request, document, document.member.email, now, done)

    def _ask(self, request: HttpRequest, document: Document, form: forms.Form, title: str, sentence: str, button: str) -> HttpResponse:
        back = reverse("admin:billing_document_change", args=[document.pk])
        return asked(self, request, form, title, sentence, button, back)


def asked(page: FactAdmin, request: HttpRequest, form: forms.Form, title: str, sentence: str, button: str, back: str) -> HttpResponse:
    """A question with a form, beside the pages of a model."""
    context = {
        **page.admin_site.each_context(request),
        "title": title,
        "form": form,
        "sentence": sentence,
        "button": button,
        "back": back,
        "opts": page.opts,
    }
    return render(request, "admin/billing/ask_form.html", context)


def sending_page(page: FactAdmin, request: HttpRequest, letter: Letter, recipient: str, now: datetime, back: str) -> HttpResponse:
    """Ask for the address, then send a letter once more, to it alone."""
    form = SendForm(request.POST or None, initial={"recipient": recipient})
    if request.method == "POST" and form.is_valid():
        recipient = form.cleaned_data["recipient"]
        try:
            send_again(letter=letter, recipient=recipient, now=now)
        except CannotSend as problem:
            form.add_error(None, said(str(problem), PHRASES))
        else:
            send_queued.delay()
            messages.success(request, _("%(document)s is on its way to %(recipient)s.") % {"document": letter, "recipient": recipient})
            return redirect(back)
    title = _("Send %(document)s") % {"document": letter}
    return asked(page, request, form, title, _("It goes out as an e-mail, to this address alone."), _("Send"), back)


class LetterKindFilter(admin.SimpleListFilter):
    """Deliveries by what was sent."""

    title = gettext_lazy("what was sent")
    parameter_name = "letter"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, str(LETTER_NAMES[name])) for name in LETTERS]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(**{f"{self.value()}__isnull": False}) if self.value() in LETTERS else queryset


@admin.register(Delivery)
class DeliveryAdmin(FactAdmin):
    """Every letter's way to every recipient, and sending one again to one of them."""

    cooperative_path = "member__cooperative"
    view_roles = SHOWN
    list_display = ("letter", "member", "recipient", "sending", "state", "queued_at", "sent_at", "opened_at", "why")
    list_filter = ("status", LetterKindFilter)
    list_select_related = BEHIND
    search_fields = ("recipient", "document__label", "member__name", "member__number")
    ordering = ("-queued_at", "-pk")
    fields = ("what", "member", "recipient", "sending", "state", "queued_at", "claimed_at", "sent_at", "opened_at", "why", "ways")
    readonly_fields = ("what", "state", "why", "ways")
    actions_detail = ("again",)

    @admin.display(description=gettext_lazy("Letter"))
    def what(self, row: Delivery) -> str:
        return f"{LETTER_NAMES[row.kind]}: {row.letter}"

    @display(
        description=gettext_lazy("State"),
        ordering="status",
        label={"sent": "success", "opened": "success", "failed": "danger", "queued": "info", "sending": "info"},
    )
    def state(self, row: Delivery) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @admin.display(description=gettext_lazy("Problem"))
    def why(self, row: Delivery) -> str:
        return said(row.problem, PHRASES) or "–"

    @admin.display(description=gettext_lazy("All ways of this letter"))
    def ways(self, row: Delivery) -> str:
        """Each recipient and sending with its state, the newest first."""
        rows = Delivery.objects.filter(**{row.kind: row.letter}).order_by("-queued_at", "-pk")[:MOST_WAYS]
        return format_html_join(
            "",
            '<a href="{}">{}</a> &ensp; {}, {}<br>',
            (
                (
                    reverse("admin:billing_delivery_change", args=[way.pk]),
                    way.recipient,
                    way.get_status_display(),
                    date_format(localtime(way.sent_at or way.queued_at), "SHORT_DATETIME_FORMAT"),
                )
                for way in rows
            ),
        )

    def has_again_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = Delivery.objects.filter(pk=object_id).select_related("member").first() if object_id else None
        return self._may_row(request, TREASURERS, row)

    @action(description=gettext_lazy("Send again"), url_path="again", permissions=["again"])
    def again(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Once more to this recipient, or to another address."""
        row = get_object_or_404(self.get_queryset(request).select_related(*BEHIND), pk=object_id)
        back = reverse("admin:billing_delivery_change", args=[row.pk])
        return sending_page(self, request, row.letter, row.recipient, cooperative_now(row.member.cooperative_id, timezone.now()), back)
