"""Runs, documents, ledger, payments and bank statements; all but the import only show."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from billing.adapters.bank.xml import LONGEST_FILE_BYTES
from billing.domain.bank_csv import CannotReadStatement
from billing.models import BankStatement, BankStatementLine, FlexibilityCredit, LedgerEntry, LedgerTransaction, Payment
from billing.selectors.phrases import PHRASES
from billing.services.bank_statements import import_statement, preview_statement
from billing.services.deadlocks import TooBusy
from billing.services.ledger import CannotPost
from members.admin.roles import FactAdmin, RoleTabularInline, served_ids
from members.choices import offer
from members.language import said
from members.models import Cooperative, Role

BOOKS = (Role.TARIFF_ADMIN, Role.AUDITOR)


@admin.register(FlexibilityCredit)
class FlexibilityCreditAdmin(FactAdmin):
    """What sites are owed for flexibility, and on which document it stands."""

    cooperative_path = "site__microgrid__cooperative"
    view_roles = (*BOOKS, Role.SUPPORT)
    list_display = ("site", "component", "window", "quantity_wh", "price", "net_minor", "document")
    list_filter = ("component", "site__microgrid")
    list_select_related = ("site", "document")
    search_fields = ("site__code", "cause_ref", "document__label")


class EntryInline(RoleTabularInline):
    """Both sides of a transaction."""

    model = LedgerEntry
    view_roles = BOOKS
    fields = ("account", "debit_minor", "credit_minor")
    readonly_fields = fields
    can_delete = False
    tab = False


class CauseFilter(admin.AllValuesFieldListFilter):
    """Causes by what they are called."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": _(str(choice["display"]))}


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(FactAdmin):
    """The ledger: each transaction with its cause."""

    view_roles = BOOKS
    list_display = ("booked_date", "cause_said", "idempotency_key", "total")
    list_filter = (("cause", CauseFilter), "booked_date")
    search_fields = ("idempotency_key",)
    inlines = (EntryInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(sum_minor=Sum("entries__debit_minor"))

    @admin.display(description=gettext_lazy("cause"), ordering="cause")
    def cause_said(self, transaction: LedgerTransaction) -> str:
        return _(transaction.cause)

    @admin.display(description=gettext_lazy("Amount, minor units"))
    def total(self, transaction: Any) -> int:
        return int(transaction.sum_minor or 0)


@admin.register(Payment)
class PaymentAdmin(FactAdmin):
    """What was paid."""

    view_roles = BOOKS
    list_display = ("received_at", "member", "document", "rail", "amount_minor")
    list_filter = ("rail",)
    list_select_related = ("member", "document")
    search_fields = ("document__label", "member__name", "external_ref")


class StatementForm(forms.Form):
    """A statement's file and the cooperative whose account it is of."""

    cooperative = forms.ModelChoiceField(Cooperative.objects.none(), widget=UnfoldAdminSelectWidget, label=gettext_lazy("Cooperative"))
    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget,
        help_text=gettext_lazy("camt.053 or camt.054 as your bank sends it, or CSV as it exports it; at most 20 MB."),
        label=gettext_lazy("File"),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LONGEST_FILE_BYTES:
            raise forms.ValidationError(_("The file is larger than 20 MB; fetch a shorter period."))
        return file


class StatementLineInline(RoleTabularInline):
    """What each line settled."""

    model = BankStatementLine
    view_roles = BOOKS
    fields = ("row", "booked_date", "amount_minor", "payer", "purpose", "status", "why_said")
    readonly_fields = fields
    can_delete = False
    tab = False

    @admin.display(description=gettext_lazy("why"))
    def why_said(self, line: BankStatementLine) -> str:
        return said(line.why, PHRASES)


@admin.register(BankStatement)
class BankStatementAdmin(FactAdmin):
    """Imported statements, and the import: looked at first, then taken wholly."""

    view_roles = BOOKS
    list_display = ("file_name", "imported_at", "lines_matched")
    inlines = (StatementLineInline,)
    actions_list = ("import_file",)

    @admin.display(description=gettext_lazy("Matched"))
    def lines_matched(self, statement: BankStatement) -> str:
        return _("%(count)s of %(count2)s") % {"count": statement.lines.filter(status="booked").count(), "count2": statement.lines.count()}

    def get_urls(self) -> list[URLPattern]:
        own = [path("import/", self.admin_site.admin_view(self.import_view), name="billing_bankstatement_import")]
        return own + list(super().get_urls())

    @action(description=gettext_lazy("Import a statement"), url_path="start-import", permissions=["import"])
    def import_file(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:billing_bankstatement_import")

    def has_import_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, (Role.TARIFF_ADMIN,))

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Upload, preview with proposals, then import; nothing is booked before the second step."""
        if not self.has_import_permission(request):
            return redirect("admin:billing_bankstatement_changelist")
        form = StatementForm(request.POST or None, request.FILES or None)
        offer(
            form,
            "cooperative",
            Cooperative.objects.filter(pk__in=served_ids(request, (Role.TARIFF_ADMIN,)))
            if not request.user.is_superuser
            else Cooperative.objects.all(),
        )
        context = {**self.admin_site.each_context(request), "title": _("Import a bank statement"), "form": form, "opts": self.opts}
        if request.method == "POST" and form.is_valid():
            content = form.cleaned_data["file"].read()
            cooperative = form.cleaned_data["cooperative"]
            try:
                if "book" in request.POST:
                    statement, fresh = import_statement(
                        cooperative=cooperative, content=content, file_name=form.cleaned_data["file"].name, now=timezone.now()
                    )
                    text = _("The statement is imported.") if fresh else _("This statement was imported before; nothing changed.")
                    messages.success(request, text)
                    return redirect("admin:billing_bankstatement_change", statement.pk)
                context["previews"] = preview_statement(cooperative=cooperative, content=content)
            except (CannotReadStatement, CannotPost, TooBusy) as problem:
                form.add_error("file", [said(one, PHRASES) for one in str(problem).split("\n")])
        return render(request, "admin/billing/import_statement.html", context)
