"""`GET /api/v1/meters/<id>/export/`: a meter's readings as a file."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from energy.adapters.reading_formats import FORMATS
from energy.api.problems import problem
from energy.api.streams import streamed
from energy.domain.reading_files import EnergyUnit
from energy.selectors.ownership import days_seen, readable_meters
from energy.selectors.reading_export import ExportOrder, export_readings
from energy.services.looks import record_site_look
from members.selectors.scope import user_of

LONGEST_SPAN_DAYS = 3_700


class FormatIsOurs(DefaultContentNegotiation):
    """`format` names the format of the file here, not a renderer."""

    def filter_renderers(self, renderers: Iterable[BaseRenderer], format: str | None) -> list[BaseRenderer]:
        return list(renderers)


class ExportSerializer(serializers.Serializer[dict[str, Any]]):
    """The days from `from` up to and without `to`, the format and the unit."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            "format": serializers.ChoiceField(sorted(FORMATS), required=False, default="wide"),
            "from": serializers.DateField(),
            "to": serializers.DateField(),
            "unit": serializers.ChoiceField([u.value for u in EnergyUnit], required=False, default="kwh"),
        }

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if not timedelta(0) < given["to"] - given["from"] <= timedelta(days=LONGEST_SPAN_DAYS):
            raise serializers.ValidationError({"to": f"must lie after from, by {LONGEST_SPAN_DAYS} days at most"})
        return given


class MeterExport(APIView):
    """Streams the file; what others look at of a member is recorded."""

    content_negotiation_class = FormatIsOurs

    @extend_schema(
        operation_id="meters_export",
        summary="A meter's readings as a file",
        description="Streamed; gaps stay gaps. The same formats can be imported again. Of a site that changed hands a member gets the own days only: of several stretches the latest.",
        parameters=[
            OpenApiParameter("format", str, enum=sorted(FORMATS), description="Default: wide."),
            OpenApiParameter("from", date, required=True, description="First day."),
            OpenApiParameter("to", date, required=True, description="The day after the last."),
            OpenApiParameter("unit", str, enum=[u.value for u in EnergyUnit], description="For CSV; default: kwh."),
        ],
        responses={(200, media): OpenApiTypes.BINARY for media in sorted({f.media_type for f in FORMATS.values()})},
    )
    def get(self, request: Request, public_id: Any) -> StreamingHttpResponse | Response:
        meter = get_object_or_404(readable_meters(user_of(request)).select_related("site__microgrid", "microgrid"), public_id=public_id)
        asked = ExportSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        seen = days_seen(user_of(request), meter.site)
        first, after = seen.within(given["from"], given["to"]) or (None, None)
        if first is None or after is None:
            return problem(404, "Nothing to see", "On none of these days was the meter's site yours.")
        record_site_look(
            user=user_of(request),
            site=meter.site,
            seen=seen,
            what="export of readings",
            subject=meter.code,
            now=timezone.now(),
            first=first,
            after=after,
        )
        order = ExportOrder(meter.microgrid, [meter], first, after, given["format"], EnergyUnit(given["unit"]))
        return streamed(request._request, export_readings(order), file_name=order.file_name, media_type=FORMATS[order.format].media_type)
