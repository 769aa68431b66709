"""Door of payment on the chain: what a wallet needs to pay a bill in either coin, and what came of it."""

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.models import DocumentKind
from billing.selectors.documents import visible_documents
from contracts.selectors.offers import offer_of
from members.selectors.scope import user_of

WORD = "0x" + "5a" * 32
CONTRACT, TOKEN, NONE = "0x5FbDB2315678afecb367f032d93F642f64180aa3", "0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9", "0x" + "0" * 40
EXAMPLE = {
    "state": "open",
    "contract": CONTRACT,
    "chain_id": 137,
    "rpc_url": "https://rpc.example.org",
    "bill": WORD,
    "confirmations": 30,
    "expires_at": "2016-06-04T10:00:00Z",
    "ways": [
        {
            "coin": "POL",
            "token": NONE,
            "decimals": 18,
            "units": "25228000000000000",
            "amount": "0.025228",
            "calls": [{"what": "pay", "to": CONTRACT, "value": "25228000000000000", "data": "0x8f3a6f8b" + "5a" * 32}],
            "to_try": None,
        },
        {
            "coin": "EURC",
            "token": TOKEN,
            "decimals": 6,
            "units": "63070000",
            "amount": "63.07",
            "calls": [
                {"what": "allow", "to": TOKEN, "value": "0", "data": "0x095ea7b3"},
                {"what": "pay", "to": CONTRACT, "value": "0", "data": "0x4ee1a5c1"},
            ],
            "to_try": None,
        },
    ],
    "payments": [{"transaction_hash": WORD, "amount": "4.2 EURC", "booked_minor": 420, "is_missing": False}],
}


class CallSerializer(serializers.Serializer[Any]):
    """A transaction that a wallet is asked for."""

    what = serializers.ChoiceField(
        ["make", "allow", "pay"], help_text="make: coins to try with; allow: let the contract take the coins; pay: pay the bill."
    )
    to = serializers.CharField()
    value = serializers.CharField(help_text="Wei to send with it, as a decimal text.")
    data: Any = serializers.CharField()


class WaySerializer(serializers.Serializer[Any]):
    """A coin, all that is left of the bill in it, and the calls that pay it, in order."""

    coin = serializers.CharField()
    token = serializers.CharField(help_text="The token's address; zero for the chain's own coin.")
    decimals = serializers.IntegerField()
    units = serializers.CharField(help_text="Wei, or units of the token, as a decimal text.")
    amount = serializers.CharField(help_text="The same in whole coins.")
    calls = CallSerializer(many=True)
    to_try = CallSerializer(allow_null=True, help_text="Makes the coins, where they are only there to try with.")


class SeenSerializer(serializers.Serializer[Any]):
    """A payment that the chain has shown, with what was booked of it."""

    transaction_hash = serializers.CharField()
    amount = serializers.CharField()
    booked_minor = serializers.IntegerField()
    is_missing = serializers.BooleanField(help_text="Its block is gone; it counts until that is certain.")


class ChainPaymentSerializer(serializers.Serializer[Any]):
    """How a bill stands on the chain."""

    state = serializers.ChoiceField(
        ["open", "paid", "waiting", "closed", "not_taken"],
        help_text="waiting: the chain does not know the bill yet; closed: it has it as paid another way, and that payment did not stay; not_taken: the cooperative takes no coins.",
    )
    contract = serializers.CharField()
    chain_id = serializers.IntegerField()
    rpc_url = serializers.CharField()
    bill = serializers.CharField(help_text="The bill's number on the chain.")
    confirmations = serializers.IntegerField(help_text="Blocks before a payment is booked.")
    expires_at = serializers.DateTimeField(allow_null=True, help_text="By the chain's clock; renewed a week before.")
    ways = WaySerializer(many=True)
    payments = SeenSerializer(many=True)


class BillChainPayment(APIView):
    """For who may see the bill."""

    @extend_schema(
        summary="How a bill can be paid on the chain, in the chain's coin and in the stable coin",
        responses=ChainPaymentSerializer,
        examples=[OpenApiExample("a bill that was paid in part", EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, public_id: Any) -> Response:
        bills = visible_documents(user_of(request)).select_related("run")
        bill = get_object_or_404(bills, public_id=public_id)
        if bill.kind != DocumentKind.BILL:
            raise Http404
        return Response(ChainPaymentSerializer(offer_of(bill)).data, headers={"Cache-Control": "private, no-store"})
