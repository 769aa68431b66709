"""`GET /api/v1/microgrids/<id>/days/`: meter days of all meters that one may see, as a stream."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from energy.api.streams import streamed
from energy.domain.ownership import SeenDays
from energy.models import Channel, Meter, Site, SiteOwnership
from energy.selectors.meter_day_lines import DaysOrder, meter_day_lines
from energy.selectors.ownership import readable_meters, seen_days
from energy.selectors.scope import visible_microgrids
from members.models import Member
from members.selectors.scope import user_of
from members.services.access import record_looks

LONGEST_SPAN_DAYS = 366


class DaysSerializer(serializers.Serializer[dict[str, Any]]):
    """The days from `from` up to and without `to`, of one channel or of all."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            "from": serializers.DateField(),
            "to": serializers.DateField(),
            "channel": serializers.ChoiceField([c.label for c in Channel], required=False),
        }

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if not timedelta(0) < given["to"] - given["from"] <= timedelta(days=LONGEST_SPAN_DAYS):
            raise serializers.ValidationError({"to": f"must lie after from, by {LONGEST_SPAN_DAYS} days at most"})
        return given


class MicrogridDays(APIView):
    """Streams a line of JSON per meter day; what others look at of members is recorded, a look for each."""

    @extend_schema(
        operation_id="microgrids_days_list",
        summary="Meter days of all meters that you may see, as a stream",
        description=(
            "Lines of JSON (NDJSON): `meter`, `day`, `channel`, `start_at`, `interval_minutes`, `version`, `status`, `values_wh`, and "
            "`quality` (a flag per interval) where not all of it is measured without a finding. Sent while it is read."
        ),
        parameters=[
            OpenApiParameter("from", date, required=True, description="First day."),
            OpenApiParameter("to", date, required=True, description="The day after the last."),
            OpenApiParameter("channel", str, enum=[c.label for c in Channel], description="Default: all."),
        ],
        responses={(200, "application/x-ndjson"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, public_id: UUID) -> StreamingHttpResponse:
        microgrid = get_object_or_404(visible_microgrids(user_of(request)), public_id=public_id)
        asked = DaysSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        meters = readable_meters(user_of(request)).filter(microgrid=microgrid)
        channels = [c for c in Channel if c.label == given.get("channel", c.label)]
        order = DaysOrder(
            microgrid, dict(meters.values_list("pk", "public_id")), given["from"], given["to"], channels, self._seen(request, meters)
        )
        if not order.seen:
            record_looks(
                user=user_of(request), members=self._looked_at(meters, order), what="meter days", subject=microgrid.slug, now=timezone.now()
            )
        return streamed(
            request._request,
            meter_day_lines(order),
            media_type="application/x-ndjson",
            file_name=f"{microgrid.slug}_{given['from']}_{given['to']}.ndjson",
        )

    def _seen(self, request: Request, meters: QuerySet[Meter]) -> dict[int, SeenDays]:
        """By meter, the days that may be seen; empty where it is all of them."""
        sites = Site.objects.filter(pk__in=meters.order_by().values("site")).select_related("microgrid")
        seen = seen_days(user_of(request), list(sites))
        if all(days.spans is None for days in seen.values()):
            return {}
        return {meter: seen[site] for meter, site in meters.values_list("pk", "site_id")}

    def _looked_at(self, meters: QuerySet[Meter], order: DaysOrder) -> QuerySet[Member]:
        """Whose sites they were on the days asked for."""
        rows = SiteOwnership.objects.filter(site__in=meters.order_by().values("site"), has_begun=True).filter(
            Q(valid_from__isnull=True) | Q(valid_from__lt=order.after), Q(valid_to__isnull=True) | Q(valid_to__gt=order.first)
        )
        return Member.objects.filter(pk__in=rows.values("member"))
