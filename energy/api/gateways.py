"""`POST /api/v1/gateways/readings/`: head-ends, inverters and charge points hand in JSON under an API key."""

from typing import IO, Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from energy.api.problems import problem
from energy.domain.gateway_messages import LARGEST_BODY_BYTES, CannotTake
from energy.services.gateways import GatewayReceipt, accept_body

STATUS_OF_REASON = {
    "malformed": 400,
    "unknown_key": 401,
    "revoked_key": 403,
    "message_id_reused": 409,
    "too_large": 413,
    "clock": 422,
    "outside_window": 422,
    "unknown_meter": 422,
    "wrong_channel": 422,
    "wrong_interval": 422,
}
EXAMPLE = {
    "message_id": "headend-7/2016-03-29T10:00",
    "sent_at": "2016-03-29T10:00:05+00:00",
    "readings": [
        {
            "meter": "M-0815",
            "channel": "import",
            "start_at": "2016-03-29T09:45:00+00:00",
            "interval_minutes": 15,
            "values_wh": [52],
            "register_start_wh": 1204411,
            "register_end_wh": 1204463,
        }
    ],
    "samples": [{"meter": "INV-1", "at": "2016-03-29T10:00:00+00:00", "W": 412, "W_SF": 1}],
    "meter_values": [
        {
            "chargePointId": "CP-3",
            "connectorId": 1,
            "meterValue": [
                {
                    "timestamp": "2016-03-29T10:00:00Z",
                    "sampledValue": [
                        {"value": "18250", "measurand": "Energy.Active.Import.Register", "unit": "Wh", "context": "Sample.Clock"}
                    ],
                }
            ],
        }
    ],
}


class BodyParser(BaseParser):
    """Takes the body as bytes, at most one byte more than a body may have: what is kept is what was sent."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        return stream.read(LARGEST_BODY_BYTES + 1)


class GatewayThrottle(AnonRateThrottle):
    """Ten bodies a second from one address."""

    scope = "gateways"
    rate = "600/min"


class GatewayReceiptSerializer(serializers.Serializer[GatewayReceipt]):
    """The platform's answer, sent after its commit."""

    message_id = serializers.CharField()
    outcome = serializers.ChoiceField(["accepted", "replayed"])
    intervals = serializers.IntegerField(help_text="Intervals that were folded into meter days.")
    samples = serializers.IntegerField()


def _body_shape() -> Any:
    """What docs/gateways.md describes, for the machine-readable description."""
    return inline_serializer(
        "GatewayBody",
        {
            "message_id": serializers.CharField(max_length=120),
            "sent_at": serializers.DateTimeField(),
            "readings": serializers.ListField(child=serializers.DictField(), required=False),
            "samples": serializers.ListField(child=serializers.DictField(), required=False),
            "meter_values": serializers.ListField(child=serializers.DictField(), required=False),
        },
    )


class GatewayReadings(APIView):
    """Accepts one body; the key is the log-in."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (BodyParser,)
    throttle_classes = (GatewayThrottle,)

    @extend_schema(
        operation_id="gateways_readings_create",
        summary="Hand in readings of a gateway's meters",
        description=(
            "Header `Authorization: Bearer <key>`. 1 MiB and 50,000 values at most. A body is accepted once: the same one "
            "again under its `message_id` is acknowledged as `replayed`. What is refused comes back as a problem with "
            "`reason` and the place in the body, and is counted."
        ),
        request=_body_shape(),
        responses={
            200: GatewayReceiptSerializer,
            **{
                code: OpenApiResponse(
                    OpenApiTypes.OBJECT, description=", ".join(reason for reason, c in STATUS_OF_REASON.items() if c == code)
                )
                for code in sorted(set(STATUS_OF_REASON.values()))
            },
        },
        examples=[
            OpenApiExample("intervals, an inverter and a charge point", EXAMPLE, request_only=True),
            OpenApiExample(
                "accepted",
                {"message_id": "headend-7/2016-03-29T10:00", "outcome": "accepted", "intervals": 1, "samples": 1},
                response_only=True,
                status_codes=["200"],
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        body = request.data if isinstance(request.data, bytes) else b""
        try:
            receipt = accept_body(key=key.strip() if scheme.lower() == "bearer" else "", body=body, now=timezone.now())
        except CannotTake as refusal:
            answer = problem(
                STATUS_OF_REASON.get(refusal.reason, 422),
                "The body is refused",
                refusal.detail,
                reason=refusal.reason,
                **({"where": refusal.where} if refusal.where else {}),
            )
            if answer.status_code == 401:
                answer["WWW-Authenticate"] = 'Bearer realm="gateways"'
            return answer
        return Response(GatewayReceiptSerializer(receipt).data)
