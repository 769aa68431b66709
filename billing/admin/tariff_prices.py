"""Indexes that tariffs follow, the files their prices come from, and what tariffs published."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from billing.admin.tariffs import TREASURERS
from billing.models import SpotDay, SpotFeed, SpotImport, SpotIndex, TariffPriceDay
from billing.selectors.phrases import PHRASES
from billing.services.spot_prices import CannotImportPrices, import_spot_prices
from members.admin.roles import FactAdmin, RoleAdmin, RoleStackedInline
from members.language import said
from members.selectors.scope import user_of

QUARTER = timedelta(minutes=15)


class PriceFileForm(forms.Form):
    """A file of an index's prices."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "CSV with the columns time (as 2026-03-01T00:00+01:00) and price_per_kwh or price_per_mwh, in the cooperative's currency; or ENTSO-E's XML (A44), aWATTar's or Energy-Charts' JSON."
        ),
        widget=UnfoldAdminFileFieldWidget(),
    )
    source = forms.CharField(
        label=gettext_lazy("Where from"),
        max_length=120,
        help_text=gettext_lazy("Who published these prices, or how they were made."),
        widget=UnfoldAdminTextInputWidget(),
    )
    exchange_rate = forms.DecimalField(
        label=gettext_lazy("Exchange rate"),
        required=False,
        min_value=Decimal("0.00000001"),
        max_digits=18,
        decimal_places=8,
        localize=True,
        help_text=gettext_lazy("Only where the file is in another currency: what a unit of it is worth in the cooperative's."),
        widget=UnfoldAdminTextInputWidget(),
    )


class SpotFeedInline(RoleStackedInline):
    """The service that is asked for the prices."""

    model = SpotFeed
    max_num = extra = 1  # an index without a service shows what there is to fill in
    readonly_fields = ("tried_at", "succeeded_at", "failures", "what_happened")
    change_roles = add_roles = delete_roles = TREASURERS

    @admin.display(description=gettext_lazy("What happened last"))
    def what_happened(self, feed: SpotFeed) -> str:
        """The last try in a sentence; a problem says what the service or its document said."""
        if feed.problem:
            return said(feed.problem, PHRASES)
        if feed.succeeded_at:
            return _("All prices that were wanted came.")
        return _("It was not asked yet.") if feed.is_on else _("It is off: tick “asks by itself” and save.")


@admin.register(SpotIndex)
class SpotIndexAdmin(RoleAdmin):
    """A market price that tariffs follow by its code."""

    change_roles = add_roles = TREASURERS
    list_display = ("name", "code", "cooperative", "time_zone")
    search_fields = ("name", "code")
    actions_detail = ("take_file",)
    inlines = (SpotFeedInline,)

    def get_urls(self) -> list[URLPattern]:
        page = path("<int:object_id>/file/", self.admin_site.admin_view(self.file_page), name="billing_spotindex_file")
        return [page, *super().get_urls()]

    def has_take_file_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, TREASURERS)

    @action(description=gettext_lazy("Import prices"), url_path="open-file", permissions=["take_file"])
    def take_file(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The page that takes a file."""
        return redirect("admin:billing_spotindex_file", object_id)

    def file_page(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Take a file in wholly or not at all."""
        index = get_object_or_404(self.get_queryset(request), pk=object_id)
        if not self.has_change_permission(request, index):
            return HttpResponse(_("Only who makes tariffs may do that."), status=403)
        form = PriceFileForm(request.POST or None, request.FILES or None)
        if form.is_valid():
            given = form.cleaned_data
            try:
                taken = import_spot_prices(
                    index=index,
                    source=given["source"],
                    file_name=given["file"].name,
                    content=given["file"].read(),
                    user=user_of(request),
                    now=timezone.now(),
                    exchange_rate=given["exchange_rate"],
                )
            except CannotImportPrices as problem:
                form.add_error("file", [said(one, PHRASES) for one in str(problem).split("\n")])
            else:
                messages.success(
                    request,
                    _("%(prices)s quarter hours of %(index)s were taken in from %(taken)s.")
                    % {"prices": taken.prices, "index": index, "taken": taken},
                )
                return redirect(reverse("admin:billing_spotindex_change", args=[index.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Prices of %(index)s") % {"index": index},
            "form": form,
            "button": _("Import"),
            "back": reverse("admin:billing_spotindex_change", args=[index.pk]),
            "sentence": _("Prices that tariffs have published already stay as they are."),
        }
        return render(request, "admin/billing/tariff_file.html", context)


@admin.register(SpotImport)
class SpotImportAdmin(FactAdmin):
    """Where an index's prices came from."""

    cooperative_path = "index__cooperative"
    list_display = ("index", "file_name", "source", "prices", "first_at", "last_at", "imported_at", "imported_by")
    list_select_related = ("index", "imported_by")
    list_filter = ("index",)


@admin.register(SpotDay)
class SpotDayAdmin(FactAdmin):
    """An index day by day."""

    cooperative_path = "index__cooperative"
    list_display = ("day", "index", "spot_import", "known")
    list_select_related = ("index", "spot_import")
    list_filter = ("index",)
    ordering = ("-day",)
    fields = ("index", "day", "by_hour", "spot_import")
    readonly_fields = ("by_hour",)

    @admin.display(description=gettext_lazy("Price per kWh"))
    def by_hour(self, row: SpotDay) -> str:
        """One line for each stretch of one price, from when on."""
        zone = ZoneInfo(row.index.time_zone)
        midnight = datetime.combine(row.day, time(), tzinfo=zone).astimezone(UTC)
        currency = row.index.cooperative.currency
        lines, place = [], 0
        for price, stretch in groupby(row.price_micro):
            start = (midnight + QUARTER * place).astimezone(zone)
            told = "–" if price is None else f"{price / 10**6:.5f} {currency}"
            lines.append((f"{start:%H:%M}", told))
            place += len(list(stretch))
        return format_html_join("", "{} &ensp; {}<br>", lines)

    @admin.display(description=gettext_lazy("Known quarter hours"))
    def known(self, row: SpotDay) -> str:
        return _("%(sum)s of %(price_micro)s") % {
            "sum": sum(price is not None for price in row.price_micro),
            "price_micro": len(row.price_micro),
        }


@admin.register(TariffPriceDay)
class TariffPriceDayAdmin(FactAdmin):
    """What tariffs published a day ahead."""

    cooperative_path = "tariff__cooperative"
    list_display = ("day", "tariff", "microgrid", "published_at", "by_fallback")
    list_select_related = ("tariff", "microgrid")
    list_filter = ("tariff", "microgrid")
    ordering = ("-day",)

    @admin.display(description=gettext_lazy("By fallback rule"))
    def by_fallback(self, row: TariffPriceDay) -> int:
        return sum(row.substituted)
