"""`GET /api/v1/plant-shares/`: parts of common plants, the own ones; all of the cooperative for its staff."""

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer, extend_schema_view
from rest_framework import generics, serializers

from grid.models import PlantShare
from grid.selectors.plant_shares import visible_plant_shares
from members.selectors.scope import user_of


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "a quarter of a roof, used at home",
            {
                "plant": "LV3.101 Roof 1",
                "member": "1044",
                "millionths": 250_000,
                "used_at": "LV3.101 Load 7",
                "valid_from": "2016-03-01",
                "valid_to": None,
            },
            response_only=True,
        )
    ]
)
class PlantShareSerializer(serializers.ModelSerializer[PlantShare]):
    """A part of a plant from a day up to and without another; `used_at` null: all of it is credited in money."""

    plant = serializers.CharField(source="division.plant.code")
    member = serializers.CharField(source="member.number")
    used_at = serializers.CharField(source="used_at.code", allow_null=True, default=None)
    valid_from = serializers.DateField(source="division.valid_from")
    valid_to = serializers.DateField(source="division.valid_to", allow_null=True)

    class Meta:
        model = PlantShare
        fields = ("plant", "member", "millionths", "used_at", "valid_from", "valid_to")


@extend_schema_view(get=extend_schema(operation_id="plant_shares_list", summary="Parts of common plants"))
class PlantShareList(generics.ListAPIView[PlantShare]):
    serializer_class = PlantShareSerializer

    def get_queryset(self) -> QuerySet[PlantShare]:
        return visible_plant_shares(user_of(self.request))
