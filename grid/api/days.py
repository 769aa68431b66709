"""Settled days: how energy was shared, whether the balance held, what it cost. Read-only, each through the one scope."""

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import Model
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from energy.models import Microgrid, Site
from energy.selectors.ownership import days_seen, readable_sites
from energy.selectors.scope import visible_microgrids
from energy.services.looks import record_site_look
from grid.models import BalanceDay, FeederShareDay, PriceDay, SharingDay, SharingKey, SharingPrice
from grid.selectors.prices import shared_prices
from grid.selectors.sharing import load_shares
from members.selectors.scope import user_of


def _watt_hours(help_text: str = "Wh per interval.") -> serializers.ListField:
    return serializers.ListField(child=serializers.IntegerField(), help_text=help_text)


def microgrid_of(request: Request, public_id: Any) -> Microgrid:
    """The microgrid, if this user may see its totals."""
    return get_object_or_404(visible_microgrids(user_of(request)), public_id=public_id)


class DayAxisSerializer(serializers.Serializer[Any]):
    """A local day and its settlement intervals."""

    day = serializers.DateField()
    start_at = serializers.DateTimeField(help_text="First instant of the local day, UTC.")
    interval_minutes = serializers.IntegerField()
    interval_count = serializers.IntegerField(help_text="92, 96 or 100 quarter hours.")


SHARING_EXAMPLE = {
    "day": "2016-03-01",
    "start_at": "2016-02-29T23:00:00Z",
    "interval_minutes": 15,
    "interval_count": 96,
    "revision": 0,
    "key": "dynamic",
    "price_rule": "mid_market",
    "local_micro": [175000, 175000],
    "mid_market_instead": [],
    "keyed_wh": [],
    "level_wh": [],
    "level_divisor": [],
    "feeders": [],
    "given_wh": [],
    "kept_bids_wh": [],
    "kept_offers_wh": [],
    "consumption_wh": [700, 550],
    "production_wh": [900, 400],
    "matched_wh": [700, 400],
    "shared_wh": [700, 400],
    "not_local_wh": [],
    "carried_wh": [],
    "received_cutoff": [-1, 450],
    "received_cutoff_site": ["", "LV3.101 Load 7"],
    "delivered_cutoff": [-1, -1],
    "delivered_cutoff_site": ["", ""],
}


class FeederSerializer(serializers.Serializer[Any]):
    """What one feeder's sites had left to share after each one's own use; the cut-offs as in the village's."""

    feeder = serializers.CharField(help_text="The first node below the busbar.")
    drawn_wh = _watt_hours()
    fed_in_wh = _watt_hours()
    received_cutoff = serializers.ListField(child=serializers.IntegerField())
    received_cutoff_site = serializers.ListField(child=serializers.CharField(allow_blank=True))
    delivered_cutoff = serializers.ListField(child=serializers.IntegerField())
    delivered_cutoff_site = serializers.ListField(child=serializers.CharField(allow_blank=True))


class SharingSerializer(DayAxisSerializer):
    """What the village shared; with a site's own readings enough to recompute that site's share to the watt-hour.

    A site got one Wh more than `floor(M c / C)` if its remainder `M c mod C` is larger than `received_cutoff`, or equal and its code not
    after `received_cutoff_site`; -1 and an empty code where nobody did. Delivered likewise, on T and P. How the other keys are followed:
    docs/sharing.md.
    """

    revision = serializers.IntegerField()
    key = serializers.ChoiceField(SharingKey.values)
    price_rule = serializers.ChoiceField(SharingPrice.values)
    local_micro = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="What a shared kWh cost [millionths of the currency unit]; empty while no prices are published.",
    )
    mid_market_instead = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="Intervals, from 0, in which the price rule has no price and the mid-market rate took its place.",
    )
    consumption_wh = _watt_hours("C: what all sites drew [Wh].")
    production_wh = _watt_hours("P: what all sites fed in of local origin [Wh].")
    matched_wh = _watt_hours("M = min(C, P) [Wh].")
    shared_wh = _watt_hours("T: what was shared [Wh].")
    keyed_wh = _watt_hours("Hybrid key: what sites with a share drew [Wh]; else empty.")
    level_wh = _watt_hours("Hybrid key: a site with share k receives min(c, k level / divisor); else empty.")
    level_divisor = serializers.ListField(child=serializers.IntegerField())
    given_wh = _watt_hours("What preferences gave before the key shared the rest, then of C - given and P - given [Wh]; empty: nothing.")
    kept_bids_wh = _watt_hours("Market: of what buyers ordered, what they drew [Wh]; else empty.")
    kept_offers_wh = _watt_hours("Market: of what sellers ordered, what they fed in [Wh]; else empty.")
    feeders = FeederSerializer(many=True, help_text="Hierarchical key: each feeder's own sharing; else empty.")
    not_local_wh = _watt_hours("Q: fed in by storages, not of local origin [Wh]; empty: nothing.")
    carried_wh = _watt_hours("G: of Q public energy that was used at once [Wh]; empty: nothing.")
    received_cutoff = serializers.ListField(child=serializers.IntegerField())
    received_cutoff_site = serializers.ListField(child=serializers.CharField(allow_blank=True))
    delivered_cutoff = serializers.ListField(child=serializers.IntegerField())
    delivered_cutoff_site = serializers.ListField(child=serializers.CharField(allow_blank=True))


class SiteSharingSerializer(SharingSerializer):
    """The same, with what one site received from and delivered to its neighbours."""

    site = serializers.CharField()
    received_wh = _watt_hours()
    delivered_wh = _watt_hours()
    own_not_local_wh = _watt_hours("What it fed in out of storages that is not of local origin.")
    own_carried_wh = _watt_hours("Of that public energy that was used at once.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "two quarter hours of a day",
            {
                "day": "2016-03-28",
                "start_at": "2016-03-27T22:00:00Z",
                "interval_minutes": 15,
                "interval_count": 96,
                "revision": 1,
                "import_wh": [7210, 6955],
                "export_wh": [0, 0],
                "production_wh": [0, 120],
                "consumption_wh": [7210, 7075],
                "charge_wh": [0, 0],
                "discharge_wh": [0, 0],
                "losses_wh": [0, 0],
            },
            response_only=True,
        )
    ]
)
class BalanceSerializer(DayAxisSerializer):
    """`import + production + discharge = consumption + charge + export + losses`, in every interval [Wh]."""

    revision = serializers.IntegerField()
    import_wh = _watt_hours()
    export_wh = _watt_hours()
    production_wh = _watt_hours()
    consumption_wh = _watt_hours()
    charge_wh = _watt_hours()
    discharge_wh = _watt_hours()
    losses_wh = _watt_hours()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "two quarter hours of a day",
            {
                "day": "2016-03-28",
                "start_at": "2016-03-27T22:00:00Z",
                "interval_minutes": 15,
                "interval_count": 96,
                "currency": "EUR",
                "published_at": "2016-03-01T00:00:00Z",
                "windows": ["base", "evening"],
                "retail_micro": [270000, 324000],
                "feed_in_micro": [80000, 80000],
                "local_micro": [175000, 202000],
                "peak_micro_per_kw": 5000000,
            },
            response_only=True,
        )
    ]
)
class PricesSerializer(DayAxisSerializer):
    """Published prices in millionths of a currency unit per kWh; they never change."""

    currency = serializers.CharField()
    published_at = serializers.DateTimeField()
    windows = serializers.ListField(child=serializers.CharField(), help_text="The tariff's window per interval.")
    retail_micro = serializers.ListField(child=serializers.IntegerField())
    feed_in_micro = serializers.ListField(child=serializers.IntegerField())
    local_micro = serializers.ListField(child=serializers.IntegerField())
    peak_micro_per_kw = serializers.IntegerField(allow_null=True, help_text="Charged for the month's highest import, per kW and month.")


def _axis(microgrid: Microgrid, day: date) -> dict[str, Any]:
    local_day = microgrid.local_day(day)
    start_at: datetime = local_day.start_at
    return {"day": day, "start_at": start_at, "interval_minutes": microgrid.interval_minutes, "interval_count": local_day.interval_count}


def _fields(row: Model, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _sharing(microgrid: Microgrid, day: date) -> dict[str, Any]:
    row = get_object_or_404(SharingDay, microgrid=microgrid, day=day, is_current=True)
    levels: list[SharingDay | FeederShareDay] = [row, *row.feeders.order_by("feeder")]
    codes = dict(
        Site.objects.filter(
            pk__in={pk for level in levels for pk in (*level.received_cutoff_site, *level.delivered_cutoff_site)}
        ).values_list("pk", "code")
    )

    def cutoffs(level: SharingDay | FeederShareDay) -> dict[str, Any]:
        return {
            **_fields(level, "received_cutoff", "delivered_cutoff"),
            "received_cutoff_site": [codes.get(pk, "") for pk in level.received_cutoff_site],
            "delivered_cutoff_site": [codes.get(pk, "") for pk in level.delivered_cutoff_site],
        }

    prices = shared_prices(row)
    return {
        **_axis(microgrid, day),
        **_fields(
            row,
            "revision",
            "key",
            "price_rule",
            "consumption_wh",
            "production_wh",
            "matched_wh",
            "shared_wh",
            "keyed_wh",
            "level_wh",
            "level_divisor",
            "not_local_wh",
            "carried_wh",
            "given_wh",
            "kept_bids_wh",
            "kept_offers_wh",
        ),
        **cutoffs(row),
        "feeders": [{**_fields(level, "feeder", "drawn_wh", "fed_in_wh"), **cutoffs(level)} for level in levels[1:]],
        "local_micro": prices.local_micro.tolist() if prices else [],
        "mid_market_instead": np.flatnonzero(prices.fell_back).tolist() if prices else [],
    }


class MicrogridSharing(APIView):
    @extend_schema(
        operation_id="microgrids_sharing",
        summary="What a village shared on a day",
        responses=SharingSerializer,
        examples=[OpenApiExample("two quarter hours of a day", SHARING_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, public_id: Any, day: date) -> Response:
        microgrid = microgrid_of(request, public_id)
        return Response(SharingSerializer(_sharing(microgrid, day)).data)


class SiteSharing(APIView):
    @extend_schema(
        operation_id="sites_sharing",
        summary="What a site received from and delivered to its neighbours on a day",
        responses=SiteSharingSerializer,
        examples=[
            OpenApiExample(
                "two quarter hours of a day",
                {
                    **SHARING_EXAMPLE,
                    "site": "LV3.101 Load 7",
                    "received_wh": [600, 219],
                    "delivered_wh": [0, 0],
                    "own_not_local_wh": [0, 0],
                    "own_carried_wh": [0, 0],
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request, public_id: Any, day: date) -> Response:
        site = get_object_or_404(readable_sites(user_of(request)), public_id=public_id)
        seen = days_seen(user_of(request), site)
        if day not in seen:
            raise Http404
        shared = _sharing(site.microgrid, day)
        block = load_shares(microgrid=site.microgrid, days=[day], site_ids=[site.pk])
        record_site_look(
            user=user_of(request),
            site=site,
            seen=seen,
            what="shares",
            subject=f"{site.code} {day}",
            now=timezone.now(),
            first=day,
            after=day + timedelta(days=1),
        )
        own = {
            "site": site.code,
            "received_wh": block.received_wh[0].tolist(),
            "delivered_wh": block.delivered_wh[0].tolist(),
            "own_not_local_wh": block.not_local_wh[0].tolist(),
            "own_carried_wh": block.carried_wh[0].tolist(),
        }
        return Response(SiteSharingSerializer({**shared, **own}).data)


class MicrogridBalance(APIView):
    @extend_schema(operation_id="microgrids_balance", summary="The balance of a day", responses=BalanceSerializer)
    def get(self, request: Request, public_id: Any, day: date) -> Response:
        microgrid = microgrid_of(request, public_id)
        row = get_object_or_404(BalanceDay, microgrid=microgrid, day=day, is_current=True)
        fields = _fields(
            row, "revision", "import_wh", "export_wh", "production_wh", "consumption_wh", "charge_wh", "discharge_wh", "losses_wh"
        )
        return Response(BalanceSerializer({**_axis(microgrid, day), **fields}).data)


class MicrogridPrices(APIView):
    @extend_schema(operation_id="microgrids_prices", summary="Published prices of a day", responses=PricesSerializer)
    def get(self, request: Request, public_id: Any, day: date) -> Response:
        microgrid = microgrid_of(request, public_id)
        row = get_object_or_404(PriceDay, microgrid=microgrid, day=day)
        names = np.array(row.window_names)
        return Response(
            PricesSerializer(
                {
                    **_axis(microgrid, day),
                    **_fields(row, "published_at", "retail_micro", "feed_in_micro", "local_micro", "peak_micro_per_kw"),
                    "currency": microgrid.cooperative.currency,
                    "windows": names[row.windows].tolist(),
                }
            ).data
        )
