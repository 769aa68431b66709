"""Billing runs as a treasurer's page: prepare, check, release by a second person, post, print, send."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing.models import BillingPolicy, BillingRun, RunCheck, RunKind, RunStatus
from billing.models.checks import CheckKind
from billing.selectors.phrases import PHRASES
from billing.selectors.run_progress import CheckCount, RunProgress, check_kinds, component_changes, progress_of, totals_by_kind
from billing.services.corrections import prepare_correction
from billing.services.deliveries import queue_run
from billing.services.papers import unprinted, why_not_printed
from billing.services.release import CannotRelease, release_run, settle_check, settle_kind, withdraw_run
from billing.services.runs import CannotBill, prepare_run
from billing.tasks import dispatch_run, post_run, print_run, send_queued
from energy.models import Microgrid, Site
from kernel.intervals import Month
from kernel.written import whole_number
from members.admin.confirm import ask_first
from members.admin.roles import FactAdmin, RoleAdmin, served_ids
from members.choices import offer
from members.language import said
from members.models import Role
from members.selectors.scope import user_of

TREASURERS = (Role.TARIFF_ADMIN,)
BOOKS = (Role.TARIFF_ADMIN, Role.AUDITOR)
CHECKS_A_PAGE = 50
FEW_CHECKS = 10
MOST_DAYS = 31


class PrepareForm(forms.Form):
    """Which month, which days of it, and for whom."""

    microgrid = forms.ModelChoiceField(Microgrid.objects.none(), widget=UnfoldAdminSelectWidget, label=gettext_lazy("Microgrid"))
    kind = forms.ChoiceField(
        choices=[(k.value, k.label) for k in (RunKind.FINAL, RunKind.INTERIM, RunKind.CORRECTION)],
        widget=UnfoldAdminSelectWidget,
        label=gettext_lazy("Kind"),
    )
    month = forms.RegexField(
        r"^\d{4}-\d{2}$",
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "2016-03"}),
        help_text=gettext_lazy("Year and month, as 2016-03."),
        error_messages={"invalid": gettext_lazy("Write the month as 2016-03.")},
        label=gettext_lazy("Month"),
    )
    first_day = forms.DateField(
        required=False, widget=UnfoldAdminDateWidget, help_text=gettext_lazy("Empty for the whole month."), label=gettext_lazy("First day")
    )
    last_day = forms.DateField(
        required=False, widget=UnfoldAdminDateWidget, help_text=gettext_lazy("Empty for the whole month."), label=gettext_lazy("Last day")
    )
    member = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("A member's number, where only that member is billed. Empty for everybody."),
        label=gettext_lazy("Member"),
    )
    reason = forms.CharField(
        required=False,
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Stands on the run's page."),
        label=gettext_lazy("Reason"),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            cleaned["month"] = self._month(cleaned["month"])
            cleaned["days"] = self._days(cleaned)
            cleaned["only_sites"] = self._sites(cleaned)
        return cleaned

    def _month(self, text: str) -> Month:
        try:
            return Month(int(text[:4]), int(text[5:]))
        except ValueError:
            raise forms.ValidationError({"month": _("There is no such month.")}) from None

    def _days(self, cleaned: dict[str, Any]) -> list[Any] | None:
        month, first, last = cleaned["month"], cleaned["first_day"], cleaned["last_day"]
        if not first and not last:
            return None
        first, last = first or month.first_day, last or month.days()[-1]
        if first not in month.days() or last not in month.days() or last < first:
            raise forms.ValidationError({"first_day": _("Choose days of the month, the first before the last.")})
        return [first + timedelta(days=i) for i in range((last - first).days + 1)]

    def _sites(self, cleaned: dict[str, Any]) -> list[int]:
        if not cleaned["member"]:
            return []
        sites = list(Site.objects.filter(microgrid=cleaned["microgrid"], member__number=cleaned["member"]).values_list("pk", flat=True))
        if not sites:
            raise forms.ValidationError({"member": _("No site of this microgrid belongs to that number.")})
        return sites


@admin.register(BillingRun)
class BillingRunAdmin(FactAdmin):
    """A month of a microgrid on its way to posted documents."""

    cooperative_path = "microgrid__cooperative"
    view_roles = BOOKS
    list_display = ("microgrid", "period", "kind", "revision", "status", "progress", "to_look_at", "issue_date", "posted_at")
    list_filter = ("status", "kind", "microgrid")
    list_select_related = ("microgrid",)
    ordering = ("-period", "-revision")
    actions_list = ("prepare",)
    change_form_template = "admin/billing/run.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related("microgrid__cooperative", "prepared_by", "released_by")
        return rows.annotate(
            parts=Count("chunks", distinct=True),
            rated_parts=Count("chunks", filter=Q(chunks__status="rated"), distinct=True),
            open_checks=Count("checks", filter=Q(checks__settled_at=None), distinct=True),
        )

    @admin.display(description=gettext_lazy("Rated parts"))
    def progress(self, run: Any) -> str:
        return _("%(rated_parts)s of %(parts)s") % {"rated_parts": run.rated_parts, "parts": run.parts}

    @admin.display(description=gettext_lazy("To look at"))
    def to_look_at(self, run: Any) -> str:
        return str(run.open_checks) if run.open_checks and run.status == RunStatus.RATED else "–"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("prepare/", view(self.prepare_view), name="billing_billingrun_prepare_form"),
            path("<int:run_id>/progress/", view(self.progress_view), name="billing_billingrun_progress"),
            path("<int:run_id>/step/<str:step>/", view(self.step_view), name="billing_billingrun_step"),
            path("<int:run_id>/checks/<int:check_id>/", view(self.check_view), name="billing_billingrun_check"),
            path("<int:run_id>/checks/", view(self.checks_view), name="billing_billingrun_checks"),
        ]
        return own + list(super().get_urls())

    def _run(self, request: HttpRequest, run_id: int) -> BillingRun:
        return get_object_or_404(self.get_queryset(request), pk=run_id)

    def has_prepare_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, TREASURERS)

    @action(description=gettext_lazy("Prepare a run"), url_path="start-prepare", permissions=["prepare"])
    def prepare(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:billing_billingrun_prepare_form")

    def prepare_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for month, days and people, then prepare the run and hand it to the workers."""
        if not self.has_prepare_permission(request):
            raise PermissionDenied
        grids = Microgrid.objects.all()
        if not request.user.is_superuser:
            grids = grids.filter(cooperative__in=served_ids(request, TREASURERS))
        form = PrepareForm(request.POST or None, initial=_likely(grids))
        offer(form, "microgrid", grids)
        if request.method == "POST" and form.is_valid():
            try:
                run = self._prepare(request, form.cleaned_data)
            except CannotBill as problem:
                form.add_error(None, str(problem))
            else:
                dispatch_run(run)
                _tell_who_was_faster(request, run)
                return redirect("admin:billing_billingrun_change", run.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Prepare a run"),
            "form": form,
            "opts": self.opts,
            "button": _("Prepare"),
            "back": reverse("admin:billing_billingrun_changelist"),
            "sentence": _("Everything is rated and drawn up; nothing is posted before somebody else releases it."),
        }
        return render(request, "admin/billing/ask_form.html", context)

    def _prepare(self, request: HttpRequest, chosen: dict[str, Any]) -> BillingRun:
        microgrid, month, user = chosen["microgrid"], chosen["month"], user_of(request)
        now = microgrid.now(timezone.now())
        if chosen["kind"] == RunKind.CORRECTION:
            return prepare_correction(microgrid=microgrid, month=month, now=now, user=user)
        return prepare_run(
            microgrid=microgrid,
            month=month,
            now=now,
            days=chosen["days"],
            kind=RunKind(chosen["kind"]),
            only_sites=chosen["only_sites"],
            user=user,
            reason=chosen["reason"],
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        run = self.get_queryset(request).filter(pk=whole_number(object_id)).first()
        extra = self._shown(request, run) if run else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **extra})

    def _shown(self, request: HttpRequest, run: BillingRun) -> dict[str, Any]:
        checks = run.checks.select_related("site__member", "settled_by").order_by(
            F("settled_at").asc(nulls_first=True), "-is_blocking", "kind", "site__code"
        )
        kinds = check_kinds(run)
        kind = request.GET.get("kind", "")
        shown = checks.filter(kind=kind) if kind in CheckKind.values else checks.filter(kind__in=_first_kinds(kinds))
        return {
            "run": run,
            "progress": _progress(run),
            "totals": totals_by_kind(run),
            "changes": component_changes(run),
            "checks": Paginator(shown, CHECKS_A_PAGE).get_page(request.GET.get("page")),
            "kinds": kinds,
            "kind": kind,
            "open_checks": sum(k.open for k in kinds),
            "blocking": sum(k.blocking for k in kinds),
            "may_release": self._may_row(request, TREASURERS, run) and run.prepared_by_id != request.user.pk,
            "may_work": self._may_row(request, TREASURERS, run),
            "drafts": run.documents.filter(number=None).exists(),
        }

    def progress_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """The part of the page that moves; when the run came to rest the page is loaded anew, with its next button."""
        run = self._run(request, run_id)
        progress = _progress(run)
        response = render(request, "admin/billing/run_progress.html", {"run": run, "progress": progress})
        if not progress.moves:
            response["HX-Refresh"] = "true"
        return response

    def step_view(self, request: HttpRequest, run_id: int, step: str) -> HttpResponse:
        """Release, withdraw or send, each asked first."""
        run = self._run(request, run_id)
        if step not in STEPS or not self._may_row(request, TREASURERS, run):
            raise PermissionDenied
        here = reverse("admin:billing_billingrun_change", args=[run_id])
        title, sentence, button, act = STEPS[step]
        asked = ask_first(request, title=f"{title} {run}", sentence=sentence, button=button, back=here)
        if asked:
            return asked
        try:
            messages.success(request, act(run, user_of(request)))
        except CannotRelease as problem:
            messages.error(request, said(str(problem), PHRASES))
        return redirect(here)

    def check_view(self, request: HttpRequest, run_id: int, check_id: int) -> HttpResponse:
        """Tick a check off, with a note."""
        run = self._run(request, run_id)
        if request.method != "POST" or not self._may_row(request, TREASURERS, run):
            raise PermissionDenied
        check = get_object_or_404(RunCheck, pk=check_id, run=run)
        try:
            settle_check(check=check, user=user_of(request), note=request.POST.get("note", ""), now=_now(run))
        except CannotRelease as problem:
            messages.error(request, said(str(problem), PHRASES))
        return self._back_to_checks(request, run_id)

    def checks_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Tick off all checks of a kind that blocks nothing."""
        run = self._run(request, run_id)
        if request.method != "POST" or not self._may_row(request, TREASURERS, run):
            raise PermissionDenied
        kind, note = request.POST.get("kind", ""), request.POST.get("note", "")
        try:
            count = settle_kind(run=run, kind=kind, user=user_of(request), note=note, now=_now(run))
            messages.success(request, _("%(count)s ticked off.") % {"count": count})
        except CannotRelease as problem:
            messages.error(request, said(str(problem), PHRASES))
        return self._back_to_checks(request, run_id)

    def _back_to_checks(self, request: HttpRequest, run_id: int) -> HttpResponse:
        place = urlencode({name: request.POST[name] for name in ("kind", "page") if request.POST.get(name)})
        return redirect(f"{reverse('admin:billing_billingrun_change', args=[run_id])}?{place}#checks")


def _likely(grids: QuerySet[Microgrid]) -> dict[str, Any]:
    """What is meant most often: the only microgrid, and the month that is over."""
    if len(grids) != 1:
        return {}
    [grid] = grids
    today = grid.now(timezone.now()).astimezone(grid.zone).date()
    return {"microgrid": grid.pk, "month": f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"}


def _first_kinds(kinds: list[CheckCount]) -> list[str]:
    """The kinds that are shown before one is chosen: those that block, and those with few rows."""
    return [k.kind for k in kinds if k.blocking or k.count <= FEW_CHECKS]


def _tell_who_was_faster(request: HttpRequest, run: BillingRun) -> None:
    """Who asked for a run and is led to another hand's is told so."""
    if run.prepared_by is None:
        messages.info(request, _("The clock prepared it before you: this is its run, and you changed nothing about it."))
    elif run.prepared_by != user_of(request):
        told = _("%(who)s prepared it before you: this is their run, and you changed nothing about it.")
        messages.info(request, told % {"who": run.prepared_by})


def _progress(run: BillingRun) -> RunProgress:
    missing = unprinted(run=run)
    return progress_of(run, missing, why_not_printed(run=run) if missing else "")


def _now(run: BillingRun) -> Any:
    return run.microgrid.now(timezone.now())


def _release(run: BillingRun, user: Any) -> str:
    release_run(run_id=run.pk, user=user, now=_now(run))
    post_run.delay(run_id=run.pk)
    return _("%(run)s is released by you; the workers post and print it now.") % {"run": run}


def _withdraw(run: BillingRun, user: Any) -> str:
    withdraw_run(run_id=run.pk, now=_now(run))
    return _("%(run)s is withdrawn; its drafts are gone and no number was used.") % {"run": run}


def _send(run: BillingRun, user: Any) -> str:
    print_run.delay(run_id=run.pk)
    queued = queue_run(run=run, now=_now(run))
    send_queued.delay()
    return _("%(queued)s documents are on their way.") % {"queued": queued}


STEPS = {
    "release": (
        gettext_lazy("Release"),
        gettext_lazy("All its documents get their numbers and are posted to the books; after that nothing of them can change."),
        gettext_lazy("Release and post"),
        _release,
    ),
    "withdraw": (
        gettext_lazy("Withdraw"),
        gettext_lazy("Its drafts are thrown away. No number is used, and the run stays in the list as withdrawn."),
        gettext_lazy("Withdraw"),
        _withdraw,
    ),
    "send": (
        gettext_lazy("Send"),
        gettext_lazy("Every document that was not sent yet goes to its member's e-mail address, with the PDF."),
        gettext_lazy("Send"),
        _send,
    ),
}


@admin.register(BillingPolicy)
class BillingPolicyAdmin(RoleAdmin):
    """Who releases runs, and whether documents go out by e-mail."""

    view_roles = BOOKS
    change_roles = add_roles = TREASURERS
    list_display = ("cooperative", "releases_by_rule", "correction_limit_minor", "sends_by_mail")
