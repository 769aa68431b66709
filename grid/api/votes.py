"""Votes on sharing: what is open and was decided, and casting a member's own vote."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from energy.api.problems import problem
from grid.models import SharingKey, SharingPrice, SharingProposal, VoteChoice
from grid.selectors.votes import visible_proposals
from grid.services.votes import CannotVote, cast_vote
from members.selectors.scope import own_members, user_of

ID = "0190d5f0-c1f8-7d4a-b1c2-d3e4f5a6b7c8"
PROPOSAL = {
    "id": ID,
    "key": "hierarchical",
    "price_rule": "mid_market",
    "valid_from": "2016-05-01",
    "reason": "Neighbours first.",
    "quorum_percent": 50,
    "text": "microgrid: hamlet\nin force from: 2016-05-01\nkey: hierarchical\nprice: mid_market\n",
    "text_sha256": "5f2b...",
    "opened_at": "2016-04-01T06:00:00Z",
    "closes_at": "2016-04-15T16:00:00Z",
    "status": "adopted",
    "decided_at": "2016-04-15T16:00:40Z",
    "eligible": 118,
    "yes": 61,
    "no": 20,
    "abstained": 4,
    "in_force_from": "2016-05-01",
}


@extend_schema_serializer(examples=[OpenApiExample("an adopted rule", PROPOSAL, response_only=True)])
class SharingProposalSerializer(serializers.ModelSerializer[SharingProposal]):
    """A rule put to the vote; counts are null until it is decided. `text` holds no share of anybody: ask for your own on the page."""

    id = serializers.UUIDField(source="public_id")
    key = serializers.ChoiceField(SharingKey.values)
    price_rule = serializers.ChoiceField(SharingPrice.values)
    text = serializers.SerializerMethodField(help_text="What is agreed, without the lines of fixed shares.")
    in_force_from = serializers.DateField(source="rule.valid_from", default=None)

    class Meta:
        model = SharingProposal
        fields = (
            "id",
            "key",
            "price_rule",
            "valid_from",
            "reason",
            "quorum_percent",
            "text",
            "text_sha256",
            "opened_at",
            "closes_at",
            "status",
            "decided_at",
            "eligible",
            "yes",
            "no",
            "abstained",
            "in_force_from",
        )

    def get_text(self, proposal: SharingProposal) -> str:
        return "".join(line for line in proposal.text.splitlines(True) if not line.startswith("share of "))


class ProposalList(generics.ListAPIView[SharingProposal]):
    """Votes of the microgrids one belongs to, the newest first."""

    serializer_class = SharingProposalSerializer

    @extend_schema(operation_id="sharing_votes_list", summary="Votes on the rule of sharing")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)

    def get_queryset(self) -> Any:
        return visible_proposals(user_of(self.request))


@extend_schema_serializer(examples=[OpenApiExample("a vote", {"member": ID, "choice": "yes"})])
class BallotSerializer(serializers.Serializer[Any]):
    """For which of the own members, and what."""

    member = serializers.UUIDField()
    choice = serializers.ChoiceField(VoteChoice.choices)


class CastVote(APIView):
    @extend_schema(
        operation_id="sharing_votes_cast",
        summary="Cast or change an own member's vote",
        request=BallotSerializer,
        responses=BallotSerializer,
    )
    def post(self, request: Request, public_id: Any) -> Response:
        proposal = get_object_or_404(visible_proposals(user_of(request)), public_id=public_id)
        given = BallotSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        member = get_object_or_404(own_members(user_of(request)), public_id=given.validated_data["member"])
        try:
            cast_vote(
                proposal=proposal,
                member=member,
                choice=VoteChoice(given.validated_data["choice"]),
                by=user_of(request),
                now=proposal.microgrid.now(timezone.now()),
            )
        except CannotVote as why:
            return problem(409, "cannot vote", str(why))
        return Response(BallotSerializer(given.validated_data).data)
