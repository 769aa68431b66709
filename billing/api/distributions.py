"""What was shared out to whom, each through the owner's scope."""

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import generics, serializers

from billing.models import DistributionPart
from billing.selectors.distributions import visible_parts
from members.selectors.scope import user_of


class DistributionPartSerializer(serializers.ModelSerializer[DistributionPart]):
    """A member's part of a released distribution, and what it was counted by; minor units, Wh, and minor units x days."""

    id = serializers.UUIDField(source="public_id")
    distribution = serializers.UUIDField(source="distribution.public_id")
    name = serializers.CharField(source="distribution.name")
    kind = serializers.CharField(source="distribution.kind")
    first_day = serializers.DateField(source="distribution.first_day")
    last_day = serializers.DateField(source="distribution.last_day")
    currency = serializers.CharField(source="distribution.cooperative.currency")
    energy_percent = serializers.IntegerField(
        source="distribution.energy_percent", help_text="Of the sum, by Wh delivered; the rest by shares."
    )
    shared_minor = serializers.IntegerField(source="distribution.shared_minor", help_text="The sum of all parts.")
    member = serializers.CharField(source="member.number")
    net_minor = serializers.IntegerField()
    takes_back = serializers.UUIDField(
        source="distribution.counters.public_id", allow_null=True, default=None, help_text="The distribution that this one takes back."
    )
    released_at = serializers.DateTimeField(source="distribution.released_at")

    class Meta:
        model = DistributionPart
        fields = (
            "id",
            "distribution",
            "name",
            "kind",
            "first_day",
            "last_day",
            "currency",
            "energy_percent",
            "shared_minor",
            "member",
            "delivered_wh",
            "capital_days",
            "gross_minor",
            "withheld_minor",
            "net_minor",
            "paid_minor",
            "takes_back",
            "released_at",
        )


ANSWERED = {
    "id": "01900000-0000-7000-8000-000000000001",
    "distribution": "01900000-0000-7000-8000-000000000000",
    "name": "Revenue of 2016",
    "kind": "revenue",
    "first_day": "2016-01-01",
    "last_day": "2016-12-31",
    "currency": "EUR",
    "energy_percent": 60,
    "shared_minor": 90000,
    "member": "17",
    "delivered_wh": 2150000,
    "capital_days": 3660000,
    "gross_minor": 4210,
    "withheld_minor": 0,
    "net_minor": 4210,
    "paid_minor": 0,
    "takes_back": None,
    "released_at": "2017-02-01T10:00:00Z",
}


@extend_schema_view(
    get=extend_schema(
        operation_id="distributions_list",
        summary="What was shared out",
        examples=[OpenApiExample("one part", ANSWERED, response_only=True)],
    )
)
class DistributionList(generics.ListAPIView[DistributionPart]):
    """Parts of the own members; treasurers and auditors see all of their cooperative."""

    queryset = DistributionPart.objects.none()  # for the schema; rows come from the user's scope below
    serializer_class = DistributionPartSerializer

    def get_queryset(self) -> QuerySet[DistributionPart]:
        user = user_of(self.request)
        return visible_parts(user)
