"""Links to devices: by which protocol, when they were heard last, what was sent and read back, what is wrong. For those who run the grid."""

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer, extend_schema_view
from rest_framework import generics, serializers

from energy.api.said import SaidField
from energy.selectors.scope import READING_ROLES, operated_microgrids
from grid.domain.devices.links import SENTENCES, Problem
from grid.models import DeviceLink
from members.language import say_kept
from members.selectors.scope import user_of

LINK = {
    "id": "0190d5f0-c1f8-7d4a-b1c2-d3e4f5a6b7c8",
    "device": "LV3.101 Storage 1",
    "kind": "storage",
    "protocol": "sunspec",
    "is_enabled": True,
    "last_contact_at": "2026-01-05T12:00:03Z",
    "sent_at": "2026-01-05T12:00:02Z",
    "sent_charge_w": 1200,
    "sent_discharge_w": 0,
    "sent_limit_w": None,
    "read_charge_w": 1190.0,
    "read_discharge_w": 0.0,
    "read_limit_w": None,
    "read_soc_share": 0.64,
    "state": "connected",
    "problem": "",
    "sentence": "",
    "detail": "",
    "problem_since": None,
    "failures": 0,
}


@extend_schema_serializer(examples=[OpenApiExample("a battery over SunSpec", LINK, response_only=True)])
class DeviceLinkSerializer(serializers.ModelSerializer[DeviceLink]):
    """A link; times are real, powers [W] at the device. `problem` is empty while all is well."""

    id = serializers.UUIDField(source="public_id")
    device = serializers.CharField(source="device.code")
    kind = serializers.SerializerMethodField(help_text="storage, source or consumer")
    protocol = serializers.CharField(help_text="sunspec, ocpp or openadr")
    problem = serializers.CharField(help_text="Name of the problem, see docs/inverters.md.")
    sentence = serializers.SerializerMethodField()
    detail = SaidField(source="problem_detail")

    class Meta:
        model = DeviceLink
        fields = tuple(LINK)

    def get_kind(self, row: DeviceLink) -> str:
        return type(row.device).__name__.lower().replace("unit", "")

    def get_sentence(self, row: DeviceLink) -> str:
        return say_kept(SENTENCES[Problem(row.problem)]) if row.problem else ""


@extend_schema_view(get=extend_schema(operation_id="device_links_list", summary="Links to devices and how they go"))
class DeviceLinkList(generics.ListAPIView[DeviceLink]):
    """Operators, auditors and support."""

    serializer_class = DeviceLinkSerializer

    def get_queryset(self) -> QuerySet[DeviceLink]:
        if getattr(self, "swagger_fake_view", False):
            return DeviceLink.objects.none()
        user = user_of(self.request)
        grid = get_object_or_404(operated_microgrids(user, *READING_ROLES), public_id=self.kwargs["public_id"])
        rows = DeviceLink.objects.filter(microgrid=grid).select_related("storage", "source", "consumer")
        return rows.order_by("protocol", "pk")
