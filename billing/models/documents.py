"""Bills and credit documents."""

from datetime import date, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models.runs import BillingRun
from energy.models import Site
from kernel.identifiers import random_bytes32
from members.models import Cooperative, Member
from members.models.public import PublicRow


class DocumentKind(models.TextChoices):
    """A bill, a credit, and the document that takes back one of each."""

    BILL = "bill", gettext_lazy("bill")
    CREDIT = "credit", gettext_lazy("credit")
    BILL_REVERSAL = "bill_reversal", gettext_lazy("credit note for a bill")
    CREDIT_REVERSAL = "credit_reversal", gettext_lazy("note that takes a credit back")


TYPE_CODES = {DocumentKind.BILL: 380, DocumentKind.CREDIT: 389, DocumentKind.BILL_REVERSAL: 381, DocumentKind.CREDIT_REVERSAL: 261}
ORIGINALS = (DocumentKind.BILL, DocumentKind.CREDIT)
REVERSALS = {DocumentKind.BILL: DocumentKind.BILL_REVERSAL, DocumentKind.CREDIT: DocumentKind.CREDIT_REVERSAL}
OF_BILLS = (DocumentKind.BILL, DocumentKind.BILL_REVERSAL)
OF_CREDITS = (DocumentKind.CREDIT, DocumentKind.CREDIT_REVERSAL)


class DocumentStatus(models.TextChoices):
    """Whether something is still to be paid: `cancelled` says that a reversal took the document back, figures untouched."""

    DRAFT = "draft", gettext_lazy("draft")
    OPEN = "open", gettext_lazy("open")
    SETTLED = "settled", gettext_lazy("settled")
    CANCELLED = "cancelled", gettext_lazy("cancelled")


class DocumentQuerySet(models.QuerySet["Document"]):
    """Documents by what counts."""

    def posted(self) -> "DocumentQuerySet":
        """All that have a number."""
        return self.exclude(status=DocumentStatus.DRAFT)

    def standing(self) -> "DocumentQuerySet":
        """Bills and credits that count: posted, and not taken back."""
        return self.filter(kind__in=ORIGINALS).exclude(status__in=[DocumentStatus.DRAFT, DocumentStatus.CANCELLED])


class Document(PublicRow):
    """What a site drew in a month and its member pays (bill), or delivered and is paid (credit, self-billed).

    Flexibility is delivered too: what a site is owed for it stands on its credit, never as a negative line on its bill.
    """

    run = models.ForeignKey(BillingRun, models.PROTECT, related_name="documents", db_index=False)  # begins a key below
    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="documents")
    member = models.ForeignKey(Member, models.PROTECT, related_name="documents", db_index=False)  # begins an index below
    site = models.ForeignKey(Site, models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=16, choices=DocumentKind.choices)
    status = models.CharField(max_length=12, choices=DocumentStatus.choices, default=DocumentStatus.DRAFT)
    series = models.CharField(max_length=4, blank=True)
    year = models.PositiveSmallIntegerField(null=True)
    number = models.PositiveIntegerField(null=True)
    label = models.CharField(max_length=24, blank=True, help_text=gettext_lazy("Series, year and number as people read them."))
    period = models.PositiveIntegerField(help_text=gettext_lazy("YYYYMM"))
    first_day = models.DateField(help_text=gettext_lazy("Of the days that it is for."))
    last_day = models.DateField()
    issue_date = models.DateField()
    due_date = models.DateField()
    currency = models.CharField(max_length=3)
    net_minor = models.BigIntegerField(default=0)
    vat_rate = models.DecimalField(
        max_digits=5, decimal_places=4, null=True, default=0, help_text=gettext_lazy("Of all lines; empty where they bear several.")
    )
    vat_minor = models.BigIntegerField(default=0)
    gross_minor = models.BigIntegerField(default=0)
    paid_minor = models.BigIntegerField(default=0)
    payment_reference = models.CharField(max_length=35, blank=True)
    chain_ref = models.CharField(max_length=66, default=random_bytes32, editable=False)
    cancels = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cancelled_by",
        editable=False,
        help_text=gettext_lazy("The document that this one takes back."),
    )
    replaces = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="replaced_by",
        editable=False,
        help_text=gettext_lazy("The document that was taken back and that this one stands for now."),
    )

    objects = DocumentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["bill_reversal", "credit_reversal"], cancels__isnull=False, replaces__isnull=True)
                | Q(kind__in=["bill", "credit"], cancels__isnull=True),
                name="reversals_name_what_they_take_back",
            ),
            models.UniqueConstraint(fields=["run", "site", "member", "kind", "first_day"], name="document_once_per_run_and_stay"),
            models.UniqueConstraint(fields=["chain_ref"], name="document_chain_ref_once"),
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="document_days_in_order"),
            models.UniqueConstraint(
                fields=["cooperative", "series", "year", "number"], condition=Q(number__isnull=False), name="document_number_once"
            ),
            models.CheckConstraint(
                condition=Q(status="draft", number__isnull=True) | (~Q(status="draft") & Q(number__isnull=False)),
                name="posted_documents_are_numbered",
            ),
            models.CheckConstraint(condition=Q(gross_minor=F("net_minor") + F("vat_minor")), name="gross_is_net_and_vat"),
        ]
        indexes = [models.Index(fields=["member", "-period"], name="document_by_member")]

    def __str__(self) -> str:
        return self.label or _("draft %(kind)s") % {"kind": self.get_kind_display()}

    @property
    def type_code(self) -> int:
        """Of the invoice by EN 16931 (UNTDID 1001): a commercial invoice, or one that the buyer writes for the seller."""
        return TYPE_CODES[DocumentKind(self.kind)]

    def days(self) -> list[date]:
        """All days that it is for: those of the month on which the member had the site."""
        return [self.first_day + timedelta(days=i) for i in range((self.last_day - self.first_day).days + 1)]

    @property
    def rated_run(self) -> BillingRun:
        """The run whose days and readings its figures are of; a reversal repeats those of what it takes back."""
        return self.cancels.run if self.cancels else self.run

    @property
    def is_for_use(self) -> bool:
        """Whether it is of what the member drew: a bill, or what takes one back."""
        return self.kind in OF_BILLS

    @property
    def rest_minor(self) -> int:
        """What is still to be paid; nothing of a document that was taken back, or that takes back."""
        if self.kind not in ORIGINALS or self.status == DocumentStatus.CANCELLED:
            return 0
        return max(self.gross_minor - self.paid_minor, 0)


class Component(models.TextChoices):
    STANDING = "standing", gettext_lazy("standing charge")
    LOCAL = "local", gettext_lazy("energy from neighbours")
    GRID = "grid", gettext_lazy("energy from the public grid")
    INCENTIVE = "incentive", gettext_lazy("incentive for local energy")
    LOCAL_DELIVERED = "local_delivered", gettext_lazy("energy delivered to neighbours")
    CARRIED = "carried", gettext_lazy("grid energy carried for neighbours")
    GIFT = "gift", gettext_lazy("energy given to you")
    GIVEN = "given", gettext_lazy("energy you gave away")
    DEVIATION = "deviation", gettext_lazy("orders not kept")
    COMPENSATION = "compensation", gettext_lazy("orders others did not keep")
    EXPORT = "export", gettext_lazy("energy to the public grid")
    DEMAND_RESPONSE = "demand_response", gettext_lazy("drawing less when asked")
    BATTERY = "battery", gettext_lazy("flexibility of your battery")
    FLEXIBLE_RUN = "flexible_run", gettext_lazy("flexibility of your devices")
    LOCAL_USE = "local_use", gettext_lazy("reward for local energy")
    SHIFTED = "shifted", gettext_lazy("reward for drawing outside the peak")
    LOW_INCOME = "low_income", gettext_lazy("support")
    DEMAND = "demand", gettext_lazy("highest power of the month")
    LEVY = "levy", gettext_lazy("levy")
    DISCOUNT = "discount", gettext_lazy("discount")
    SPOT = "spot", gettext_lazy("energy at the price of the hour")
    SET_OFF = "set_off", gettext_lazy("set off against what was fed in")
    KEPT = "kept", gettext_lazy("surplus that waits")
    CAPACITY = "capacity", gettext_lazy("connection by fuse")
    REACTIVE = "reactive", gettext_lazy("reactive energy")
    OWN_USE = "own_use", gettext_lazy("made and used at the site")
    MINIMUM = "minimum", gettext_lazy("top-up to the minimum")


# What lines are of energy that the site's registers counted; of a site that buys and sells all, own use is in them and is taken off.
FROM_NEIGHBOURS = (Component.LOCAL, Component.GIFT)
FROM_GRID = (Component.GRID, Component.SPOT, Component.SET_OFF)
DRAWN = (*FROM_NEIGHBOURS, *FROM_GRID)
GIVER_LENGTH = 40  # of a giver's name in the window of a line of given energy
FED_IN = (Component.LOCAL_DELIVERED, Component.GIVEN, Component.CARRIED, Component.EXPORT)


class DocumentLine(models.Model):
    """One line: quantity x price, rounded once. Deductions are negative."""

    document = models.ForeignKey(Document, models.CASCADE, related_name="lines", db_index=False)  # begins the key below
    position = models.PositiveSmallIntegerField()
    component = models.CharField(max_length=16, choices=Component.choices)
    window = models.CharField(max_length=60, blank=True)
    quantity = models.BigIntegerField()
    unit = models.CharField(max_length=4)
    price = models.DecimalField(max_digits=14, decimal_places=6, help_text=gettext_lazy("Per kWh, per kW or per day."))
    exact_micro = models.BigIntegerField(help_text=gettext_lazy("Sum of Wh x millionths per kWh, before rounding."))
    net_minor = models.BigIntegerField()
    vat_category = models.CharField(max_length=2, default="O", help_text=gettext_lazy("UNTDID 5305: S, Z, E, AE or O."))
    vat_rate = models.DecimalField(max_digits=5, decimal_places=4, default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "position"], name="line_position_once")]

    def __str__(self) -> str:
        return f"{self.get_component_display()} {self.window}"


class NumberSeries(models.Model):
    """The next number of a series; given in the transaction that posts, so that none is missing."""

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="+")
    series = models.CharField(max_length=4)
    year = models.PositiveSmallIntegerField()
    next_number = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cooperative", "series", "year"], name="series_once")]

    def __str__(self) -> str:
        return f"{self.series}-{self.year}: {self.next_number}"
