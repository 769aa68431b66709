"""Door without a key: the days of a microgrid that its cooperative shows to everybody."""

from typing import Any

from django.http import Http404
from django.utils.cache import patch_cache_control
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.selectors.public_page import NotShown, shown_microgrid, shown_month

FRESH_S = 600
EXAMPLE = {
    "microgrid": "village",
    "currency": "EUR",
    "month": "2016-03",
    "is_whole": True,
    "lines_without_energy": 0,
    "days": [
        {
            "day": "2016-03-01",
            "bought_wh": 900,
            "produced_wh": 500,
            "used_wh": 1200,
            "sold_wh": 100,
            "charged_wh": 80,
            "discharged_wh": 0,
            "lost_wh": 20,
            "shared_wh": 300,
            "in_wh": 1400,
            "out_wh": 1300,
            "stored_wh": 80,
            "residual_wh": 0,
            "negative_intervals": 0,
            "paid_minor": 6,
            "received_minor": 6,
            "residual_minor": 0,
        }
    ],
    "money": {
        "billed_minor": 125,
        "vat_minor": 21,
        "local_paid_minor": 47,
        "local_received_minor": 47,
        "producers_minor": 49,
        "kept_minor": 55,
        "booked_minor": 125,
        "residual_minor": 0,
        "gap_minor": 0,
    },
}
WH = (
    "bought_wh",
    "produced_wh",
    "used_wh",
    "sold_wh",
    "charged_wh",
    "discharged_wh",
    "lost_wh",
    "shared_wh",
    "in_wh",
    "out_wh",
    "stored_wh",
    "residual_wh",
)
MONEY = (
    "billed_minor",
    "vat_minor",
    "local_paid_minor",
    "local_received_minor",
    "producers_minor",
    "kept_minor",
    "booked_minor",
    "residual_minor",
    "gap_minor",
)


class PublicDaySerializer(serializers.Serializer[Any]):
    """In = out + stored + lost + residual [Wh]; cents are null until the month is billed."""

    day = serializers.DateField()
    negative_intervals = serializers.IntegerField()
    paid_minor = serializers.IntegerField(allow_null=True)
    received_minor = serializers.IntegerField(allow_null=True)
    residual_minor = serializers.IntegerField(allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return super().get_fields() | {name: serializers.IntegerField() for name in WH}


class PublicMoneySerializer(serializers.Serializer[Any]):
    """Billed = VAT + producers + kept; booked is what the ledger holds of it."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {name: serializers.IntegerField() for name in MONEY}


class PublicMonthSerializer(serializers.Serializer[Any]):
    """A month of closed days."""

    microgrid = serializers.CharField()
    currency = serializers.CharField()
    month = serializers.CharField()
    is_whole = serializers.BooleanField()
    lines_without_energy = serializers.IntegerField()
    days = PublicDaySerializer(many=True)
    money = PublicMoneySerializer(allow_null=True)


class PublicDays(APIView):
    """For everybody; 404 where the cooperative has not opened its page."""

    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(
        summary="Days of a microgrid added up, for everybody",
        parameters=[OpenApiParameter("month", str, description="YYYY-MM; the newest one where left out")],
        responses=PublicMonthSerializer,
        examples=[OpenApiExample("A day", EXAMPLE, response_only=True)],
        auth=[],
    )
    def get(self, request: Request, slug: str) -> Response:
        try:
            microgrid = shown_microgrid(slug)
            found = shown_month(microgrid, request.query_params.get("month", ""))
        except NotShown:
            raise Http404 from None
        body = {
            "microgrid": microgrid.slug,
            "currency": microgrid.cooperative.currency,
            "month": str(found.month) if found else "",
            "is_whole": found is None or found.is_whole,
            "lines_without_energy": found.lines_without_energy if found else 0,
            "days": found.days if found else [],
            "money": found.money if found else None,
        }
        reply = Response(PublicMonthSerializer(body).data)
        patch_cache_control(reply, public=True, max_age=FRESH_S)
        return reply
