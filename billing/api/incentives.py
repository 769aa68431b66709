"""What a member was rewarded for, how it was measured, what is being looked at, and on which document it stands."""

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics, serializers

from billing.domain.incentive_words import concern_in
from billing.models import AwardStatus, IncentiveAward
from billing.selectors.incentives import visible_awards, with_documents
from members.selectors.scope import user_of


class AwardSerializer(serializers.ModelSerializer[IncentiveAward]):
    """An award of a month or an event; minor units, and Wh or days by `unit`."""

    id = serializers.UUIDField(source="public_id")
    programme = serializers.CharField(source="version.programme.name")
    kind = serializers.CharField(source="version.rule.kind", help_text="What the programme rewards.")
    member = serializers.CharField(source="member.number")
    site = serializers.UUIDField(source="site.public_id")
    currency = serializers.CharField(source="version.programme.microgrid.cooperative.currency")
    awarded_minor = serializers.IntegerField(help_text="Within cap and budget; while held, what is set aside.")
    concerns = serializers.SerializerMethodField(help_text="Why a person looks at it, in the member's language.")
    document = serializers.CharField(
        source="document_label", allow_null=True, help_text="The credit document on which it stands; null: not on one yet."
    )

    class Meta:
        model = IncentiveAward
        fields = (
            "id",
            "programme",
            "kind",
            "member",
            "site",
            "currency",
            "period",
            "start_at",
            "end_at",
            "quantity",
            "unit",
            "baseline_wh",
            "measured_wh",
            "earned_minor",
            "capped_minor",
            "awarded_minor",
            "status",
            "concerns",
            "why",
            "decided_at",
            "document",
        )

    def get_concerns(self, award: IncentiveAward) -> list[str]:
        return [concern_in(name, award.member.language) for name in award.concerns]


AWARDED = {
    "id": "01900000-0000-7000-8000-000000000001",
    "programme": "Solarstrom",
    "kind": "low_income",
    "member": "17",
    "site": "01a20d31-aaaa-7703-a238-85580daa8a5e",
    "currency": "EUR",
    "period": 201603,
    "start_at": "2016-02-29T23:00:00Z",
    "end_at": "2016-03-31T22:00:00Z",
    "quantity": 31,
    "unit": "day",
    "baseline_wh": None,
    "measured_wh": None,
    "earned_minor": 310,
    "capped_minor": 310,
    "awarded_minor": 310,
    "status": "granted",
    "concerns": [],
    "why": "",
    "decided_at": None,
    "document": "C-2016-000003",
}


@extend_schema_view(
    get=extend_schema(
        operation_id="incentive_awards_list",
        summary="Incentives awarded, newest first",
        parameters=[OpenApiParameter("status", enum=AwardStatus.values, description="`held`: being looked at by a person.")],
        examples=[OpenApiExample("a month's support", AWARDED, response_only=True)],
    )
)
class AwardList(generics.ListAPIView[IncentiveAward]):
    """Of the own members; treasurers and auditors see all of their cooperative."""

    queryset = IncentiveAward.objects.none()  # for the schema; rows come from the user's scope below
    serializer_class = AwardSerializer

    def get_queryset(self) -> QuerySet[IncentiveAward]:
        user = user_of(self.request)
        rows = with_documents(visible_awards(user))
        status = self.request.query_params.get("status")
        if not status:
            return rows
        if status not in AwardStatus.values:
            raise serializers.ValidationError({"status": [f"Choose one of {', '.join(AwardStatus.values)}."]})
        return rows.filter(status=status)
