"""Demand response: programmes, who consented, events, what each site brought."""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from energy.models import Microgrid, Site
from grid.domain.demand_response import Span, Terms
from members.models import User
from members.models.public import PublicRow


class DemandProgramme(PublicRow):
    """What members may consent to: to draw less when asked, within these limits, for this price. Terms never change: end it, offer another."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="demand_programmes")
    name = models.CharField(max_length=80)
    incentive_per_kwh = models.DecimalField(max_digits=10, decimal_places=6)
    notice_minutes = models.PositiveIntegerField(gettext_lazy("notice [min]"), default=120)
    most_minutes_per_event = models.PositiveIntegerField(gettext_lazy("longest event [min]"), default=120)
    most_events_per_month = models.PositiveSmallIntegerField(gettext_lazy("events a month"), default=4)
    most_minutes_per_month = models.PositiveIntegerField(gettext_lazy("event minutes a month"), default=480)
    load_limit_percent = models.PositiveSmallIntegerField(
        gettext_lazy("loads held to [%]"),
        null=True,
        blank=True,
        help_text=gettext_lazy(
            "During an event cars and other loads that can wait draw at most this share of their power, told by the cooperative; "
            "0 is off. Empty: people act by themselves, no device is told."
        ),
    )
    offered_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["microgrid", "name"], name="demand_programme_name_once"),
            models.CheckConstraint(condition=Q(incentive_per_kwh__gte=0), name="demand_incentive_not_negative"),
            models.CheckConstraint(
                condition=Q(most_minutes_per_event__gt=0)
                & Q(most_events_per_month__gt=0)
                & Q(most_minutes_per_month__gte=F("most_minutes_per_event")),
                name="demand_limits_allow_an_event",
            ),
            models.CheckConstraint(
                condition=Q(load_limit_percent__isnull=True) | Q(load_limit_percent__lte=100), name="demand_load_limit_is_a_share"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("offered_at")), name="demand_programme_ends_later"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def incentive_text(self) -> str:
        """Per kWh, with two decimals or as many as it has."""
        exact = self.incentive_per_kwh.normalize()
        return f"{exact:.2f}" if exact == round(exact, 2) else f"{exact:f}"

    @property
    def terms(self) -> Terms:
        return Terms(
            timedelta(minutes=self.notice_minutes),
            timedelta(minutes=self.most_minutes_per_event),
            self.most_events_per_month,
            timedelta(minutes=self.most_minutes_per_month),
        )


class DemandConsent(PublicRow):
    """A member's consent for one site; withdrawn at any time, given again as a new row."""

    programme = models.ForeignKey(DemandProgramme, models.PROTECT, related_name="consents")
    site = models.ForeignKey(Site, models.PROTECT, related_name="demand_consents")
    given_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["programme", "site"], condition=Q(withdrawn_at__isnull=True), name="demand_consent_once"),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gte=F("given_at")), name="demand_consent_withdrawn_later"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site} in {self.programme}"


class DemandEvent(PublicRow):
    """Hours in which members of a programme were asked to draw less; measured once their days are final."""

    programme = models.ForeignKey(DemandProgramme, models.PROTECT, related_name="events")
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    reason = models.CharField(max_length=200)
    called_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    called_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True, blank=True)
    measured_at = models.DateTimeField(null=True, blank=True)
    booked_at = models.DateTimeField(null=True, blank=True, help_text=gettext_lazy("When billing took over the incentives."))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["programme", "start_at"], condition=Q(cancelled_at__isnull=True), name="demand_event_once"),
            models.CheckConstraint(condition=Q(end_at__gt=F("start_at")) & Q(start_at__gte=F("called_at")), name="demand_event_in_order"),
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True) | Q(measured_at__isnull=True), name="cancelled_events_are_not_measured"
            ),
            models.CheckConstraint(condition=Q(booked_at__isnull=True) | Q(measured_at__isnull=False), name="booked_events_are_measured"),
        ]
        indexes = [models.Index(fields=["programme", "-start_at"], name="demand_events_newest")]

    def __str__(self) -> str:
        zone = self.programme.microgrid.zone
        start, end = self.start_at.astimezone(zone), self.end_at.astimezone(zone)
        return f"{self.programme}, {start:%d %b %Y, %H:%M} to {end:%H:%M}"

    @property
    def span(self) -> Span:
        return Span(self.start_at, self.end_at)


class DemandResponse(PublicRow):
    """One site in one event: whether it took part, and what it brought against its baseline."""

    event = models.ForeignKey(DemandEvent, models.PROTECT, related_name="responses")
    site = models.ForeignKey(Site, models.PROTECT, related_name="demand_responses")
    opted_out_at = models.DateTimeField(null=True, blank=True)
    baseline_wh = ArrayField(models.BigIntegerField(), default=list, help_text=gettext_lazy("What it would have drawn, per interval."))
    measured_wh = ArrayField(models.BigIntegerField(), default=list, help_text=gettext_lazy("What it drew, from final meter days."))
    adjustment = models.FloatField(null=True, blank=True, help_text=gettext_lazy("By which the same day moved the baseline."))
    delivered_wh = models.BigIntegerField(null=True, blank=True, help_text=gettext_lazy("Negative where more was drawn."))
    why_not = models.CharField(max_length=160, blank=True, help_text=gettext_lazy("Why there is no result."))
    incentive_minor = models.BigIntegerField(null=True, blank=True, help_text=gettext_lazy("Booked by billing."))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "site"], name="demand_response_once"),
            models.CheckConstraint(
                condition=Q(opted_out_at__isnull=True) | Q(delivered_wh__isnull=True), name="opted_out_delivers_nothing"
            ),
            models.CheckConstraint(
                condition=Q(incentive_minor__isnull=True) | (Q(incentive_minor__gte=0) & Q(delivered_wh__isnull=False)),
                name="incentive_for_what_was_delivered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site} in {self.event}"

    @property
    def baseline_sum_wh(self) -> int:
        return sum(self.baseline_wh)

    @property
    def measured_sum_wh(self) -> int:
        return sum(self.measured_wh)
