"""Today's and tomorrow's prices by the tariffs that the owner of the request has."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.selectors.prices_ahead import microgrid_for, own_tariffs, prices_on
from members.selectors.scope import user_of


class TariffPricesSerializer(serializers.Serializer[Any]):
    """A day's prices of energy from the public grid [millionths per kWh], without VAT; a published one never changes."""

    tariff = serializers.CharField(source="tariff.code")
    microgrid = serializers.UUIDField(source="microgrid.public_id")
    currency = serializers.CharField(source="tariff.cooperative.currency")
    day = serializers.DateField()
    interval_minutes = serializers.IntegerField(source="microgrid.interval_minutes")
    starts = serializers.ListField(child=serializers.DateTimeField())
    price_micro = serializers.ListField(child=serializers.IntegerField())
    substituted = serializers.ListField(child=serializers.BooleanField(), help_text="Where a fallback rule stands in for the index.")
    vat_rate = serializers.DecimalField(max_digits=5, decimal_places=4)
    published_at = serializers.DateTimeField(allow_null=True, help_text="Null where the tariff's fixed hours say the price.")


ANSWERED = {
    "tariff": "dorfstrom",
    "microgrid": "01900000-0000-7000-8000-000000000000",
    "currency": "EUR",
    "day": "2016-04-01",
    "interval_minutes": 15,
    "starts": ["2016-04-01T00:00:00+02:00"],
    "price_micro": [270000],
    "substituted": [False],
    "vat_rate": "0.1900",
    "published_at": None,
}


class TariffPricesView(APIView):
    """What a kWh costs, a day ahead."""

    @extend_schema(
        operation_id="tariff_prices",
        summary="Prices of today and tomorrow",
        responses=TariffPricesSerializer(many=True),
        examples=[OpenApiExample("one interval", ANSWERED, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        user = user_of(request)
        found = []
        for tariff in own_tariffs(user, timezone.now()):
            microgrid = microgrid_for(user, tariff)
            if microgrid is not None:
                today = microgrid.now(timezone.now()).astimezone(microgrid.zone).date()
                days = (prices_on(tariff, microgrid, today + timedelta(days=i)) for i in (0, 1))
                found += [prices for prices in days if prices is not None]
        return Response(TariffPricesSerializer(found, many=True).data)
