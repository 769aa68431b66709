"""Doors of switches: how they stand, one moved by hand in two steps; for whoever operates, audits or supports the cooperative."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from energy.models import Switch
from energy.selectors.scope import READING_ROLES, operated_microgrids
from energy.services.switching import CannotSwitch
from grid.api.network import PlannedOutageElementSerializer
from grid.models import SwitchOrder
from grid.selectors.switches import SwitchLine, switch_lines, switch_orders
from grid.services.switch_orders import confirm_switch_order, is_grave, propose_at_end, propose_switch_order, take_back_switch_order
from members.selectors.scope import user_of

ID = "0190d5f0-c1f8-7d4a-b1c2-d3e4f5a6b7c8"
LINE = {
    "id": ID,
    "code": "S 3",
    "kind": "CB",
    "node": "LV3.101 Bus 12",
    "other": "LV3.101 Line 4",
    "is_closed": False,
    "normally_closed": True,
    "moved_at": "2016-06-10T06:00:04Z",
    "reason": "Planned work: new joint",
    "held_by": "new joint",
}
ORDER = {
    "id": ID,
    "switch": "S 3",
    "closes": False,
    "reason": "Fault search",
    "state": "proposed",
    "proposed_at": "2016-06-10T06:00:00Z",
    "confirmed_at": None,
    "sites_lost": ["LV3.101 Load 7"],
    "sites_back": [],
    "ring": "",
    "highest_loading": 0.41,
    "loaded_code": "MV1.101-LV3.101-Trafo",
    "lowest_voltage_pu": 0.987,
    "lowest_code": "LV3.101 Bus 21",
    "is_within": True,
    "problem": "",
    "based_on": "like days",
    "must_be_typed": True,
}


class SwitchLineSerializer(serializers.Serializer[SwitchLine]):
    """A switch; `held_by` names the work that it stands so for."""

    id = serializers.UUIDField(source="switch.public_id")
    code = serializers.CharField(source="switch.code")
    kind = serializers.CharField(source="switch.kind")
    node = serializers.CharField(source="switch.node.code")
    other = serializers.SerializerMethodField()
    is_closed = serializers.BooleanField()
    normally_closed = serializers.BooleanField(source="switch.normally_closed")
    moved_at = serializers.DateTimeField(source="moved.at", default=None, allow_null=True)
    reason = serializers.CharField(source="moved.reason", default="")
    held_by = serializers.CharField(source="outage")

    def get_other(self, line: SwitchLine) -> str:
        switch = line.switch
        return switch.other_node.code if switch.other_node else switch.line_code or switch.transformer_code


class SwitchOrderSerializer(serializers.ModelSerializer[SwitchOrder]):
    """A switch that is to be moved, with what would follow; nothing happens until it is confirmed."""

    id = serializers.UUIDField(source="public_id")
    switch = serializers.CharField(source="switch.code")
    state = serializers.SerializerMethodField()
    sites_lost = serializers.SerializerMethodField()
    sites_back = serializers.SerializerMethodField()
    must_be_typed = serializers.SerializerMethodField(help_text="Whether confirming wants the switch's code as `typed`.")

    class Meta:
        model = SwitchOrder
        fields = (
            "id",
            "switch",
            "closes",
            "reason",
            "state",
            "proposed_at",
            "confirmed_at",
            "sites_lost",
            "sites_back",
            "ring",
            "highest_loading",
            "loaded_code",
            "lowest_voltage_pu",
            "lowest_code",
            "is_within",
            "problem",
            "based_on",
            "must_be_typed",
        )

    def get_state(self, row: SwitchOrder) -> str:
        return "proposed" if row.is_open else "confirmed" if row.confirmed_at else "taken back"

    def get_sites_lost(self, row: SwitchOrder) -> list[str]:
        return sorted(site.code for site in row.sites_lost.all())

    def get_sites_back(self, row: SwitchOrder) -> list[str]:
        return sorted(site.code for site in row.sites_back.all())

    def get_must_be_typed(self, row: SwitchOrder) -> bool:
        return is_grave(row)


class SwitchProposalSerializer(serializers.Serializer[Any]):
    """Either `switch` with `closes`, or an end without a switch of its own that is to be opened: `element` and `node`."""

    switch = serializers.UUIDField(required=False)
    closes = serializers.BooleanField(required=False)
    element = PlannedOutageElementSerializer(required=False)
    node = serializers.CharField(max_length=120, required=False)
    reason = serializers.CharField(max_length=200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        by_switch, by_end = {"switch", "closes"} <= attrs.keys(), {"element", "node"} <= attrs.keys()
        if by_switch == by_end:
            raise ValidationError("Name a switch and whether it closes, or an element and the node of its end.")
        return attrs


class SwitchDecisionSerializer(serializers.Serializer[Any]):
    step = serializers.ChoiceField(choices=[("confirm", "confirm"), ("take_back", "take back")])
    typed = serializers.CharField(max_length=120, required=False, allow_blank=True)


class SwitchList(APIView):
    @extend_schema(
        operation_id="microgrids_switches_list",
        summary="Switches, those that do not stand as usual first",
        responses=SwitchLineSerializer(many=True),
        examples=[OpenApiExample("open for work", LINE, response_only=True)],
    )
    def get(self, request: Request, public_id: Any) -> Response:
        microgrid = get_object_or_404(operated_microgrids(user_of(request), *READING_ROLES), public_id=public_id)
        lines: Any = switch_lines(microgrid, microgrid.now(timezone.now()))
        return Response(SwitchLineSerializer(lines, many=True).data)


class SwitchOrderList(APIView):
    @extend_schema(
        operation_id="microgrids_switch_orders_list",
        summary="Switches moved by hand, newest first",
        responses=SwitchOrderSerializer(many=True),
        examples=[OpenApiExample("proposed", ORDER, response_only=True)],
    )
    def get(self, request: Request, public_id: Any) -> Response:
        microgrid = get_object_or_404(operated_microgrids(user_of(request), *READING_ROLES), public_id=public_id)
        return Response(SwitchOrderSerializer(switch_orders(microgrid), many=True).data)

    @extend_schema(
        operation_id="microgrids_switch_orders_create",
        summary="Propose to move a switch; what would follow is computed at once",
        request=SwitchProposalSerializer,
        responses={201: SwitchOrderSerializer},
        examples=[
            OpenApiExample("a switch", {"switch": ID, "closes": False, "reason": "Fault search"}, request_only=True),
            OpenApiExample("as computed", ORDER, response_only=True, status_codes=["201"]),
        ],
    )
    def post(self, request: Request, public_id: Any) -> Response:
        microgrid = get_object_or_404(operated_microgrids(user_of(request)), public_id=public_id)
        asked = SwitchProposalSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given, now = asked.validated_data, microgrid.now(timezone.now())
        try:
            if "switch" in given:
                switch = get_object_or_404(
                    Switch.objects.select_related("node", "other_node"), microgrid=microgrid, public_id=given["switch"]
                )
                row = propose_switch_order(
                    microgrid=microgrid, switch=switch, closes=given["closes"], reason=given["reason"], by=user_of(request), now=now
                )
            else:
                row = propose_at_end(
                    microgrid=microgrid,
                    kind=given["element"]["kind"],
                    code=given["element"]["code"],
                    node_code=given["node"],
                    reason=given["reason"],
                    by=user_of(request),
                    now=now,
                )
        except CannotSwitch as problem:
            raise ValidationError({"detail": [str(problem)]}) from None
        return Response(SwitchOrderSerializer(row).data, status=status.HTTP_201_CREATED)


class SwitchOrderDecision(APIView):
    @extend_schema(
        operation_id="switch_orders_decide",
        summary="Confirm a proposed move, or take it back",
        request=SwitchDecisionSerializer,
        responses=SwitchOrderSerializer,
        examples=[
            OpenApiExample("confirm", {"step": "confirm", "typed": "S 3"}, request_only=True),
            OpenApiExample("moved", {**ORDER, "state": "confirmed", "confirmed_at": "2016-06-10T06:00:40Z"}, response_only=True),
        ],
    )
    def post(self, request: Request, public_id: Any) -> Response:
        own = SwitchOrder.objects.filter(microgrid__in=operated_microgrids(user_of(request)).values("pk"))
        row = get_object_or_404(own.select_related("microgrid", "switch"), public_id=public_id)
        asked = SwitchDecisionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        now, given = row.microgrid.now(timezone.now()), asked.validated_data
        try:
            if given["step"] == "confirm":
                confirm_switch_order(order=row, typed=given.get("typed", ""), by=user_of(request), now=now)
            else:
                take_back_switch_order(order=row, by=user_of(request), now=now)
        except CannotSwitch as problem:
            raise ValidationError({"detail": [str(problem)]}) from None
        return Response(SwitchOrderSerializer(SwitchOrder.objects.get(pk=row.pk)).data)
