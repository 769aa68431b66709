"""By which protocol a storage, source or load is told what to do, and how the last conversation went."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from energy.models import Consumer, Gateway, Microgrid, Source, StorageUnit
from members.models.public import PublicRow


class LinkProtocol(models.TextChoices):
    """Protocols beside our own over MQTT, which needs no link."""

    SUNSPEC = "sunspec", "SunSpec Modbus TCP"
    OCPP = "ocpp", "OCPP 1.6 or 2.0.1"
    OPENADR = "openadr", "OpenADR 3"


class LinkProblem(models.TextChoices):
    """The problems of `grid.domain.devices.links`, as they are stored."""

    NOT_ALLOWED = "not_allowed", "address not allowed"
    UNREACHABLE = "unreachable", "not reached"
    TIMEOUT = "timeout", "no answer in time"
    WRONG_DEVICE = "wrong_device", "another device"
    REFUSED = "refused", "refused"
    NOT_OBEYED = "not_obeyed", "not obeyed"
    MALFORMED = "malformed", "not to be understood"
    BUSY = "busy", "still busy"


class DeviceLink(PublicRow):
    """One device's link; what was sent last [W], what it said of itself last, and the problem where there is one.

    A device that calls us (a charge point, a flexible load) has a key of its own, shown once; its SHA-256 is kept. No password of
    a device that we call is needed by any of these protocols.
    """

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="device_links")
    storage = models.ForeignKey(StorageUnit, models.CASCADE, null=True, blank=True, related_name="links")
    source = models.ForeignKey(Source, models.CASCADE, null=True, blank=True, related_name="links")
    consumer = models.ForeignKey(Consumer, models.CASCADE, null=True, blank=True, related_name="links")
    protocol = models.CharField(max_length=12, choices=LinkProtocol.choices)
    is_enabled = models.BooleanField(gettext_lazy("enabled"), default=True)
    address = models.GenericIPAddressField(
        null=True, blank=True, help_text=gettext_lazy("SunSpec: a literal IP address among the networks of DEVICE_NETWORKS.")
    )
    port = models.PositiveIntegerField(default=502)
    unit_id = models.PositiveSmallIntegerField(gettext_lazy("Modbus unit id"), default=1)
    station = models.SlugField(max_length=48, blank=True, help_text=gettext_lazy("OCPP, OpenADR: the name under which the device calls."))
    connector = models.PositiveSmallIntegerField(default=1, help_text=gettext_lazy("OCPP: connector (1.6) or EVSE (2.0.1)."))
    fallback_w = models.BigIntegerField(
        gettext_lazy("fallback [W]"),
        null=True,
        blank=True,
        help_text=gettext_lazy("OCPP: what a car may draw while the platform is silent; empty: what the charge point allows."),
    )
    gateway = models.ForeignKey(
        Gateway,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=gettext_lazy("OCPP: in whose name its registers are handed in for settlement; empty: they are not."),
    )
    key_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    key_hint = models.CharField(max_length=12, blank=True, editable=False)
    version = models.CharField(max_length=12, blank=True, editable=False, help_text=gettext_lazy("As the device speaks it."))
    model = models.CharField(max_length=120, blank=True, editable=False, help_text=gettext_lazy("As the device names itself."))
    last_contact_at = models.DateTimeField(null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    sent_charge_w = models.BigIntegerField(null=True, blank=True, editable=False)
    sent_discharge_w = models.BigIntegerField(null=True, blank=True, editable=False)
    sent_limit_w = models.BigIntegerField(null=True, blank=True, editable=False)
    read_charge_w = models.FloatField(null=True, blank=True, editable=False)
    read_discharge_w = models.FloatField(null=True, blank=True, editable=False)
    read_limit_w = models.FloatField(null=True, blank=True, editable=False)
    read_soc_share = models.FloatField(null=True, blank=True, editable=False)
    state = models.CharField(max_length=40, blank=True, editable=False)
    problem = models.CharField(max_length=16, choices=LinkProblem.choices, blank=True, editable=False)
    problem_detail = models.CharField(max_length=200, blank=True, editable=False)
    problem_since = models.DateTimeField(null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False, help_text=gettext_lazy("In a row."))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(storage__isnull=False, source__isnull=True, consumer__isnull=True)
                | Q(storage__isnull=True, source__isnull=False, consumer__isnull=True)
                | Q(storage__isnull=True, source__isnull=True, consumer__isnull=False),
                name="link_leads_to_one_device",
            ),
            models.CheckConstraint(
                condition=Q(protocol="sunspec", address__isnull=False, consumer__isnull=True, station="")
                | (Q(protocol__in=["ocpp", "openadr"], consumer__isnull=False) & ~Q(station="")),
                name="link_has_what_its_protocol_needs",
            ),
            models.CheckConstraint(
                condition=Q(port__gte=1, port__lte=65535, unit_id__lte=255, connector__lte=255), name="link_numbers_in_range"
            ),
            models.UniqueConstraint(
                fields=["storage", "source", "consumer"],
                condition=Q(is_enabled=True),
                nulls_distinct=False,
                name="one_enabled_link_of_a_device",
            ),
            models.UniqueConstraint(fields=["station", "connector"], condition=~Q(station=""), name="link_station_once"),
        ]

    def __str__(self) -> str:
        return f"{self.device} by {self.get_protocol_display()}"

    @property
    def device(self) -> StorageUnit | Source | Consumer:
        """What it leads to."""
        found = self.storage or self.source or self.consumer
        assert found is not None
        return found


class ChargingTag(PublicRow):
    """Who may charge: the SHA-256 of a card's or app's id; at stations whose operator did not open them to all."""

    microgrid = models.ForeignKey(Microgrid, models.CASCADE, related_name="charging_tags")
    name = models.CharField(max_length=80)
    tag_sha256 = models.CharField(max_length=64, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["microgrid", "tag_sha256"], name="charging_tag_once")]

    def __str__(self) -> str:
        return self.name


class ChargingSession(PublicRow):
    """One transaction of a charge point; OCPP 1.6 takes the platform's number for it, 2.0.1 brings its own."""

    link = models.ForeignKey(DeviceLink, models.CASCADE, related_name="sessions")
    reference = models.CharField(max_length=40, help_text=gettext_lazy("The transaction's id, as the station knows it."))
    tag = models.ForeignKey(ChargingTag, models.SET_NULL, null=True, blank=True, related_name="sessions")
    started_at = models.DateTimeField()
    start_wh = models.BigIntegerField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_wh = models.BigIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["link", "reference"], name="charging_session_once"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=models.F("started_at")), name="charging_session_ends_after_its_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.link.station} {self.reference}"
