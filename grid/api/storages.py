"""Door of a storage's day: what lies in it by origin, what it was told, what it did, what that saved and what is owed for it."""

from datetime import date, timedelta
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from energy.api.said import SaidField, said_list
from energy.models import StorageUnit
from energy.selectors.ownership import days_seen, readable_storages
from energy.services.looks import record_site_look
from grid.api.days import DayAxisSerializer
from grid.domain.battery_words import words_in
from grid.domain.energy_origin import Origin
from grid.models import CommandKind, FlexibilityDay, StorageDay
from grid.selectors.storage_page import battery_day
from grid.selectors.stored_producers import Who, produced_in
from members.selectors.scope import user_of

EXAMPLE = {
    "day": "2016-03-27",
    "start_at": "2016-03-26T23:00:00Z",
    "interval_minutes": 15,
    "interval_count": 92,
    "storage": "LV3.101 Storage 1",
    "origins": {
        "revision": 0,
        "before_wh": {"own": 0, "local": 900, "public": 900, "unknown": 0},
        "charged_wh": {"own": [0], "local": [0], "public": [0], "unknown": [0]},
        "discharged_wh": {"own": [0], "local": [480], "public": [720], "unknown": [0]},
        "lost_wh": {"own": [0], "local": [120], "public": [180], "unknown": [0]},
        "emerged_wh": [0],
        "stored_wh": [300],
        "layers": [{"at": "2016-03-26T11:00:00Z", "own": 0, "local": 300, "public": 0, "unknown": 0}],
        "producers": [
            {
                "who": "neighbour",
                "code": "",
                "name": "",
                "sites": 3,
                "before_wh": 900,
                "charged_wh": 0,
                "discharged_wh": 480,
                "lost_wh": 120,
                "stored_wh": 300,
            }
        ],
    },
    "flexibility": {
        "revision": 0,
        "kind": ["plan"],
        "asked_charge_wh": [0],
        "asked_discharge_wh": [1200],
        "charge_wh": [0],
        "discharge_wh": [1200],
        "worth_micro": [301000],
        "saved_micro": [360000000],
        "owed_micro": 144000000,
        "sentences": ["battery gives 4.8 kW that it stored at 12:00, instead of energy bought at 0.30."],
        "sentence": [0],
    },
    "hours": [
        {
            "begins": "18:00",
            "until": "19:00",
            "sentence": "Gave 1.20 kWh, as planned: otherwise a kilowatt-hour would have cost the village 0.300.",
            "plan_says": "battery gives 4.8 kW that it stored at 12:00, instead of energy bought at 0.30.",
            "price": "0.300000",
            "saved": "0.360000",
            "earned": "0.144000",
        }
    ],
}


def _numbers(help_text: str) -> serializers.ListField:
    return serializers.ListField(child=serializers.IntegerField(), help_text=help_text)


class ByOriginSerializer(serializers.Serializer[Any]):
    """Wh by where they came from."""

    own = serializers.IntegerField()
    local = serializers.IntegerField()
    public = serializers.IntegerField()
    unknown = serializers.IntegerField()


class LayerSerializer(ByOriginSerializer):
    """Energy that came in together."""

    at = serializers.DateTimeField()


class SeriesByOriginSerializer(serializers.Serializer[Any]):
    """Wh per interval by where they came from."""

    own = _numbers("Produced behind the same meter.")
    local = _numbers("Fed in by neighbours.")
    public = _numbers("From the public grid.")
    unknown = _numbers("Nobody saw it going in.")


class ProducedSerializer(serializers.Serializer[Any]):
    """Local energy in a storage by who produced it; neighbours are one line without a name, but for the cooperative's staff."""

    who = serializers.ChoiceField([who.value for who in Who])
    code = serializers.CharField(allow_blank=True, help_text="The site's.")
    name = serializers.CharField(allow_blank=True)
    sites = serializers.IntegerField(help_text="How many there are together in the line.")
    before_wh = serializers.IntegerField()
    charged_wh = serializers.IntegerField(help_text="At the terminals.")
    discharged_wh = serializers.IntegerField(help_text="At the terminals.")
    lost_wh = serializers.IntegerField()
    stored_wh = serializers.IntegerField(help_text="What lies in it in the end.")


class StorageOriginsSerializer(serializers.Serializer[Any]):
    """What went in, came out, was lost and lies in it in the end."""

    revision = serializers.IntegerField()
    before_wh = ByOriginSerializer()
    charged_wh = SeriesByOriginSerializer()
    discharged_wh = SeriesByOriginSerializer()
    lost_wh = SeriesByOriginSerializer()
    emerged_wh = _numbers("Unknown energy that came to light by leaving.")
    stored_wh = _numbers("After each interval, by the balance.")
    layers = LayerSerializer(many=True)
    producers = ProducedSerializer(many=True, help_text="Of local energy.")


class StorageFlexibilitySerializer(serializers.Serializer[Any]):
    """What it was told and did; amounts are Wh x millionths of the currency per kWh."""

    revision = serializers.IntegerField()
    kind = serializers.ListField(child=serializers.ChoiceField([k.name.lower() for k in CommandKind]))
    asked_charge_wh = _numbers("What the commands come to.")
    asked_discharge_wh = _numbers("What the commands come to.")
    charge_wh = _numbers("By its meter.")
    discharge_wh = _numbers("By its meter.")
    worth_micro = serializers.ListField(child=serializers.IntegerField(allow_null=True), help_text="The plan's price of one more kWh.")
    saved_micro = _numbers("Of the grid's cost, against standing idle.")
    owed_micro = serializers.IntegerField()
    sentences = said_list(help_text="The plan's, each once.")
    sentence = _numbers("By interval, which of them; -1: none.")


class BatteryHourSerializer(serializers.Serializer[Any]):
    """Why it did what it did in an hour."""

    begins = serializers.CharField(help_text="Local time.")
    until = serializers.CharField(help_text="Hours of rest in a row are one.")
    sentence = serializers.CharField()
    plan_says = SaidField(help_text="What the plan gave as its reason; empty: no plan stood.")
    price = serializers.DecimalField(max_digits=14, decimal_places=6, allow_null=True)
    saved = serializers.DecimalField(max_digits=14, decimal_places=6)
    earned = serializers.DecimalField(max_digits=14, decimal_places=6)


class StorageDaySerializer(DayAxisSerializer):
    """One storage on one day; what is not known of it is null."""

    storage = serializers.CharField()
    origins = StorageOriginsSerializer(allow_null=True)
    flexibility = StorageFlexibilitySerializer(allow_null=True, help_text="Of closed days on which it was told something.")
    hours = BatteryHourSerializer(many=True, help_text="Of the running day as far as readings came in.")


class StorageDayDoor(APIView):
    """For the owner, and for who may read the microgrid."""

    @extend_schema(
        operation_id="storages_day",
        summary="What a storage held and did on a day, and why",
        responses=StorageDaySerializer,
        examples=[OpenApiExample("an evening", EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, public_id: Any, day: date) -> Response:
        user = user_of(request)
        storage = get_object_or_404(readable_storages(user), public_id=public_id)
        seen, now = days_seen(user, storage.site), timezone.now()
        if day not in seen:
            raise Http404
        record_site_look(
            user=user,
            site=storage.site,
            seen=seen,
            what="storage",
            subject=f"{storage.code} {day}",
            now=now,
            first=day,
            after=day + timedelta(days=1),
        )
        microgrid = storage.site.microgrid
        local = microgrid.local_day(day)
        found = battery_day(storage, day, words_in(get_language()), microgrid.now(now))
        body = {
            "day": day,
            "start_at": local.start_at,
            "interval_minutes": microgrid.interval_minutes,
            "interval_count": local.interval_count,
            "storage": storage.code,
            "origins": _origins(storage, day, user_of(request)),
            "flexibility": _flexibility(FlexibilityDay.objects.filter(storage=storage, day=day, is_current=True).first()),
            "hours": found.hours if found else [],
        }
        return Response(StorageDaySerializer(body).data)


def _origins(storage: StorageUnit, day: date, user: Any) -> dict[str, Any] | None:
    row = StorageDay.objects.filter(storage=storage, day=day, is_current=True).select_related("storage__site").first()
    if row is None:
        return None
    names = [origin.name.lower() for origin in Origin]

    def named(values: Any) -> dict[str, Any]:
        return dict(zip(names, values, strict=True))

    return {
        "revision": row.revision,
        "before_wh": named(row.before_wh),
        "charged_wh": named(row.charged_wh),
        "discharged_wh": named(row.discharged_wh),
        "lost_wh": named(row.lost_wh),
        "emerged_wh": row.emerged_wh,
        "stored_wh": row.stored_wh,
        "layers": [{"at": at, **named(wh)} for at, wh in zip(row.layers_at, row.layers_wh, strict=True)],
        "producers": produced_in(row, user),
    }


def _flexibility(row: FlexibilityDay | None) -> dict[str, Any] | None:
    if row is None:
        return None
    told = (
        "revision",
        "asked_charge_wh",
        "asked_discharge_wh",
        "charge_wh",
        "discharge_wh",
        "worth_micro",
        "saved_micro",
        "owed_micro",
        "sentences",
        "sentence",
    )
    body = {name: getattr(row, name) for name in told}
    return body | {"kind": [CommandKind(kind).name.lower() for kind in row.kind]}
