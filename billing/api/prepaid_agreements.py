"""Agreeing to pay before using from a phone, choosing earlier alarms, and ending it; what was read is what is kept."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.api.prepaid import ANSWERED, PrepaidSerializer, shown
from billing.models import PrepaidAgreement
from billing.selectors.prepaid import local_today, prepaid_rule
from billing.services.prepaid import CannotAgreeOnPrepaid, agree_on_prepaid, choose_own_alarms, end_prepaid, terms_text
from energy.api.problems import problem
from members.models import Cooperative, Member
from members.selectors.scope import own_members, user_of


class TermsSerializer(serializers.Serializer[Any]):
    """What a member agrees to today, in their language."""

    member = serializers.CharField(max_length=20)
    terms = serializers.CharField()


class OwnAlarmsSerializer(serializers.Serializer[Any]):
    """Told earlier than by the rule: at so many days, at so much [minor units]; null: as the rule says."""

    own_days = serializers.IntegerField(allow_null=True, required=False)
    own_minor = serializers.IntegerField(allow_null=True, required=False)


TERMS = {"member": "17", "terms": "I pay before I use, for all sites in my name, from 1 March 2016 on. ..."}
SAVED = OpenApiExample("agreed", ANSWERED, response_only=True)


def _now(cooperative: Cooperative) -> datetime:
    """What the clock of the cooperative's microgrids shows."""
    microgrid = cooperative.microgrids.order_by("pk").first()
    return microgrid.now(timezone.now()) if microgrid else timezone.now()


def _own_member(user: Any, number: str) -> Member:
    members = own_members(user).filter(is_cooperative=False).select_related("cooperative")
    return get_object_or_404(members.order_by("pk"), number=number)


def _terms(member: Member) -> str:
    """In the member's language, so that the same words are asked for and sent back."""
    today = local_today(PrepaidAgreement(cooperative=member.cooperative), _now(member.cooperative))
    return terms_text(prepaid_rule(member.cooperative), member, today, member.language)


class PrepaidTerms(APIView):
    """The terms of an own member, as of today."""

    @extend_schema(
        operation_id="prepaid_terms",
        summary="Terms of paying before using",
        responses=TermsSerializer,
        parameters=[OpenApiParameter("member", str, required=True, description="The number of an own member.")],
        examples=[OpenApiExample("today's", TERMS, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        member = _own_member(user_of(request), request.query_params.get("member", ""))
        return Response(TermsSerializer({"member": member.number, "terms": _terms(member)}).data)

    @extend_schema(
        operation_id="prepaid_agree",
        summary="Agree to pay before using",
        request=TermsSerializer,
        responses={201: PrepaidSerializer},
        examples=[
            OpenApiExample("as read", TERMS, request_only=True),
            OpenApiExample("agreed", ANSWERED, response_only=True, status_codes=["201"]),
        ],
    )
    def post(self, request: Request) -> Response:
        """Send back the terms that were read; others than today's are refused."""
        given = TermsSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user = user_of(request)
        member = _own_member(user, given.validated_data["member"])
        if given.validated_data["terms"].strip() != _terms(member).strip():
            return problem(409, "Other terms hold", "The terms changed since they were read; read them again.")
        now = _now(member.cooperative)
        today = local_today(PrepaidAgreement(cooperative=member.cooperative), now)
        try:
            made = agree_on_prepaid(member=member, valid_from=today, by=user, now=now, language=member.language)
        except CannotAgreeOnPrepaid as why:
            return problem(409, "Not agreed", str(why))
        return Response(shown([made])[0], status=201)


class PrepaidOne(APIView):
    """One agreement of an own member."""

    def _agreement(self, request: Request, public_id: UUID) -> PrepaidAgreement:
        user = user_of(request)
        rows = PrepaidAgreement.objects.filter(member__in=own_members(user), ended_date__isnull=True)
        return get_object_or_404(rows.select_related("member", "cooperative"), public_id=public_id)

    @extend_schema(
        operation_id="prepaid_alarms",
        summary="Be told earlier",
        request=OwnAlarmsSerializer,
        responses=PrepaidSerializer,
        examples=[OpenApiExample("ten days", {"own_days": 10, "own_minor": None}, request_only=True), SAVED],
    )
    def patch(self, request: Request, public_id: UUID) -> Response:
        agreement = self._agreement(request, public_id)
        given = OwnAlarmsSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        chosen = {"own_days": agreement.own_days, "own_minor": agreement.own_minor} | given.validated_data
        try:
            row = choose_own_alarms(agreement=agreement, days=chosen["own_days"], amount_minor=chosen["own_minor"])
        except CannotAgreeOnPrepaid as why:
            return problem(400, "Not earlier", str(why))
        return Response(shown([row])[0])

    @extend_schema(operation_id="prepaid_end", summary="Pay by bill again", responses=PrepaidSerializer, examples=[SAVED])
    def delete(self, request: Request, public_id: UUID) -> Response:
        """What lies in the books stays the member's; a limit or a request for one ends."""
        user = user_of(request)
        agreement = self._agreement(request, public_id)
        ended = end_prepaid(agreement=agreement, by=user, now=_now(agreement.cooperative))
        return Response(shown([ended])[0])
