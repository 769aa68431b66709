"""Incentives in the admin: programmes, versions written by one and approved by another with a look at the newest billed month, budgets, awards."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.decorators import action

from billing.admin.incentive_forms import FIELDS, IncentiveVersionForm, in_words
from billing.domain.incentive_words import concern_in
from billing.models import (
    BillingRun,
    IncentiveAward,
    IncentiveBudget,
    IncentiveEntitlement,
    IncentiveProgramme,
    IncentiveStatus,
    IncentiveVersion,
    RunKind,
    RunStatus,
)
from billing.selectors.phrases import PHRASES
from billing.services.incentive_awards import Foreseen, foresee
from billing.services.incentive_versions import CannotApprove, approve_incentive, next_number, reject_incentive, submit_incentive
from members.admin.confirm import ask_first
from members.admin.roles import FactAdmin, MonthFilter, RoleAdmin
from members.language import said
from members.models import Member, Role
from members.selectors.scope import user_of
from members.services.access import record_looks

BOOKS = (Role.TARIFF_ADMIN, Role.AUDITOR)
KEEPER = (Role.TARIFF_ADMIN,)
SHOWN = 40


@admin.register(IncentiveProgramme)
class IncentiveProgrammeAdmin(RoleAdmin):
    """A name; its rules are its versions."""

    cooperative_path = "microgrid__cooperative"
    view_roles = BOOKS
    change_roles = add_roles = KEEPER
    list_display = ("name", "microgrid")
    list_select_related = ("microgrid",)


@admin.register(IncentiveVersion)
class IncentiveVersionAdmin(RoleAdmin):
    """A draft is edited; handed in it stands, whatever becomes of it."""

    cooperative_path = "programme__microgrid__cooperative"
    form = IncentiveVersionForm
    view_roles = BOOKS
    change_roles = add_roles = delete_roles = KEEPER
    list_display = ("programme", "number", "status", "valid_from", "rewards", "budget_minor", "budget_span")
    list_filter = ("status",)
    list_select_related = ("programme__microgrid__cooperative",)
    ordering = ("programme", "-number")
    readonly_fields = ("number", "status", "rewards")
    fieldsets = (
        (None, {"fields": (("programme", "number"), ("valid_from", "status"))}),
        (gettext_lazy("What is rewarded"), {"fields": FIELDS}),
        (gettext_lazy("Within which limits"), {"fields": ("member_cap_minor", ("budget_minor", "budget_span"), "when_short")}),
    )
    actions_detail = ("look", "submit", "approve", "reject")

    @admin.display(description=gettext_lazy("What is rewarded"))
    def rewards(self, version: IncentiveVersion) -> str:
        """The rule in one sentence."""
        return in_words(version.parsed, version.programme.microgrid.cooperative.currency) if version.pk else ""

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A version that stands shows its rule as a sentence."""
        if obj is None or self.has_change_permission(request, obj):
            return self.fieldsets
        return (self.fieldsets[0], (_("What is rewarded"), {"fields": ("rewards",)}), self.fieldsets[2])

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _is_draft(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _is_draft(obj)

    def save_model(self, request: HttpRequest, obj: IncentiveVersion, form: ModelForm, change: bool) -> None:
        if not change:
            obj.number = next_number(obj.programme)
        super().save_model(request, obj, form, change)

    def _seen(self, request: HttpRequest, object_id: int) -> IncentiveVersion:
        rows = self.get_queryset(request).select_related("programme__microgrid__cooperative", "submitted_by")
        version: IncentiveVersion = get_object_or_404(rows, pk=object_id)
        if not self.has_view_permission(request, version):
            raise PermissionDenied
        return version

    def _may_step(self, request: HttpRequest, object_id: Any, status: IncentiveStatus) -> IncentiveVersion | None:
        rows = IncentiveVersion.objects.filter(pk=object_id or 0, status=status)
        version = rows.select_related("programme__microgrid__cooperative").first()
        return version if version is not None and self._may_row(request, KEEPER, version) else None

    def has_submit_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_step(request, object_id, IncentiveStatus.DRAFT) is not None

    def has_approve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        version = self._may_step(request, object_id, IncentiveStatus.SUBMITTED)
        return version is not None and version.submitted_by_id != request.user.pk

    def has_reject_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_step(request, object_id, IncentiveStatus.SUBMITTED) is not None

    @action(description=gettext_lazy("What it would have given"), url_path="look")
    def look(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Who would have got what in the newest billed month, and what the checks say; nothing is kept, looks are recorded."""
        version = self._seen(request, object_id)
        run = (
            BillingRun.objects.filter(microgrid=version.programme.microgrid, kind=RunKind.FINAL, only_sites=[], status=RunStatus.POSTED)
            .order_by("-period")
            .first()
        )
        found: Foreseen | None = foresee(version=version, days=run.days()) if run else None
        rows = sorted(found.rows, key=lambda row: -row[1].paid_minor)[:SHOWN] if found else []
        record_looks(
            user=user_of(request),
            members=Member.objects.filter(pk__in={one.stay.member.pk for one, _ in rows}),
            what="incentive",
            subject=str(version),
            now=timezone.now(),
        )
        context = {
            **self.admin_site.each_context(request),
            "title": _("%(version)s: what it would have given") % {"version": version},
            "version": version,
            "run": run,
            "found": found,
            "rows": rows,
            "words": self.rewards(version),
            "currency": version.programme.microgrid.cooperative.currency,
            "held": sum(bool(one.concerns) for one, _ in found.rows) if found else 0,
            "back": reverse("admin:billing_incentiveversion_change", args=[version.pk]),
        }
        return render(request, "admin/billing/incentive_look.html", context)

    @action(description=gettext_lazy("Hand in"), url_path="submit", permissions=["submit"])
    def submit(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Hand the saved draft over; from here on it stands."""
        version = self._seen(request, object_id)
        return self._step(
            request,
            version,
            _("Hand in"),
            _("%(version)s is handed over for approval, to hold from %(valid_from)s. %(version2)s From then on it cannot be changed.")
            % {"version": version, "valid_from": version.valid_from, "version2": self.rewards(version)},
            lambda: submit_incentive(version=version, by=user_of(request)),
            _("%(version)s waits for approval by somebody else.") % {"version": version},
        )

    @action(description=gettext_lazy("Approve"), url_path="approve", permissions=["approve"])
    def approve(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Approve what somebody else handed in."""
        version = self._seen(request, object_id)
        return self._step(
            request,
            version,
            _("Approve"),
            _("%(version)s will hold from %(valid_from)s on. %(version2)s %(submitted_by)s handed it in.")
            % {
                "version": version,
                "valid_from": version.valid_from,
                "version2": self.rewards(version),
                "submitted_by": version.submitted_by,
            },
            lambda: approve_incentive(version=version, by=user_of(request), now=timezone.now()),
            _("%(version)s is approved.") % {"version": version},
        )

    @action(description=gettext_lazy("Reject"), url_path="reject", permissions=["reject"])
    def reject(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Send it back."""
        version = self._seen(request, object_id)
        return self._step(
            request,
            version,
            _("Reject"),
            _("%(version)s stays as it is and never holds; write another version instead.") % {"version": version},
            lambda: reject_incentive(version=version),
            _("%(version)s is rejected.") % {"version": version},
        )

    def _step(self, request: HttpRequest, version: IncentiveVersion, button: str, sentence: str, take: Any, done: str) -> HttpResponse:
        back = reverse("admin:billing_incentiveversion_change", args=[version.pk])
        asked = ask_first(request, title=f"{button}: {version}", sentence=sentence, button=button, back=back)
        if asked:
            return asked
        try:
            take()
        except CannotApprove as problem:
            messages.error(request, said(str(problem), PHRASES))
        else:
            self.log_change(request, version, done)
            messages.success(request, done)
        return redirect(back)


def _is_draft(version: Any) -> bool:
    return not isinstance(version, IncentiveVersion) or version.status == IncentiveStatus.DRAFT


@admin.register(IncentiveBudget)
class IncentiveBudgetAdmin(FactAdmin):
    """What was given out of how much, by month or year."""

    cooperative_path = "programme__microgrid__cooperative"
    view_roles = BOOKS
    list_display = ("programme", "first_day", "span", "budget_minor", "spent_minor")
    list_select_related = ("programme",)


@admin.register(IncentiveAward)
class IncentiveAwardAdmin(FactAdmin):
    """Who was awarded what; what is held is decided on the page *Incentives* of the money desk."""

    cooperative_path = "version__programme__microgrid__cooperative"
    view_roles = BOOKS
    list_display = ("version", "site", "member", "period", "earned_minor", "awarded_minor", "status", "why_held")
    list_filter = ("status", MonthFilter)
    list_select_related = ("version__programme", "site", "member")
    fields = (
        "version",
        "budget",
        "site",
        "member",
        "period",
        "quantity",
        "unit",
        "baseline_wh",
        "measured_wh",
        "earned_minor",
        "capped_minor",
        "awarded_minor",
        "status",
        "why_held",
        "made_at",
        "decided_at",
        "decided_by",
        "why",
    )
    readonly_fields = ("why_held",)
    actions_list = ("held_awards",)

    @admin.display(description=gettext_lazy("What should be looked at"))
    def why_held(self, award: IncentiveAward) -> str:
        """Its concerns in words."""
        language = get_language() or "en"
        return " ".join(concern_in(concern, language) for concern in award.concerns) or "–"

    @action(description=gettext_lazy("Decide what is held"), url_path="held")
    def held_awards(self, request: HttpRequest) -> HttpResponse:
        """The page where a person grants or declines."""
        return redirect("money-incentives")


@admin.register(IncentiveEntitlement)
class IncentiveEntitlementAdmin(RoleAdmin):
    """Who is entitled to support for low income, noted by support or treasurer; no proof is kept."""

    cooperative_path = "member__cooperative"
    view_roles = (*BOOKS, Role.SUPPORT)
    change_roles = add_roles = (*KEEPER, Role.SUPPORT)
    list_display = ("member", "valid_from", "valid_to")
    list_select_related = ("member",)

    def save_model(self, request: HttpRequest, obj: IncentiveEntitlement, form: ModelForm, change: bool) -> None:
        if not change:
            obj.noted_by = user_of(request)
        super().save_model(request, obj, form, change)
