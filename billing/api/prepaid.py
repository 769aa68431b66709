"""Prepaid balances for phones: what is left and how long, how to top up, what is asked for or in force; each through the owner's scope."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.domain.prepaid import Balance
from billing.models import PrepaidAgreement, PrepaidDay
from billing.selectors.prepaid import balances_now, newest_days, visible_agreements
from billing.selectors.prepaid_history import open_limits, standing_alarms
from grid.models import SupplyRequest
from members.selectors.scope import user_of


class SupplyLimitSerializer(serializers.ModelSerializer[SupplyRequest]):
    """A limit of power [W] that is asked for or in force at a site of the member."""

    site = serializers.UUIDField(source="site.public_id")

    class Meta:
        model = SupplyRequest
        fields = ("site", "limit_w", "status", "asked_at", "decided_at", "decided_why", "by_device")


class PrepaidSerializer(serializers.ModelSerializer[PrepaidAgreement]):
    """A member who pays before using; amounts in minor units. What is null was not looked at yet."""

    id = serializers.UUIDField(source="public_id")
    member = serializers.CharField(source="member.number")
    currency = serializers.CharField(source="cooperative.currency")
    reference = serializers.CharField(help_text="Of a transfer that tops the balance up.")
    iban = serializers.CharField(source="cooperative.iban", help_text="Where transfers go; may be empty.")
    shown_minor = serializers.SerializerMethodField(help_text="What is left: in the books less not billed yet.")
    books_minor = serializers.SerializerMethodField()
    unbilled_minor = serializers.SerializerMethodField(help_text="Used and not billed yet, as bills would be.")
    usual_minor = serializers.SerializerMethodField(help_text="What a day usually costs.")
    days_left = serializers.SerializerMethodField(help_text="At usual use; null where nothing is used.")
    unbilled_days = serializers.SerializerMethodField()
    estimated_days = serializers.SerializerMethodField(help_text="Of these, days that are not closed yet.")
    looked_at = serializers.SerializerMethodField()
    alarms = serializers.SerializerMethodField(help_text="Thresholds that the balance is below.")
    limits = serializers.SerializerMethodField()
    own_days = serializers.IntegerField(allow_null=True, help_text="Told earlier, at so many days left.")
    own_minor = serializers.IntegerField(allow_null=True, help_text="Told earlier, at so much left.")

    class Meta:
        model = PrepaidAgreement
        fields = (
            "id",
            "member",
            "currency",
            "valid_from",
            "ended_date",
            "reference",
            "iban",
            "friendly_minor",
            "friendly_days",
            "shown_minor",
            "books_minor",
            "unbilled_minor",
            "usual_minor",
            "days_left",
            "unbilled_days",
            "estimated_days",
            "looked_at",
            "alarms",
            "limits",
            "own_days",
            "own_minor",
        )

    def _balance(self, row: PrepaidAgreement) -> Balance | None:
        return self.context["balances"].get(row.pk)

    def _day(self, row: PrepaidAgreement, name: str) -> Any:
        day = self.context["days"].get(row.pk)
        return None if day is None else getattr(day, name)

    def get_shown_minor(self, row: PrepaidAgreement) -> int | None:
        return balance.shown_minor if (balance := self._balance(row)) else None

    def get_books_minor(self, row: PrepaidAgreement) -> int | None:
        return balance.books_minor if (balance := self._balance(row)) else None

    def get_unbilled_minor(self, row: PrepaidAgreement) -> int | None:
        return balance.unbilled_minor if (balance := self._balance(row)) else None

    def get_usual_minor(self, row: PrepaidAgreement) -> int | None:
        return balance.usual_minor if (balance := self._balance(row)) else None

    def get_days_left(self, row: PrepaidAgreement) -> int | None:
        return balance.days_left if (balance := self._balance(row)) else None

    def get_unbilled_days(self, row: PrepaidAgreement) -> int | None:
        return self._day(row, "unbilled_days")

    def get_estimated_days(self, row: PrepaidAgreement) -> int | None:
        return self._day(row, "estimated_days")

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_looked_at(self, row: PrepaidAgreement) -> Any:
        return self._day(row, "looked_at")

    def get_alarms(self, row: PrepaidAgreement) -> list[str]:
        return [alarm.alarm for alarm in self.context["alarms"].get(row.pk, [])]

    @extend_schema_field(SupplyLimitSerializer(many=True))
    def get_limits(self, row: PrepaidAgreement) -> Any:
        limits = [] if row.ended_date else self.context["limits"].get(row.member_id, [])
        return SupplyLimitSerializer(limits, many=True).data


class PrepaidDaySerializer(serializers.ModelSerializer[PrepaidDay]):
    """How the member stood on a day, as it was last looked at; minor units."""

    shown_minor = serializers.IntegerField()

    class Meta:
        model = PrepaidDay
        fields = (
            "day",
            "shown_minor",
            "books_minor",
            "unbilled_minor",
            "unbilled_days",
            "estimated_days",
            "unread_days",
            "usual_minor",
            "looked_at",
        )


def shown(rows: Sequence[PrepaidAgreement]) -> list[dict[str, Any]]:
    """Some agreements with their balances, read together."""
    context = {
        "balances": balances_now(rows),
        "days": newest_days(rows),
        "alarms": standing_alarms(list(rows)),
        "limits": open_limits([row.member for row in rows]),
    }
    return list(PrepaidSerializer(rows, many=True, context=context).data)


ANSWERED: dict[str, Any] = {
    "id": "01900000-0000-7000-8000-000000000001",
    "member": "17",
    "currency": "EUR",
    "valid_from": "2016-03-01",
    "ended_date": None,
    "reference": "PP2016000001",
    "iban": "DE02120300000000202051",
    "friendly_minor": 2000,
    "friendly_days": 14,
    "shown_minor": 3120,
    "books_minor": 5000,
    "unbilled_minor": 1880,
    "usual_minor": 145,
    "days_left": 21,
    "unbilled_days": 13,
    "estimated_days": 1,
    "looked_at": "2016-03-14T09:08:00Z",
    "alarms": [],
    "limits": [],
    "own_days": None,
    "own_minor": None,
}
DAY = {
    "day": "2016-03-14",
    "shown_minor": 3120,
    "books_minor": 5000,
    "unbilled_minor": 1880,
    "unbilled_days": 13,
    "estimated_days": 1,
    "unread_days": 0,
    "usual_minor": 145,
    "looked_at": "2016-03-14T09:08:00Z",
}


@extend_schema_view(
    get=extend_schema(
        operation_id="prepaid_list", summary="Prepaid balances", examples=[OpenApiExample("one member", ANSWERED, response_only=True)]
    )
)
class PrepaidList(generics.ListAPIView[PrepaidAgreement]):
    """Of the own members; treasurers, auditors and support see all of their cooperative."""

    queryset = PrepaidAgreement.objects.none()  # for the schema; rows come from the user's scope below
    serializer_class = PrepaidSerializer

    def get_queryset(self) -> QuerySet[PrepaidAgreement]:
        user = user_of(self.request)
        return visible_agreements(user).order_by("member__number", "-agreed_at")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page, its balances read together."""
        rows = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(shown(rows))


@extend_schema_view(
    get=extend_schema(
        operation_id="prepaid_days_list",
        summary="A prepaid balance day by day",
        examples=[OpenApiExample("one day", DAY, response_only=True)],
    )
)
class PrepaidDayList(generics.ListAPIView[PrepaidDay]):
    """The newest first."""

    queryset = PrepaidDay.objects.none()  # for the schema; rows come from the user's scope below
    serializer_class = PrepaidDaySerializer

    def get_queryset(self) -> QuerySet[PrepaidDay]:
        user = user_of(self.request)
        if getattr(self, "swagger_fake_view", False):
            return PrepaidDay.objects.none()
        agreement = get_object_or_404(visible_agreements(user), public_id=self.kwargs["public_id"])
        return PrepaidDay.objects.filter(agreement=agreement).order_by("-day")
