"""The start page: today, this month, the balance."""

from django.contrib.auth.decorators import login_required
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.models import DocumentKind, DocumentStatus
from billing.selectors.documents import visible_documents
from grid.selectors.member_energy import last_closed_day, village_sums
from kernel.intervals import Month
from members.models import Role
from members.selectors.notifications import waiting_for
from members.selectors.scope import cooperatives_of, cooperatives_served, own_members, user_of
from microgrid_site.pages.energy_pages import OwnHistory, day_rows, own_sites_of

MOST_TOLD = 3


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """A member's start page; staff without a household of their own go to the grid, the money or the admin."""
    user = user_of(request)
    sites = own_sites_of(request)
    history = OwnHistory.of(request)
    if not sites and history.sites:
        return redirect("energy")  # moved out: what was theirs is still to be seen
    if not sites:
        if cooperatives_served(user, Role.OPERATOR).exists():
            return redirect("live")
        if cooperatives_served(user, Role.TARIFF_ADMIN).exists():
            return redirect("money")
        if user.is_staff:
            return redirect("admin:index")
        return render(request, "portal/energy_empty.html", {"has_sites": False})
    covered = history.covered()
    if covered is None:
        return render(request, "portal/energy_empty.html", {"has_sites": True})
    microgrid = sites[0].microgrid
    # What neighbours shared is known once a day is closed, so the newest closed day is the one to show.
    day = max(min(last_closed_day(microgrid) or covered[1], covered[1]), covered[0])
    month = [d for d in Month(day.year, day.month).days() if covered[0] <= d <= day]
    mine, _mix = history.energy(month)
    picture = mine.day_picture(microgrid, day)
    village = village_sums(microgrid, month)
    used = int(mine.energy.consumption_wh.sum())
    from_near = int(mine.received_wh.sum()) + int(mine.energy.own_use_wh.sum())
    bills = visible_documents(user).filter(member__in=own_members(user), kind=DocumentKind.BILL)
    credits = visible_documents(user).filter(member__in=own_members(user), kind=DocumentKind.CREDIT)
    due = bills.filter(status=DocumentStatus.OPEN).order_by().aggregate(gross=Sum("gross_minor"), paid=Sum("paid_minor"))
    context = {
        "day": day,
        "microgrid": microgrid,
        "sites": sites,
        "picture": picture,
        "rows": day_rows(picture),
        "columns": [_("Hour"), _("Produced, kWh"), _("Used, kWh"), _("From neighbours, kWh"), _("To neighbours, kWh")],
        "is_yesterday": (microgrid.now(timezone.now()).astimezone(microgrid.zone).date() - day).days == 1,
        "used_day_wh": sum(picture["consumption"]),
        "produced_day_wh": sum(picture["production"]),
        "received_day_wh": sum(picture["received"]),
        "month_used_wh": used,
        "month_produced_wh": int(mine.energy.production_wh.sum()),
        "month_received_wh": int(mine.received_wh.sum()),
        "month_delivered_wh": int(mine.delivered_wh.sum()),
        "month_grid_wh": int(mine.from_grid_wh.sum()),
        "local_share": from_near / used if used else None,
        "village": village,
        "bill": bills.first(),
        "credit": credits.first(),
        "due_minor": (due["gross"] or 0) - (due["paid"] or 0),
        "currency": microgrid.cooperative.currency,
        "month": month[0],
        "told": waiting_for(user)[:MOST_TOLD],
    }
    return render(request, "portal/home.html", context)


@login_required
def help_page(request: HttpRequest) -> HttpResponse:
    """Answers, and whom to call."""
    cooperative = cooperatives_of(user_of(request)).first()
    return render(request, "portal/help.html", {"cooperative": cooperative})
