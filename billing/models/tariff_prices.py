"""Prices that change from interval to interval: an index as it was imported, and what tariffs made of it, published a day ahead."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models.tariffs import Tariff, TariffVersion
from energy.models import Microgrid
from members.language import day_in_words
from members.models import Cooperative
from members.models.public import PublicRow


class SpotIndex(PublicRow):
    """A market price by the quarter hour that tariffs follow, as the day-ahead price of a bidding zone."""

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="spot_indexes")
    code = models.SlugField(max_length=40, help_text=gettext_lazy("As the spot part of a tariff names it."))
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=40, default="Europe/Berlin", help_text=gettext_lazy("Whose midnight begins its days."))

    class Meta:
        verbose_name_plural = gettext_lazy("spot indexes")
        constraints = [models.UniqueConstraint(fields=["cooperative", "code"], name="spot_index_code_once")]

    def __str__(self) -> str:
        return self.name


class SpotImport(PublicRow):
    """A file of index prices that was taken in: where they come from. Never changed, never deleted."""

    index = models.ForeignKey(SpotIndex, models.PROTECT, related_name="imports")
    source = models.CharField(max_length=120, help_text=gettext_lazy("Who published the prices, or how they were made."))
    file_name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    prices = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    imported_at = models.DateTimeField()
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["index", "sha256"], name="spot_file_once"),
            models.CheckConstraint(condition=Q(last_at__gte=F("first_at")), name="spot_import_in_order"),
        ]

    def __str__(self) -> str:
        return self.file_name


class SpotDay(models.Model):
    """The index on one local day, per quarter hour [millionths per kWh], empty where it is not known."""

    index = models.ForeignKey(SpotIndex, models.PROTECT, related_name="days")
    day = models.DateField()
    price_micro = ArrayField(models.IntegerField(null=True))
    spot_import = models.ForeignKey(SpotImport, models.PROTECT, related_name="days", verbose_name=gettext_lazy("from"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["index", "day"], name="spot_day_once")]

    def __str__(self) -> str:
        return f"{self.index} {self.day}"


class PriceState(models.IntegerChoices):
    """What the microgrid was foreseen to be as prices were published."""

    ORDINARY = 0, gettext_lazy("ordinary")
    SURPLUS = 1, gettext_lazy("more than it needs")
    SCARCE = 2, gettext_lazy("near its limit")


class TariffPriceDay(models.Model):
    """What energy from the public grid costs by a tariff that follows an index, per interval. Never changed, never deleted: bills use it."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="tariff_price_days")
    tariff = models.ForeignKey(Tariff, models.PROTECT, related_name="price_days")
    version = models.ForeignKey(TariffVersion, models.PROTECT, related_name="price_days")
    day = models.DateField()
    price_micro = ArrayField(models.IntegerField(), help_text=gettext_lazy("Millionths per kWh, without VAT."))
    index_micro = ArrayField(models.IntegerField(null=True), help_text=gettext_lazy("The index as it was known then."))
    state = ArrayField(models.SmallIntegerField(choices=PriceState.choices))
    substituted = ArrayField(models.BooleanField(), help_text=gettext_lazy("Where the fallback rule stands in for the index."))
    published_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["microgrid", "tariff", "day"], name="tariff_prices_published_once"),
            models.CheckConstraint(
                condition=Q(
                    index_micro__len=F("price_micro__len"), state__len=F("price_micro__len"), substituted__len=F("price_micro__len")
                ),
                name="tariff_prices_of_one_length",
            ),
        ]

    def __str__(self) -> str:
        return _("%(tariff)s on %(day)s") % {"tariff": self.tariff, "day": day_in_words(self.day)}
