"""What was foreseen, by which model, and how right it was."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from energy.domain.forecast_model import USUAL_SUM_SHARE
from energy.models.meters import Meter
from energy.models.microgrids import Microgrid


class ForecastQuantity(models.TextChoices):
    """What is foreseen: use behind site meters, production of sources."""

    CONSUMPTION = "consumption", "consumption"
    PRODUCTION = "production", "production"


class ForecastKind(models.TextChoices):
    """When it is made: at local midnight for that day and the next, or at each hour for the next day and night."""

    DAY_AHEAD = "day_ahead", "day ahead"
    INTRADAY = "intraday", "intraday"


class ForecastModel(models.Model):
    """A trained model of one quantity of one microgrid; the newest before an origin is in force there."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="forecast_models")
    quantity = models.CharField(max_length=16, choices=ForecastQuantity.choices)
    trained_until = models.DateTimeField(help_text=gettext_lazy("It has seen nothing that ended after this instant."))
    made_at = models.DateTimeField()
    reason = models.CharField(max_length=80, help_text=gettext_lazy("Why it was trained: first, a week has passed, drift."))
    version = models.CharField(max_length=20, help_text=gettext_lazy("Version of the method."))
    rows = models.BigIntegerField(gettext_lazy("rows of training"))
    clock_offset_s = models.IntegerField(
        null=True, help_text=gettext_lazy("Seconds ahead of UTC of the clock its meters live by; empty: the microgrid's zone.")
    )
    trees = models.BinaryField(help_text=gettext_lazy("LightGBM's text form of the three quantiles, packed."))
    meter_ids = ArrayField(models.BigIntegerField(), help_text=gettext_lazy("Meters in the order of the margins."))
    low_margins = ArrayField(models.FloatField(), help_text=gettext_lazy("The last is that of the sum."))
    high_margins = ArrayField(models.FloatField(), help_text=gettext_lazy("The last is that of the sum."))
    sum_share = models.FloatField(
        default=USUAL_SUM_SHARE, help_text=gettext_lazy("How much it counts beside a nowcast of the sum, 0 to 1.")
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["microgrid", "quantity", "trained_until"], name="forecast_model_once"),
            models.CheckConstraint(condition=Q(sum_share__gte=0, sum_share__lte=1), name="forecast_model_sum_share_is_a_share"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.microgrid}, trained until {self.trained_until:%Y-%m-%d %H:%M}"


class ForecastRun(models.Model):
    """Everything foreseen from one origin: only what had ended before it was looked at."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="forecast_runs")
    kind = models.CharField(max_length=16, choices=ForecastKind.choices)
    origin_at = models.DateTimeField()
    made_at = models.DateTimeField()
    interval_minutes = models.PositiveSmallIntegerField()
    horizon = models.PositiveSmallIntegerField(gettext_lazy("intervals foreseen"))
    model_version = models.CharField(max_length=20)
    weather = models.CharField(max_length=80, help_text=gettext_lazy("What is known of the weather, and from where."))
    made_by = models.ManyToManyField(ForecastModel, related_name="runs", help_text=gettext_lazy("None where like days had to serve."))
    net_p10_wh = ArrayField(
        models.IntegerField(), default=list, blank=True, help_text=gettext_lazy("Use less production; empty where not both are foreseen.")
    )
    net_p50_wh = ArrayField(models.IntegerField(), default=list, blank=True)
    net_p90_wh = ArrayField(models.IntegerField(), default=list, blank=True)
    net_persistence_permille = ArrayField(
        models.SmallIntegerField(),
        default=list,
        blank=True,
        help_text=gettext_lazy("How much of an error is left after an interval; empty where that is not known."),
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["microgrid", "kind", "origin_at"], name="forecast_run_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.microgrid} from {self.origin_at:%Y-%m-%d %H:%M}"


class MeterForecast(models.Model):
    """A band for one meter, or for the whole microgrid where there is none [Wh per interval from the run's origin on]."""

    run = models.ForeignKey(ForecastRun, models.CASCADE, related_name="forecasts")
    quantity = models.CharField(max_length=16, choices=ForecastQuantity.choices)
    meter = models.ForeignKey(Meter, models.CASCADE, null=True, related_name="forecasts", help_text="Empty: the whole microgrid.")
    p10_wh = ArrayField(models.IntegerField())
    p50_wh = ArrayField(models.IntegerField())
    p90_wh = ArrayField(models.IntegerField())
    from_like_days = models.BooleanField(help_text="Too little was known for the model.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "quantity", "meter"], name="forecast_once_per_meter", nulls_distinct=False)]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.meter or 'the microgrid'}"


class ForecastScore(models.Model):
    """How right the day-ahead forecast of one local day was, beside what habit would have said [Wh per interval]."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="forecast_scores")
    day = models.DateField()
    quantity = models.CharField(max_length=16, choices=ForecastQuantity.choices)
    meter = models.ForeignKey(Meter, models.CASCADE, null=True, related_name="forecast_scores")
    intervals = models.PositiveSmallIntegerField(gettext_lazy("intervals measured"))
    mae_wh = models.FloatField(gettext_lazy("mean absolute error"))
    pinball_wh = models.FloatField(gettext_lazy("pinball loss"))
    coverage = models.FloatField(gettext_lazy("share within the band"))
    yesterday_mae_wh = models.FloatField(gettext_lazy("of the day before"), null=True)
    last_week_mae_wh = models.FloatField(gettext_lazy("of the day a week before"), null=True)
    like_days_mae_wh = models.FloatField(gettext_lazy("of four like days"), null=True)
    scored_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["microgrid", "day", "quantity", "meter"], name="forecast_scored_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=Q(mae_wh__gte=0, pinball_wh__gte=0, coverage__gte=0, coverage__lte=1, intervals__gt=0),
                name="forecast_score_in_bounds",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.meter or 'the microgrid'} on {self.day}"

    @property
    def habits_wh(self) -> list[float]:
        """The errors of habit that are known."""
        found = (self.yesterday_mae_wh, self.last_week_mae_wh, self.like_days_mae_wh)
        return [value for value in found if value is not None]


class WeatherHour(models.Model):
    """What a weather service said at one instant of one hour; later words do not overwrite earlier ones."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="weather_hours")
    issued_at = models.DateTimeField(help_text="Since when it was known.")
    valid_at = models.DateTimeField(help_text="Start of the hour.")
    source = models.CharField(max_length=40)
    air_temperature_c = models.FloatField(null=True)
    cloud_cover_percent = models.FloatField(null=True)
    irradiance_w_m2 = models.FloatField("global horizontal irradiance", null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["microgrid", "valid_at", "issued_at", "source"], name="weather_hour_once"),
            models.CheckConstraint(condition=Q(irradiance_w_m2__isnull=True) | Q(irradiance_w_m2__gte=0), name="irradiance_not_negative"),
            models.CheckConstraint(
                condition=Q(cloud_cover_percent__isnull=True) | Q(cloud_cover_percent__gte=0, cloud_cover_percent__lte=100),
                name="cloud_cover_is_a_share",
            ),
        ]
        indexes = [models.Index(F("microgrid"), F("valid_at"), name="weather_by_hour")]

    def __str__(self) -> str:
        return f"{self.source} for {self.valid_at:%Y-%m-%d %H:%M}"
