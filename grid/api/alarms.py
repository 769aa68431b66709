"""Doors of the grid's alarms: list, life, acknowledge, shelve. Operators change, auditors and support read."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
    extend_schema_serializer,
    extend_schema_view,
)
from rest_framework import generics, serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from energy.api.problems import problem
from energy.api.said import SaidField
from energy.models import Microgrid
from energy.selectors.scope import READING_ROLES, operated_microgrids
from grid.models import GridAlarm, GridAlarmStep
from grid.selectors.alarms import own_alarms_to_change, read_alarms
from grid.services.alarms import CannotShelve, acknowledge, shelve, unshelve
from members.selectors.scope import user_of

STEP = {"at": "2016-04-01T11:20:08Z", "kind": "raised", "by": None, "detail": "Line LV3.101 Line 7 carries 84% of its rating."}
ALARM = {
    "id": "0190d5f0-c1f8-7d4a-b1c2-d3e4f5a6b7c8",
    "kind": "line_loading",
    "subject": "LV3.101 Line 7",
    "priority": "medium",
    "sentence": "Line LV3.101 Line 7 carries 84% of its rating.",
    "raised_at": "2016-04-01T11:20:08Z",
    "count": 1,
    "cleared_at": None,
    "acknowledged_at": None,
    "acknowledged_by": None,
    "shelved_until": None,
    "shelved_reason": "",
}
STATES = ("listed", "shelved", "ended")


class GridAlarmStepSerializer(serializers.ModelSerializer[GridAlarmStep]):
    """One step of an alarm's life; `by` is empty where a tick took it."""

    by = serializers.CharField(source="by.email", allow_null=True, default=None)
    detail = SaidField()

    class Meta:
        model = GridAlarmStep
        fields = ("at", "kind", "by", "detail")


@extend_schema_serializer(examples=[OpenApiExample("a loaded line", ALARM, response_only=True)])
class GridAlarmSerializer(serializers.ModelSerializer[GridAlarm]):
    """Trouble of one kind at one place; times are of the microgrid's clock."""

    id = serializers.UUIDField(source="public_id")
    priority = serializers.CharField(source="get_priority_display")
    sentence = SaidField()
    acknowledged_by = serializers.CharField(source="acknowledged_by.email", allow_null=True, default=None)

    class Meta:
        model = GridAlarm
        fields: tuple[str, ...] = (
            "id",
            "kind",
            "subject",
            "priority",
            "sentence",
            "raised_at",
            "count",
            "cleared_at",
            "acknowledged_at",
            "acknowledged_by",
            "shelved_until",
            "shelved_reason",
        )


@extend_schema_serializer(examples=[OpenApiExample("a life", {**ALARM, "steps": [STEP]}, response_only=True)])
class GridAlarmLifeSerializer(GridAlarmSerializer):
    """An alarm with its steps, the newest first."""

    steps = serializers.SerializerMethodField()

    class Meta(GridAlarmSerializer.Meta):
        fields = (*GridAlarmSerializer.Meta.fields, "steps")

    @extend_schema_field(GridAlarmStepSerializer(many=True))
    def get_steps(self, alarm: GridAlarm) -> list[dict[str, Any]]:
        rows = alarm.steps.select_related("by").order_by("-at", "-pk")[:200]
        return list(GridAlarmStepSerializer(rows, many=True).data)


@extend_schema_serializer(examples=[OpenApiExample("an hour", {"minutes": 60, "reason": "The crew is on its way."}, request_only=True)])
class ShelfSerializer(serializers.Serializer[Any]):
    """How long the alarm may wait, and why."""

    minutes = serializers.IntegerField(min_value=1, max_value=1440)
    reason = serializers.CharField(max_length=200)


def _read_microgrid(request: Request, public_id: Any) -> Microgrid:
    return get_object_or_404(operated_microgrids(user_of(request), *READING_ROLES), public_id=public_id)


@extend_schema_view(
    get=extend_schema(
        operation_id="microgrids_alarms_list",
        summary="Alarms of the grid, by priority",
        parameters=[OpenApiParameter("state", str, enum=STATES, description="`listed` if left out: what needs somebody.")],
    )
)
class GridAlarmList(generics.ListAPIView[GridAlarm]):
    serializer_class = GridAlarmSerializer

    def get_queryset(self) -> QuerySet[GridAlarm]:
        if getattr(self, "swagger_fake_view", False):
            return GridAlarm.objects.none()
        microgrid = _read_microgrid(self.request, self.kwargs["public_id"])
        state = self.request.query_params.get("state", "listed")
        if state not in STATES:
            raise ValidationError({"state": [f"must be one of {', '.join(STATES)}"]})
        rows = GridAlarm.objects.filter(microgrid=microgrid).select_related("acknowledged_by")
        if state == "ended":
            return rows.filter(cleared_at__isnull=False, acknowledged_at__isnull=False).order_by("-raised_at", "-pk")
        now = microgrid.now(timezone.now())
        return rows.shelved(now).order_by("shelved_until", "pk") if state == "shelved" else rows.listed(now).urgent_first()


class GridAlarmLife(APIView):
    @extend_schema(operation_id="alarms_retrieve", summary="An alarm with each step of its life", responses=GridAlarmLifeSerializer)
    def get(self, request: Request, public_id: Any) -> Response:
        row = get_object_or_404(read_alarms(user_of(request)), public_id=public_id, raised_at__isnull=False)
        return Response(GridAlarmLifeSerializer(row).data)


class _Step(APIView):
    """One step that an operator takes with an alarm."""

    def take(self, request: Request, alarm: GridAlarm) -> None:
        raise NotImplementedError

    def answer(self, request: Request, public_id: Any) -> Response:
        row = own_alarms_to_change(user_of(request)).select_related("microgrid").filter(public_id=public_id).first()
        if row is None:
            raise Http404
        try:
            self.take(request, row)
        except CannotShelve as why:
            return problem(409, "The alarm cannot be shelved", str(why))
        row.refresh_from_db()
        return Response(GridAlarmLifeSerializer(row).data)


class AcknowledgeAlarm(_Step):
    def take(self, request: Request, alarm: GridAlarm) -> None:
        acknowledge(alarm=alarm, by=user_of(request), now=alarm.microgrid.now(timezone.now()))

    @extend_schema(operation_id="alarms_acknowledge", summary="Say that you act", request=None, responses=GridAlarmLifeSerializer)
    def post(self, request: Request, public_id: Any) -> Response:
        return self.answer(request, public_id)


class ShelveAlarm(_Step):
    def take(self, request: Request, alarm: GridAlarm) -> None:
        form = ShelfSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        shelve(
            alarm=alarm,
            by=user_of(request),
            now=alarm.microgrid.now(timezone.now()),
            length=timedelta(minutes=given["minutes"]),
            reason=given["reason"],
        )

    @extend_schema(
        operation_id="alarms_shelve",
        summary="Let an alarm wait for a time, with a reason",
        request=ShelfSerializer,
        responses=GridAlarmLifeSerializer,
    )
    def post(self, request: Request, public_id: Any) -> Response:
        return self.answer(request, public_id)


class UnshelveAlarm(_Step):
    def take(self, request: Request, alarm: GridAlarm) -> None:
        unshelve(alarm=alarm, by=user_of(request), now=alarm.microgrid.now(timezone.now()))

    @extend_schema(operation_id="alarms_unshelve", summary="Bring a shelved alarm back", request=None, responses=GridAlarmLifeSerializer)
    def post(self, request: Request, public_id: Any) -> Response:
        return self.answer(request, public_id)
