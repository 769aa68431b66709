"""A member's page for paying a bill from a wallet."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from rest_framework.generics import get_object_or_404

from billing.models import DocumentKind
from billing.selectors.documents import visible_documents
from contracts.selectors.offers import offer_of
from members.selectors.scope import own_members, user_of


@login_required
@require_safe
def pay_on_chain(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """An own bill's rest in each coin, with a button per coin for a wallet in the browser, and everything to copy for other ones."""
    bills = visible_documents(user_of(request)).filter(member__in=own_members(user_of(request)), kind=DocumentKind.BILL)
    bill = get_object_or_404(bills.select_related("run", "cooperative"), public_id=public_id)
    return render(request, "portal/pay_on_chain.html", {"document": bill, "offer": offer_of(bill)})
