"""Doors of the network's studies and planned outages; for whoever operates, audits or supports the cooperative."""

from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from energy.api.said import SaidField
from energy.models import Microgrid
from energy.selectors.scope import READING_ROLES, operated_microgrids
from energy.services.switching import CannotSwitch
from grid.models import ElementLoss, NetworkStudy, NodeHosting, OutageExtension, OutageMove, OutageState, PlannedOutage, Technology
from grid.selectors.network_page import element_losses, newest_outages, newest_study
from grid.services.outage_course import end_outage
from grid.services.outage_extension import ask_for_longer, decide_extension
from grid.services.planned_outages import CannotPlanOutage, decide_outage, request_outage, withdraw_outage
from members.models import Role, User
from members.selectors.scope import user_of

HOSTING = {
    "node": "LV3.101 Bus 64",
    "technology": "solar",
    "power_w": 70037,
    "limited_by": "voltage",
    "limiting_code": "LV3.101 Bus 64",
    "limited_at": "2016-06-05T11:15:00Z",
}
LOSS = {
    "place": 1,
    "kind": "transformer",
    "code": "MV1.101-LV3.101-Trafo",
    "sites_lost": 134,
    "members_lost": 119,
    "highest_loading": 0.0,
    "loaded_code": "",
    "lowest_voltage_pu": 1.025,
    "is_within": True,
    "tie_code": "",
    "sites_lost_with_tie": None,
}
OUTAGE = {
    "id": "0190d5f0-c1f8-7d4a-b1c2-d3e4f5a6b7c8",
    "start_at": "2016-06-10T06:00:00Z",
    "end_at": "2016-06-10T10:00:00Z",
    "reason": "New joint at node 64",
    "state": "requested",
    "elements": [{"kind": "line", "code": "LV3.101 Line 1"}],
    "switches": [],
    "sites_lost": ["LV3.101 Load 7"],
    "energy_not_supplied_wh": 2140,
    "based_on": "like days",
    "highest_loading": 0.41,
    "loaded_code": "MV1.101-LV3.101-Trafo",
    "loaded_at": "2016-06-10T09:00:00Z",
    "lowest_voltage_pu": 0.987,
    "lowest_code": "LV3.101 Bus 21",
    "lowest_at": "2016-06-10T09:00:00Z",
    "is_within": True,
    "problem": "",
    "decision_note": "",
    "waits_for_clearance": False,
    "began_at": None,
    "ended_at": None,
    "course_note": "",
    "moves": [],
    "extensions": [],
}


class NodeHostingSerializer(serializers.ModelSerializer[NodeHosting]):
    node = serializers.CharField(source="node_code")

    class Meta:
        model = NodeHosting
        fields = ("node", "technology", "power_w", "limited_by", "limiting_code", "limited_at")


class ElementLossSerializer(serializers.ModelSerializer[ElementLoss]):
    class Meta:
        model = ElementLoss
        fields = (
            "place",
            "kind",
            "code",
            "sites_lost",
            "members_lost",
            "highest_loading",
            "loaded_code",
            "lowest_voltage_pu",
            "is_within",
            "tie_code",
            "sites_lost_with_tie",
        )


class NetworkStudySerializer(serializers.ModelSerializer[NetworkStudy]):
    """What each node still takes, one technology at one node at a time, and what the loss of each element means, the worst first."""

    hosting = NodeHostingSerializer(many=True)
    losses = ElementLossSerializer(many=True)

    class Meta:
        model = NetworkStudy
        fields = ("made_at", "first_day", "last_day", "intervals", "most_w", "hosting", "losses")


class PlannedOutageElementSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[("line", "line"), ("transformer", "transformer")])
    code = serializers.CharField(max_length=120)


class OutageMoveSerializer(serializers.ModelSerializer[OutageMove]):
    """A switch that was moved for an outage, and when it was put back."""

    switch = serializers.CharField(source="switch.code")
    closed = serializers.BooleanField(source="position.is_closed")
    at = serializers.DateTimeField(source="position.at")
    back_at = serializers.DateTimeField(source="back.at", default=None, allow_null=True)

    class Meta:
        model = OutageMove
        fields = ("switch", "closed", "at", "back_at", "left")


class OutageExtensionSerializer(serializers.ModelSerializer[OutageExtension]):
    """A later end that was asked for; null in `is_approved` while it waits."""

    class Meta:
        model = OutageExtension
        fields = ("end_at", "reason", "asked_at", "decided_at", "is_approved")


class PlannedOutageSerializer(serializers.ModelSerializer[PlannedOutage]):
    """A planned outage with what it means at the load that is expected."""

    id = serializers.UUIDField(source="public_id")
    state = serializers.ChoiceField(choices=OutageState.choices)
    elements = PlannedOutageElementSerializer(many=True)
    based_on = SaidField()
    problem = SaidField()
    course_note = SaidField()
    switches = serializers.SerializerMethodField()
    sites_lost = serializers.SerializerMethodField()
    moves = OutageMoveSerializer(many=True)
    extensions = OutageExtensionSerializer(many=True)

    class Meta:
        model = PlannedOutage
        fields = (
            "id",
            "start_at",
            "end_at",
            "reason",
            "state",
            "elements",
            "switches",
            "sites_lost",
            "energy_not_supplied_wh",
            "based_on",
            "highest_loading",
            "loaded_code",
            "loaded_at",
            "lowest_voltage_pu",
            "lowest_code",
            "lowest_at",
            "is_within",
            "problem",
            "decision_note",
            "waits_for_clearance",
            "began_at",
            "ended_at",
            "course_note",
            "moves",
            "extensions",
        )

    def get_switches(self, row: PlannedOutage) -> list[str]:
        return [one.switch.code for one in row.switchings.all()]

    def get_sites_lost(self, row: PlannedOutage) -> list[str]:
        return [site.code for site in row.sites_lost.all()]


class PlannedOutageRequestSerializer(serializers.Serializer[Any]):
    """What is to be out, and which open switches are closed meanwhile."""

    start_at = serializers.DateTimeField()
    end_at = serializers.DateTimeField()
    reason = serializers.CharField(max_length=300)
    elements = PlannedOutageElementSerializer(many=True)
    switches = serializers.ListField(child=serializers.CharField(max_length=120), required=False)
    waits_for_clearance = serializers.BooleanField(required=False, help_text="Supply comes back only by the step `end`.")


STEPS = ("approve", "refuse", "withdraw", "end", "extend", "approve_longer", "refuse_longer")


class PlannedOutageDecisionSerializer(serializers.Serializer[Any]):
    """`approve` and `refuse` are for somebody else than who asked, as are `approve_longer` and `refuse_longer`.

    `withdraw` (before it begins), `end` (while at work) and `extend` (with `end_at`, and `note` as the reason) are for any operator.
    """

    step = serializers.ChoiceField(choices=[(step, step) for step in STEPS])
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)
    end_at = serializers.DateTimeField(required=False)


def _operated(request: Request, public_id: Any, *roles: Role) -> Microgrid:
    return get_object_or_404(operated_microgrids(user_of(request), *roles), public_id=public_id)


class NetworkStudyDoor(APIView):
    @extend_schema(
        operation_id="microgrids_network_study",
        summary="Hosting capacity of each node and the loss of each element",
        responses=NetworkStudySerializer,
        examples=[
            OpenApiExample(
                "a village",
                {
                    "made_at": "2016-06-30T01:40:00Z",
                    "first_day": "2016-06-02",
                    "last_day": "2016-06-29",
                    "intervals": 2688,
                    "most_w": 600000,
                    "hosting": [HOSTING],
                    "losses": [LOSS],
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request, public_id: Any) -> Response:
        study = newest_study(_operated(request, public_id, *READING_ROLES))
        if study is None:
            raise NotFound("Nothing is computed yet: it is, each night, once a day is closed.")
        fields = {name: getattr(study, name) for name in ("made_at", "first_day", "last_day", "intervals", "most_w")}
        hosting = NodeHosting.objects.filter(study=study, technology__in=Technology.values).order_by("technology", "node_code")
        body: Any = {**fields, "hosting": hosting, "losses": element_losses(study)}
        return Response(NetworkStudySerializer(body).data)


class OutageList(APIView):
    @extend_schema(
        operation_id="microgrids_outages_list",
        summary="Planned outages, what begins last first",
        responses=PlannedOutageSerializer(many=True),
        examples=[OpenApiExample("one", OUTAGE, response_only=True)],
    )
    def get(self, request: Request, public_id: Any) -> Response:
        return Response(PlannedOutageSerializer(newest_outages(_operated(request, public_id, *READING_ROLES)), many=True).data)

    @extend_schema(
        operation_id="microgrids_outages_create",
        summary="Ask for an outage; what it means is computed at once",
        request=PlannedOutageRequestSerializer,
        responses={201: PlannedOutageSerializer},
        examples=[
            OpenApiExample(
                "a joint",
                {
                    "start_at": "2016-06-10T06:00:00Z",
                    "end_at": "2016-06-10T10:00:00Z",
                    "reason": "New joint at node 64",
                    "elements": [{"kind": "line", "code": "LV3.101 Line 1"}],
                    "switches": [],
                },
                request_only=True,
            ),
            OpenApiExample("as computed", OUTAGE, response_only=True, status_codes=["201"]),
        ],
    )
    def post(self, request: Request, public_id: Any) -> Response:
        microgrid = _operated(request, public_id)
        asked = PlannedOutageRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        codes = {kind: [e["code"] for e in given["elements"] if e["kind"] == kind] for kind in ("line", "transformer")}
        try:
            outage = request_outage(
                microgrid=microgrid,
                lines=codes["line"],
                transformers=codes["transformer"],
                switches=given.get("switches", []),
                start_at=given["start_at"],
                end_at=given["end_at"],
                reason=given["reason"],
                by=user_of(request),
                now=microgrid.now(timezone.now()),
                waits_for_clearance=given.get("waits_for_clearance", False),
            )
        except CannotPlanOutage as problem:
            raise ValidationError({"detail": [str(problem)]}) from None
        return Response(PlannedOutageSerializer(outage).data, status=status.HTTP_201_CREATED)


class OutageDecision(APIView):
    @extend_schema(
        operation_id="outages_decide",
        summary="Take a step with a planned outage",
        request=PlannedOutageDecisionSerializer,
        responses=PlannedOutageSerializer,
        examples=[
            OpenApiExample("approve", {"step": "approve", "note": ""}, request_only=True),
            OpenApiExample("approved", {**OUTAGE, "state": "approved"}, response_only=True),
        ],
    )
    def post(self, request: Request, public_id: Any) -> Response:
        outage = get_object_or_404(PlannedOutage, public_id=public_id, microgrid__in=operated_microgrids(user_of(request)).values("pk"))
        asked = PlannedOutageDecisionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        now = outage.microgrid.now(timezone.now())
        try:
            _take(outage, asked.validated_data, user_of(request), now)
        except (CannotPlanOutage, CannotSwitch) as problem:
            raise ValidationError({"detail": [str(problem)]}) from None
        return Response(PlannedOutageSerializer(PlannedOutage.objects.get(pk=outage.pk)).data)


def _take(outage: PlannedOutage, given: dict[str, Any], by: User, now: datetime) -> None:
    step, note = given["step"], given.get("note", "")
    if step in ("approve", "refuse"):
        decide_outage(outage=outage, approve=step == "approve", note=note, by=by, now=now)
    elif step == "withdraw":
        withdraw_outage(outage=outage, by=by, now=now)
    elif step == "end":
        end_outage(outage=outage, by=by, now=now)
    elif step == "extend":
        if "end_at" not in given:
            raise CannotPlanOutage("Name the later end.")
        ask_for_longer(outage=outage, end_at=given["end_at"], reason=note, by=by, now=now)
    else:
        waiting = outage.extensions.filter(decided_at__isnull=True).first()
        if waiting is None:
            raise CannotPlanOutage("No later end waits for a decision.")
        decide_extension(extension=waiting, approve=step == "approve_longer", by=by, now=now)
