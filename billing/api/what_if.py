"""What another tariff would have cost, through the owner's scope."""

import json
from decimal import Decimal
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.selectors.comparable import comparable_sites, comparable_versions, compared_since
from billing.services.what_if import (
    CannotCompare,
    Outcome,
    Proposal,
    WhatIf,
    comparable_days,
    proposal_of_json,
    proposal_of_urdb,
    proposal_of_version,
    vat_rate_of,
    what_if,
)
from energy.api.problems import problem
from energy.models import Microgrid
from members.models import Member
from members.selectors.scope import user_of
from members.services.access import record_looks

MOST_TARIFFS = 5


class TriedTariffSerializer(serializers.Serializer[Any]):
    """One tariff to try: a version of the cooperative's, parts as JSON, or an OpenEI tariff."""

    name = serializers.CharField(max_length=80)
    version = serializers.UUIDField(required=False)
    parts = serializers.JSONField(required=False, help_text="{format, currency, parts}, see docs/tariffs.md.")
    urdb = serializers.JSONField(required=False, help_text="An OpenEI URDB tariff.")
    metering = serializers.ChoiceField(["none", "net-billing", "net-metering", "buy-all-sell-all"], default="none")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if sum(key in attrs for key in ("version", "parts", "urdb")) != 1:
            raise serializers.ValidationError("Give one of version, parts and urdb.")
        return attrs


class WhatIfRequestSerializer(serializers.Serializer[Any]):
    """Tariffs to try, over closed days; without days the newest year of them."""

    first_day = serializers.DateField(required=False)
    last_day = serializers.DateField(required=False)
    tariffs = serializers.ListField(child=TriedTariffSerializer(), min_length=1, max_length=MOST_TARIFFS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "first_day" in attrs and "last_day" in attrs and attrs["last_day"] < attrs["first_day"]:
            raise serializers.ValidationError({"last_day": "It is before first_day."})
        return attrs


class SiteAmountSerializer(serializers.Serializer[Any]):
    """A metering point's amount [minor units], VAT included, less credits."""

    site = serializers.CharField()
    before_minor = serializers.IntegerField()
    after_minor = serializers.IntegerField()


class TariffOutcomeSerializer(serializers.Serializer[Any]):
    """What one tariff does."""

    name = serializers.CharField()
    revenue_before_minor = serializers.IntegerField()
    revenue_after_minor = serializers.IntegerField()
    paying_more = serializers.IntegerField()
    paying_less = serializers.IntegerField()
    ignored = serializers.ListField(child=serializers.CharField(), help_text="Keys of the file that are not billed.")
    sites = SiteAmountSerializer(many=True)


class WhatIfSerializer(serializers.Serializer[Any]):
    """The days looked at and what each tariff does; `left_out` names metering points that could not be compared."""

    currency = serializers.CharField()
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    days = serializers.IntegerField()
    tariffs = TariffOutcomeSerializer(many=True)
    left_out = serializers.ListField(child=serializers.CharField())


ASKED = {
    "tariffs": [
        {
            "name": "flat",
            "metering": "none",
            "parts": {
                "format": 1,
                "currency": "EUR",
                "parts": [{"kind": "energy", "periods": [{"name": "all day", "tiers": [{"price": "0.31"}]}]}],
            },
        }
    ]
}
ANSWERED = {
    "currency": "EUR",
    "first_day": "2016-03-01",
    "last_day": "2016-03-31",
    "days": 31,
    "left_out": [],
    "tariffs": [
        {
            "name": "flat",
            "revenue_before_minor": 9_120,
            "revenue_after_minor": 9_460,
            "paying_more": 1,
            "paying_less": 0,
            "ignored": [],
            "sites": [{"site": "R1", "before_minor": 9_120, "after_minor": 9_460}],
        }
    ],
}


class WhatIfView(APIView):
    """Tariffs over real readings; nothing is written."""

    @extend_schema(
        operation_id="what_if",
        summary="What tariffs would have cost",
        request=WhatIfRequestSerializer,
        responses=WhatIfSerializer,
        examples=[OpenApiExample("asked", ASKED, request_only=True), OpenApiExample("answered", ANSWERED, response_only=True)],
    )
    def post(self, request: Request) -> Response:
        form = WhatIfRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        user = user_of(request)
        sites = list(comparable_sites(user))
        if not sites:
            return problem(409, "Nothing to compare", "No metering point is yours to compare.")
        microgrid = sites[0].microgrid
        sites = [site for site in sites if site.microgrid_id == microgrid.pk]
        bounds = [form.validated_data.get("first_day"), compared_since(user, sites)]
        first = max((day for day in bounds if day is not None), default=None)
        days = comparable_days(microgrid, first, form.validated_data.get("last_day"))
        if not days and (known := comparable_days(microgrid)):
            return problem(
                409, "Nothing to compare", f"None of these days is closed and yours to compare; closed are {known[0]} to {known[-1]}."
            )
        try:
            proposals = [_proposal(user, microgrid, given) for given in form.validated_data["tariffs"]]
            found = what_if(sites=sites, proposals=proposals, days=days)
        except CannotCompare as refusal:
            return problem(409, "Cannot be compared", str(refusal))
        record_looks(
            user=user,
            members=Member.objects.filter(sites__in=[site.pk for site in found.sites]),
            what="what-if",
            subject=microgrid.name,
            now=timezone.now(),
        )
        return Response(WhatIfSerializer(_body(found)).data)


def _proposal(user: Any, microgrid: Microgrid, given: dict[str, Any]) -> Proposal:
    if "version" in given:
        return proposal_of_version(get_object_or_404(comparable_versions(user), public_id=given["version"]))
    if "parts" in given:
        currency = microgrid.cooperative.currency
        return proposal_of_json(given["name"], given["parts"], vat_rate_of(microgrid), currency)
    as_written = json.loads(json.dumps(given["urdb"]), parse_float=Decimal)
    return proposal_of_urdb(given["name"], as_written, given["metering"], vat_rate_of(microgrid))


def _body(found: WhatIf) -> dict[str, Any]:
    return {
        "currency": found.sites[0].microgrid.cooperative.currency if found.sites else "",
        "first_day": found.days[0],
        "last_day": found.days[-1],
        "days": len(found.days),
        "tariffs": [_outcome(found, outcome) for outcome in found.outcomes],
        "left_out": [f"{site.code}: {why}" for site, why in found.left_out],
    }


def _outcome(found: WhatIf, outcome: Outcome) -> dict[str, Any]:
    effect = outcome.effect
    amounts = zip(found.sites, effect.before_minor.tolist(), effect.after_minor.tolist(), strict=True)
    return {
        "name": outcome.proposal.name,
        "ignored": outcome.proposal.ignored,
        "revenue_before_minor": effect.revenue_before_minor,
        "revenue_after_minor": effect.revenue_after_minor,
        "paying_more": effect.paying_more,
        "paying_less": effect.paying_less,
        "sites": [{"site": site.code, "before_minor": before, "after_minor": after} for site, before, after in amounts],
    }
