"""Tariffs, which site has which, and a draft from somebody else's tariff file."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action

from billing.admin.tariff_forms import AssignForm, TariffFileForm
from billing.models import Tariff, TariffAssignment, TariffVersion
from billing.services.assignments import assign_to_rest, sites_without
from billing.services.tariff_files import CannotImportTariff, draft_from_urdb
from members.admin.roles import RoleAdmin, RoleTabularInline
from members.models import Role

TREASURERS = (Role.TARIFF_ADMIN,)


class VersionInline(RoleTabularInline):
    """The versions of a tariff, as a list."""

    model = TariffVersion
    fields = ("number", "status", "valid_from", "valid_to", "energy_per_kwh", "standing_per_day", "export_per_kwh")
    readonly_fields = fields
    show_change_link = True
    can_delete = False
    ordering = ("-number",)


@admin.register(Tariff)
class TariffAdmin(RoleAdmin):
    """A product with a name; what it costs is in its versions."""

    change_roles = add_roles = TREASURERS
    list_display = ("name", "code", "cooperative", "is_reference")
    search_fields = ("name", "code")
    inlines = (VersionInline,)
    actions_list = ("from_file",)
    actions_detail = ("assign",)

    def get_urls(self) -> list[URLPattern]:
        page = path("from-file/", self.admin_site.admin_view(self.file_page), name="billing_tariff_from_urdb")
        return [page, *super().get_urls()]

    def has_assign_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, TREASURERS)

    @action(description=gettext_lazy("Give it to all without a tariff"), url_path="assign", permissions=["assign"])
    def assign(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask for the first day, and give the tariff to every metering point that has none."""
        tariff = get_object_or_404(self.get_queryset(request), pk=object_id)
        if not self.has_change_permission(request, tariff):
            raise PermissionDenied
        back = reverse("admin:billing_tariff_change", args=[tariff.pk])
        form = AssignForm(request.POST or None, initial={"valid_from": timezone.now().date().replace(day=1)})
        if form.is_valid():
            count = assign_to_rest(tariff=tariff, valid_from=form.cleaned_data["valid_from"])
            done = ngettext("%(count)s metering point has %(tariff)s now.", "%(count)s metering points have %(tariff)s now.", count) % {
                "count": count,
                "tariff": tariff.name,
            }
            self.log_change(request, tariff, done)
            messages.success(request, done)
            return redirect(back)
        waiting = sites_without(tariff).count()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Give %(tariff)s to all without a tariff") % {"tariff": tariff.name},
            "form": form,
            "button": _("Give it"),
            "back": back,
            "sentence": ngettext("%(count)s metering point has none.", "%(count)s metering points have none.", waiting)
            % {"count": waiting},
        }
        return render(request, "admin/billing/tariff_file.html", context)

    def has_from_file_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, TREASURERS)

    @action(description=gettext_lazy("Draft from an OpenEI file"), url_path="open-from-file", permissions=["from_file"])
    def from_file(self, request: HttpRequest) -> HttpResponse:
        """The page that takes the file."""
        return redirect("admin:billing_tariff_from_urdb")

    def file_page(self, request: HttpRequest) -> HttpResponse:
        """Take a file, make a draft, and lead to it: there stands what of the file is not billed."""
        if not self.has_from_file_permission(request):
            return HttpResponse(_("Only who makes tariffs may do that."), status=403)
        first = timezone.now().date().replace(day=1)
        form = TariffFileForm(self.get_queryset(request), request.POST or None, request.FILES or None, initial={"valid_from": first})
        if form.is_valid():
            given = form.cleaned_data
            try:
                draft = draft_from_urdb(
                    tariff=given["tariff"],
                    file_name=given["file"].name,
                    content=given["file"].read(),
                    metering=given["metering"],
                    valid_from=given["valid_from"],
                )
            except CannotImportTariff as problem:
                form.add_error("file", str(problem))
            else:
                messages.success(
                    request, _("%(draft)s is a draft made from %(source_name)s.") % {"draft": draft, "source_name": draft.source_name}
                )
                return redirect(reverse("admin:billing_tariffversion_change", args=[draft.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Draft from an OpenEI file"),
            "form": form,
            "back": reverse("admin:billing_tariff_changelist"),
        }
        return render(request, "admin/billing/tariff_file.html", context)


@admin.register(TariffAssignment)
class TariffAssignmentAdmin(RoleAdmin):
    """Which site has which tariff, and when."""

    cooperative_path = "tariff__cooperative"
    change_roles = add_roles = TREASURERS
    list_display = ("site", "tariff", "valid_from", "valid_to")
    list_filter = ("tariff",)
    search_fields = ("site__code", "site__name")
    autocomplete_fields = ("site",)
