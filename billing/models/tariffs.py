"""Tariffs: versions with validity, time windows, and which site has which."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeBoundary, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import Exact
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.pricing.faults import PartsRefused
from billing.domain.pricing.sense import checked_parts
from energy.models import Site
from grid.models.sharing import DateRange
from members.models import Cooperative
from members.models.public import PublicRow


def validate_parts(given: Any) -> None:
    """Refuse parts that cannot be read, that no bill can hold, or that nobody can have meant."""
    try:
        checked_parts(given)
    except PartsRefused as problem:
        raise ValidationError([ValidationError(str(fault), code="parts") for fault in problem.faults]) from None


class Tariff(PublicRow):
    """A product with a name; what it costs is in its versions."""

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="tariffs")
    code = models.SlugField()
    name = models.CharField(max_length=120)
    is_reference = models.BooleanField(
        default=False, help_text=gettext_lazy("Its prices are the retail and feed-in prices from which local prices are made.")
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cooperative", "code"], name="tariff_code_once"),
            models.UniqueConstraint(fields=["cooperative"], condition=Q(is_reference=True), name="one_reference_tariff"),
        ]

    def __str__(self) -> str:
        return self.name


class VersionStatus(models.TextChoices):
    """A draft is submitted by one person, and approved or rejected by another; only a draft can be changed."""

    DRAFT = "draft", gettext_lazy("draft")
    SUBMITTED = "submitted", gettext_lazy("waits for approval")
    PUBLISHED = "published", gettext_lazy("approved")
    REJECTED = "rejected", gettext_lazy("rejected")


def _price(label: Any, help_text: Any = "") -> models.DecimalField:
    return models.DecimalField(label, max_digits=12, decimal_places=6, default=Decimal(0), help_text=help_text)


class TariffVersion(PublicRow):
    """A tariff's prices over a time; approved versions of a tariff never overlap, and nothing but a draft changes."""

    tariff = models.ForeignKey(Tariff, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=12, choices=VersionStatus.choices, default=VersionStatus.DRAFT)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True, help_text=gettext_lazy("Exclusive; empty: until further notice."))
    standing_per_day = _price(gettext_lazy("standing charge per day"))
    energy_per_kwh = _price(gettext_lazy("energy per kWh"), gettext_lazy("From the public grid, outside every time window."))
    export_per_kwh = _price(gettext_lazy("export per kWh"), gettext_lazy("Paid for energy that goes to the public grid."))
    incentive_per_kwh = _price(gettext_lazy("incentive per kWh"), gettext_lazy("Deducted for energy received from neighbours."))
    vat_rate = models.DecimalField(gettext_lazy("VAT rate"), max_digits=5, decimal_places=4, default=Decimal("0.19"))
    parts = models.JSONField(
        gettext_lazy("more parts"),
        default=list,
        blank=True,
        validators=[validate_parts],
        help_text=gettext_lazy("Charges beside these prices: tiers, demand, levies, discounts, a minimum. Written as a list of parts."),
    )
    source_name = models.CharField(
        gettext_lazy("made from the file"), max_length=120, blank=True, editable=False, help_text=gettext_lazy("Empty: written here.")
    )
    not_billed = ArrayField(
        models.CharField(max_length=200),
        default=list,
        blank=True,
        editable=False,
        help_text=gettext_lazy("What that file holds and no bill depends on."),
    )
    submitted_at = models.DateTimeField(null=True, blank=True, editable=False)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    published_at = models.DateTimeField(gettext_lazy("approved at"), null=True, blank=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=gettext_lazy("approved by"),
    )
    used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tariff", "number"], name="tariff_version_number_once"),
            ExclusionConstraint(
                name="published_versions_do_not_overlap",
                expressions=[
                    (F("tariff"), RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(status="published"),
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="version_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(standing_per_day__gte=0, energy_per_kwh__gte=0, incentive_per_kwh__gte=0), name="version_prices_not_negative"
            ),
            models.CheckConstraint(condition=Q(vat_rate__gte=0, vat_rate__lt=1), name="version_vat_within_one"),
            models.CheckConstraint(
                condition=Exact(Func(F("parts"), function="jsonb_typeof", output_field=models.TextField()), "array"),
                name="version_parts_are_a_list",
            ),
            models.CheckConstraint(condition=~Q(published_by=F("submitted_by")), name="version_approved_by_another"),
            models.CheckConstraint(
                condition=Q(status="draft", submitted_at__isnull=True) | (~Q(status="draft") & Q(submitted_at__isnull=False)),
                name="version_was_submitted",
            ),
            models.CheckConstraint(condition=~Q(status="published") | Q(published_at__isnull=False), name="version_was_approved"),
        ]

    def __str__(self) -> str:
        return _("%(tariff)s version %(number)s") % {"tariff": self.tariff, "number": self.number}


class StepKind(models.TextChoices):
    SUBMITTED = "submitted", gettext_lazy("submitted")
    APPROVED = "approved", gettext_lazy("approved")
    REJECTED = "rejected", gettext_lazy("rejected")


class TariffStep(models.Model):
    """Who did what with a version, when and why. Never changed, never deleted."""

    version = models.ForeignKey(TariffVersion, models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=12, choices=StepKind.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=gettext_lazy("Empty: the programme itself, as it set the cooperative up."),
    )
    at = models.DateTimeField()
    reason = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "kind"], name="tariff_step_once"),
            models.CheckConstraint(condition=~Q(kind="rejected") | ~Q(reason=""), name="rejection_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.version}: {self.get_kind_display()}"


class WindowDays(models.TextChoices):
    EVERY_DAY = "every_day", gettext_lazy("every day")
    WEEKDAYS = "weekdays", gettext_lazy("Monday to Friday")
    WEEKENDS = "weekends", gettext_lazy("Saturday and Sunday")


class TimeWindow(models.Model):
    """Hours of local time in which energy costs the base price times a multiplier."""

    version = models.ForeignKey(TariffVersion, models.CASCADE, related_name="windows")
    name = models.CharField(max_length=40)
    days = models.CharField(max_length=12, choices=WindowDays.choices, default=WindowDays.EVERY_DAY)
    start_minute = models.PositiveSmallIntegerField(help_text=gettext_lazy("Minutes after midnight, local time."))
    end_minute = models.PositiveSmallIntegerField(help_text=gettext_lazy("Minutes after midnight; 1440 is the day's end."))
    multiplier = models.DecimalField(max_digits=8, decimal_places=6)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "name"], name="window_name_once"),
            models.CheckConstraint(condition=Q(end_minute__gt=F("start_minute"), end_minute__lte=1440), name="window_within_a_day"),
            models.CheckConstraint(condition=Q(multiplier__gte=0) & ~Q(name="base"), name="window_is_not_base"),
        ]

    def __str__(self) -> str:
        return self.name


class TariffAssignment(models.Model):
    """Which tariff a site has, and when."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="tariff_assignments")
    tariff = models.ForeignKey(Tariff, models.PROTECT, related_name="assignments")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_tariff_at_a_time",
                expressions=[
                    (F("site"), RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            )
        ]

    def __str__(self) -> str:
        return f"{self.site}: {self.tariff}"
