"""Doors of demand response: programmes, consent per site, events, opting out. Members for their sites, operators for events."""

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
from energy.models import Site
from grid.domain.demand_response import CannotCall
from grid.models import DemandEvent, DemandProgramme, DemandResponse
from grid.selectors.demand_response import (
    offered_programmes,
    operated_events,
    operated_programmes,
    own_consents,
    own_demand_sites,
    own_responses,
    read_events,
)
from grid.services import demand_response as service
from members.selectors.scope import user_of

ID = "0190d5f0-c1f8-7d4a-b1c2-d3e4f5a6b7c8"
PROGRAMME = {
    "id": ID,
    "name": "Evening peaks",
    "incentive_per_kwh": "0.250000",
    "currency": "EUR",
    "notice_minutes": 120,
    "most_minutes_per_event": 120,
    "most_events_per_month": 4,
    "most_minutes_per_month": 480,
    "consenting_sites": [ID],
}
EVENT = {
    "id": ID,
    "programme": "Evening peaks",
    "start_at": "2016-06-03T16:00:00Z",
    "end_at": "2016-06-03T17:00:00Z",
    "reason": "A clouded evening.",
    "cancelled_at": None,
    "measured_at": "2016-06-04T02:10:00Z",
    "asked": 12,
    "taking_part": 11,
    "without_result": 1,
    "delivered_wh": 5240,
    "incentive_minor": 131,
}
RESPONSE = {
    "id": ID,
    "site": "LV3.101 Load 7",
    "programme": "Evening peaks",
    "start_at": "2016-06-03T16:00:00Z",
    "end_at": "2016-06-03T17:00:00Z",
    "cancelled_at": None,
    "opted_out_at": None,
    "baseline_wh": [250, 251, 249, 250],
    "measured_wh": [50, 60, 55, 50],
    "adjustment": 1.1,
    "delivered_wh": 785,
    "why_not": "",
    "incentive_minor": 20,
}


@extend_schema_serializer(examples=[OpenApiExample("a programme", PROGRAMME, response_only=True)])
class DemandProgrammeSerializer(serializers.ModelSerializer[DemandProgramme]):
    """What one may consent to, and which of the own sites do."""

    id = serializers.UUIDField(source="public_id")
    currency = serializers.CharField(source="microgrid.cooperative.currency")
    consenting_sites = serializers.SerializerMethodField()

    class Meta:
        model = DemandProgramme
        fields = (
            "id",
            "name",
            "incentive_per_kwh",
            "currency",
            "notice_minutes",
            "most_minutes_per_event",
            "most_events_per_month",
            "most_minutes_per_month",
            "load_limit_percent",
            "consenting_sites",
        )

    def get_consenting_sites(self, programme: DemandProgramme) -> list[str]:
        sites: dict[int, list[str]] = self.context.get("consents", {})
        return sites.get(programme.pk, [])


@extend_schema_serializer(examples=[OpenApiExample("an event", EVENT, response_only=True)])
class DemandEventSerializer(serializers.ModelSerializer[DemandEvent]):
    """An event with what all sites together brought; empty until it is measured."""

    id = serializers.UUIDField(source="public_id")
    programme = serializers.CharField(source="programme.name")
    asked = serializers.IntegerField(help_text="Sites that had consented.")
    taking_part = serializers.IntegerField()
    without_result = serializers.IntegerField()
    delivered_wh = serializers.IntegerField(allow_null=True)
    incentive_minor = serializers.IntegerField(allow_null=True)

    class Meta:
        model = DemandEvent
        fields = (
            "id",
            "programme",
            "start_at",
            "end_at",
            "reason",
            "cancelled_at",
            "measured_at",
            "asked",
            "taking_part",
            "without_result",
            "delivered_wh",
            "incentive_minor",
        )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "an hour",
            {"start_at": "2016-06-03T16:00:00Z", "end_at": "2016-06-03T17:00:00Z", "reason": "A clouded evening."},
            request_only=True,
        )
    ]
)
class DemandCallSerializer(serializers.Serializer[Any]):
    """When members are asked to draw less, and why."""

    start_at = serializers.DateTimeField()
    end_at = serializers.DateTimeField()
    reason = serializers.CharField(max_length=200)


@extend_schema_serializer(examples=[OpenApiExample("a result", RESPONSE, response_only=True)])
class DemandResponseSerializer(serializers.ModelSerializer[DemandResponse]):
    """One of the own sites in one event [Wh per interval]; amounts once billing booked them."""

    id = serializers.UUIDField(source="public_id")
    site = serializers.CharField(source="site.code")
    programme = serializers.CharField(source="event.programme.name")
    start_at = serializers.DateTimeField(source="event.start_at")
    end_at = serializers.DateTimeField(source="event.end_at")
    cancelled_at = serializers.DateTimeField(source="event.cancelled_at", allow_null=True)
    baseline_wh = serializers.ListField(child=serializers.IntegerField())
    measured_wh = serializers.ListField(child=serializers.IntegerField())
    why_not = SaidField()

    class Meta:
        model = DemandResponse
        fields = (
            "id",
            "site",
            "programme",
            "start_at",
            "end_at",
            "cancelled_at",
            "opted_out_at",
            "baseline_wh",
            "measured_wh",
            "adjustment",
            "delivered_wh",
            "why_not",
            "incentive_minor",
        )


@extend_schema_view(get=extend_schema(operation_id="programmes_list", summary="Programmes of demand response that are offered"))
class ProgrammeList(generics.ListAPIView[DemandProgramme]):
    serializer_class = DemandProgrammeSerializer

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return DemandProgramme.objects.none()
        return offered_programmes(user_of(self.request))

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        if not getattr(self, "swagger_fake_view", False):
            context["consents"] = _consents(self.request)
        return context


def _consents(request: Request) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for programme, site in own_consents(user_of(request)).values_list("programme", "site__public_id"):
        found.setdefault(programme, []).append(str(site))
    return found


class ProgrammeSite(APIView):
    """Consent of one site."""

    def _given(self, request: Request, public_id: Any, site_id: Any) -> tuple[DemandProgramme, Site]:
        programme = get_object_or_404(offered_programmes(user_of(request)), public_id=public_id)
        return programme, get_object_or_404(own_demand_sites(user_of(request)), public_id=site_id)

    @extend_schema(operation_id="programmes_consent", summary="Let a site take part", request=None, responses={204: None})
    def put(self, request: Request, public_id: Any, site_id: Any) -> Response:
        programme, site = self._given(request, public_id, site_id)
        now = programme.microgrid.now(timezone.now())
        try:
            service.give_consent(programme=programme, site=site, by=user_of(request), now=now)
        except service.CannotConsent as why:
            return problem(409, "The site cannot take part", str(why))
        return Response(status=204)

    @extend_schema(operation_id="programmes_withdraw", summary="Take part no longer", responses={204: None})
    def delete(self, request: Request, public_id: Any, site_id: Any) -> Response:
        programme, site = self._given(request, public_id, site_id)
        service.withdraw_consent(programme=programme, site=site, now=programme.microgrid.now(timezone.now()))
        return Response(status=204)


@extend_schema_view(get=extend_schema(operation_id="programmes_events_list", summary="Events of a programme, for the staff"))
class EventList(generics.ListAPIView[DemandEvent]):
    serializer_class = DemandEventSerializer

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return DemandEvent.objects.none()
        return read_events(user_of(self.request)).filter(programme__public_id=self.kwargs["public_id"])

    @extend_schema(
        operation_id="programmes_call", summary="Call an event", request=DemandCallSerializer, responses={201: DemandEventSerializer}
    )
    def post(self, request: Request, public_id: Any) -> Response:
        programme = get_object_or_404(operated_programmes(user_of(request)), public_id=public_id)
        form = DemandCallSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            event = service.call_event(
                programme=programme, by=user_of(request), now=programme.microgrid.now(timezone.now()), **form.validated_data
            )
        except CannotCall as why:
            return problem(409, "The event cannot be called", str(why))
        return Response(DemandEventSerializer(read_events(user_of(request)).get(pk=event.pk)).data, status=201)


class EventCancellation(APIView):
    @extend_schema(operation_id="demand_events_cancel", summary="Take an event back before it begins", responses={204: None})
    def delete(self, request: Request, public_id: Any) -> Response:
        event = get_object_or_404(operated_events(user_of(request)).select_related("programme__microgrid"), public_id=public_id)
        try:
            service.cancel_event(event=event, now=event.programme.microgrid.now(timezone.now()))
        except service.CannotChange as why:
            return problem(409, "The event cannot be cancelled", str(why))
        return Response(status=204)


@extend_schema_view(get=extend_schema(operation_id="demand_responses_list", summary="The own sites in events, the newest first"))
class ResponseList(generics.ListAPIView[DemandResponse]):
    serializer_class = DemandResponseSerializer

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return DemandResponse.objects.none()
        return own_responses(user_of(self.request))


class OptOut(APIView):
    @extend_schema(operation_id="demand_responses_opt_out", summary="Leave one event out", request=None, responses=DemandResponseSerializer)
    def post(self, request: Request, public_id: Any) -> Response:
        row = get_object_or_404(own_responses(user_of(request)), public_id=public_id)
        try:
            service.opt_out(response=row, now=row.event.programme.microgrid.now(timezone.now()))
        except service.CannotChange as why:
            return problem(409, "It is too late", str(why))
        row.refresh_from_db()
        return Response(DemandResponseSerializer(row).data)
