"""Doors of runs: what members' devices are to do by when, and when they are planned to."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from energy.api.problems import problem
from energy.api.said import SaidField
from energy.models import Consumer
from grid.domain.planning.flexible_runs import CannotRun
from grid.models import FlexibleRun
from grid.selectors.flexible_runs import RunLine, own_runs, run_lines, steered_consumers
from grid.selectors.run_results import run_outcomes
from grid.services.flexible_runs import Wanted, ask_for_run, withdraw_run
from members.language import say_kept
from members.selectors.scope import user_of

ID = "0190d5f0-c1f8-7d4a-b1c2-d3e4f5a6b7c8"
ASKED = {"device": ID, "name": "car to work", "energy_wh": 20000, "power_w": 11000, "ready_at": "2016-06-04T05:00:00Z", "may_pause": True}
RUN = ASKED | {
    "id": ID,
    "device_code": "wall box",
    "start_at": "2016-06-03T16:00:00Z",
    "asked_at": "2016-06-03T15:48:00Z",
    "withdrawn_at": None,
    "told_wh": 0,
    "why": "It runs 00:00 to 02:00: energy is worth 0.20 per kWh then, 0.36 if it ran as soon as it may: 3.20 less in all.",
    "outcome": None,
    "planned": [{"start_at": "2016-06-03T22:00:00Z", "end_at": "2016-06-04T00:00:00Z", "power_w": 10000}],
}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "a device", {"id": ID, "code": "wall box", "kind": "car_charger", "site": ID, "max_demand_w": 11000}, response_only=True
        )
    ]
)
class SteeredDeviceSerializer(serializers.ModelSerializer[Consumer]):
    """A device that can wait."""

    id = serializers.UUIDField(source="public_id")
    site = serializers.UUIDField(source="site.public_id")

    class Meta:
        model = Consumer
        fields = ("id", "code", "kind", "site", "max_demand_w")


@extend_schema_serializer(examples=[OpenApiExample("a car", ASKED, request_only=True)])
class WantedRunSerializer(serializers.Serializer[Any]):
    """What a device is to do; `start_at` left out begins now."""

    device = serializers.UUIDField(help_text="A device of /steered-devices/.")
    name = serializers.CharField(max_length=60)
    energy_wh = serializers.IntegerField(min_value=1, max_value=10**9)
    power_w = serializers.IntegerField(min_value=1, max_value=10**9)
    start_at = serializers.DateTimeField(required=False)
    ready_at = serializers.DateTimeField()
    may_pause = serializers.BooleanField(default=True)


class StretchSerializer(serializers.Serializer[Any]):
    """A time in which it is planned to run, at that mean power."""

    start_at = serializers.DateTimeField()
    end_at = serializers.DateTimeField()
    power_w = serializers.IntegerField()


class RunOutcomeSerializer(serializers.Serializer[Any]):
    """What a run came to once its days were closed; amounts in units of the currency."""

    let_wh = serializers.IntegerField(help_text="By commands that the device acknowledged.")
    drawn_wh = serializers.IntegerField(help_text="By the meter.")
    moved_wh = serializers.IntegerField(help_text="Drawn at another time than if it had run at once.")
    event_wh = serializers.IntegerField(help_text="Paid by demand response, and so not counted here.")
    price = serializers.DecimalField(max_digits=14, decimal_places=6, help_text="Saved for each kWh moved.")
    saved = serializers.DecimalField(max_digits=14, decimal_places=6, help_text="For the village.")
    owed = serializers.DecimalField(max_digits=14, decimal_places=6, help_text="To the owner.")
    why = SaidField(help_text="What the plan said when it ran first.")


@extend_schema_serializer(examples=[OpenApiExample("a car", RUN, response_only=True)])
class FlexibleRunSerializer(serializers.ModelSerializer[FlexibleRun]):
    """A run: what was asked for, what it was let draw so far, when it is planned and why then."""

    id = serializers.UUIDField(source="public_id")
    device = serializers.UUIDField(source="consumer.public_id")
    device_code = serializers.CharField(source="consumer.code")
    told_wh = serializers.SerializerMethodField()
    why = serializers.SerializerMethodField()
    planned = serializers.SerializerMethodField()
    outcome = serializers.SerializerMethodField()

    class Meta:
        model = FlexibleRun
        fields = (
            "id",
            "device",
            "device_code",
            "name",
            "energy_wh",
            "power_w",
            "start_at",
            "ready_at",
            "may_pause",
            "asked_at",
            "withdrawn_at",
            "told_wh",
            "why",
            "planned",
            "outcome",
        )

    def _line(self, run: FlexibleRun) -> RunLine:
        lines: dict[int, RunLine] = self.context["lines"]
        return lines[run.pk]

    def get_told_wh(self, run: FlexibleRun) -> int:
        return self._line(run).told_wh

    def get_why(self, run: FlexibleRun) -> str:
        return say_kept(self._line(run).why)

    @extend_schema(responses=StretchSerializer(many=True))
    def get_planned(self, run: FlexibleRun) -> list[dict[str, Any]]:
        rows = [{"start_at": b, "end_at": e, "power_w": w} for b, e, w in self._line(run).stretches]
        return list(StretchSerializer(rows, many=True).data)

    @extend_schema(responses=RunOutcomeSerializer(allow_null=True))
    def get_outcome(self, run: FlexibleRun) -> dict[str, Any] | None:
        outcome = self.context["outcomes"].get(run.pk)
        return None if outcome is None else dict(RunOutcomeSerializer(outcome).data)


def _told(runs: list[FlexibleRun]) -> list[dict[str, Any]]:
    """Runs with how they stand, by microgrid."""
    real_now = timezone.now()
    lines: dict[int, RunLine] = {}
    for microgrid in {run.microgrid for run in runs}:
        own = [run for run in runs if run.microgrid_id == microgrid.pk]
        lines |= {line.run.pk: line for line in run_lines(microgrid, own, microgrid.now(real_now))}
    return list(FlexibleRunSerializer(runs, many=True, context={"lines": lines, "outcomes": run_outcomes(runs)}).data)


@extend_schema_view(get=extend_schema(operation_id="steered_devices_list", summary="The own devices that can wait"))
class SteeredDeviceList(generics.ListAPIView[Consumer]):
    serializer_class = SteeredDeviceSerializer

    def get_queryset(self) -> QuerySet[Consumer]:
        if getattr(self, "swagger_fake_view", False):
            return Consumer.objects.none()
        return steered_consumers(user_of(self.request))


class FlexibleRunList(generics.ListAPIView[FlexibleRun]):
    """The own runs, the latest first."""

    serializer_class = FlexibleRunSerializer

    def get_queryset(self) -> QuerySet[FlexibleRun]:
        if getattr(self, "swagger_fake_view", False):
            return FlexibleRun.objects.none()
        return own_runs(user_of(self.request))

    @extend_schema(operation_id="flexible_runs_list", summary="The own runs, and when they are planned")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(_told(list(page or [])))

    @extend_schema(
        operation_id="flexible_runs_ask",
        summary="Let a device run when it is best",
        request=WantedRunSerializer,
        responses={201: FlexibleRunSerializer},
    )
    def post(self, request: Request) -> Response:
        form = WantedRunSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        device = get_object_or_404(steered_consumers(user_of(request)), public_id=given.pop("device"))
        now = device.site.microgrid.now(timezone.now())
        try:
            run = ask_for_run(consumer=device, wanted=Wanted(**{"start_at": now} | given), by=user_of(request), now=now)
        except CannotRun as why:
            return problem(409, "The device cannot run like that", str(why))
        return Response(_told([run])[0], status=201)


class FlexibleRunDoor(APIView):
    @extend_schema(operation_id="flexible_runs_withdraw", summary="Take a run back; its device is free again", responses={204: None})
    def delete(self, request: Request, public_id: Any) -> Response:
        run = get_object_or_404(own_runs(user_of(request)), public_id=public_id)
        if not withdraw_run(run=run, now=run.microgrid.now(timezone.now())):
            return problem(409, "The run is over", "It was taken back or its time has passed.")
        return Response(status=204)
