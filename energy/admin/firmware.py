"""Firmware: a new version is uploaded, offered to a share of the devices, widened, or halted."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminFileFieldWidget

from energy.domain.firmware import CannotRelease
from energy.models import FirmwareRelease
from energy.services.firmware import add_release, check_release, halt_rollout, widen_rollout
from members.admin.confirm import ask_first
from members.admin.roles import RoleAdmin
from members.models import Role
from members.selectors.scope import user_of

OPERATORS = (Role.OPERATOR,)
COLOURS = {"halted": "danger", "not offered": "info", "offered": "success"}
STATES = {"halted": gettext_lazy("halted"), "not offered": gettext_lazy("not offered"), "offered": gettext_lazy("offered")}


class ReleaseForm(forms.ModelForm):
    """A version with its image; afterwards only the share grows."""

    image_file = forms.FileField(label="Image", widget=UnfoldAdminFileFieldWidget)

    class Meta:
        model = FirmwareRelease
        fields = ("cooperative", "model", "version", "percent", "failure_limit_percent")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            del self.fields["image_file"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if self.errors:
            return given
        try:
            if self.instance.pk:
                before = FirmwareRelease.objects.get(pk=self.instance.pk)
                if given["percent"] < before.percent:
                    raise CannotRelease(f"the share lies between {before.percent} and 100 %")
            else:
                given["image"] = given["image_file"].read()
                check_release(cooperative=given["cooperative"], model=given["model"], version=given["version"], image=given["image"])
        except CannotRelease as problem:
            raise forms.ValidationError(str(problem)) from None
        return given


@admin.register(FirmwareRelease)
class FirmwareReleaseAdmin(RoleAdmin):
    """Versions of firmware by model; what a device takes is signed in the update repository."""

    add_roles = change_roles = OPERATORS
    form = ReleaseForm
    list_display = ("model", "version", "state", "percent", "runs", "failed", "made_at", "made_by")
    list_filter = ("model",)
    search_fields = ("model", "version")
    list_select_related = ("made_by",)
    ordering = ("model", "-pk")
    actions_detail = ("halt",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[FirmwareRelease]:
        good, bad = Q(outcomes__succeeded=True), Q(outcomes__succeeded=False)
        rows = super().get_queryset(request).defer("image")
        return rows.annotate(run_there=Count("outcomes", filter=good), failed_there=Count("outcomes", filter=bad))

    def get_fields(self, request: HttpRequest, obj: FirmwareRelease | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("cooperative", "model", "version", "image_file", "percent", "failure_limit_percent")
        return (
            "cooperative",
            "model",
            "version",
            "sha256",
            "percent",
            "failure_limit_percent",
            "halted_at",
            "halted_because",
            "made_at",
            "made_by",
        )

    def get_readonly_fields(self, request: HttpRequest, obj: FirmwareRelease | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        fixed = tuple(name for name in self.get_fields(request, obj) if name != "percent")
        return (*fixed, "percent") if obj.halted_at else fixed

    @display(description=gettext_lazy("State"), label=COLOURS)
    def state(self, row: FirmwareRelease) -> tuple[str, str]:
        code = "halted" if row.halted_at else "offered" if row.percent else "not offered"
        return code, str(STATES[code])

    @display(description=gettext_lazy("Runs on"))
    def runs(self, row: Any) -> int:
        return row.run_there

    @display(description=gettext_lazy("Failed on"))
    def failed(self, row: Any) -> int:
        return row.failed_there

    def save_model(self, request: HttpRequest, obj: FirmwareRelease, form: Any, change: bool) -> None:
        """Release the version, or offer it to more devices."""
        given = form.cleaned_data
        if change:
            if "percent" in given:
                widen_rollout(release=obj, percent=given["percent"], now=timezone.now())
            return
        made = add_release(
            cooperative=given["cooperative"],
            model=given["model"],
            version=given["version"],
            image=given["image"],
            percent=given["percent"],
            failure_limit_percent=given["failure_limit_percent"],
            now=timezone.now(),
            by=user_of(request),
        )
        obj.pk, obj.public_id, obj.sha256, obj.made_at = made.pk, made.public_id, made.sha256, made.made_at

    @action(description=gettext_lazy("Halt the roll-out"), url_path="halt", permissions=["halt"])
    def halt(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Offer the version to nobody any more."""
        release = self.get_queryset(request).get(pk=object_id)
        here = reverse("admin:energy_firmwarerelease_change", args=[object_id])
        asked = ask_first(
            request,
            title=f"Halt {release}",
            button="Halt",
            back=here,
            sentence=f"{release} will be offered to no further device. What runs it keeps it; a new version mends it.",
        )
        if asked:
            return asked
        halt_rollout(release=release, because=f"halted by {request.user}", now=timezone.now())
        messages.success(request, f"{release} is offered to nobody any more.")
        return redirect(here)

    def has_halt_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        release = FirmwareRelease.objects.filter(pk=object_id).only("halted_at").first() if object_id else None
        return self._may(request, OPERATORS) and release is not None and release.halted_at is None
