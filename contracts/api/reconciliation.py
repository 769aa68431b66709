"""Door of the comparison: each pair of sums of a month, and the rows on which they differ."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.selectors.books import kept_books
from contracts.selectors.reconciliation import whole_chain
from energy.api.problems import problem
from energy.models import Microgrid
from kernel.intervals import CannotReadPeriod, Month
from members.selectors.scope import user_of

EXAMPLE = {
    "month": "2016-03",
    "agrees": False,
    "links": [
        {
            "code": "ledger",
            "name": "Bill and ledger",
            "unit": "cents",
            "left_name": "documents",
            "left": 125,
            "right_name": "booked with members",
            "right": 63,
            "difference": 62,
            "agrees": False,
            "waiting": 0,
            "gaps": [
                {
                    "kind": "document",
                    "key": "01a20d37-e455-7703-a238-85580daa8a5e",
                    "name": "B-2016-000008",
                    "left": 62,
                    "right": 0,
                    "difference": 62,
                    "why": "not in the ledger",
                }
            ],
        }
    ],
}


class GapSerializer(serializers.Serializer[Any]):
    """One row on which two sums differ."""

    kind = serializers.CharField()
    key = serializers.CharField()
    name = serializers.CharField()
    left = serializers.IntegerField()
    right = serializers.IntegerField()
    difference = serializers.IntegerField()
    why = serializers.CharField()


class LinkSerializer(serializers.Serializer[Any]):
    """Two sums that must agree."""

    code = serializers.CharField()
    name = serializers.CharField()
    unit = serializers.ChoiceField(["Wh", "cents"], help_text="Cents are minor units of the currency.")
    left_name = serializers.CharField()
    left = serializers.IntegerField()
    right_name = serializers.CharField()
    right = serializers.IntegerField()
    difference = serializers.IntegerField()
    agrees = serializers.BooleanField()
    waiting = serializers.IntegerField(help_text="Rows still on their way; no gap.")
    gaps = GapSerializer(many=True, help_text="At most 500.")


class ReconciliationSerializer(serializers.Serializer[Any]):
    """A month's sums in the order of the way: meter, bill, ledger, bank, chain."""

    month = serializers.CharField()
    agrees = serializers.BooleanField()
    links = LinkSerializer(many=True)


class Reconciliation(APIView):
    """For treasurers and auditors."""

    @extend_schema(
        summary="Meter, bill, ledger, bank and chain of a month compared",
        parameters=[OpenApiParameter("month", str, required=True, description="YYYY-MM")],
        responses=ReconciliationSerializer,
        examples=[OpenApiExample("A document that is not in the ledger", EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, public_id: Any) -> Response:
        books = kept_books(user_of(request))
        microgrid = get_object_or_404(Microgrid.objects.filter(cooperative__in=books.values("pk")), public_id=public_id)
        try:
            month = Month.parse(request.query_params.get("month", ""))
        except CannotReadPeriod as why:
            return problem(status.HTTP_400_BAD_REQUEST, "No month", str(why))
        links = whole_chain(microgrid, month, now=microgrid.now(timezone.now()))
        body = {"month": str(month), "agrees": all(link.agrees for link in links), "links": links}
        return Response(ReconciliationSerializer(body).data)
