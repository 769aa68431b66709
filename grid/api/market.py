"""Doors of the market: limits and orders of the own sites, the day's course and the book for everybody of the village, without names."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from energy.api.problems import problem
from energy.models import Site
from grid.api.days import microgrid_of
from grid.models import MarketOrder, OrderSide, SurplusPreference, TradingMode
from grid.selectors.market_page import book_of, course_of, limit_of, own_orders, own_trading_sites
from grid.selectors.preferences import of_who_has_it
from grid.services.market_orders import (
    HIGHEST_MICRO,
    MOST_INTERVALS,
    MOST_WH,
    CannotLimit,
    CannotOrder,
    NewOrder,
    place_orders,
    set_limit,
    withdraw_order,
)
from grid.services.preferences import CannotPrefer, Wish, end_preference, prefer
from members.selectors.scope import user_of

ID = "0190d5f0-c1f8-7d4a-b1c2-d3e4f5a6b7c8"
ORDER = {"side": "buy", "start_at": "2016-04-01T10:00:00Z", "wh": 250, "price_micro": 240000}
LIMIT = {"buying": "limit", "buy_limit_micro": 250000, "selling": "market", "sell_limit_micro": None}
STEP = {"start_at": "2016-04-01T10:00:00Z", "asked_wh": 4100, "offered_wh": 5200, "volume_wh": 4100, "price_micro": 175000}
LEVEL = {"side": "buy", "price_micro": 270000, "wh": 3900, "orders": 17}
PREFERENCE = {
    "id": ID,
    "receiver": "LV3.101 Load 7",
    "place": 1,
    "share": "1.000000",
    "is_gift": True,
    "names_giver": True,
    "valid_from": "2016-04-02",
    "valid_to": None,
}


@extend_schema_serializer(examples=[OpenApiExample("an order", ORDER)])
class NewOrderSerializer(serializers.Serializer[Any]):
    """Wh of one interval and the price, in millionths of the currency per kWh, up to or from which they are bought or sold."""

    side = serializers.ChoiceField(OrderSide.choices)
    start_at = serializers.DateTimeField(help_text="First instant of a settlement interval.")
    wh = serializers.IntegerField(min_value=1, max_value=MOST_WH)
    price_micro = serializers.IntegerField(min_value=-HIGHEST_MICRO, max_value=HIGHEST_MICRO)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "an order",
            ORDER | {"id": ID, "site": ID, "placed_at": "2016-03-31T16:00:00Z", "by_agent": True, "matched_wh": None},
            response_only=True,
        )
    ]
)
class MarketOrderSerializer(serializers.ModelSerializer[MarketOrder]):
    """An own order; `matched_wh` is null until its interval is cleared."""

    id = serializers.UUIDField(source="public_id")
    site = serializers.UUIDField(source="site.public_id")
    by_agent = serializers.SerializerMethodField()

    class Meta:
        model = MarketOrder
        fields = ("id", "site", "side", "start_at", "wh", "price_micro", "placed_at", "by_agent", "matched_wh")

    def get_by_agent(self, order: MarketOrder) -> bool:
        return order.placed_by_id is None


@extend_schema_serializer(examples=[OpenApiExample("orders of a site", {"site": ID, "orders": [ORDER]}, request_only=True)])
class NewOrdersSerializer(serializers.Serializer[Any]):
    """Orders of one own site, taken all or none."""

    site = serializers.UUIDField()
    orders = serializers.ListField(child=NewOrderSerializer(), allow_empty=False, max_length=MOST_INTERVALS)


@extend_schema_serializer(examples=[OpenApiExample("never pay more than 25 ct", LIMIT)])
class LimitSerializer(serializers.Serializer[Any]):
    """What the agent may order: `market`, `limit` with its price, or `never`, on each side."""

    buying = serializers.ChoiceField(TradingMode.choices)
    buy_limit_micro = serializers.IntegerField(min_value=0, max_value=HIGHEST_MICRO, allow_null=True, default=None)
    selling = serializers.ChoiceField(TradingMode.choices)
    sell_limit_micro = serializers.IntegerField(min_value=0, max_value=HIGHEST_MICRO, allow_null=True, default=None)


@extend_schema_serializer(examples=[OpenApiExample("a quarter hour", STEP, response_only=True)])
class MarketStepSerializer(serializers.Serializer[Any]):
    """An interval; volume and price are null until it is cleared, the price also where nothing was traded."""

    start_at = serializers.DateTimeField()
    asked_wh = serializers.IntegerField()
    offered_wh = serializers.IntegerField()
    volume_wh = serializers.IntegerField(allow_null=True)
    price_micro = serializers.IntegerField(allow_null=True)


@extend_schema_serializer(examples=[OpenApiExample("a level", LEVEL, response_only=True)])
class BookLevelSerializer(serializers.Serializer[Any]):
    """All orders of one side at one price, nobody named."""

    side = serializers.ChoiceField(OrderSide.choices)
    price_micro = serializers.IntegerField()
    wh = serializers.IntegerField()
    orders = serializers.IntegerField()


@extend_schema_serializer(examples=[OpenApiExample("to the school, as a gift", PREFERENCE)])
class PreferenceSerializer(serializers.Serializer[Any]):
    """An entry of a site's list: whom its surplus goes to before the rule in force shares the rest."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    receiver = serializers.CharField(source="receiver.code", max_length=120, help_text="Code of the metering point.")
    place = serializers.IntegerField(min_value=1, max_value=20)
    share = serializers.DecimalField(max_digits=7, decimal_places=6, min_value=0, max_value=1, default=Decimal(1))
    is_gift = serializers.BooleanField(default=False)
    names_giver = serializers.BooleanField(default=False)
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(allow_null=True, default=None)


def _own_site(request: Request, public_id: Any) -> Site:
    return get_object_or_404(own_trading_sites(user_of(request)), public_id=public_id)


class MarketOrderList(generics.ListAPIView[MarketOrder]):
    """The own orders, the latest interval first."""

    serializer_class = MarketOrderSerializer

    def get_queryset(self) -> QuerySet[MarketOrder]:
        if getattr(self, "swagger_fake_view", False):
            return MarketOrder.objects.none()
        return own_orders(user_of(self.request))

    @extend_schema(operation_id="market_orders_list", summary="The own orders and what was matched")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)

    @extend_schema(
        operation_id="market_orders_place",
        summary="Place orders for an own site",
        request=NewOrdersSerializer,
        responses={201: MarketOrderSerializer(many=True)},
    )
    def post(self, request: Request) -> Response:
        form = NewOrdersSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        site = _own_site(request, form.validated_data["site"])
        orders = [NewOrder(OrderSide(o["side"]), o["start_at"], o["wh"], o["price_micro"]) for o in form.validated_data["orders"]]
        try:
            placed = place_orders(site=site, orders=orders, by=user_of(request), now=site.microgrid.now(timezone.now()))
        except CannotOrder as why:
            return problem(409, "cannot order", str(why))
        return Response(MarketOrderSerializer(placed, many=True).data, status=201)


class MarketOrderDoor(APIView):
    @extend_schema(operation_id="market_orders_withdraw", summary="Take an own order back", responses={204: None})
    def delete(self, request: Request, public_id: Any) -> Response:
        order = get_object_or_404(own_orders(user_of(request)), public_id=public_id)
        try:
            withdraw_order(order=order, now=order.microgrid.now(timezone.now()))
        except CannotOrder as why:
            return problem(409, "cannot withdraw", str(why))
        return Response(status=204)


class SiteLimit(APIView):
    @extend_schema(operation_id="sites_trading_limit", summary="What may be ordered for an own site", responses=LimitSerializer)
    def get(self, request: Request, public_id: Any) -> Response:
        row = limit_of(_own_site(request, public_id))
        said = {"buying": TradingMode.MARKET, "buy_limit_micro": None, "selling": TradingMode.MARKET, "sell_limit_micro": None}
        return Response(LimitSerializer(row or said).data)

    @extend_schema(
        operation_id="sites_trading_limit_set",
        summary="Say what may be ordered for an own site",
        request=LimitSerializer,
        responses=LimitSerializer,
    )
    def put(self, request: Request, public_id: Any) -> Response:
        site = _own_site(request, public_id)
        form = LimitSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        try:
            row = set_limit(
                site=site,
                buying=TradingMode(given["buying"]),
                buy_limit_micro=given["buy_limit_micro"],
                selling=TradingMode(given["selling"]),
                sell_limit_micro=given["sell_limit_micro"],
                by=user_of(request),
                now=site.microgrid.now(timezone.now()),
            )
        except CannotLimit as why:
            return problem(409, "cannot limit", str(why))
        return Response(LimitSerializer(row).data)


class MarketCourse(APIView):
    @extend_schema(
        operation_id="microgrids_market",
        summary="A day of the market: asked, offered, traded, price",
        responses=MarketStepSerializer(many=True),
    )
    def get(self, request: Request, public_id: Any, day: date) -> Response:
        return Response(MarketStepSerializer(course_of(microgrid_of(request, public_id), day), many=True).data)


class MarketBook(APIView):
    @extend_schema(
        operation_id="microgrids_market_book",
        summary="The order book of an interval, nobody named",
        parameters=[OpenApiParameter("start_at", str, required=True, description="First instant of the interval, ISO 8601.")],
        responses=BookLevelSerializer(many=True),
    )
    def get(self, request: Request, public_id: Any) -> Response:
        microgrid = microgrid_of(request, public_id)
        start_at = serializers.DateTimeField().run_validation(request.query_params.get("start_at", ""))
        return Response(BookLevelSerializer(book_of(microgrid, start_at), many=True).data)


class SitePreferences(APIView):
    @extend_schema(
        operation_id="sites_preferences", summary="Whom an own site's surplus goes to first", responses=PreferenceSerializer(many=True)
    )
    def get(self, request: Request, public_id: Any) -> Response:
        site = _own_site(request, public_id)
        rows = of_who_has_it(site).select_related("receiver").order_by("place", "valid_from")
        return Response(PreferenceSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="sites_preferences_add",
        summary="Put somebody on an own site's list",
        request=PreferenceSerializer,
        responses={201: PreferenceSerializer},
    )
    def post(self, request: Request, public_id: Any) -> Response:
        site = _own_site(request, public_id)
        form = PreferenceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        wish = Wish(given.pop("receiver")["code"], **given)
        try:
            row = prefer(site=site, wish=wish, by=user_of(request), now=site.microgrid.now(timezone.now()))
        except CannotPrefer as why:
            return problem(409, "cannot prefer", str(why))
        return Response(PreferenceSerializer(row).data, status=201)


class PreferenceDoor(APIView):
    @extend_schema(operation_id="preferences_end", summary="End an entry of an own list", responses={204: None})
    def delete(self, request: Request, public_id: Any) -> Response:
        sites = own_trading_sites(user_of(request)).order_by().values("pk")
        row = get_object_or_404(SurplusPreference.objects.select_related("site__microgrid"), public_id=public_id, site__in=sites)
        if not end_preference(preference=row, now=row.site.microgrid.now(timezone.now())):
            return problem(409, "it has ended", "The entry ended before.")
        return Response(status=204)
