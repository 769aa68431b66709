"""The market for local energy: its terms, what members let be ordered, orders, cleared intervals, settled days."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from energy.models import Microgrid, Site
from members.models.public import PublicRow

GATE_MINUTES = 60


class MarketTerms(models.Model):
    """How a microgrid's market works from a day on: when orders close, and what it costs to leave others short."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="market_terms")
    valid_from = models.DateField()
    gate_minutes = models.PositiveSmallIntegerField(
        gettext_lazy("orders close [minutes before]"),
        default=GATE_MINUTES,
        help_text=gettext_lazy("Before an interval begins."),
        validators=[MinValueValidator(1), MaxValueValidator(1440)],
    )
    deviation_micro = models.PositiveIntegerField(
        gettext_lazy("deviation charge [millionths per kWh]"),
        default=0,
        help_text=gettext_lazy(
            "For each kWh by which an order leaves others short; they receive it. 0: none, and what is lacking comes from the public grid."
        ),
        validators=[MaxValueValidator(10_000_000)],
    )

    class Meta:
        verbose_name = gettext_lazy("terms of the market")
        verbose_name_plural = gettext_lazy("terms of the market")
        constraints = [
            models.UniqueConstraint(fields=["microgrid", "valid_from"], name="market_terms_once_a_day"),
            models.CheckConstraint(
                condition=Q(gate_minutes__gte=1, gate_minutes__lte=1440, deviation_micro__lte=10_000_000), name="market_terms_within_bounds"
            ),
        ]

    def __str__(self) -> str:
        return f"market of {self.microgrid} from {self.valid_from}"


class TradingMode(models.TextChoices):
    MARKET = "market", "join at the market's price"
    LIMIT = "limit", "only within a limit"
    NEVER = "never", "stay out"


class TradingLimit(models.Model):
    """What a member lets the agent order for a site; each change is a row of its own, and the newest holds."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="trading_limits")
    buying = models.CharField(max_length=8, choices=TradingMode.choices, default=TradingMode.MARKET)
    buy_limit_micro = models.PositiveIntegerField(null=True, help_text="Millionths per kWh, at most.")
    selling = models.CharField(max_length=8, choices=TradingMode.choices, default=TradingMode.MARKET)
    sell_limit_micro = models.PositiveIntegerField(null=True, help_text="Millionths per kWh, at least.")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
    is_current = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site"], condition=Q(is_current=True), name="one_trading_limit_a_site"),
            models.CheckConstraint(
                condition=Q(buying=TradingMode.LIMIT, buy_limit_micro__isnull=False)
                | (~Q(buying=TradingMode.LIMIT) & Q(buy_limit_micro__isnull=True)),
                name="buying_limit_has_a_price",
            ),
            models.CheckConstraint(
                condition=Q(selling=TradingMode.LIMIT, sell_limit_micro__isnull=False)
                | (~Q(selling=TradingMode.LIMIT) & Q(sell_limit_micro__isnull=True)),
                name="selling_limit_has_a_price",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site}: {self.get_buying_display()}, {self.get_selling_display()}"


class OrderSide(models.TextChoices):
    BUY = "buy", "buy"
    SELL = "sell", "sell"


class MarketOrder(PublicRow):
    """Wh that a site buys or sells in one interval, and the price at which it still does; fixed once its interval is cleared."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="market_orders")
    site = models.ForeignKey(Site, models.PROTECT, related_name="market_orders")
    start_at = models.DateTimeField()
    side = models.CharField(max_length=4, choices=OrderSide.choices)
    wh = models.PositiveIntegerField()
    price_micro = models.IntegerField(help_text="Millionths per kWh: at most, or at least.")
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="Empty: the agent.")
    matched_wh = models.PositiveIntegerField(null=True, help_text="Empty: not cleared yet.")

    class Meta:
        # Partitioned by month of `start_at` and made by a migration: constraints, indexes and the trigger that keeps cleared orders stand there.
        managed = False

    def __str__(self) -> str:
        return f"{self.site} {self.side} {self.wh} Wh at {self.start_at}"


class ForgottenOrders(models.Model):
    """A month's order book that is no longer kept: how much it held, and the hash by which a copy of it is recognised. Only ever added.

    What was matched for each site stays with the settled days, price and sums with the cleared intervals.
    """

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="forgotten_orders")
    month = models.DateField(help_text=gettext_lazy("Its first day; months of orders are those of UTC."))
    orders = models.PositiveBigIntegerField()
    ordered_wh = models.PositiveBigIntegerField()
    matched_wh = models.PositiveBigIntegerField(help_text=gettext_lazy("Of both sides."))
    sha256 = models.CharField(max_length=64, help_text=gettext_lazy("Of the book as CSV."))
    archive = models.CharField(max_length=120, blank=True, help_text=gettext_lazy("The file it was written to; empty: none."))
    forgotten_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = gettext_lazy("forgotten orders")
        constraints = [models.UniqueConstraint(fields=["microgrid", "month"], name="a_book_is_forgotten_once")]

    def __str__(self) -> str:
        return f"{self.orders} orders of {self.month:%Y-%m}"


class MarketInterval(models.Model):
    """A cleared interval: what was traded at which price, and what was asked and offered in all. Never changed, never deleted."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="market_intervals")
    start_at = models.DateTimeField()
    volume_wh = models.PositiveBigIntegerField()
    price_micro = models.IntegerField(null=True, help_text="Uniform; empty where nothing was matched.")
    asked_wh = models.PositiveBigIntegerField(help_text="All bids.")
    offered_wh = models.PositiveBigIntegerField(help_text="All offers.")
    cleared_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["microgrid", "start_at"], name="interval_cleared_once"),
            models.CheckConstraint(
                condition=Q(volume_wh=0, price_micro__isnull=True) | Q(volume_wh__gt=0, price_micro__isnull=False),
                name="a_price_where_there_is_volume",
            ),
            models.CheckConstraint(
                condition=Q(volume_wh__lte=F("asked_wh")) & Q(volume_wh__lte=F("offered_wh")), name="volume_is_at_most_either_side"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.volume_wh} Wh at {self.start_at}"


class SiteMarketDay(models.Model):
    """A site's settled day: what was matched for it, by how much it left others short, and they it, per interval [Wh]."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, models.PROTECT, related_name="market_days")
    day = models.DateField()
    revision = models.PositiveSmallIntegerField()
    is_current = models.BooleanField(default=True)
    bid_wh = ArrayField(models.BigIntegerField())
    offer_wh = ArrayField(models.BigIntegerField())
    short_wh = ArrayField(models.BigIntegerField())
    missed_wh = ArrayField(models.BigIntegerField())
    deviation_micro = models.PositiveIntegerField(help_text="By the terms of that day.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "day", "revision"], name="market_day_revision_once"),
            models.UniqueConstraint(fields=["site", "day"], condition=Q(is_current=True), name="market_day_one_current"),
        ]
        indexes = [models.Index(fields=["microgrid", "day"], name="market_days_by_day")]

    def __str__(self) -> str:
        return f"{self.site}, {self.day}"
