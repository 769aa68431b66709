"""Importing files of readings: hand in, look, accept."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy, gettext_noop
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.generics import get_object_or_404

from energy.adapters.reading_formats import FORMATS
from energy.domain.reading_files import EnergyUnit, FileClock, IntervalLabel
from energy.models import Effect, ImportStatus, Meter, Microgrid, ReadingImport, StagedMeterDay
from energy.selectors.scope import operated_microgrids
from energy.services.imports import CannotImport, accept_import, discard_import, receive_file
from energy.tasks import progress_key, stage_readings
from members.selectors.scope import user_of

# Titles of formats that are no names.
TITLES = (
    gettext_noop("CSV, one column per meter"),
    gettext_noop("CSV, one reading per row"),
    gettext_noop("Load profile of a grid operator (CSV)"),
)
LARGEST_UPLOAD_BYTES = 64 * 2**20
PAGE, SHOWN_DAYS = 20, 50


class FileForm(forms.Form):
    """A file, and what it does not say of itself."""

    file = forms.FileField(label=gettext_lazy("File"), allow_empty_file=True)
    format = forms.ChoiceField(label=gettext_lazy("Format"), choices=[(f.name, gettext_lazy(f.title)) for f in FORMATS.values()])
    unit = forms.ChoiceField(label=gettext_lazy("Energy in"), choices=[("kwh", "kWh"), ("wh", "Wh")], initial="kwh")
    label = forms.ChoiceField(
        label=gettext_lazy("Times label the interval's"),
        choices=[("start", gettext_lazy("start")), ("end", gettext_lazy("end"))],
        initial="start",
    )
    clock = forms.ChoiceField(
        label=gettext_lazy("Times without an offset"), choices=[("local", gettext_lazy("local clock")), ("utc", "UTC")], initial="local"
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_UPLOAD_BYTES:
            raise forms.ValidationError("The file is larger than 64 MiB; split it by months, or use manage.py import_readings.")
        return file


class AcceptForm(forms.Form):
    """Why stored values change."""

    reason = forms.CharField(label=gettext_lazy("Why do stored values change?"), max_length=200, required=False)


def operated_microgrid(request: HttpRequest) -> Microgrid:
    """The microgrid that the user operates; the first of several."""
    microgrid = operated_microgrids(user_of(request)).first()
    if microgrid is None:
        raise Http404
    return microgrid


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def overview(request: HttpRequest) -> HttpResponse:
    """Imports so far, newest first, and the form that hands in another file."""
    microgrid = operated_microgrid(request)
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _received(request, microgrid, form.cleaned_data)
        except CannotImport as problem:
            form.add_error("file", str(problem))
    reading_imports = ReadingImport.objects.filter(microgrid=microgrid).select_related("uploaded_by", "microgrid")
    page = Paginator(reading_imports.order_by("-uploaded_at", "-pk"), PAGE).get_page(request.GET.get("page"))
    context = {"microgrid": microgrid, "form": form, "page": page, "tab": "imports", "titles": _titles()}
    return render(request, "readings/imports.html", context)


def _titles() -> dict[str, str]:
    return {found.name: found.title for found in FORMATS.values()}


def _received(request: HttpRequest, microgrid: Microgrid, given: dict[str, Any]) -> HttpResponse:
    reading_import = receive_file(
        microgrid=microgrid,
        content=given["file"].read(),
        file_name=given["file"].name,
        format=given["format"],
        unit=EnergyUnit(given["unit"]),
        label=IntervalLabel(given["label"]),
        clock=FileClock(given["clock"]),
        user=user_of(request),
        now=microgrid.now(timezone.now()),
    )
    if reading_import.status == ImportStatus.ACCEPTED:
        messages.info(request, "This very file is accepted already; nothing changed.")
    else:
        transaction.on_commit(lambda: stage_readings.delay(reading_import_id=reading_import.pk))
    return redirect("import", reading_import.public_id)


def _import_of(request: HttpRequest, public_id: UUID) -> ReadingImport:
    found = ReadingImport.objects.select_related("microgrid", "file", "uploaded_by", "accepted_by")
    return get_object_or_404(found, public_id=public_id, microgrid__in=operated_microgrids(user_of(request)))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One import: its progress, then its errors or its preview; accepted or laid aside here."""
    reading_import = _import_of(request, public_id)
    form = AcceptForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if reading_import.days_changed and "accept" in request.POST and not form.cleaned_data["reason"]:
            form.add_error("reason", "Stored values change: say why, it stays with the new versions.")
        else:
            return _decided(request, reading_import, form.cleaned_data["reason"])
    changed = list(
        StagedMeterDay.objects.filter(reading_import=reading_import, effect=Effect.CHANGED).order_by("day", "meter_id", "channel")[
            :SHOWN_DAYS
        ]
    )
    names = dict(Meter.objects.filter(pk__in={d.meter_id for d in changed}).values_list("pk", "code"))
    context = {
        "reading_import": reading_import,
        "form": form,
        "problems": reading_import.problems.order_by("row", "column")[:SHOWN_DAYS],
        "changed": [_change(day, names) for day in changed],
        "microgrid": reading_import.microgrid,
        "tab": "imports",
        "title": _titles()[reading_import.format],
        "again": FileForm(initial=_initial(reading_import)),
        **_progress(reading_import),
    }
    return render(request, "readings/import.html", context)


def _initial(reading_import: ReadingImport) -> dict[str, str]:
    return {name: getattr(reading_import, name) for name in ("format", "unit", "label", "clock")}


def _change(staged: StagedMeterDay, names: dict[int, str]) -> dict[str, Any]:
    return {
        "day": staged.day,
        "meter": names.get(staged.meter_id, ""),
        "channel": staged.get_channel_display(),
        "stored_wh": staged.stored_wh,
        "file_wh": sum(staged.values_wh),
    }


def _decided(request: HttpRequest, reading_import: ReadingImport, reason: str) -> HttpResponse:
    try:
        if "discard" in request.POST:
            discard_import(reading_import=reading_import)
            messages.info(request, f"{reading_import.file_name} is laid aside; nothing changed.")
            return redirect("readings")
        now = reading_import.microgrid.now(timezone.now())
        done = accept_import(reading_import=reading_import, user=user_of(request), reason=reason, now=now)
        messages.success(request, f"Accepted: {done.days_new + done.days_changed} meter days. Their days are closed again within minutes.")
    except CannotImport as problem:
        messages.error(request, str(problem))
    return redirect("import", reading_import.public_id)


def _progress(reading_import: ReadingImport) -> dict[str, Any]:
    step, percent = cache.get(progress_key(reading_import.pk)) or ("waiting for a worker", 2)
    return {"waiting": reading_import.status == ImportStatus.WAITING, "step": step, "percent": percent}


@login_required
@require_safe
def progress(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The progress line; once the file is read, the page is loaded anew."""
    reading_import = _import_of(request, public_id)
    answer = render(request, "readings/progress.html", {"reading_import": reading_import, **_progress(reading_import)})
    if reading_import.status != ImportStatus.WAITING:
        answer.headers["HX-Refresh"] = "true"
    return answer
