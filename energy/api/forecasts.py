"""What is foreseen for a microgrid or a meter, as a band, with how right it was of late."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from energy.api.problems import problem
from energy.models import ForecastKind, ForecastQuantity, Meter, Microgrid
from energy.models.meters import MeterKind
from energy.selectors.forecasts import accuracy, forecast_of, interval_starts_of, newest_run, tells_of_owner
from energy.selectors.scope import visible_meters, visible_microgrids
from members.selectors.scope import user_of
from members.services.access import record_look

QUANTITY_OF = {MeterKind.SITE: ForecastQuantity.CONSUMPTION, MeterKind.SOURCE: ForecastQuantity.PRODUCTION}


class AccuracySerializer(serializers.Serializer[Any]):
    """How right day-ahead forecasts of the last four weeks were, beside the best of yesterday, last week and like days."""

    days = serializers.IntegerField()
    mae_wh = serializers.FloatField(help_text="Mean absolute error of the median per interval.")
    habit_wh = serializers.FloatField(allow_null=True, help_text="That of the best plain method.")
    gain = serializers.FloatField(help_text="By which share the forecast is better; negative where habit is.")
    coverage = serializers.FloatField(help_text="Share of values between p10 and p90; 0.8 is right.")
    pinball_wh = serializers.FloatField(help_text="Mean pinball loss of the three quantiles.")


class ForecastSerializer(serializers.Serializer[Any]):
    """A band: in one case of ten less than p10, in one more than p90; Wh per interval."""

    quantity = serializers.ChoiceField(ForecastQuantity.values)
    kind = serializers.ChoiceField(ForecastKind.values)
    origin_at = serializers.DateTimeField(help_text="Nothing that ended later was looked at.")
    made_at = serializers.DateTimeField()
    interval_minutes = serializers.IntegerField()
    model_version = serializers.CharField()
    from_like_days = serializers.BooleanField(help_text="Too little was known for the model.")
    weather = serializers.CharField()
    starts = serializers.ListField(child=serializers.DateTimeField())
    p10_wh = serializers.ListField(child=serializers.IntegerField())
    p50_wh = serializers.ListField(child=serializers.IntegerField())
    p90_wh = serializers.ListField(child=serializers.IntegerField())
    accuracy = AccuracySerializer(allow_null=True)


class WantedSerializer(serializers.Serializer[Any]):
    """What is asked for."""

    quantity = serializers.ChoiceField(ForecastQuantity.choices, default=ForecastQuantity.CONSUMPTION)
    kind = serializers.ChoiceField(ForecastKind.choices, default=ForecastKind.DAY_AHEAD)


EXAMPLE = {
    "quantity": "consumption",
    "kind": "day_ahead",
    "origin_at": "2016-10-12T22:00:00Z",
    "made_at": "2016-10-12T22:20:04Z",
    "interval_minutes": 15,
    "model_version": "1",
    "from_like_days": False,
    "weather": "nobody foretold: clear sky and own history",
    "starts": ["2016-10-12T22:00:00Z", "2016-10-12T22:15:00Z"],
    "p10_wh": [31, 29],
    "p50_wh": [44, 41],
    "p90_wh": [83, 77],
    "accuracy": {"days": 28, "mae_wh": 23.4, "habit_wh": 28.1, "gain": 0.167, "coverage": 0.79, "pinball_wh": 8.2},
}
KIND = OpenApiParameter("kind", str, enum=ForecastKind.values, description="Default: day_ahead.")
QUANTITY = OpenApiParameter("quantity", str, enum=ForecastQuantity.values, description="Default: consumption.")
SHOWN = OpenApiExample("a household's night", EXAMPLE, response_only=True)


class _ForecastDoor(APIView):
    """What both doors have in common."""

    def answer(self, microgrid: Microgrid, quantity: str, kind: str, meter: Meter | None) -> Response:
        """The newest forecast, or why there is none."""
        now = microgrid.now(timezone.now())
        run = newest_run(microgrid, kind=kind, before=now)
        found = forecast_of(run, quantity, meter) if run else None
        if run is None or found is None:
            return problem(409, "Not foreseen yet", "A forecast is made each night from the first day with readings on.")
        shown = {
            "quantity": quantity,
            "kind": kind,
            "origin_at": run.origin_at,
            "made_at": run.made_at,
            "interval_minutes": run.interval_minutes,
            "model_version": run.model_version,
            "weather": run.weather,
            "from_like_days": found.from_like_days,
            "starts": interval_starts_of(run),
            "p10_wh": found.p10_wh,
            "p50_wh": found.p50_wh,
            "p90_wh": found.p90_wh,
            "accuracy": accuracy(microgrid, quantity, meter, before=now),
        }
        return Response(ForecastSerializer(shown).data)

    def wanted(self, request: Request) -> dict[str, str]:
        asked = WantedSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)


class MicrogridForecast(_ForecastDoor):
    """The whole microgrid: a sum that names nobody."""

    @extend_schema(
        operation_id="microgrids_forecast_retrieve",
        summary="What is foreseen for a microgrid",
        responses=ForecastSerializer,
        parameters=[QUANTITY, KIND],
        examples=[SHOWN],
    )
    def get(self, request: Request, public_id: Any) -> Response:
        microgrid = get_object_or_404(visible_microgrids(user_of(request)), public_id=public_id)
        asked = self.wanted(request)
        return self.answer(microgrid, asked["quantity"], asked["kind"], None)


class MeterForecastView(_ForecastDoor):
    """One meter: what is used behind a site's meter, what a source gives."""

    @extend_schema(
        operation_id="meters_forecast_retrieve",
        summary="What is foreseen for a meter",
        responses=ForecastSerializer,
        parameters=[KIND],
        examples=[SHOWN],
    )
    def get(self, request: Request, public_id: Any) -> Response:
        meter = get_object_or_404(visible_meters(user_of(request)).select_related("site__member", "microgrid"), public_id=public_id)
        record_look(user=user_of(request), member=meter.site.member, what="forecast", subject=meter.code, now=timezone.now())
        quantity = QUANTITY_OF.get(MeterKind(meter.kind))
        if quantity is None:
            return problem(409, "Not foreseen", "Only what sites use and sources give is foreseen.")
        if not tells_of_owner(meter.site, real_now=timezone.now()):
            return problem(409, "Not foreseen yet", "The site changed hands a few weeks ago; a forecast would tell of who had it before.")
        return self.answer(meter.microgrid, quantity, self.wanted(request)["kind"], meter)
