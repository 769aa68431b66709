"""`GET /api/v1/microgrids/<id>/telemetry-key/`: the key to which devices may encrypt."""

from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from energy.domain.sealing import recipient_id_of
from energy.models import Microgrid
from energy.services.sealing_keys import public_sealing_key


class TelemetryKeySerializer(serializers.Serializer[dict[str, str]]):
    """An X25519 public key and its id in headers, both in hexadecimal."""

    curve = serializers.ChoiceField(["X25519"])
    key_id = serializers.CharField()
    public_key = serializers.CharField()


class TelemetryKeyView(APIView):
    """A public key, for everybody."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (AnonRateThrottle,)

    @extend_schema(
        operation_id="microgrids_telemetry_key_retrieve",
        summary="The key to which devices may encrypt",
        responses=TelemetryKeySerializer,
        examples=[
            OpenApiExample(
                "a key",
                {"curve": "X25519", "key_id": "5b1f0c2d9e8a7766", "public_key": "8f40c5adb68f25624ae5b214ea767a6e" * 2},
                response_only=True,
            )
        ],
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        microgrid = get_object_or_404(Microgrid.objects.select_related("cooperative"), public_id=public_id)
        key = public_sealing_key(microgrid.cooperative)
        shown = {"curve": "X25519", "key_id": recipient_id_of(key).hex(), "public_key": key.hex()}
        return Response(TelemetryKeySerializer(shown).data)
