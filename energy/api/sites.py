"""Sites, meters and meter days, read-only, each through the one scope of what a user may see."""

from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_serializer, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from energy.domain.quality import METHOD_MASK, Check, Method
from energy.models import Channel, Meter, MeterDay, Site
from energy.selectors.ownership import days_seen, on_days, readable_meters, readable_sites, with_holder_number
from energy.services.looks import record_site_look
from members.selectors.scope import user_of

LONGEST_SPAN_DAYS = 62


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "a household's meter",
            {
                "id": "0190d5f0-c1f8-7d4a-b1c2-000000000002",
                "site": "0190d5f0-c1f8-7d4a-b1c2-d3e4f5a6b7c8",
                "code": "LV3.101 Load 7",
                "kind": "site",
                "installed_at": "2010-01-01T00:00:00Z",
                "removed_at": None,
            },
            response_only=True,
        )
    ]
)
class MeterSerializer(serializers.ModelSerializer[Meter]):
    """A meter and the channels that it measures."""

    id = serializers.UUIDField(source="public_id")
    site = serializers.UUIDField(source="site.public_id")

    class Meta:
        model = Meter
        fields = ("id", "site", "code", "kind", "installed_at", "removed_at")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "a household",
            {
                "id": "0190d5f0-c1f8-7d4a-b1c2-d3e4f5a6b7c8",
                "microgrid": "0190d5f0-c1f8-7d4a-b1c2-000000000001",
                "member": "1007",
                "code": "LV3.101 Load 7",
                "name": "Lindenallee 12",
                "kind": "household",
                "meters": ["0190d5f0-c1f8-7d4a-b1c2-000000000002"],
            },
            response_only=True,
        )
    ]
)
class SiteSerializer(serializers.ModelSerializer[Site]):
    """A metering point; what stands behind it is netted."""

    id = serializers.UUIDField(source="public_id")
    microgrid = serializers.UUIDField(source="microgrid.public_id")
    member = serializers.CharField(source="holder_number", help_text="As whose it is seen: your own member's where it was or is yours.")
    meters: Any = serializers.SlugRelatedField(slug_field="public_id", many=True, read_only=True)

    class Meta:
        model = Site
        fields = ("id", "microgrid", "member", "code", "name", "kind", "meters")


class MeterDaySerializer(serializers.ModelSerializer[MeterDay]):
    """A day of one channel: watt-hours per interval, and for each how it came to be."""

    channel = serializers.CharField(source="get_channel_display")
    status = serializers.CharField(source="get_status_display")
    start_at = serializers.SerializerMethodField(help_text="First instant of the local day, UTC.")
    interval_minutes = serializers.SerializerMethodField()
    methods = serializers.SerializerMethodField(help_text="How each value came to be.")
    checks = serializers.SerializerMethodField(help_text="What checks found on the day.")

    class Meta:
        model = MeterDay
        fields = (
            "day",
            "channel",
            "version",
            "status",
            "start_at",
            "interval_minutes",
            "values_wh",
            "methods",
            "checks",
            "register_start_wh",
            "register_end_wh",
        )

    def get_start_at(self, row: MeterDay) -> str:
        return self.context["microgrid"].local_day(row.day).start_at.isoformat()

    def get_interval_minutes(self, row: MeterDay) -> int:
        return self.context["microgrid"].interval_minutes

    def get_methods(self, row: MeterDay) -> list[str]:
        return [Method(flag & METHOD_MASK).name.lower() for flag in row.quality]

    def get_checks(self, row: MeterDay) -> list[str]:
        found = 0
        for flag in row.quality:
            found |= flag & ~METHOD_MASK
        return [check.name.lower() for check in Check if found & check and check.name]


@extend_schema_view(get=extend_schema(operation_id="sites_list", summary="Sites that you may see"))
class SiteList(generics.ListAPIView[Site]):
    serializer_class = SiteSerializer

    def get_queryset(self) -> QuerySet[Site]:
        user = user_of(self.request)
        return with_holder_number(readable_sites(user), user).prefetch_related("meters")


@extend_schema_view(get=extend_schema(operation_id="sites_retrieve", summary="One site"))
class SiteDetail(generics.RetrieveAPIView[Site]):
    serializer_class = SiteSerializer
    lookup_field = "public_id"

    def get_queryset(self) -> QuerySet[Site]:
        user = user_of(self.request)
        return with_holder_number(readable_sites(user), user).prefetch_related("meters")


@extend_schema_view(get=extend_schema(operation_id="meters_list", summary="Meters that you may see"))
class MeterList(generics.ListAPIView[Meter]):
    serializer_class = MeterSerializer

    def get_queryset(self) -> QuerySet[Meter]:
        return readable_meters(user_of(self.request))


class SpanSerializer(serializers.Serializer[dict[str, Any]]):
    """The days asked for: `from` up to and without `to`."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            "from": serializers.DateField(required=False),
            "to": serializers.DateField(required=False),
            "channel": serializers.ChoiceField([c.label for c in Channel], required=False),
        }

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        first, after = given.get("from"), given.get("to")
        if first and after and not timedelta(0) < after - first <= timedelta(days=LONGEST_SPAN_DAYS):
            raise serializers.ValidationError({"to": f"must lie after from, by {LONGEST_SPAN_DAYS} days at most; ask for less at a time"})
        return given


@extend_schema_view(
    get=extend_schema(
        operation_id="meters_days_list",
        summary="A meter's days, newest version of each",
        parameters=[
            OpenApiParameter("from", date, description="First day; default: a week before `to`."),
            OpenApiParameter("to", date, description="The day after the last; default: tomorrow by the microgrid's clock."),
            OpenApiParameter("channel", str, enum=[c.label for c in Channel]),
        ],
        examples=[
            OpenApiExample(
                "a day",
                {
                    "day": "2016-03-01",
                    "channel": "import",
                    "version": 1,
                    "status": "final",
                    "start_at": "2016-02-29T23:00:00+00:00",
                    "interval_minutes": 15,
                    "values_wh": [52, 49, 47],
                    "methods": ["measured", "measured", "calculated"],
                    "checks": [],
                    "register_start_wh": 1204411,
                    "register_end_wh": 1215120,
                },
                response_only=True,
            )
        ],
    )
)
class MeterDayList(generics.ListAPIView[MeterDay]):
    serializer_class = MeterDaySerializer

    def get_queryset(self) -> QuerySet[MeterDay]:
        if getattr(self, "swagger_fake_view", False):
            return MeterDay.objects.none()
        meter = self._meter()
        span = SpanSerializer(data=self.request.query_params)
        span.is_valid(raise_exception=True)
        given = span.validated_data
        today = meter.microgrid.now(timezone.now()).astimezone(meter.microgrid.zone).date()
        after = given.get("to") or (given["from"] + timedelta(days=7) if "from" in given else today + timedelta(days=1))
        self._first, self._after = given.get("from") or after - timedelta(days=7), after
        rows = MeterDay.objects.filter(
            microgrid_id=meter.microgrid_id, meter_id=meter.pk, is_current=True, day__lt=after, day__gte=self._first
        )
        if "channel" in given:
            rows = rows.filter(channel=next(c for c in Channel if c.label == given["channel"]))
        return on_days(rows, days_seen(user_of(self.request), meter.site)).order_by("day", "channel")

    def _meter(self) -> Meter:
        if not hasattr(self, "_found"):
            self._found: Meter = get_object_or_404(
                readable_meters(user_of(self.request)).select_related("site__microgrid", "microgrid"), public_id=self.kwargs["public_id"]
            )
        return self._found

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        if not getattr(self, "swagger_fake_view", False):
            context["microgrid"] = self._meter().microgrid
        return context

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        answer = super().list(request, *args, **kwargs)
        meter = self._meter()
        record_site_look(
            user=user_of(request),
            site=meter.site,
            seen=days_seen(user_of(request), meter.site),
            what="meter days",
            subject=meter.code,
            now=timezone.now(),
            first=self._first,
            after=self._after,
        )
        return answer
