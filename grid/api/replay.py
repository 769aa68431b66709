"""Doors of the live page: what stands still of the network, and any moment of the past."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from energy.models import Microgrid
from grid.api.days import microgrid_of
from grid.api.live import NOON
from grid.selectors.drawing import draw
from grid.selectors.replay import moment

NODE = {
    "code": "LV3.101 Bus 1",
    "label": "1",
    "x": 80.0,
    "y": 88.0,
    "bar_end": 80.0,
    "feeder": 0,
    "parent": 0,
    "vm_min": 9000,
    "vm_max": 11000,
    "is_coupling": False,
    "map_x": 120.5,
    "map_y": 40.2,
}
BRANCH = {
    "code": "LV3.101 Line 1",
    "kind": "line",
    "first": 0,
    "second": 1,
    "path": "M80.0 64.0L80.0 88.0",
    "middle_x": 80.0,
    "middle_y": 76.0,
    "is_loop": False,
    "map_path": "M100.0 38.0L120.5 40.2",
}
STORAGE = {"id": "0190d5f0-c1f8-7d4a-b1c2-d3e4f5a6b7c8", "code": "LV3.101 Storage 1", "node": 1, "capacity_wh": 6800}
NETWORK = {
    "order": "9f86d081884c",
    "width": 900.0,
    "height": 760.0,
    "map_width": 800.0,
    "map_height": 520.0,
    "nodes": [NODE],
    "branches": [BRANCH],
    "storages": [STORAGE],
}
MOMENT = {
    **NOON,
    "reasons_de": ["Die Dächer geben 7,0 kW mehr, als Haushalte und Speicher aufnehmen."],
    "order": "9f86d081884c",
    "voltage": [10311],
    "loading": [85],
    "branch_w": [-1200],
    "storage_soc_wh": [3120],
    "storage_charge_w": [900],
    "storage_discharge_w": [0],
    "source": "tick",
    "picture_at": "2016-04-01T11:19:56+00:00",
}


class DrawnNodeSerializer(serializers.Serializer[Any]):
    """A node, its place in the diagram and on the map, and its voltage band [1/10,000 p.u.]."""

    code = serializers.CharField()
    label: Any = serializers.CharField()
    x = serializers.FloatField()
    y = serializers.FloatField()
    bar_end = serializers.FloatField()
    feeder = serializers.IntegerField()
    parent: Any = serializers.IntegerField(help_text="Position of the node that it hangs below, -1 at the top.")
    vm_min = serializers.IntegerField()
    vm_max = serializers.IntegerField()
    is_coupling = serializers.BooleanField()
    map_x = serializers.FloatField(allow_null=True)
    map_y = serializers.FloatField(allow_null=True)


class DrawnBranchSerializer(serializers.Serializer[Any]):
    """A line or transformer between two nodes, by their positions."""

    code = serializers.CharField()
    kind = serializers.CharField()
    first = serializers.IntegerField()
    second = serializers.IntegerField()
    path = serializers.CharField()
    middle_x = serializers.FloatField()
    middle_y = serializers.FloatField()
    is_loop = serializers.BooleanField()
    map_path = serializers.CharField(allow_blank=True)


class DrawnStorageSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    code = serializers.CharField()
    node = serializers.IntegerField()
    capacity_wh = serializers.IntegerField()


class NetworkSerializer(serializers.Serializer[Any]):
    """The order in which messages tell their numbers; `order` is its name, a message of another name needs this again."""

    order = serializers.CharField()
    width = serializers.FloatField()
    height = serializers.FloatField()
    map_width = serializers.FloatField()
    map_height = serializers.FloatField()
    nodes = DrawnNodeSerializer(many=True)
    branches = DrawnBranchSerializer(many=True)
    storages = DrawnStorageSerializer(many=True)


def _numbers(text: str) -> serializers.ListField:
    return serializers.ListField(child=serializers.IntegerField(allow_null=True), help_text=text)


class MomentSerializer(serializers.Serializer[Any]):
    """A tick's message: powers [W], stored energy [Wh], and arrays in the order of `network/`."""

    type = serializers.CharField()
    tick = serializers.IntegerField(allow_null=True)
    at = serializers.DateTimeField()
    status = serializers.CharField(allow_blank=True)
    production_w = serializers.IntegerField()
    consumption_w = serializers.IntegerField()
    charge_w = serializers.IntegerField()
    discharge_w = serializers.IntegerField()
    import_w = serializers.IntegerField()
    export_w = serializers.IntegerField()
    losses_w = serializers.IntegerField(allow_null=True)
    storage_wh = serializers.IntegerField(allow_null=True)
    storage_capacity_wh = serializers.IntegerField()
    sites_reporting = serializers.IntegerField()
    sites_total = serializers.IntegerField()
    points_estimated = serializers.IntegerField(help_text="Silent sites that something stands in for.")
    reasons = serializers.ListField(child=serializers.CharField())
    reasons_de = serializers.ListField(child=serializers.CharField(), help_text="The same in German.")
    order = serializers.CharField(allow_blank=True)
    voltage = _numbers("By node [1/10,000 p.u.].")
    loading = _numbers("By branch [1/1,000 of its rating].")
    branch_w = _numbers("By branch, from its first to its second node [W].")
    storage_soc_wh = _numbers("By storage.")
    storage_charge_w = _numbers("By storage.")
    storage_discharge_w = _numbers("By storage.")
    source: Any = serializers.ChoiceField(choices=[("tick", "a kept tick"), ("day", "a closed day's interval")])
    picture_at = serializers.DateTimeField(allow_null=True, help_text="Of when the arrays are.")


class NetworkOrder(APIView):
    @extend_schema(
        operation_id="microgrids_network",
        summary="Places and order of nodes, branches and storages",
        parameters=[OpenApiParameter("at", datetime, description="An instant, with its offset from UTC; now if left out.")],
        responses=NetworkSerializer,
        examples=[OpenApiExample("a small network", NETWORK, response_only=True)],
    )
    def get(self, request: Request, public_id: Any) -> Response:
        microgrid = microgrid_of(request, public_id)
        text = request.query_params.get("at")
        at = instant_of(microgrid, text) if text else microgrid.now(timezone.now())
        return Response(draw(microgrid, at).as_json())


class Replay(APIView):
    @extend_schema(
        operation_id="microgrids_replay",
        summary="The grid at any kept moment",
        responses=MomentSerializer,
        parameters=[OpenApiParameter("at", datetime, required=True, description="An instant, with its offset from UTC.")],
        examples=[OpenApiExample("a sunny noon", MOMENT, response_only=True)],
    )
    def get(self, request: Request, public_id: Any) -> Response:
        microgrid = microgrid_of(request, public_id)
        found = moment(microgrid, instant_of(microgrid, request.query_params.get("at", "")))
        if found is None:
            raise NotFound("Nothing is kept of that moment: no tick ran, and its day is not closed.")
        return Response(found)


def instant_of(microgrid: Microgrid, text: str) -> datetime:
    """The instant that a text names; without an offset it is the microgrid's local time."""
    try:
        at = parse_datetime(text.strip().replace(" ", "+"))
    except ValueError:
        at = None
    if at is None:
        raise ValidationError({"at": ["must be an instant such as 2016-04-01T11:20:00Z"]})
    return at if at.tzinfo else at.replace(tzinfo=microgrid.zone)
