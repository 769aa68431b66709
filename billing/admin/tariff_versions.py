"""Versions of tariffs: painted and priced in an editor with what it does beside it, submitted by one person, approved by another."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from billing.admin.tariff_forms import RejectionForm, VersionForm, as_text, faults_of, prices_energy
from billing.admin.tariffs import TREASURERS
from billing.domain.pricing.billable import BILLABLE_KINDS
from billing.domain.pricing.reading import parts_from_json
from billing.domain.rating import CannotRate
from billing.domain.tariffs import TariffTerms
from billing.models import TariffStep, TariffVersion, VersionStatus
from billing.selectors.phrases import PHRASES
from billing.selectors.tariff_editor import changes_of, editable_parts, in_words
from billing.selectors.tariff_faults import ShownFault, not_billed_in_words
from billing.selectors.tariffs import terms_of, version_as_openei
from billing.services.preview import preview_terms
from billing.services.tariff_effect import version_effect
from billing.services.tariffs import (
    CannotPublishVersion,
    approve_version,
    approvers_beside,
    draft_from,
    next_number,
    reject_version,
    submit_version,
)
from billing.services.what_if import CannotCompare
from members.admin.confirm import ask_first
from members.admin.roles import RoleAdmin, RoleTabularInline
from members.language import said
from members.models import Member
from members.selectors.scope import user_of
from members.services.access import record_looks


class StepInline(RoleTabularInline):
    """Who submitted, approved or rejected, and why."""

    model = TariffStep
    fields = readonly_fields = ("at", "kind", "user", "reason")
    can_delete = False
    ordering = ("at",)
    tab = False
    verbose_name_plural = gettext_lazy("Who did what")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("user")


def is_draft(version: Any) -> bool:
    """Whether it may still change."""
    return not isinstance(version, TariffVersion) or version.status == VersionStatus.DRAFT


@admin.register(TariffVersion)
class TariffVersionAdmin(RoleAdmin):
    """A version: a draft is edited; submitted it stands, whatever becomes of it."""

    cooperative_path = "tariff__cooperative"
    form = VersionForm
    change_form_template = "admin/billing/tariff_version.html"
    change_roles = add_roles = delete_roles = TREASURERS
    list_display = ("tariff", "number", "standing", "valid_from", "valid_to", "energy_per_kwh", "used_at")
    list_filter = ("status", "tariff")
    ordering = ("tariff", "-number")
    inlines = (StepInline,)
    readonly_fields = ("number", "standing", "valid_to", "used_at")
    fieldsets = (
        (None, {"fields": (("tariff", "number"), ("standing", "used_at"), "valid_from", "valid_to")}),
        (
            gettext_lazy("Plain prices"),
            {
                "fields": (("standing_per_day", "energy_per_kwh"), ("export_per_kwh", "incentive_per_kwh"), "vat_rate"),
                "description": gettext_lazy("In the cooperative's currency, without VAT."),
            },
        ),
        (gettext_lazy("As the program keeps it (for experts)"), {"fields": ("parts",), "classes": ("collapse",)}),
    )
    actions_detail = ("submit", "approve", "reject", "copy_to_draft", "download_openei")

    @admin.display(description=gettext_lazy("Status"), ordering="status")
    def standing(self, version: TariffVersion) -> str:
        """Where it stands: an approved version with a later first day is scheduled."""
        if version.status == VersionStatus.PUBLISHED and version.valid_from > timezone.now().date():
            return _("approved, scheduled")
        return version.get_status_display()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:object_id>/look/", view(self.look), name="billing_tariffversion_look"),
            path("<int:object_id>/effect/", view(self.effect), name="billing_tariffversion_effect"),
        ]
        return [*own, *super().get_urls()]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and is_draft(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and is_draft(obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else ("tariff", *self.readonly_fields)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("tariff__cooperative", "submitted_by", "published_by")

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: TariffVersion, form: Any, change: bool) -> None:
        if obj.number is None:
            obj.number = next_number(obj.tariff)
        super().save_model(request, obj, form, change)
        if prices_energy(parts_from_json(obj.parts)):
            obj.windows.all().delete()  # the painted grid has taken their place

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None) -> Any:
        version = self.get_object(request, object_id) if object_id else None
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **self._shown(request, version)})

    def _shown(self, request: HttpRequest, version: TariffVersion | None) -> dict[str, Any]:
        """What the page knows beside its form: the parts to edit, what changes, what bills would become."""
        if version is None:
            return {"editor_parts": [], "is_draft": True, "look_url": "", "effect_url": "", "currency": "EUR"}
        terms = terms_of(version)
        return {
            "version": version,
            "typed": request.method == "POST",
            "editor_parts": editable_parts(terms),
            "kinds": BILLABLE_KINDS,
            "indexes": list(version.tariff.cooperative.spot_indexes.values_list("code", flat=True)),
            "is_draft": is_draft(version),
            "parts_text": as_text(version.parts),
            "currency": version.tariff.cooperative.currency,
            "look_url": reverse("admin:billing_tariffversion_look", args=[version.pk]),
            "effect_url": reverse("admin:billing_tariffversion_effect", args=[version.pk]),
            "not_billed": not_billed_in_words(version.not_billed),
            "words": in_words(terms, version.tariff.cooperative.currency),
            **self._look_context(version, terms),
        }

    def _look_context(self, version: TariffVersion, terms: TariffTerms) -> dict[str, Any]:
        currency = version.tariff.cooperative.currency
        before, changed = changes_of(version, terms, currency)
        context: dict[str, Any] = {"version": version, "before": before, "changes": changed, "currency": currency, "bills": [], "fault": ""}
        try:
            context["bills"] = preview_terms(tariff=version.tariff, terms=terms)
        except CannotRate as problem:
            context["fault"] = str(problem)
        return context

    def _tried(self, request: HttpRequest, version: TariffVersion) -> TariffTerms | list[ShownFault]:
        """The terms that the page's form says, or what is wrong with it; of a version that stands its own terms."""
        if request.method != "POST" or not is_draft(version):
            return terms_of(version)
        form = self.get_form(request, version, change=True)(request.POST, instance=version)
        return form.terms() if form.is_valid() else faults_of(form)

    def look(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """What changes and what three households' bills would become, under the form as it stands on the page; nothing is saved."""
        version = self._seen(request, object_id)
        tried = self._tried(request, version)
        if isinstance(tried, list):
            return render(request, "admin/billing/tariff_look.html", {"faults": tried})
        return render(request, "admin/billing/tariff_look.html", self._look_context(version, tried))

    def effect(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """What it would have cost every member over the newest closed days; nothing is saved, and the look at members is recorded."""
        version = self._seen(request, object_id)
        tried = self._tried(request, version)
        if isinstance(tried, list):
            return render(request, "admin/billing/tariff_look.html", {"faults": tried})
        cooperative = version.tariff.cooperative
        try:
            found = version_effect(cooperative=cooperative, terms=tried, name=str(version))
        except CannotCompare as problem:
            return render(request, "admin/billing/tariff_effect.html", {"fault": str(problem)})
        named = [row.site.member_id for row in (*found.most_more, *found.most_less)]
        record_looks(
            user=user_of(request), members=Member.objects.filter(pk__in=named), what="what-if", subject=str(version), now=timezone.now()
        )
        bins = found.effect.bins()
        context = {"found": found, "bins": bins, "highest": max((b.customers for b in bins), default=1), "currency": cooperative.currency}
        return render(request, "admin/billing/tariff_effect.html", context)

    def _seen(self, request: HttpRequest, object_id: int) -> TariffVersion:
        version: TariffVersion = get_object_or_404(self.get_queryset(request), pk=object_id)
        if not self.has_view_permission(request, version):
            raise PermissionDenied
        return version

    def _stands(self, object_id: Any, status: VersionStatus) -> TariffVersion | None:
        found = TariffVersion.objects.filter(pk=object_id, status=status).select_related("tariff__cooperative")
        return found.first() if object_id else None

    def _may_step(self, request: HttpRequest, object_id: Any, status: VersionStatus) -> TariffVersion | None:
        version = self._stands(object_id, status)
        return version if version is not None and self._may_row(request, TREASURERS, version) else None

    def has_submit_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_step(request, object_id, VersionStatus.DRAFT) is not None

    def has_approve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        version = self._may_step(request, object_id, VersionStatus.SUBMITTED)
        return version is not None and version.submitted_by_id != request.user.pk

    def has_reject_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_step(request, object_id, VersionStatus.SUBMITTED) is not None

    def has_copy_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, TREASURERS)

    @action(description=gettext_lazy("Submit for approval"), url_path="submit", permissions=["submit"])
    def submit(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Hand the saved draft over; from here on it stands."""
        version = self._seen(request, object_id)
        others = approvers_beside(version, user_of(request))
        who = ", ".join(other.get_full_name() for other in others) or _("nobody yet: give somebody else the role tariff admin")
        asked = self._asked(
            request,
            version,
            _("Submit %(version)s") % {"version": version},
            _("Submit"),
            _(
                "%(version)s, as it was saved, is handed over for approval, to hold from %(valid_from)s. From then on it can be copied but no longer changed. It can be approved by: %(who)s."
            )
            % {"version": version, "valid_from": version.valid_from, "who": who},
        )
        return asked or self._step(
            request,
            version,
            lambda now: submit_version(version=version, user=user_of(request), now=now),
            _("%(version)s waits for approval by somebody else.") % {"version": version},
        )

    @action(description=gettext_lazy("Approve"), url_path="approve", permissions=["approve"])
    def approve(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Approve what somebody else submitted: it holds from its first day on."""
        version = self._seen(request, object_id)
        asked = self._asked(
            request,
            version,
            _("Approve %(version)s") % {"version": version},
            _("Approve"),
            _("%(version)s will hold from %(valid_from)s on, and the version before it ends there. %(submitted_by)s submitted it.")
            % {"version": version, "valid_from": version.valid_from, "submitted_by": version.submitted_by},
        )
        return asked or self._step(
            request,
            version,
            lambda now: approve_version(version=version, user=user_of(request), now=now),
            _("%(version)s is approved and holds from %(valid_from)s on.") % {"version": version, "valid_from": version.valid_from},
        )

    @action(description=gettext_lazy("Reject"), url_path="reject", permissions=["reject"])
    def reject(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Send it back with a reason; a copy of it is a draft again."""
        version = self._seen(request, object_id)
        form = RejectionForm(request.POST or None)
        if not form.is_valid():
            context = {
                **self.admin_site.each_context(request),
                "title": _("Reject %(version)s") % {"version": version},
                "form": form,
                "button": _("Reject"),
                "back": reverse("admin:billing_tariffversion_change", args=[object_id]),
                "sentence": _("It stays as it is, with the reason; a copy of it is a draft again."),
            }
            return render(request, "admin/billing/tariff_file.html", context)
        return self._step(
            request,
            version,
            lambda now: reject_version(version=version, user=user_of(request), reason=form.cleaned_data["reason"], now=now),
            _("%(version)s is rejected.") % {"version": version},
        )

    def _asked(self, request: HttpRequest, version: TariffVersion, title: str, button: str, sentence: str) -> HttpResponse | None:
        back = reverse("admin:billing_tariffversion_change", args=[version.pk])
        return ask_first(request, title=title, button=button, back=back, sentence=sentence)

    def _step(self, request: HttpRequest, version: TariffVersion, take: Any, done: str) -> HttpResponse:
        try:
            take(timezone.now())
        except CannotPublishVersion as problem:
            messages.error(request, said(str(problem), PHRASES))
        else:
            self.log_change(request, version, done)
            messages.success(request, done)
        return redirect(reverse("admin:billing_tariffversion_change", args=[version.pk]))

    @action(description=gettext_lazy("Copy to a new draft"), url_path="copy", permissions=["copy"])
    def copy_to_draft(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Make a draft with the same prices."""
        version = self._seen(request, object_id)
        asked = self._asked(
            request,
            version,
            _("Copy %(version)s") % {"version": version},
            _("Make the draft"),
            _("A draft with the prices and hours of %(version)s will be made. %(version)s stays as it is.") % {"version": version},
        )
        if asked:
            return asked
        draft = draft_from(version=version, now=timezone.now())
        messages.success(request, _("%(draft)s is a draft now: change it, look at what it does, submit it.") % {"draft": draft})
        return redirect(reverse("admin:billing_tariffversion_change", args=[draft.pk]))

    @action(description=gettext_lazy("Download as OpenEI JSON"), url_path="openei")
    def download_openei(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The version as a file that other programs read."""
        version = self._seen(request, object_id)
        name = f"{version.tariff.code}-{version.number}.json"
        return HttpResponse(
            version_as_openei(version), content_type="application/json", headers={"Content-Disposition": f'attachment; filename="{name}"'}
        )
