"""Door of the plan in force: what the storages will do and why."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from energy.api.said import said_list
from energy.selectors.scope import visible_sites
from grid.api.days import microgrid_of
from grid.models import Plan, StoragePlan
from grid.selectors.plan_picture import plan_at
from members.selectors.scope import user_of

EXAMPLE = {
    "origin_at": "2016-05-12T15:00:00Z",
    "made_at": "2016-05-12T15:00:21Z",
    "source": "least_cost",
    "status": "optimal",
    "interval_minutes": 15,
    "forecast_at": "2016-05-12T15:00:00Z",
    "cost_micro": 31204410,
    "peak_reached_w": 79500,
    "peak_target_w": 80000,
    "use_w": [61200],
    "production_w": [12400],
    "import_w": [0],
    "export_w": [0],
    "retail_micro": [380000],
    "feed_in_micro": [80000],
    "energy_micro": [358000],
    "sentences": ["the storages gives 48.8 kW that it stored at 12:15, instead of energy bought at 0.38."],
    "reasons": [],
    "charge_w": [0],
    "discharge_w": [48800],
    "soc_wh": [151200],
    "storages": [],
}


class StoragePlanSerializer(serializers.ModelSerializer[StoragePlan]):
    """What one storage is asked to do."""

    storage = serializers.CharField(source="storage.code")

    class Meta:
        model = StoragePlan
        fields = ("storage", "charge_w", "discharge_w", "soc_wh")


class RollingPlanSerializer(serializers.ModelSerializer[Plan]):
    """A plan from its origin on; powers are means by interval [W], states of charge at its end [Wh], prices in millionths per kWh."""

    sentences = said_list(help_text="Why, by interval.")
    reasons = said_list(help_text="What could not be kept, what was missing.")
    charge_w = serializers.ListField(child=serializers.IntegerField(), help_text="Of all storages together.")
    discharge_w = serializers.ListField(child=serializers.IntegerField())
    soc_wh = serializers.ListField(child=serializers.IntegerField())
    storages = StoragePlanSerializer(many=True, help_text="Those behind sites that the reader may see.")

    class Meta:
        model = Plan
        fields = (
            "origin_at",
            "made_at",
            "source",
            "status",
            "interval_minutes",
            "forecast_at",
            "cost_micro",
            "peak_reached_w",
            "peak_target_w",
            "use_w",
            "production_w",
            "import_w",
            "export_w",
            "retail_micro",
            "feed_in_micro",
            "energy_micro",
            "sentences",
            "reasons",
            "charge_w",
            "discharge_w",
            "soc_wh",
            "storages",
        )


class PlanDoor(APIView):
    """The plan in force."""

    @extend_schema(
        operation_id="microgrids_plan",
        summary="The plan in force, and why",
        responses=RollingPlanSerializer,
        examples=[OpenApiExample("an evening", EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, public_id: Any) -> Response:
        microgrid = microgrid_of(request, public_id)
        plan = plan_at(microgrid, microgrid.now(timezone.now()))
        if plan is None:
            raise NotFound("No plan is made yet.")
        rows = list(plan.storages.all())
        seen = set(visible_sites(user_of(request)).values_list("pk", flat=True))
        count = len(plan.use_w)
        sums = {
            name: [sum(values) for values in zip(*(getattr(row, name) for row in rows), strict=True)] or [0] * count
            for name in ("charge_w", "discharge_w", "soc_wh")
        }
        told = RollingPlanSerializer.Meta.fields[:-4]
        body: Any = {name: getattr(plan, name) for name in told} | sums
        body["storages"] = [row for row in rows if row.storage.site_id in seen]
        return Response(RollingPlanSerializer(body).data)
