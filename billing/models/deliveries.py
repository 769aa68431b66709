"""How letters reach people: one row for each letter, recipient and sending."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models.arrears import Reminder
from billing.models.distributions import DistributionPart
from billing.models.documents import Document
from billing.models.prepaid import PrepaidAlarm
from energy.models import Site
from members.models import Member
from members.models.public import PublicRow


class DeliveryStatus(models.TextChoices):
    QUEUED = "queued", gettext_lazy("queued")
    SENDING = "sending", gettext_lazy("being sent")
    SENT = "sent", gettext_lazy("sent")
    FAILED = "failed", gettext_lazy("failed")
    OPENED = "opened", gettext_lazy("opened")


class YearStatement(PublicRow):
    """That a member is told their year at a site. Its figures are those of the day it is sent: months may still be corrected."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="year_statements")
    site = models.ForeignKey(Site, models.PROTECT, related_name="year_statements")
    year = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "site", "year"], name="year_is_told_once")]

    def __str__(self) -> str:
        return f"year {self.year} of {self.site.code}"


Letter = Document | Reminder | DistributionPart | YearStatement | PrepaidAlarm
LETTERS = {"document": Document, "reminder": Reminder, "part": DistributionPart, "statement": YearStatement, "alarm": PrepaidAlarm}
"""What may be sent, by the field that names it: bills and credits, reminders, parts of what was shared out, years, prepaid alarms."""

LETTER_NAMES = {
    "document": gettext_lazy("Bill or credit"),
    "reminder": gettext_lazy("Reminder"),
    "part": gettext_lazy("Part shared out"),
    "statement": gettext_lazy("Year"),
    "alarm": gettext_lazy("Prepaid alarm"),
}

BEHIND = (
    "member__cooperative",
    "document__member",
    "document__site__microgrid",
    "document__cooperative",
    "document__run__microgrid",
    "document__cancels__run",
    "document__replaces__run",
    "reminder__member",
    "reminder__cooperative",
    "reminder__document",
    "part__member",
    "part__distribution__cooperative",
    "part__distribution__counters",
    "statement__member",
    "statement__site",
    "alarm__agreement__member",
    "alarm__agreement__cooperative",
)
"""What a delivery's e-mail is made of, for `select_related`."""


def _one_of(names: list[str]) -> Q:
    """Exactly one of the fields is set."""
    found = Q()
    for chosen in names:
        found |= Q(**{f"{name}__isnull": name != chosen for name in names})
    return found


class Delivery(PublicRow):
    """A letter on its way to one recipient; sent again it is a new row, so that what happened before stays.

    A worker claims a queued row by a conditional update; one that dies while it sends leaves `sending`, which counts as failed after
    a while: whether that e-mail went out nobody knows, and a person decides.
    """

    member = models.ForeignKey(Member, models.PROTECT, related_name="deliveries")
    document = models.ForeignKey(Document, models.PROTECT, null=True, blank=True, related_name="deliveries")
    reminder = models.ForeignKey(Reminder, models.PROTECT, null=True, blank=True, related_name="deliveries")
    part = models.ForeignKey(DistributionPart, models.PROTECT, null=True, blank=True, related_name="deliveries")
    statement = models.ForeignKey(YearStatement, models.PROTECT, null=True, blank=True, related_name="deliveries")
    alarm = models.ForeignKey(PrepaidAlarm, models.PROTECT, null=True, blank=True, related_name="deliveries")
    recipient = models.EmailField()
    sending = models.PositiveSmallIntegerField(default=1, help_text=gettext_lazy("1 for the first time."))
    status = models.CharField(max_length=8, choices=DeliveryStatus.choices, default=DeliveryStatus.QUEUED)
    queued_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = gettext_lazy("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["document", "recipient", "sending"], name="delivered_once"),
            models.UniqueConstraint(fields=["reminder", "recipient", "sending"], name="reminder_delivered_once"),
            models.UniqueConstraint(fields=["part", "recipient", "sending"], name="part_delivered_once"),
            models.UniqueConstraint(fields=["statement", "recipient", "sending"], name="year_delivered_once"),
            models.UniqueConstraint(fields=["alarm", "recipient", "sending"], name="alarm_delivered_once"),
            models.CheckConstraint(condition=_one_of(list(LETTERS)), name="deliveries_are_of_one_letter"),
            models.CheckConstraint(condition=~Q(status__in=["sent", "opened"]) | Q(sent_at__isnull=False), name="sent_deliveries_say_when"),
            models.CheckConstraint(condition=~Q(status="opened") | Q(opened_at__isnull=False), name="opened_deliveries_say_when"),
            models.CheckConstraint(condition=~Q(status="failed") | ~Q(problem=""), name="failed_deliveries_say_why"),
        ]
        indexes = [
            models.Index(fields=["queued_at"], condition=Q(status__in=["queued", "sending"]), name="deliveries_to_send"),
            models.Index(F("queued_at").desc(), F("id").desc(), name="deliveries_newest"),
        ]

    def __str__(self) -> str:
        return _("%(letter)s to %(recipient)s") % {"letter": self.letter, "recipient": self.recipient}

    @property
    def kind(self) -> str:
        """Which field names the letter."""
        return next(name for name in LETTERS if getattr(self, f"{name}_id") is not None)

    @property
    def letter(self) -> Letter:
        return getattr(self, self.kind)
