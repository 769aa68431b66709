"""A member's year at a site, as page and PDF."""

from datetime import UTC, datetime
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from billing.adapters.documents.renderer import render_statement
from billing.selectors.annual import AnnualStatement, annual_statement, statement_content
from members.services.access import record_look


@login_required
def annual_page(request: HttpRequest, site_id: UUID, year: int) -> HttpResponse:
    """Months, energy by origin, money, CO2."""
    statement = _opened(request, site_id, year)
    return render(
        request, "portal/annual.html", {"statement": statement, "content": statement_content(statement)}
    )


@login_required
def annual_pdf(request: HttpRequest, site_id: UUID, year: int) -> HttpResponse:
    """The same on paper; made anew each time, since months may still be corrected."""
    statement = _opened(request, site_id, year)
    dated = datetime(year, 12, 31, 12, tzinfo=UTC)
    pdf = render_statement(statement_content(statement), issued_at=int(dated.timestamp()))
    name = f"{statement.site.code}-{year}.pdf"
    return HttpResponse(
        pdf, content_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _opened(request: HttpRequest, site_id: UUID, year: int) -> AnnualStatement:
    statement = annual_statement(user=request.user, site_id=site_id, year=year)  # type: ignore[arg-type]
    if statement is None:
        raise Http404
    record_look(
        user=request.user, member=statement.member, what="annual statement", subject=f"{statement.site.code} {year}",  # type: ignore[arg-type]
        now=timezone.now(),
    )  # fmt: skip
    return statement
