"""Saving tips for a site, through the owner's scope."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.domain.savings import TipKind
from billing.selectors.savings import site_tips
from energy.selectors.scope import visible_sites
from members.selectors.scope import user_of
from members.services.access import record_look


class TipSerializer(serializers.Serializer[Any]):
    """One tip; energy and money a year (a roof: in thirty days), money gross in minor units."""

    kind = serializers.ChoiceField([kind.value for kind in TipKind])
    title = serializers.CharField()
    advice = serializers.CharField()
    energy_wh = serializers.IntegerField()
    is_moved = serializers.BooleanField(help_text="The energy is not saved but used at another time.")
    money_minor = serializers.IntegerField()
    per = serializers.CharField()
    rests_on = serializers.CharField()


class TipsSerializer(serializers.Serializer[Any]):
    """Tips, what brings most money first; `why_none` where there are none for want of days or tariff."""

    days = serializers.IntegerField()
    currency = serializers.CharField()
    tips = TipSerializer(many=True)
    why_none = serializers.CharField(allow_blank=True)


EXAMPLE = {
    "days": 31,
    "currency": "EUR",
    "why_none": "",
    "tips": [
        {
            "kind": "base_load",
            "title": "47 W less, day and night",
            "advice": "142 W run at your place at any hour.",
            "energy_wh": 414_640,
            "is_moved": False,
            "money_minor": 12_805,
            "per": "a year",
            "rests_on": "31 days of your readings and what you paid per kWh on average. Assumed: a third of it can go.",
        }
    ],
}


class SiteTipsView(APIView):
    """Tips that name kWh and money."""

    @extend_schema(
        operation_id="sites_tips_retrieve",
        summary="Saving tips from own readings and the own tariff",
        responses=TipsSerializer,
        examples=[OpenApiExample("a household", EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, public_id: Any) -> Response:
        site = get_object_or_404(visible_sites(user_of(request)).select_related("microgrid__cooperative"), public_id=public_id)
        record_look(user=user_of(request), member=site.member, what="tips", subject=site.code, now=timezone.now())
        found = site_tips(site, real_now=timezone.now())
        body = {"days": found.days, "currency": site.microgrid.cooperative.currency, "tips": found.tips, "why_none": found.why_none}
        return Response(TipsSerializer(body).data)
