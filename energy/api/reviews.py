"""Reviews of meter days, for those who operate the microgrid: list, accept, edit, reopen."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics, serializers, views
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from energy.domain.quality import Check
from energy.models import Review, ReviewState
from energy.selectors.reviews import visible_reviews
from energy.services.reviews import CannotReview, accept, edit, reopen
from members.selectors.scope import user_of
from members.services.access import record_look

REVIEW = {
    "id": "0190d5f0-c1f8-7d4a-b1c2-000000000007",
    "meter": "0190d5f0-c1f8-7d4a-b1c2-000000000002",
    "channel": "import",
    "day": "2016-03-24",
    "version": 1,
    "found": ["spike"],
    "intervals": [14],
    "measured_wh": [4000],
    "proposals": {"calculated": [41], "like-day": [38]},
    "state": "open",
    "deadline_at": "2016-03-30T22:00:00Z",
    "decided_by": "",
    "decided_at": None,
    "reason": "",
    "edited_version": None,
}


class ReviewSerializer(serializers.ModelSerializer[Review]):
    """A version of a meter day that a check found something on; `proposals` hold whole Wh for `intervals`."""

    id = serializers.UUIDField(source="public_id")
    meter = serializers.UUIDField(source="meter.public_id")
    channel = serializers.CharField(source="get_channel_display")
    found = serializers.SerializerMethodField()
    proposals = serializers.DictField(child=serializers.ListField(child=serializers.IntegerField()))
    decided_by = serializers.SerializerMethodField()

    class Meta:
        model = Review
        fields = (
            "id",
            "meter",
            "channel",
            "day",
            "version",
            "found",
            "intervals",
            "measured_wh",
            "proposals",
            "state",
            "deadline_at",
            "decided_by",
            "decided_at",
            "reason",
            "edited_version",
        )

    def get_found(self, row: Review) -> list[str]:
        return [check.name.lower() for check in Check if row.found & check and check.name]

    def get_decided_by(self, row: Review) -> str:
        return str(row.decided_by) if row.decided_by else ""


class DecisionSerializer(serializers.Serializer[dict[str, Any]]):
    """What to do: `accept`, `edit` with values for the intervals in question and a reason, or `reopen` with a reason."""

    decision = serializers.ChoiceField(["accept", "edit", "reopen"])
    values_wh = serializers.ListField(child=serializers.IntegerField(min_value=0, max_value=2**31 - 1), required=False, max_length=400)
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


@extend_schema_view(
    get=extend_schema(
        operation_id="reviews_list",
        summary="Reviews of the microgrids that you operate, what is due first on top",
        parameters=[OpenApiParameter("state", str, enum=ReviewState.values)],
        examples=[OpenApiExample("a spike that waits", REVIEW, response_only=True)],
    )
)
class ReviewList(generics.ListAPIView[Review]):
    serializer_class = ReviewSerializer

    def get_queryset(self) -> QuerySet[Review]:
        if getattr(self, "swagger_fake_view", False):
            return Review.objects.none()
        found = visible_reviews(user_of(self.request))
        state = self.request.query_params.get("state")
        if state and state not in ReviewState.values:
            raise ValidationError({"state": f"must be one of {', '.join(ReviewState.values)}"})
        return found.filter(state=state) if state else found


class ReviewDecision(views.APIView):
    """Decide one review."""

    @extend_schema(
        operation_id="reviews_decide",
        summary="Decide a review",
        request=DecisionSerializer,
        responses=ReviewSerializer,
        examples=[
            OpenApiExample("edit", {"decision": "edit", "values_wh": [41], "reason": "Read on site"}, request_only=True),
            OpenApiExample(
                "decided",
                REVIEW
                | {
                    "state": "edited",
                    "decided_by": "operator@wiesengrund.example",
                    "decided_at": "2016-03-29T10:00:00Z",
                    "reason": "Read on site",
                    "edited_version": 2,
                },
                response_only=True,
            ),
        ],
    )
    def post(self, request: Request, public_id: str) -> Response:
        review = get_object_or_404(visible_reviews(user_of(request)), public_id=public_id)
        given = DecisionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        now = review.microgrid.now(timezone.now())
        record_look(
            user=user_of(request),
            member=review.meter.site.member,
            what="Review of readings",
            subject=f"{review.meter} on {review.day}",
            now=now,
        )
        try:
            _carry_out(review, given.validated_data, request, now)
        except CannotReview as problem:
            raise ValidationError({"decision": str(problem)}) from None
        return Response(ReviewSerializer(visible_reviews(user_of(request)).get(pk=review.pk)).data)


def _carry_out(review: Review, given: dict[str, Any], request: Request, now: Any) -> None:
    user = user_of(request)
    if given["decision"] == "accept":
        accept(reviews=[review], user=user, now=now, reason=given["reason"])
    elif given["decision"] == "reopen":
        reopen(review=review, user=user, reason=given["reason"], now=now)
    else:
        edit(review=review, values_wh=given.get("values_wh", []), user=user, reason=given["reason"], now=now)
