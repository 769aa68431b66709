"""Alarms of the user's own choosing: list, set, take away. Nobody else sees them."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_serializer, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from energy.models import OwnAlarm, OwnAlarmHit, OwnAlarmKind
from energy.selectors.scope import own_alarms, visible_sites
from energy.services.own_alarms import CannotSetAlarm, change_alarm, set_alarm, take_away
from members.selectors.scope import user_of

ALARM = {
    "id": "0190d5f0-c1f8-7d4a-b1c2-000000000004",
    "site": "0190d5f0-c1f8-7d4a-b1c2-d3e4f5a6b7c8",
    "kind": "day_use",
    "limit": "25.00",
    "by_mail": True,
    "hits": [{"day": "2016-03-30", "text": "You used 26.1 kWh, more than 25 kWh."}],
}


class HitSerializer(serializers.ModelSerializer[OwnAlarmHit]):
    """A day on which an alarm went off."""

    class Meta:
        model = OwnAlarmHit
        fields = ("day", "text")


@extend_schema_serializer(
    examples=[
        OpenApiExample("told above 25 kWh a day", ALARM, response_only=True),
        OpenApiExample("set it", {k: ALARM[k] for k in ("site", "kind", "limit", "by_mail")}, request_only=True),
    ]
)
class OwnAlarmSerializer(serializers.ModelSerializer[OwnAlarm]):
    """An alarm: kWh a day, W day and night, days without use, or per cent of what neighbours' roofs let expect."""

    id = serializers.UUIDField(source="public_id")
    site = serializers.UUIDField(source="site.public_id")
    hits = serializers.SerializerMethodField(help_text="The last ten days on which it went off, newest first.")

    class Meta:
        model = OwnAlarm
        fields = ("id", "site", "kind", "limit", "by_mail", "hits")

    @extend_schema_field(HitSerializer(many=True))
    def get_hits(self, row: OwnAlarm) -> list[dict[str, Any]]:
        newest = sorted(row.hits.all(), key=lambda hit: hit.day, reverse=True)[:10]
        return [{"day": hit.day, "text": hit.text} for hit in newest]


@extend_schema_serializer(
    examples=[OpenApiExample("set it", {k: ALARM[k] for k in ("site", "kind", "limit", "by_mail")}, request_only=True)]
)
class SetAlarmSerializer(serializers.Serializer[Any]):
    """What an alarm is set with."""

    site = serializers.UUIDField()
    kind = serializers.ChoiceField(OwnAlarmKind.choices)
    limit = serializers.DecimalField(max_digits=10, decimal_places=2, help_text="In kWh, W, days or per cent, by kind.")
    by_mail = serializers.BooleanField(default=False)


@extend_schema_serializer(examples=[OpenApiExample("raise it", {"limit": "30.00", "by_mail": False}, request_only=True)])
class AlarmChangeSerializer(serializers.ModelSerializer[OwnAlarm]):
    """What of an alarm may be changed."""

    class Meta:
        model = OwnAlarm
        fields = ("limit", "by_mail")


class _OwnAlarms(generics.GenericAPIView[OwnAlarm]):
    serializer_class = OwnAlarmSerializer

    def get_queryset(self) -> QuerySet[OwnAlarm]:
        if getattr(self, "swagger_fake_view", False):
            return OwnAlarm.objects.none()
        return own_alarms(user_of(self.request)).prefetch_related("hits")


@extend_schema_view(
    get=extend_schema(operation_id="own_alarms_list", summary="The alarms that you set"),
    post=extend_schema(operation_id="own_alarms_create", summary="Set an alarm on a site of your own", request=SetAlarmSerializer),
)
class OwnAlarmList(_OwnAlarms, generics.ListCreateAPIView[OwnAlarm]):
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = SetAlarmSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        site = get_object_or_404(visible_sites(user_of(request)), public_id=given["site"])
        try:
            made = set_alarm(
                user=user_of(request),
                site=site,
                kind=OwnAlarmKind(given["kind"]),
                limit=given["limit"],
                by_mail=given["by_mail"],
                now=timezone.now(),
            )
        except CannotSetAlarm as why:
            raise serializers.ValidationError({"limit": [str(why)]}) from None
        return Response(self.get_serializer(made).data, status=201)


@extend_schema_view(
    get=extend_schema(operation_id="own_alarms_retrieve", summary="One alarm"),
    delete=extend_schema(operation_id="own_alarms_destroy", summary="Take an alarm away"),
)
class OwnAlarmDetail(_OwnAlarms, generics.RetrieveDestroyAPIView[OwnAlarm]):
    lookup_field = "public_id"

    def perform_destroy(self, instance: OwnAlarm) -> None:
        take_away(alarm=instance)

    @extend_schema(
        operation_id="own_alarms_partial_update", summary="Change an alarm", request=AlarmChangeSerializer, responses=OwnAlarmSerializer
    )
    def patch(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        alarm = self.get_object()
        asked = AlarmChangeSerializer(alarm, data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        try:
            changed = change_alarm(alarm=alarm, limit=given.get("limit", alarm.limit), by_mail=given.get("by_mail", alarm.by_mail))
        except CannotSetAlarm as why:
            raise serializers.ValidationError({"limit": [str(why)]}) from None
        return Response(self.get_serializer(changed).data)
