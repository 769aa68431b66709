"""Doors of devices: coming in by a code, a new key, a certificate, the clock. A signature is the log-in."""

from datetime import UTC, datetime
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from energy.api.parsers import BoundedJSONParser
from energy.api.problems import problem
from energy.domain.certificates import LARGEST_REQUEST_BYTES, CannotCertify
from energy.domain.enrolment import CannotEnrol
from energy.domain.sensors import QUANTITIES
from energy.models import Device, Microgrid
from energy.models.devices import DeviceStatus
from energy.selectors.broker import broker_address, broker_authority_pem
from energy.services.certificates import issue_certificate
from energy.services.devices import rotate_key
from energy.services.enrolment import enrol_by_code
from energy.services.firmware import OUTCOMES, report_firmware

STATUS_OF_REASON = {"unknown_code": 403, "bad_signature": 403, "revoked_key": 403, "known_key": 409}
NAME = "urn:dev:mg:0190d5f0c1f87d4ab1c2d3e4f5a6b7c8"
KEY = "9f2c6b0e5d1a4c3b8e7f60514233221100ffeeddccbbaa998877665544332211"
SIGNATURE = "5a" * 64
CLOCK = {"real_at": "2026-01-05T12:00:00Z", "shown_at": "2016-03-29T10:00:00Z", "speed": 1.0}


class Hex(serializers.CharField):
    """Bytes as hexadecimal text, of a fixed length."""

    def __init__(self, length: int, **options: Any) -> None:
        super().__init__(**options)
        self._length = length

    def to_internal_value(self, data: Any) -> bytes:  # type: ignore[override]
        try:
            raw = bytes.fromhex(super().to_internal_value(data))
        except ValueError:
            raise serializers.ValidationError("write bytes as hexadecimal digits") from None
        if len(raw) != self._length:
            raise serializers.ValidationError(f"{len(raw)} bytes, {self._length} are needed")
        return raw


class EnrolThrottle(AnonRateThrottle):
    """Few tries from one address: a code has 75 secret bits, and nobody types thirty in a minute."""

    scope = "enrol"
    rate = "30/min"


class EnrolSerializer(serializers.Serializer[Any]):
    """What a device sends in order to come in."""

    code = serializers.CharField(max_length=64)
    public_key = Hex(32, help_text="Ed25519, hexadecimal.")
    signature = Hex(64, help_text="Ed25519 over the enrolment statement (docs/devices.md), hexadecimal.")
    model = serializers.CharField(max_length=80, allow_blank=True, default="")
    firmware_version = serializers.CharField(max_length=40, allow_blank=True, default="")


class ClockSerializer(serializers.Serializer[Any]):
    """The microgrid's clock: at `real_at` it shows `shown_at` and runs `speed` times as fast; mostly the two are the same."""

    real_at = serializers.DateTimeField()
    shown_at = serializers.DateTimeField()
    speed = serializers.FloatField()


class EnrolledSerializer(serializers.Serializer[Any]):
    """What a device has to know once it is in."""

    device = serializers.CharField(help_text="Its name: base name in SenML, client id and topic in MQTT.")
    key_id = serializers.CharField()
    serves = serializers.CharField(help_text="Code of the meter or sensor.")
    records = serializers.ListField(child=serializers.CharField(), help_text="Names of records that it may send.")
    interval_s = serializers.IntegerField()
    clock = ClockSerializer()
    broker = serializers.CharField(allow_blank=True, help_text="For devices with a certificate: mqtts://host:port")
    broker_authority = serializers.CharField(allow_blank=True, help_text="PEM: who vouches for the broker.")


class RotateSerializer(serializers.Serializer[Any]):
    """A new key, signed by the old one and by itself."""

    device = serializers.CharField(max_length=120)
    public_key = Hex(32)
    signature_by_old_key = Hex(64)
    signature_by_new_key = Hex(64)


class KeySerializer(serializers.Serializer[Any]):
    """The key that is believed from now on."""

    device = serializers.CharField()
    key_id = serializers.CharField()


class CertificateRequestSerializer(serializers.Serializer[Any]):
    """A request for a certificate (PKCS #10) and the device's signature over it."""

    device = serializers.CharField(max_length=120)
    request = serializers.CharField(max_length=LARGEST_REQUEST_BYTES, trim_whitespace=False, help_text="PEM.")
    signature = Hex(64, help_text="Over the certificate statement (docs/devices.md).")


class CertificateSerializer(serializers.Serializer[Any]):
    """A certificate and the authority that issued it."""

    certificate = serializers.CharField(source="certificate_pem", help_text="PEM.")
    authority = serializers.CharField(source="authority.certificate_pem", help_text="PEM.")
    expires_at = serializers.DateTimeField()
    broker = serializers.SerializerMethodField()

    def get_broker(self, row: Any) -> str:
        return broker_address()


class FirmwareReportSerializer(serializers.Serializer[Any]):
    """What became of a version on a device."""

    device = serializers.CharField(max_length=120)
    version = serializers.CharField(max_length=40)
    result = serializers.ChoiceField(OUTCOMES, source="outcome", help_text="It runs, or it was tried and failed.")
    at = serializers.IntegerField(min_value=0, max_value=2**33, help_text="Seconds since 1970, by the microgrid's clock.")
    signature = Hex(64, help_text="Over the firmware statement (docs/devices.md).")


class _DeviceDoor(APIView):
    """What doors of devices have in common."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (BoundedJSONParser,)
    throttle_classes = (EnrolThrottle,)


def refusal(error: CannotEnrol) -> Response:
    """A refused step as a problem."""
    return problem(STATUS_OF_REASON.get(error.reason, 422), "The device is refused", str(error), reason=error.reason)


def enrolled_device(name: str) -> Device:
    """A device in service by its name; every other name is not there."""
    found = Device.objects.select_related("microgrid").filter(name=name, status=DeviceStatus.ENROLLED).first()
    if found is None:
        raise Http404
    return found


def clock_of(microgrid: Microgrid, real_now: datetime) -> dict[str, Any]:
    """What the microgrid's clock shows."""
    speed = microgrid.clock_speed if microgrid.clock_real_start else 1.0
    return {"real_at": real_now, "shown_at": microgrid.now(real_now), "speed": speed}


def records_of(device: Device) -> list[str]:
    """The names of records that a device may send."""
    if device.sensor is not None:
        return [QUANTITIES[device.sensor.kind].record]
    assert device.meter is not None
    return [channel.label for channel in device.meter.channels]


class EnrolView(_DeviceDoor):
    """Lets one device in by its code."""

    @extend_schema(
        operation_id="devices_enrol",
        summary="Come in by a one-time code",
        request=EnrolSerializer,
        description=(
            "An operator makes the code for a meter or a sensor; it is used once and expires. The request is signed by the key that "
            "it brings. A device that served the same meter or sensor ends with this."
        ),
        responses={201: EnrolledSerializer},
        examples=[
            OpenApiExample(
                "a home's meter comes in",
                {
                    "code": "7K3MA-Q0WXY-51ZBN-8RTPG",
                    "public_key": KEY,
                    "signature": SIGNATURE,
                    "model": "example-1",
                    "firmware_version": "1.0.0",
                },
                request_only=True,
            ),
            OpenApiExample(
                "in",
                {
                    "device": NAME,
                    "key_id": "b1946ac92492d234",
                    "serves": "LV3.101 Load 7",
                    "records": ["import", "export"],
                    "interval_s": 900,
                    "clock": CLOCK,
                    "broker": "mqtts://localhost:8883",
                    "broker_authority": "-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----\n",
                },
                response_only=True,
                status_codes=["201"],
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        asked = EnrolSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        now = timezone.now()
        try:
            device = enrol_by_code(**asked.validated_data, now=now)
        except CannotEnrol as error:
            return refusal(error)
        key = device.keys.get(revoked_at__isnull=True)
        place = device.meter or device.sensor
        answer = {
            "device": device.name,
            "key_id": bytes(key.key_id).hex(),
            "serves": str(place),
            "records": records_of(device),
            "interval_s": device.microgrid.interval_minutes * 60,
            "clock": clock_of(device.microgrid, now),
            "broker": broker_address(),
            "broker_authority": broker_authority_pem(),
        }
        return Response(EnrolledSerializer(answer).data, status=201)


class RotateView(_DeviceDoor):
    """Changes a device's key."""

    @extend_schema(
        operation_id="devices_rotate",
        summary="Change a device's key",
        request=RotateSerializer,
        description="Both keys sign the rotation statement. What the old key signed is refused from the answer on: send it first.",
        responses=KeySerializer,
        examples=[
            OpenApiExample(
                "a new key",
                {"device": NAME, "public_key": KEY, "signature_by_old_key": SIGNATURE, "signature_by_new_key": SIGNATURE},
                request_only=True,
            ),
            OpenApiExample("changed", {"device": NAME, "key_id": "b1946ac92492d234"}, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        asked = RotateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        device = enrolled_device(given.pop("device"))
        try:
            key = rotate_key(device=device, **given, now=timezone.now())
        except CannotEnrol as error:
            return refusal(error)
        return Response(KeySerializer({"device": device.name, "key_id": bytes(key.key_id).hex()}).data)


class CertificateView(_DeviceDoor):
    """Issues a certificate to a device."""

    @extend_schema(
        operation_id="devices_certificate",
        summary="Get a certificate for MQTT over mutual TLS",
        request=CertificateRequestSerializer,
        responses={201: CertificateSerializer},
        description="The cooperative's own authority takes over the request's key only; the name in the certificate is the device's.",
        examples=[
            OpenApiExample(
                "a request",
                {
                    "device": NAME,
                    "signature": SIGNATURE,
                    "request": "-----BEGIN CERTIFICATE REQUEST-----\n...\n-----END CERTIFICATE REQUEST-----\n",
                },
                request_only=True,
            ),
            OpenApiExample(
                "issued",
                {
                    "certificate": "-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----\n",
                    "authority": "-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----\n",
                    "expires_at": "2027-01-05T12:00:00Z",
                    "broker": "mqtts://localhost:8883",
                },
                response_only=True,
                status_codes=["201"],
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        asked = CertificateRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        try:
            row = issue_certificate(
                device=enrolled_device(given["device"]), request=given["request"].encode(), signature=given["signature"], now=timezone.now()
            )
        except CannotEnrol as error:
            return refusal(error)
        except CannotCertify as error:
            return problem(422, "No certificate can be issued", str(error), reason="request")
        return Response(CertificateSerializer(row).data, status=201)


class ClockView(_DeviceDoor):
    """Tells a device what its microgrid's clock shows."""

    @extend_schema(
        operation_id="devices_clock",
        summary="The clock of a device's microgrid",
        responses=ClockSerializer,
        examples=[OpenApiExample("a replayed month", CLOCK, response_only=True)],
    )
    def get(self, request: Request, name: str) -> Response:
        device = enrolled_device(name)
        return Response(ClockSerializer(clock_of(device.microgrid, timezone.now())).data)


class FirmwareView(_DeviceDoor):
    """Takes a device's word on its firmware."""

    @extend_schema(
        operation_id="devices_firmware",
        summary="Report which firmware runs, or that one failed",
        request=FirmwareReportSerializer,
        responses={204: None},
        examples=[
            OpenApiExample(
                "runs",
                {"device": NAME, "version": "1.4.0", "result": "running", "at": 1459245600, "signature": SIGNATURE},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        asked = FirmwareReportSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        at = datetime.fromtimestamp(given.pop("at"), UTC)
        try:
            report_firmware(device=enrolled_device(given.pop("device")), at=at, now=timezone.now(), **given)
        except CannotEnrol as error:
            return refusal(error)
        return Response(status=204)
