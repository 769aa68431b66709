"""Work orders on sources: seen through the owner's scope, planned and finished by operators."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from energy.api.insight import InsightDoor
from energy.api.problems import problem
from energy.api.said import SaidField
from energy.models import WorkOrder
from energy.selectors.scope import visible_orders
from energy.services.maintenance import CannotChangeOrder, finish_order, plan_order
from members.models import Role
from members.selectors.scope import has_role, user_of

ORDER = {
    "id": "0190d5f0-c1f8-7d4a-b1c2-000000000005",
    "source": "0190d5f0-c1f8-7d4a-b1c2-000000000003",
    "work": "cleaning",
    "state": "planned",
    "reason": "By date, as planned.",
    "due_date": "2016-04-12",
    "start_at": "2016-04-11T08:00:00Z",
    "end_at": "2016-04-11T10:00:00Z",
    "available_percent": 0,
    "assigned_to": "Ben",
    "note": "",
    "done_at": None,
}


@extend_schema_serializer(examples=[OpenApiExample("a cleaning", ORDER, response_only=True)])
class WorkOrderSerializer(serializers.ModelSerializer[WorkOrder]):
    """One piece of work on a source."""

    id = serializers.UUIDField(source="public_id")
    source: Any = serializers.UUIDField(source="source.public_id")
    reason = SaidField()

    class Meta:
        model = WorkOrder
        fields = (
            "id",
            "source",
            "work",
            "state",
            "reason",
            "due_date",
            "start_at",
            "end_at",
            "available_percent",
            "assigned_to",
            "note",
            "done_at",
        )


@extend_schema_serializer(
    examples=[
        OpenApiExample("two hours", {k: ORDER[k] for k in ("start_at", "end_at", "available_percent", "assigned_to")}, request_only=True)
    ]
)
class PlanSerializer(serializers.Serializer[Any]):
    """When the work is done, how much of the source works meanwhile, and who does it."""

    start_at = serializers.DateTimeField()
    end_at = serializers.DateTimeField()
    available_percent = serializers.IntegerField(min_value=0, max_value=100, default=0)
    assigned_to = serializers.CharField(max_length=120, allow_blank=True, default="")


@extend_schema_serializer(examples=[OpenApiExample("washed", {"note": "Washed with soft water."}, request_only=True)])
class DoneSerializer(serializers.Serializer[Any]):
    """What was done."""

    note = serializers.CharField(max_length=2000, allow_blank=True, default="")


@extend_schema_view(get=extend_schema(operation_id="work_orders_list", summary="Work orders of sources that you may see"))
class WorkOrderList(generics.ListAPIView[WorkOrder]):
    serializer_class = WorkOrderSerializer

    def get_queryset(self) -> Any:
        return visible_orders(user_of(self.request))


class _Step(InsightDoor):
    """A step that an operator takes on an order."""

    def order(self) -> WorkOrder:
        found = get_object_or_404(visible_orders(user_of(self.request)), public_id=self.kwargs["public_id"])
        if not has_role(user_of(self.request), found.source.site.microgrid.cooperative, Role.OPERATOR):
            raise PermissionDenied("Operators plan and finish work orders.")
        return found


class PlanWork(_Step):
    """Plan a work order."""

    @extend_schema(operation_id="work_orders_plan", summary="Plan a work order", request=PlanSerializer, responses=WorkOrderSerializer)
    def post(self, request: Request, public_id: Any) -> Response:
        order, asked = self.order(), PlanSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            plan_order(order=order, **asked.validated_data)
        except CannotChangeOrder as why:
            return problem(409, "Cannot be changed", str(why))
        return Response(WorkOrderSerializer(self.order()).data)


class FinishWork(_Step):
    """Finish a work order."""

    @extend_schema(operation_id="work_orders_finish", summary="The work is done", request=DoneSerializer, responses=WorkOrderSerializer)
    def post(self, request: Request, public_id: Any) -> Response:
        order, asked = self.order(), DoneSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        now = order.source.site.microgrid.now(timezone.now())
        try:
            finish_order(order=order, user=user_of(request), note=asked.validated_data["note"], now=now)
        except CannotChangeOrder as why:
            return problem(409, "Cannot be changed", str(why))
        return Response(WorkOrderSerializer(self.order()).data)
