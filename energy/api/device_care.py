"""Doors of those who look after devices: list, life, codes, revocation, exchange, alarms. Operators change, auditors read."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_serializer, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from energy.api.devices import NAME
from energy.api.problems import problem
from energy.domain.exchange import CannotExchange, HandOver
from energy.models import Channel, Device, DeviceAlarm, DeviceEvent
from energy.selectors.devices import served_alarms, served_devices, served_meters, served_sensors
from energy.services.alarms import acknowledge_alarm, clear_alarm
from energy.services.devices import decommission_device, require_encryption, revoke_device
from energy.services.enrolment import FreshCode, make_code
from energy.services.exchanges import exchange_meter
from members.models import Role
from members.selectors.scope import user_of

ID = "0190d5f0-c1f8-7d4a-b1c2-d3e4f5a6b7c8"
EVENT = {"at": "2026-01-05T12:00:00Z", "kind": "enrolled", "by": "operator@wiesengrund.example", "detail": "code 7K3MA"}
ALARM = {
    "id": ID,
    "device": NAME,
    "kind": "cover_open",
    "raised_at": "2026-01-05T12:00:00Z",
    "last_at": "2026-01-05T12:10:00Z",
    "count": 3,
    "detail": "",
    "acknowledged_at": None,
    "acknowledged_by": None,
    "cleared_at": None,
}
DEVICE = {
    "id": ID,
    "name": NAME,
    "status": "enrolled",
    "meter": "LV3.101 Load 7",
    "sensor": None,
    "model": "example-1",
    "firmware_version": "1.0.0",
    "encrypts": False,
    "last_counter": 42,
    "last_seen_at": "2016-03-29T10:00:00Z",
}


class EventSerializer(serializers.ModelSerializer[DeviceEvent]):
    """One step of a device's life; `by` is empty where the device or the platform itself took it."""

    by = serializers.CharField(source="by.email", allow_null=True, default=None)

    class Meta:
        model = DeviceEvent
        fields = ("at", "kind", "by", "detail")


@extend_schema_serializer(examples=[OpenApiExample("an open case", ALARM, response_only=True)])
class AlarmSerializer(serializers.ModelSerializer[DeviceAlarm]):
    """Something about a device that needs a person."""

    id = serializers.UUIDField(source="public_id")
    device = serializers.CharField(source="device.name")
    acknowledged_by = serializers.CharField(source="acknowledged_by.email", allow_null=True, default=None)

    class Meta:
        model = DeviceAlarm
        fields = ("id", "device", "kind", "raised_at", "last_at", "count", "detail", "acknowledged_at", "acknowledged_by", "cleared_at")


@extend_schema_serializer(examples=[OpenApiExample("a home's device", DEVICE, response_only=True)])
class DeviceSerializer(serializers.ModelSerializer[Device]):
    """What signs for one meter or one sensor."""

    id = serializers.UUIDField(source="public_id")
    meter = serializers.CharField(source="meter.code", allow_null=True, default=None)
    sensor = serializers.CharField(source="sensor.code", allow_null=True, default=None)

    class Meta:
        model = Device
        fields: tuple[str, ...] = (
            "id",
            "name",
            "status",
            "meter",
            "sensor",
            "model",
            "firmware_version",
            "encrypts",
            "last_counter",
            "last_seen_at",
        )


@extend_schema_serializer(examples=[OpenApiExample("a life", {**DEVICE, "events": [EVENT], "alarms": [ALARM]}, response_only=True)])
class DeviceLifeSerializer(DeviceSerializer):
    """A device with its life and its alarms, the newest first."""

    events = serializers.SerializerMethodField()
    alarms = serializers.SerializerMethodField()

    class Meta(DeviceSerializer.Meta):
        fields = (*DeviceSerializer.Meta.fields, "events", "alarms")

    @extend_schema_field(EventSerializer(many=True))
    def get_events(self, device: Device) -> list[dict[str, Any]]:
        rows = device.events.select_related("by").order_by("-at", "-pk")[:200]
        return list(EventSerializer(rows, many=True).data)

    @extend_schema_field(AlarmSerializer(many=True))
    def get_alarms(self, device: Device) -> list[dict[str, Any]]:
        rows = device.alarms.select_related("acknowledged_by", "device").order_by("-raised_at")[:200]
        return list(AlarmSerializer(rows, many=True).data)


class CodeRequestSerializer(serializers.Serializer[Any]):
    """For which meter or sensor the next device is to come in."""

    meter = serializers.UUIDField(required=False)
    sensor = serializers.UUIDField(required=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if len(given) != 1:
            raise serializers.ValidationError({"meter": "name a meter or a sensor, one of them"})
        return given


class CodeSerializer(serializers.Serializer[FreshCode]):
    """A one-time code; it is shown once."""

    code = serializers.CharField(source="text")
    expires_at = serializers.DateTimeField(source="row.expires_at")


class ReasonSerializer(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=200, allow_blank=True, default="")


class EncryptionSerializer(serializers.Serializer[Any]):
    """Whether only encrypted messages are accepted."""

    encrypts = serializers.BooleanField()


class HandOverSerializer(serializers.Serializer[Any]):
    """One register's readings at an exchange."""

    channel = serializers.ChoiceField([c.label for c in Channel])
    last_wh = serializers.IntegerField(min_value=0)
    first_wh = serializers.IntegerField(min_value=0)


class ExchangeSerializer(serializers.Serializer[Any]):
    """An exchange of a meter: when by the microgrid's clock, and what both registers read."""

    exchanged_at = serializers.DateTimeField()
    old_serial = serializers.CharField(max_length=80, allow_blank=True, default="")
    new_serial = serializers.CharField(max_length=80)
    registers = HandOverSerializer(many=True, allow_empty=False)


@extend_schema_view(get=extend_schema(operation_id="devices_list", summary="Devices that you look after"))
class DeviceList(generics.ListAPIView[Device]):
    serializer_class = DeviceSerializer

    def get_queryset(self) -> QuerySet[Device]:
        return served_devices(user_of(self.request))


@extend_schema_view(get=extend_schema(operation_id="devices_retrieve", summary="A device's life and alarms"))
class DeviceDetail(generics.RetrieveAPIView[Device]):
    serializer_class = DeviceLifeSerializer
    lookup_field = "public_id"

    def get_queryset(self) -> QuerySet[Device]:
        return served_devices(user_of(self.request))


@extend_schema_view(get=extend_schema(operation_id="devices_alarms_list", summary="Alarms, open ones first"))
class AlarmList(generics.ListAPIView[DeviceAlarm]):
    serializer_class = AlarmSerializer

    def get_queryset(self) -> QuerySet[DeviceAlarm]:
        return served_alarms(user_of(self.request))


class _Step(APIView):
    """A step that an operator takes."""

    def own_device(self, request: Request, public_id: Any) -> Device:
        return get_object_or_404(served_devices(user_of(request), Role.OPERATOR), public_id=public_id)


class CodeView(_Step):
    """Makes a one-time code."""

    @extend_schema(
        operation_id="devices_codes_create",
        summary="Make a one-time code for a meter's or a sensor's next device",
        request=CodeRequestSerializer,
        responses={201: CodeSerializer},
        examples=[
            OpenApiExample("for a meter", {"meter": ID}, request_only=True),
            OpenApiExample(
                "a code",
                {"code": "7K3MA-Q0WXY-51ZBN-8RTPG", "expires_at": "2026-01-12T12:00:00Z"},
                response_only=True,
                status_codes=["201"],
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        asked = CodeRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given, user = asked.validated_data, user_of(request)
        places: dict[str, Any] = {}
        if "meter" in given:
            places["meter"] = get_object_or_404(served_meters(user, Role.OPERATOR), public_id=given["meter"])
        else:
            places["sensor"] = get_object_or_404(served_sensors(user, Role.OPERATOR), public_id=given["sensor"])
        code = make_code(**places, by=user, now=timezone.now())
        return Response(CodeSerializer(code).data, status=201)


class RevokeView(_Step):
    """Revokes a device at once."""

    @extend_schema(
        operation_id="devices_revoke",
        summary="Refuse everything the device sends from now on",
        request=ReasonSerializer,
        responses=DeviceSerializer,
        examples=[
            OpenApiExample("lost", {"reason": "stolen"}, request_only=True),
            OpenApiExample("revoked", {**DEVICE, "status": "revoked"}, response_only=True),
        ],
    )
    def post(self, request: Request, public_id: Any) -> Response:
        return self._end(request, public_id, revoke_device)

    def _end(self, request: Request, public_id: Any, step: Any) -> Response:
        asked = ReasonSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        device = self.own_device(request, public_id)
        step(device=device, by=user_of(request), now=timezone.now(), reason=asked.validated_data["reason"])
        device.refresh_from_db()
        return Response(DeviceSerializer(device).data)


class DecommissionView(RevokeView):
    """Ends a device's service in good order."""

    @extend_schema(
        operation_id="devices_decommission",
        summary="End a device's service in good order",
        request=ReasonSerializer,
        responses=DeviceSerializer,
        examples=[
            OpenApiExample("taken down", {"reason": "house torn down"}, request_only=True),
            OpenApiExample("ended", {**DEVICE, "status": "decommissioned"}, response_only=True),
        ],
    )
    def post(self, request: Request, public_id: Any) -> Response:
        return self._end(request, public_id, decommission_device)


class EncryptionView(_Step):
    """Requires encryption of a device, or no longer."""

    @extend_schema(
        operation_id="devices_encryption",
        summary="Accept only encrypted messages of a device",
        request=EncryptionSerializer,
        responses=DeviceSerializer,
        examples=[
            OpenApiExample("required", {"encrypts": True}, request_only=True),
            OpenApiExample("encrypts", {**DEVICE, "encrypts": True}, response_only=True),
        ],
    )
    def post(self, request: Request, public_id: Any) -> Response:
        asked = EncryptionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        device = self.own_device(request, public_id)
        require_encryption(device=device, by=user_of(request), now=timezone.now(), **asked.validated_data)
        device.refresh_from_db()
        return Response(DeviceSerializer(device).data)


class ExchangeView(_Step):
    """Writes down an exchange of a meter."""

    @extend_schema(
        operation_id="meters_exchange",
        summary="Exchange a meter with register hand-over",
        request=ExchangeSerializer,
        responses={201: CodeSerializer},
        description="The old device ends; the answer is the code for the new one. What the old one has not sent by then is refused.",
        examples=[
            OpenApiExample(
                "a home's meter",
                {
                    "exchanged_at": "2016-03-29T08:07:00Z",
                    "old_serial": "1EMH0001",
                    "new_serial": "1EMH0002",
                    "registers": [
                        {"channel": "import", "last_wh": 1204411, "first_wh": 12},
                        {"channel": "export", "last_wh": 0, "first_wh": 0},
                    ],
                },
                request_only=True,
            ),
            OpenApiExample(
                "the new device's code",
                {"code": "7K3MA-Q0WXY-51ZBN-8RTPG", "expires_at": "2026-01-12T12:00:00Z"},
                response_only=True,
                status_codes=["201"],
            ),
        ],
    )
    def post(self, request: Request, public_id: Any) -> Response:
        asked = ExchangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        meter = get_object_or_404(served_meters(user_of(request), Role.OPERATOR), public_id=public_id)
        registers = {r["channel"]: HandOver(r["last_wh"], r["first_wh"]) for r in given.pop("registers")}
        try:
            done = exchange_meter(meter=meter, registers=registers, by=user_of(request), now=timezone.now(), **given)
        except CannotExchange as error:
            return problem(422, "The exchange cannot be written down", str(error), reason="exchange")
        return Response(CodeSerializer(done.code).data, status=201)


class AcknowledgeView(_Step):
    """Takes care of an alarm."""

    step = staticmethod(acknowledge_alarm)

    @extend_schema(operation_id="devices_alarms_acknowledge", summary="Take care of an alarm", request=None, responses=AlarmSerializer)
    def post(self, request: Request, public_id: Any) -> Response:
        alarm = get_object_or_404(served_alarms(user_of(request), Role.OPERATOR), public_id=public_id)
        self.step(alarm=alarm, by=user_of(request), now=timezone.now())
        alarm.refresh_from_db()
        return Response(AlarmSerializer(alarm).data)


class ClearView(AcknowledgeView):
    """Ends an alarm."""

    step = staticmethod(clear_alarm)

    @extend_schema(operation_id="devices_alarms_clear", summary="End an alarm", request=None, responses=AlarmSerializer)
    def post(self, request: Request, public_id: Any) -> Response:
        return super().post(request, public_id)
