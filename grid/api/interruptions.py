"""Doors of interruptions: listed, recorded, supply given back to some sites or to all; for whoever operates, audits or supports."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from energy.api.said import SaidField
from energy.models import Site
from energy.selectors.scope import READING_ROLES, operated_microgrids
from grid.models import InterruptedSite, Interruption, InterruptionCause
from grid.services.interruptions import CannotRecord, end_interruption, record_interruption, restore_sites
from members.selectors.scope import user_of

ID, SITE = "0190d5f0-c1f8-7d4a-b1c2-d3e4f5a6b7c8", "0190d5f0-c1f8-7d4a-b1c2-000000000007"
CUT = {
    "id": ID,
    "started_at": "2016-03-18T16:40:00Z",
    "ended_at": None,
    "cause": "shedding",
    "tier": 4,
    "note": "Tier 4 let go: import limit.",
    "sites": [{"site": SITE, "code": "LV3.101 Load 7", "restored_at": "2016-03-18T16:52:08Z", "share": "1.0000"}],
}


class InterruptedSiteSerializer(serializers.ModelSerializer[InterruptedSite]):
    """A site that was without supply; `restored_at` is set where it had supply before the others. `share`: of its connected load."""

    site = serializers.UUIDField(source="site.public_id")
    code = serializers.CharField(source="site.code")

    class Meta:
        model = InterruptedSite
        fields = ("site", "code", "restored_at", "share")


class InterruptionSerializer(serializers.ModelSerializer[Interruption]):
    """An interruption of supply; open while `ended_at` is null. `tier`: of the loads that control let go."""

    id = serializers.UUIDField(source="public_id")
    note = SaidField()
    sites = InterruptedSiteSerializer(many=True)

    class Meta:
        model = Interruption
        fields = ("id", "started_at", "ended_at", "cause", "tier", "note", "sites")


class InterruptionRecordSerializer(serializers.Serializer[Any]):
    """What is recorded by hand; sites by id. `external_ref` keeps a second request from recording it twice."""

    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(required=False, allow_null=True)
    cause = serializers.ChoiceField(choices=InterruptionCause.choices)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)
    sites = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=10_000)
    external_ref = serializers.CharField(max_length=100, required=False, allow_blank=True)


class SupplyBackSerializer(serializers.Serializer[Any]):
    """Where supply is back, and since when (left out: now); without `sites` at all."""

    sites = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=10_000)
    at = serializers.DateTimeField(required=False)


def _shown(row: Interruption) -> Interruption:
    return Interruption.objects.prefetch_related("sites__site").get(pk=row.pk)


def _sites(microgrid_id: int, ids: list[Any]) -> list[Site]:
    found = list(Site.objects.filter(microgrid=microgrid_id, public_id__in=ids))
    if len(found) != len(set(ids)):
        raise ValidationError({"sites": ["A site is not of this microgrid."]})
    return found


class InterruptionList(generics.ListAPIView[Interruption]):
    serializer_class = InterruptionSerializer

    def get_queryset(self) -> QuerySet[Interruption]:
        if getattr(self, "swagger_fake_view", False):
            return Interruption.objects.none()
        grids = operated_microgrids(user_of(self.request), *READING_ROLES)
        microgrid = get_object_or_404(grids, public_id=self.kwargs["public_id"])
        rows = Interruption.objects.filter(microgrid=microgrid)
        return rows.prefetch_related("sites__site").order_by("-started_at", "-pk")

    @extend_schema(
        operation_id="microgrids_interruptions_list",
        summary="Interruptions of supply, newest first",
        examples=[OpenApiExample("shed", CUT, response_only=True)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="microgrids_interruptions_create",
        summary="Record an interruption",
        request=InterruptionRecordSerializer,
        responses={201: InterruptionSerializer},
        examples=[
            OpenApiExample(
                "a fuse",
                {"started_at": "2016-03-18T16:40:00Z", "cause": "equipment", "note": "Fuse of feeder 2", "sites": [SITE]},
                request_only=True,
            ),
            OpenApiExample(
                "recorded",
                {**CUT, "cause": "equipment", "tier": None, "note": "Fuse of feeder 2"},
                response_only=True,
                status_codes=["201"],
            ),
        ],
    )
    def post(self, request: Request, public_id: Any) -> Response:
        microgrid = get_object_or_404(operated_microgrids(user_of(request)), public_id=public_id)
        asked = InterruptionRecordSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        ref = given.get("external_ref", "")
        try:
            row = record_interruption(
                microgrid=microgrid,
                sites=_sites(microgrid.pk, given["sites"]),
                started_at=given["started_at"],
                ended_at=given.get("ended_at"),
                cause=InterruptionCause(given["cause"]),
                note=given.get("note", ""),
                by=user_of(request),
                now=microgrid.now(timezone.now()),
                external_ref=f"api:{ref}" if ref else "",
            )
        except CannotRecord as problem:
            raise ValidationError({"detail": [str(problem)]}) from None
        return Response(InterruptionSerializer(_shown(row)).data, status=status.HTTP_201_CREATED)


class SupplyBack(APIView):
    @extend_schema(
        operation_id="interruptions_supply_back",
        summary="Supply is back at some sites, or at all",
        request=SupplyBackSerializer,
        responses=InterruptionSerializer,
        examples=[
            OpenApiExample("one site", {"sites": [SITE], "at": "2016-03-18T16:52:08Z"}, request_only=True),
            OpenApiExample("noted", CUT, response_only=True),
        ],
    )
    def post(self, request: Request, public_id: Any) -> Response:
        own = Interruption.objects.filter(microgrid__in=operated_microgrids(user_of(request)).values("pk"))
        row = own.select_related("microgrid").filter(public_id=public_id).first()
        if row is None:
            raise Http404
        asked = SupplyBackSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        now = row.microgrid.now(timezone.now())
        at, ids = asked.validated_data.get("at", now), asked.validated_data.get("sites")
        try:
            if ids is None:
                end_interruption(interruption=row, at=at, now=now)
            else:
                restore_sites(interruption=row, sites=_sites(row.microgrid_id, ids), at=at, now=now)
        except CannotRecord as problem:
            raise ValidationError({"detail": [str(problem)]}) from None
        return Response(InterruptionSerializer(_shown(row)).data)
