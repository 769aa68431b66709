"""Door of the indicators: totals by month, for whoever may see the microgrid's totals."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from grid.api.days import microgrid_of
from grid.domain.indicators import CO2_GRID_G_PER_KWH
from grid.selectors.indicators import A_YEAR, last_month, monthly_indicators, reliability_over

MONTH = {
    "month": "2016-03",
    "days": 31,
    "production_wh": 14954381,
    "consumption_wh": 49126901,
    "import_wh": 35101607,
    "export_wh": 700612,
    "self_consumption": 0.953,
    "self_sufficiency": 0.29,
    "renewable_fraction": 0.296,
    "peak_w": 183200.0,
    "peak_to_average": 2.77,
    "load_factor": 0.361,
    "losses_wh": 0,
    "loss_share": 0.0,
    "round_trip_efficiency": 0.902,
    "co2_avoided_g": 5416432.2,
}
RELIABILITY = {
    "saidi_minutes": 21.0,
    "saifi": 0.3,
    "caidi_minutes": 70.0,
    "asai": 0.99996,
    "maifi": 1.0,
    "asidi_minutes": 24.0,
    "asifi": 0.4,
}


class MonthIndicatorsSerializer(serializers.Serializer[Any]):
    """A month of closed days; shares from 0 to 1, null where they have no meaning."""

    month = serializers.CharField()
    days = serializers.IntegerField()
    production_wh = serializers.IntegerField(source="found.production_wh")
    consumption_wh = serializers.IntegerField(source="found.consumption_wh")
    import_wh = serializers.IntegerField(source="found.import_wh")
    export_wh = serializers.IntegerField(source="found.export_wh")
    self_consumption = serializers.FloatField(source="found.self_consumption", allow_null=True)
    self_sufficiency = serializers.FloatField(source="found.self_sufficiency", allow_null=True)
    renewable_fraction = serializers.FloatField(source="found.renewable_fraction", allow_null=True)
    peak_w = serializers.FloatField(source="found.peak_w", allow_null=True)
    peak_to_average = serializers.FloatField(source="found.peak_to_average", allow_null=True)
    load_factor = serializers.FloatField(source="found.load_factor", allow_null=True)
    losses_wh = serializers.IntegerField(source="found.losses_wh")
    loss_share = serializers.FloatField(source="found.loss_share", allow_null=True)
    round_trip_efficiency = serializers.FloatField(source="found.round_trip_efficiency", allow_null=True)
    co2_avoided_g = serializers.FloatField(source="found.co2_avoided_g")


class ReliabilitySerializer(serializers.Serializer[Any]):
    """Indices of IEEE 1366 over the last year, without planned work."""

    saidi_minutes = serializers.FloatField()
    saifi = serializers.FloatField()
    caidi_minutes = serializers.FloatField(allow_null=True)
    asai = serializers.FloatField()
    maifi = serializers.FloatField()
    asidi_minutes = serializers.FloatField(allow_null=True, help_text="By connected load: parts of sites count too.")
    asifi = serializers.FloatField(allow_null=True)


class IndicatorsSerializer(serializers.Serializer[Any]):
    """Months, the oldest first, and the reliability of supply."""

    months = MonthIndicatorsSerializer(many=True)
    co2_g_per_kwh = serializers.FloatField(help_text="The public grid's factor that the avoided CO2 stands on.")
    reliability = ReliabilitySerializer(allow_null=True)


class IndicatorsDoor(APIView):
    @extend_schema(
        operation_id="microgrids_indicators",
        summary="Indicators by month, and reliability over a year",
        responses=IndicatorsSerializer,
        examples=[OpenApiExample("a village", {"months": [MONTH], "co2_g_per_kwh": 380.0, "reliability": RELIABILITY}, response_only=True)],
    )
    def get(self, request: Request, public_id: Any) -> Response:
        microgrid = microgrid_of(request, public_id)
        now, newest = microgrid.now(timezone.now()), last_month(microgrid)
        found = {
            "months": monthly_indicators(microgrid, newest) if newest else [],
            "co2_g_per_kwh": float(CO2_GRID_G_PER_KWH),
            "reliability": reliability_over(microgrid, now - A_YEAR, now, with_planned=False),
        }
        return Response(IndicatorsSerializer(found).data)
