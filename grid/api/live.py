"""The grid as it is: microgrids, their newest state, the ticks behind it."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_serializer, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from energy.api.said import said_list
from energy.models import Microgrid
from energy.selectors.scope import visible_microgrids
from grid.api.days import microgrid_of
from grid.models import GridState
from grid.selectors.drawing import draw
from grid.selectors.states import latest_state, spelled_out
from kernel.written import whole_number
from members.selectors.scope import user_of

TICK = {
    "tick": 4711,
    "at": "2016-04-01T11:20:00Z",
    "status": "SURPLUS",
    "production_w": 74461,
    "consumption_w": 55152,
    "charge_w": 12300,
    "discharge_w": 0,
    "import_w": 0,
    "export_w": 7009,
    "losses_w": 1468,
    "storage_wh": 61894,
    "storage_capacity_wh": 158300,
    "sites_reporting": 134,
    "sites_total": 134,
    "points_estimated": 0,
    "reasons": ["The roofs give 7.0 kW more than homes and batteries take."],
}
NOON = {"type": "grid.state", **TICK, "at": "2016-04-01T11:20:00+00:00"}
"""What a tick tells on a sunny noon, as an example; what differs by door is added there."""


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "a village",
            {
                "id": "0190d5f0-c1f8-7d4a-b1c2-000000000001",
                "name": "Wiesengrund",
                "cooperative": "Bürgerenergie Wiesengrund eG",
                "time_zone": "Europe/Berlin",
                "interval_minutes": 15,
                "import_limit_w": 400000,
                "export_limit_w": 400000,
                "clock_now": "2016-04-01T11:20:00+00:00",
            },
            response_only=True,
        )
    ]
)
class MicrogridSerializer(serializers.ModelSerializer[Microgrid]):
    """A settlement boundary; `clock_now` is what its clock shows (a replay may run beside real time)."""

    id = serializers.UUIDField(source="public_id")
    cooperative = serializers.CharField(source="cooperative.name")
    clock_now = serializers.SerializerMethodField()

    class Meta:
        model = Microgrid
        fields = ("id", "name", "cooperative", "time_zone", "interval_minutes", "import_limit_w", "export_limit_w", "clock_now")

    def get_clock_now(self, row: Microgrid) -> str:
        return row.now(timezone.now()).isoformat()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "a sunny noon", {**TICK, "highest_loading": 0.41, "lowest_voltage_pu": 0.987, "highest_voltage_pu": 1.021}, response_only=True
        )
    ]
)
class TickSerializer(serializers.ModelSerializer[GridState]):
    """One control tick: powers [W], stored energy [Wh], import and export at the point of common coupling."""

    tick = serializers.IntegerField(source="pk")
    reasons = said_list()

    class Meta:
        model = GridState
        fields: tuple[str, ...] = (
            "tick",
            "at",
            "status",
            "production_w",
            "consumption_w",
            "charge_w",
            "discharge_w",
            "import_w",
            "export_w",
            "losses_w",
            "storage_wh",
            "storage_capacity_wh",
            "highest_loading",
            "lowest_voltage_pu",
            "highest_voltage_pu",
            "sites_reporting",
            "sites_total",
            "points_estimated",
            "reasons",
        )


class StorageStateSerializer(serializers.Serializer[Any]):
    """A storage as it reports; null where it is silent."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    capacity_wh = serializers.IntegerField()
    soc_wh = serializers.IntegerField(allow_null=True)
    charge_w = serializers.IntegerField(allow_null=True)
    discharge_w = serializers.IntegerField(allow_null=True)


class NodeStateSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    vm_pu = serializers.FloatField()


class BranchStateSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    loading_percent = serializers.FloatField()
    power_w = serializers.IntegerField(help_text="From its first to its second node.")


class LiveStateSerializer(TickSerializer):
    """The newest tick with storages and wires, by code; the WebSocket tells the same as arrays in the order of `network/`."""

    tick = serializers.IntegerField()
    type = serializers.CharField()
    storages = StorageStateSerializer(many=True)
    nodes = NodeStateSerializer(many=True)
    lines = BranchStateSerializer(many=True)
    transformers = BranchStateSerializer(many=True)

    class Meta(TickSerializer.Meta):
        fields = tuple(
            name
            for name in (*TickSerializer.Meta.fields, "type", "storages", "nodes", "lines", "transformers")
            if name not in {"highest_loading", "lowest_voltage_pu", "highest_voltage_pu"}
        )


@extend_schema_view(get=extend_schema(operation_id="microgrids_list", summary="Microgrids that you may see"))
class MicrogridList(generics.ListAPIView[Microgrid]):
    serializer_class = MicrogridSerializer

    def get_queryset(self) -> QuerySet[Microgrid]:
        return visible_microgrids(user_of(self.request)).select_related("cooperative")


class LiveState(APIView):
    @extend_schema(
        operation_id="microgrids_live",
        summary="The newest state of a microgrid",
        responses=LiveStateSerializer,
        examples=[
            OpenApiExample(
                "a sunny noon",
                {
                    **NOON,
                    "storages": [
                        {
                            "id": "0190d5f0-c1f8-7d4a-b1c2-d3e4f5a6b7c8",
                            "code": "LV3.101 Storage 1",
                            "capacity_wh": 6800,
                            "soc_wh": 3120,
                            "charge_w": 900,
                            "discharge_w": 0,
                        }
                    ],
                    "nodes": [{"code": "LV3.101 Bus 1", "vm_pu": 1.0311}],
                    "lines": [{"code": "LV3.101 Line 1", "loading_percent": 8.5, "power_w": -1200}],
                    "transformers": [{"code": "MV1.101-LV3.101-Trafo", "loading_percent": 5.2, "power_w": -5541}],
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request, public_id: Any) -> Response:
        microgrid = microgrid_of(request, public_id)
        state = latest_state(microgrid)
        if state is None:
            raise NotFound("No control tick ran within the last quarter of an hour: no meter reports, or no worker runs.")
        return Response(spelled_out(state, draw(microgrid, datetime.fromisoformat(state["at"]))))


@extend_schema_view(
    get=extend_schema(
        operation_id="microgrids_ticks_list",
        summary="Control ticks, newest first",
        parameters=[OpenApiParameter("minutes", int, description="How far back by the microgrid's clock; 60 if left out, 1440 at most.")],
    )
)
class TickList(generics.ListAPIView[GridState]):
    serializer_class = TickSerializer

    def get_queryset(self) -> QuerySet[GridState]:
        if getattr(self, "swagger_fake_view", False):
            return GridState.objects.none()
        microgrid = microgrid_of(self.request, self.kwargs["public_id"])
        minutes = whole_number(self.request.query_params.get("minutes", "60"), least=1, most=1440)
        if minutes is None:
            raise ValidationError({"minutes": ["must be a number from 1 to 1440"]})
        since = microgrid.now(timezone.now()) - timedelta(minutes=minutes)
        return GridState.objects.filter(microgrid=microgrid, at__gte=since).order_by("-at", "-pk")
