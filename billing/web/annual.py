"""A member's year at a site, as page and PDF."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language

from billing.models import YearStatement
from billing.selectors.annual import AnnualStatement, annual_statement, statement_content
from billing.services.looks import note_own_look
from billing.services.papers import pdf_of_annual
from members.selectors.scope import user_of
from members.services.access import record_look


@login_required
def annual_page(request: HttpRequest, site_id: UUID, year: int) -> HttpResponse:
    """Months, energy by origin, money, CO2."""
    statement = _opened(request, site_id, year)
    content = statement_content(statement, (get_language() or "")[:2])
    columns = content["columns"]
    words = {
        "statement": statement,
        "content": content,
        "rows": [list(zip(columns, row, strict=True)) for row in content["rows"]],
        "total": list(zip(columns, content["total"], strict=True)),
    }
    return render(request, "portal/annual.html", words)


@login_required
def annual_pdf(request: HttpRequest, site_id: UUID, year: int) -> HttpResponse:
    """The same on paper; made anew each time, since months may still be corrected."""
    statement = _opened(request, site_id, year)
    pdf = pdf_of_annual(statement)
    name = f"{statement.site.code}-{year}.pdf"
    return HttpResponse(pdf, content_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _opened(request: HttpRequest, site_id: UUID, year: int) -> AnnualStatement:
    user = user_of(request)
    statement = annual_statement(user=user, site_id=site_id, year=year)
    if statement is None:
        raise Http404
    now = timezone.now()
    record_look(user=user, member=statement.member, what="annual statement", subject=f"{statement.site.code} {year}", now=now)
    sent = YearStatement.objects.filter(member=statement.member, site=statement.site, year=year).first()
    if sent is not None:
        note_own_look(letter=sent, user=user, now=now)
    return statement
