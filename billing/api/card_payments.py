"""Paying by card from a phone: start it for an own bill or on account, open the provider's page, then ask how it stands."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from billing.adapters.cards import back_url, provider
from billing.domain.cards.provider import CannotReachProvider, ProviderRefuses
from billing.models import CardCheckout, CheckoutStatus, Document
from billing.selectors.cards import cards_are_on, own_checkouts
from billing.services.cards import LEAST_MINOR, MOST_MINOR, CannotPayByCard, follow_checkout, pay_bill_by_card, top_up_by_card
from energy.api.problems import problem
from members.models import Member
from members.selectors.scope import own_members, user_of


class StartThrottle(UserRateThrottle):
    """Each start asks the provider for a page."""

    scope = "card-start"
    rate = "20/min"


class StateThrottle(UserRateThrottle):
    """A phone that waits asks every few seconds; each look asks the provider."""

    scope = "card-state"
    rate = "60/min"


class CardPaymentSerializer(serializers.ModelSerializer[CardCheckout]):
    """A sum to be paid by card; amounts in minor units. Open `page_url` while it is `open`: no card number ever comes here."""

    id = serializers.UUIDField(source="public_id")
    member = serializers.CharField(source="member.number")
    bill = serializers.UUIDField(source="document.public_id", allow_null=True, default=None, help_text="Null: a top-up, on account.")
    payment = serializers.UUIDField(source="payment.public_id", allow_null=True, default=None, help_text="What was booked for it.")
    page_url = serializers.SerializerMethodField(help_text="The provider's page; empty once nothing is to be paid there.")

    class Meta:
        model = CardCheckout
        fields = ("id", "member", "bill", "amount_minor", "currency", "status", "why", "page_url", "made_at", "payment")

    def get_page_url(self, row: CardCheckout) -> str:
        return row.page_url if row.status == CheckoutStatus.OPEN else ""


class TopUpSerializer(serializers.Serializer[Any]):
    """A sum on account. `id` is made by the phone and names the try: sent again after a lost answer it stays one payment."""

    id = serializers.UUIDField()
    member = serializers.CharField(max_length=20, help_text="The number of an own member.")
    amount_minor = serializers.IntegerField(min_value=LEAST_MINOR, max_value=MOST_MINOR)


STARTED = {
    "id": "01900000-0000-7000-8000-000000000001",
    "member": "17",
    "bill": None,
    "amount_minor": 5000,
    "currency": "EUR",
    "status": "open",
    "why": "",
    "page_url": "https://pay.example/c/cs_1",
    "made_at": "2016-04-01T09:08:00Z",
    "payment": None,
}
PAID = STARTED | {"status": "paid", "page_url": "", "payment": "01900000-0000-7000-8000-000000000009"}
ASKED = {"id": "01900000-0000-7000-8000-000000000001", "member": "17", "amount_minor": 5000}
OFF = "Cards are not taken here."
UNREACHED = "The card provider does not answer just now. Nothing was charged; try again later, or transfer the amount."


def started(checkout: CardCheckout) -> Response:
    """What was begun; the same again, where it was begun before."""
    return Response(CardPaymentSerializer(checkout).data, status=201)


class BillCardPayment(APIView):
    """A card payment of one bill's rest; while one is open it is the same one."""

    throttle_classes = (StartThrottle,)

    @extend_schema(
        summary="Pay a bill by card",
        request=None,
        responses={201: CardPaymentSerializer},
        examples=[OpenApiExample("begun", STARTED | {"bill": "01a20d37-e455-7703-a238-85580daa8a5e"}, response_only=True)],
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        user = user_of(request)
        bills = Document.objects.select_related("member__cooperative")
        document = get_object_or_404(bills, public_id=public_id, member__in=own_members(user))
        if not cards_are_on(document.member.cooperative):
            raise Http404(OFF)
        try:
            checkout = pay_bill_by_card(document=document, user=user, back_url=back_url(), provider=provider(), now=timezone.now())
        except CannotPayByCard as why:
            return problem(409, "Not to be paid by card", str(why))
        except (CannotReachProvider, ProviderRefuses):
            return problem(503, "Not now", UNREACHED)
        return started(checkout)


@extend_schema_view(
    get=extend_schema(
        operation_id="card_payments_list",
        summary="Card payments, newest first",
        examples=[OpenApiExample("paid", PAID, response_only=True)],
    )
)
class CardPayments(generics.ListAPIView[CardCheckout]):
    """Of the own members; a top-up is begun here."""

    queryset = CardCheckout.objects.none()  # for the schema; rows come from the user's scope below
    serializer_class = CardPaymentSerializer

    def get_throttles(self) -> list[Any]:
        return [StartThrottle()] if self.request.method == "POST" else super().get_throttles()

    def get_queryset(self) -> QuerySet[CardCheckout]:
        user = user_of(self.request)
        return own_checkouts(user)

    @extend_schema(
        operation_id="card_payments_create",
        summary="Top up by card",
        request=TopUpSerializer,
        responses={201: CardPaymentSerializer},
        examples=[
            OpenApiExample("fifty", ASKED, request_only=True),
            OpenApiExample("begun", STARTED, response_only=True, status_codes=["201"]),
        ],
    )
    def post(self, request: Request) -> Response:
        user = user_of(request)
        asked = TopUpSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        member = self._member(user, given["member"])
        try:
            checkout = top_up_by_card(
                member=member,
                amount_minor=given["amount_minor"],
                user=user,
                back_url=back_url(),
                provider=provider(),
                key=given["id"],
                now=timezone.now(),
            )
        except CannotPayByCard as why:
            return problem(409, "Not to be paid by card", str(why))
        except (CannotReachProvider, ProviderRefuses):
            return problem(503, "Not now", UNREACHED)
        return started(checkout)

    @staticmethod
    def _member(user: Any, number: str) -> Member:
        """The own member of a number whose cooperative takes cards; there is at most one cooperative that does."""
        for member in own_members(user).filter(number=number).select_related("cooperative"):
            if cards_are_on(member.cooperative):
                return member
        raise Http404(OFF)


class CardPayment(APIView):
    """How one card payment stands: asked of the provider while it is open, and booked if it was paid."""

    throttle_classes = (StateThrottle,)

    @extend_schema(
        summary="How a card payment stands", responses=CardPaymentSerializer, examples=[OpenApiExample("paid", PAID, response_only=True)]
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        user = user_of(request)
        checkout = get_object_or_404(own_checkouts(user), public_id=public_id)
        if checkout.status == CheckoutStatus.OPEN:
            try:
                checkout = follow_checkout(checkout=checkout, provider=provider(), now=timezone.now())
            except (CannotReachProvider, ProviderRefuses):
                return problem(503, "Not known yet", UNREACHED)
        return Response(CardPaymentSerializer(checkout).data)
