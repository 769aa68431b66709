"""What producers and consumers want to know: how sources work, habits, comparison; each through the owner's scope."""

from typing import Any

import numpy as np
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from energy.api.problems import problem
from energy.domain.comparison import GroupLevel, TooFewOthers
from energy.domain.degradation import TrendMethod
from energy.domain.outages import OutageKind
from energy.models import Site, Source
from energy.selectors.scope import visible_sites, visible_sources
from energy.selectors.site_habits import SiteHabits, TooFewDays, site_block, site_comparison, site_habits, today_of
from energy.selectors.source_figures import SourceCourse, own_courses_of
from members.selectors.scope import user_of
from members.services.access import record_look

SITE = "0190d5f0-c1f8-7d4a-b1c2-d3e4f5a6b7c8"
SOURCE = "0190d5f0-c1f8-7d4a-b1c2-000000000003"


class InsightDoor(APIView):
    """What these doors have in common."""

    def site(self, what: str) -> Site:
        """The site asked for; a look by staff is written down."""
        site = get_object_or_404(
            visible_sites(user_of(self.request)).select_related("microgrid__cooperative"), public_id=self.kwargs["public_id"]
        )
        record_look(user=user_of(self.request), member=site.member, what=what, subject=site.code, now=timezone.now())
        return site


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "a roof",
            {
                "id": SOURCE,
                "site": SITE,
                "code": "LV3.101 SGen 1",
                "kind": "solar",
                "capacity_w": 7600,
                "status": "active",
                "commissioned_date": "2012-06-01",
                "last_maintenance_date": None,
            },
            response_only=True,
        )
    ]
)
class SourceSerializer(serializers.ModelSerializer[Source]):
    """A generator."""

    id = serializers.UUIDField(source="public_id")
    site = serializers.UUIDField(source="site.public_id")

    class Meta:
        model = Source
        fields = ("id", "site", "code", "kind", "capacity_w", "status", "commissioned_date", "last_maintenance_date")


@extend_schema_view(get=extend_schema(operation_id="sources_list", summary="Sources that you may see"))
class SourceList(generics.ListAPIView[Source]):
    serializer_class = SourceSerializer

    def get_queryset(self) -> Any:
        return visible_sources(user_of(self.request))


class PlaneSerializer(serializers.Serializer[Any]):
    """How the roof lies; assumed until five clear days have shown it."""

    tilt_deg = serializers.FloatField()
    azimuth_deg = serializers.FloatField(help_text="Clockwise from north.")
    is_learned = serializers.BooleanField()
    clear_days = serializers.IntegerField()


class TrendSerializer(serializers.Serializer[Any]):
    """Change of performance a year as a share, with a 95 % interval; `slope` may follow the season."""

    per_year = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    method = serializers.ChoiceField([m.value for m in TrendMethod])
    compared = serializers.IntegerField()


class SoilingSerializer(serializers.Serializer[Any]):
    """Loss by dirt now as a share, its change a day, clear days compared."""

    loss_share = serializers.FloatField()
    per_day = serializers.FloatField()
    compared = serializers.IntegerField()


class OutageSerializer(serializers.Serializer[Any]):
    """A time without production, or clearly below usual, while neighbours' sources produced."""

    kind = serializers.ChoiceField([k.value for k in OutageKind])
    start_at = serializers.DateTimeField()
    end_at = serializers.DateTimeField()
    lost_wh = serializers.IntegerField()
    is_over = serializers.BooleanField()


class PerformanceSerializer(serializers.Serializer[Any]):
    """How a source works; null where it is not known yet."""

    id = serializers.UUIDField(source="source.public_id")
    newest_day = serializers.DateField()
    days = serializers.IntegerField(help_text="Wholly measured days of the last thirty, on which the next four rest.")
    energy_wh = serializers.IntegerField()
    capacity_factor = serializers.FloatField(allow_null=True)
    efficiency = serializers.FloatField(allow_null=True, help_text="Energy over what a clear sky would have let the rating give.")
    lost_wh = serializers.IntegerField(help_text="By outages.")
    performance_ratio = serializers.FloatField(allow_null=True, help_text="IEC 61724, median of the clear days.")
    clear_days = serializers.IntegerField()
    plane = PlaneSerializer(allow_null=True)
    ageing = TrendSerializer(allow_null=True)
    soiling = SoilingSerializer(allow_null=True)
    outages = OutageSerializer(many=True)
    cleaning_wh = serializers.IntegerField(help_text="What a cleaning would bring in thirty days of the same light.")
    repair_wh = serializers.IntegerField()


PERFORMANCE_EXAMPLE = {
    "id": SOURCE,
    "newest_day": "2016-03-31",
    "days": 30,
    "energy_wh": 512_300,
    "capacity_factor": 0.0936,
    "efficiency": 0.41,
    "lost_wh": 0,
    "performance_ratio": 0.57,
    "clear_days": 13,
    "plane": {"tilt_deg": 40.0, "azimuth_deg": 120.0, "is_learned": True, "clear_days": 13},
    "ageing": None,
    "soiling": {"loss_share": 0.03, "per_day": -0.0008, "compared": 22},
    "outages": [{"kind": "off", "start_at": "2016-03-11T08:15:00Z", "end_at": "2016-03-11T12:00:00Z", "lost_wh": 4100, "is_over": True}],
    "cleaning_wh": 15_800,
    "repair_wh": 0,
}


class SourcePerformance(InsightDoor):
    """How one source works."""

    @extend_schema(
        operation_id="sources_performance_retrieve",
        summary="How a source works",
        responses=PerformanceSerializer,
        examples=[OpenApiExample("a roof in March", PERFORMANCE_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, public_id: Any) -> Response:
        source = get_object_or_404(visible_sources(user_of(request)), public_id=public_id)
        record_look(user=user_of(request), member=source.site.member, what="source", subject=source.code, now=timezone.now())
        courses: list[SourceCourse] = own_courses_of([source], real_now=timezone.now())
        if not courses:
            return problem(409, "Not known yet", "The source has no final day with readings.")
        return Response(PerformanceSerializer(courses[0].figures).data)


class SpanDatesSerializer(serializers.Serializer[Any]):
    """First and last day."""

    first_date = serializers.DateField()
    last_date = serializers.DateField()


class TypicalDaySerializer(serializers.Serializer[Any]):
    """A habit: its mean course on the wall clock, how many days it was, how many of them on a weekend."""

    course_wh = serializers.ListField(child=serializers.FloatField())
    days = serializers.IntegerField()
    weekend_days = serializers.IntegerField()
    mean_day_wh = serializers.FloatField()


class CarSerializer(serializers.Serializer[Any]):
    """What looks like a car being charged."""

    sessions = serializers.IntegerField()
    energy_wh = serializers.FloatField()
    mean_power_w = serializers.FloatField()
    usual_hour = serializers.IntegerField()


class HeatSerializer(serializers.Serializer[Any]):
    """How far use follows the cold, or the season where no temperature is known."""

    wh_per_degree = serializers.FloatField()
    explained = serializers.FloatField()
    by_temperature = serializers.BooleanField()
    days = serializers.IntegerField()


class PatternsSerializer(serializers.Serializer[Any]):
    """The habits of a site over its last complete days (at most half a year)."""

    days = serializers.IntegerField()
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    estimated_share = serializers.FloatField()
    base_load_w = serializers.FloatField()
    highest_w = serializers.FloatField()
    peak_hours = serializers.ListField(child=serializers.IntegerField())
    weekday_wh = serializers.FloatField(allow_null=True)
    weekend_wh = serializers.FloatField(allow_null=True)
    typical_days = TypicalDaySerializer(many=True, help_text="Empty below two weeks.")
    absences = SpanDatesSerializer(many=True)
    car = CarSerializer(allow_null=True)
    heat = HeatSerializer(allow_null=True)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def patterns_of(found: SiteHabits) -> dict[str, Any]:
    """Habits in the words of the API."""
    own = found.habits
    return {
        "days": found.days,
        "first_day": found.first_day,
        "last_day": found.last_day,
        "estimated_share": found.estimated_share,
        "base_load_w": own.base_load_w,
        "highest_w": own.highest_w,
        "peak_hours": list(own.peak_hours),
        "weekday_wh": _finite(own.weekday_wh),
        "weekend_wh": _finite(own.weekend_wh),
        "typical_days": list(found.typical.kinds) if found.typical else [],
        "absences": [{"first_date": first, "last_date": last} for first, last in found.absent],
        "car": found.car,
        "heat": found.heat,
    }


PATTERNS_EXAMPLE = {
    "days": 31,
    "first_day": "2016-03-01",
    "last_day": "2016-03-31",
    "estimated_share": 0.0,
    "base_load_w": 142.0,
    "highest_w": 5200.0,
    "peak_hours": [19, 18, 20],
    "weekday_wh": 8420.0,
    "weekend_wh": 9870.5,
    "typical_days": [{"course_wh": [41.0, 39.5, 38.0], "days": 22, "weekend_days": 1, "mean_day_wh": 8390.0}],
    "absences": [{"first_date": "2016-03-24", "last_date": "2016-03-28"}],
    "car": None,
    "heat": {"wh_per_degree": 610.0, "explained": 0.71, "by_temperature": False, "days": 120},
}


class SitePatterns(InsightDoor):
    """The habits of one site."""

    @extend_schema(
        operation_id="sites_patterns_retrieve",
        summary="Habits of a site: typical days, base load, peak hours, absences",
        responses=PatternsSerializer,
        examples=[OpenApiExample("a household", PATTERNS_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, public_id: Any) -> Response:
        site = self.site("habits")
        block = site_block(site, today=today_of(site, timezone.now()))
        found = site_habits(block, microgrid=site.microgrid) if block is not None else None
        if found is None:
            return problem(409, "Not known yet", "The site has no complete final day.")
        return Response(PatternsSerializer(patterns_of(found)).data)


class ComparisonSerializer(serializers.Serializer[Any]):
    """A site beside at least five similar members over the last month; nobody can be read off."""

    level = serializers.ChoiceField([level.value for level in GroupLevel], help_text="How alike the others are.")
    others = serializers.IntegerField()
    own_wh = serializers.FloatField(help_text="Mean day.")
    others_wh = serializers.FloatField()
    own_base_w = serializers.FloatField()
    others_base_w = serializers.FloatField()
    above_fifths = serializers.IntegerField(help_text="How many of five similar members use more.")


COMPARISON_EXAMPLE = {
    "level": "kind_plant_size",
    "others": 21,
    "own_wh": 8840.0,
    "others_wh": 9310.5,
    "own_base_w": 142.0,
    "others_base_w": 155.0,
    "above_fifths": 3,
}


class SiteComparison(InsightDoor):
    """One site beside similar ones."""

    @extend_schema(
        operation_id="sites_comparison_retrieve",
        summary="A site beside similar members, of whom none can be told",
        responses=ComparisonSerializer,
        examples=[OpenApiExample("a household", COMPARISON_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, public_id: Any) -> Response:
        site = self.site("comparison")
        try:
            found = site_comparison(site, today=today_of(site, timezone.now()))
        except (TooFewDays, TooFewOthers) as why:
            return problem(409, "Cannot be compared", str(why))
        return Response(ComparisonSerializer(found).data)
