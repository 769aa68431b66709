"""Sensors and what they said, for those who look after them."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_serializer, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from energy.domain.sensors import QUANTITIES
from energy.models import Sensor
from energy.selectors.devices import served_sensors
from energy.selectors.sensors import sensor_series
from members.selectors.scope import user_of

LONGEST_SPAN = timedelta(days=7)
DEFAULT_SPAN = timedelta(days=1)
ID = "0190d5f0-c1f8-7d4a-b1c2-000000000009"


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "on a mast",
            {"id": ID, "microgrid": ID, "code": "Mast, air", "kind": "air_temperature", "record": "air_temperature_c", "unit": "°C"},
            response_only=True,
        )
    ]
)
class SensorSerializer(serializers.ModelSerializer[Sensor]):
    """A sensor, and the record under which its device speaks."""

    id = serializers.UUIDField(source="public_id")
    microgrid = serializers.UUIDField(source="microgrid.public_id")
    record = serializers.SerializerMethodField()
    unit = serializers.SerializerMethodField()

    class Meta:
        model = Sensor
        fields = ("id", "microgrid", "code", "kind", "record", "unit")

    def get_record(self, sensor: Sensor) -> str:
        return QUANTITIES[sensor.kind].record

    def get_unit(self, sensor: Sensor) -> str:
        return QUANTITIES[sensor.kind].unit


class SensorSpanSerializer(serializers.Serializer[Any]):
    """The instants asked for: `from` up to and without `to`."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {"from": serializers.DateTimeField(required=False), "to": serializers.DateTimeField(required=False)}

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        first, after = given.get("from"), given.get("to")
        if first and after and not timedelta(0) < after - first <= LONGEST_SPAN:
            raise serializers.ValidationError({"to": f"must lie after from, by {LONGEST_SPAN.days} days at most; ask for less at a time"})
        return given


class SensorReadingsSerializer(serializers.Serializer[Any]):
    """Readings of one sensor, the oldest first; both lists are of one length."""

    sensor = serializers.UUIDField()
    unit = serializers.CharField(allow_blank=True)
    at = serializers.ListField(child=serializers.DateTimeField())
    values = serializers.ListField(child=serializers.FloatField())


@extend_schema_view(get=extend_schema(operation_id="sensors_list", summary="Sensors that you look after"))
class SensorList(generics.ListAPIView[Sensor]):
    serializer_class = SensorSerializer

    def get_queryset(self) -> QuerySet[Sensor]:
        return served_sensors(user_of(self.request))


class SensorReadingsView(APIView):
    """What a sensor said within a span."""

    @extend_schema(
        operation_id="sensors_readings",
        summary="A sensor's readings, seven days at most",
        responses=SensorReadingsSerializer,
        parameters=[
            OpenApiParameter("from", str, description="First instant; default: a day before `to`."),
            OpenApiParameter("to", str, description="The instant after the last; default: now by the microgrid's clock."),
        ],
        examples=[
            OpenApiExample(
                "two readings",
                {"sensor": ID, "unit": "°C", "at": ["2016-03-29T10:00:00Z", "2016-03-29T10:05:00Z"], "values": [7.25, 7.5]},
                response_only=True,
            )
        ],
    )
    def get(self, request: Request, public_id: Any) -> Response:
        sensor = get_object_or_404(served_sensors(user_of(request)), public_id=public_id)
        asked = SensorSpanSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        after = given.get("to") or (given["from"] + DEFAULT_SPAN if "from" in given else sensor.microgrid.now(timezone.now()))
        series = sensor_series(sensor.pk, start_at=given.get("from") or after - DEFAULT_SPAN, end_at=after)
        return Response(
            {
                "sensor": sensor.public_id,
                "unit": QUANTITIES[sensor.kind].unit,
                "at": [f"{moment}Z" for moment in series.at.astype("datetime64[ms]").astype(str).tolist()],
                "values": series.values.tolist(),
            }
        )
