"""What other rules of sharing would have meant for a site, through the owner's scope."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.selectors.rule_replay import compare_rules
from energy.selectors.scope import visible_sites
from grid.models import SharingKey, SharingPrice
from members.selectors.scope import user_of
from members.services.access import record_look


class OutcomeSerializer(serializers.Serializer[Any]):
    """One rule; money in minor units, what is paid less what is earned."""

    key = serializers.ChoiceField(SharingKey.values)
    price_rule = serializers.ChoiceField(SharingPrice.values)
    own_minor = serializers.IntegerField()
    difference_minor = serializers.IntegerField(help_text="To the months as they were; below zero it is cheaper.")
    better = serializers.IntegerField(help_text="Members that would have paid less.")
    worse = serializers.IntegerField()
    shared_wh = serializers.IntegerField()


class RuleComparisonSerializer(serializers.Serializer[Any]):
    """The last billed months and every rule on them, the cheapest for this site first; no months: none is replayed yet."""

    currency = serializers.CharField()
    periods = serializers.ListField(child=serializers.CharField())
    own_minor = serializers.IntegerField(help_text="As it was.")
    shared_wh = serializers.IntegerField()
    members = serializers.IntegerField()
    outcomes = OutcomeSerializer(many=True)


EXAMPLE = {
    "currency": "EUR",
    "periods": ["2016-03"],
    "own_minor": 6214,
    "shared_wh": 1_204_330,
    "members": 118,
    "outcomes": [
        {
            "key": "static",
            "price_rule": "mid_market",
            "own_minor": 6102,
            "difference_minor": -112,
            "better": 70,
            "worse": 48,
            "shared_wh": 980_112,
        }
    ],
}


class SiteSharingRules(APIView):
    """Every rule of sharing on a site's last months."""

    @extend_schema(
        operation_id="sites_sharing_rules_retrieve",
        summary="What every rule of sharing would have made of the last bills",
        responses=RuleComparisonSerializer,
        examples=[OpenApiExample("a household", EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, public_id: Any) -> Response:
        site = get_object_or_404(visible_sites(user_of(request)).select_related("microgrid__cooperative"), public_id=public_id)
        record_look(user=user_of(request), member=site.member, what="sharing rules", subject=site.code, now=timezone.now())
        found = compare_rules(microgrid=site.microgrid, sites=[site])
        body = {name: getattr(found, name) for name in found.__slots__}
        return Response(RuleComparisonSerializer({**body, "currency": site.microgrid.cooperative.currency}).data)
