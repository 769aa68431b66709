"""`POST /api/v1/telemetry/`: the second way in for signed messages, with the same verification as MQTT."""

from typing import IO, Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from energy.api.problems import problem
from energy.domain.acceptance import LONGEST_MESSAGE_BYTES
from energy.services.telemetry import Receipt, ReceivedMessage, accept_messages

STATUS_OF_REASON = {
    "malformed": 400,
    "bad_signature": 403,
    "unknown_key": 403,
    "revoked_key": 403,
    "counter_went_back": 409,
    "too_large": 413,
    "clock": 422,
    "outside_window": 422,
    "wrong_device": 422,
    "wrong_channel": 422,
    "wrong_interval": 422,
    "wrong_record": 422,
    "wrong_unit": 422,
    "cannot_decrypt": 403,
    "not_encrypted": 403,
}


class CoseParser(BaseParser):
    """Takes the body as bytes, at most one byte more than a message may have."""

    media_type = "application/cose"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        return stream.read(LONGEST_MESSAGE_BYTES + 1)


class DeviceThrottle(AnonRateThrottle):
    """Twenty messages a second from one address: a gateway with some hundred meters."""

    scope = "telemetry"
    rate = "1200/min"


class ReceiptSerializer(serializers.Serializer[Receipt]):
    """The platform's answer, sent after its commit."""

    device = serializers.CharField(source="device_name")
    counter = serializers.IntegerField()
    outcome = serializers.ChoiceField(["accepted", "replayed"])


class TelemetryView(APIView):
    """Accepts one signed message; the signature is the log-in."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (CoseParser,)
    throttle_classes = (DeviceThrottle,)

    @extend_schema(
        operation_id="telemetry_create",
        summary="Hand in a signed message",
        description=(
            "A COSE_Sign1 message (EdDSA) over SenML in CBOR, 64 KiB at most, or one encrypted to the cooperative. A message is accepted once; the same one again "
            "is acknowledged as `replayed`. What is refused comes back as a problem whose `reason` is counted per device."
        ),
        request={"application/cose": OpenApiTypes.BINARY},
        responses={
            200: ReceiptSerializer,
            **{
                code: OpenApiResponse(
                    OpenApiTypes.OBJECT, description=", ".join(reason for reason, c in STATUS_OF_REASON.items() if c == code)
                )
                for code in sorted(set(STATUS_OF_REASON.values()))
            },
        },
        examples=[
            OpenApiExample(
                "accepted",
                {"device": "urn:dev:mg:0190d5f0c1f87d4ab1c2d3e4f5a6b7c8", "counter": 42, "outcome": "accepted"},
                response_only=True,
                status_codes=["200"],
            )
        ],
    )
    def post(self, request: Request) -> Response:
        body = request.data if isinstance(request.data, bytes) else b""
        [receipt] = accept_messages(messages=[ReceivedMessage(body, "http")], now=timezone.now())
        if receipt.outcome == "refused":
            return problem(
                STATUS_OF_REASON.get(receipt.reason, 422),
                "The message is refused",
                reason=receipt.reason,
                device=receipt.device_name,
                counter=receipt.counter,
            )
        return Response(ReceiptSerializer(receipt).data)
