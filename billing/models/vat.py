"""VAT: how the cooperative and its members stand to it, and what it comes to on a document."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.vat import Category, Ground, Scheme
from billing.models.documents import Document
from grid.models.sharing import DateRange
from members.language import day_in_words
from members.models import Cooperative, Member
from members.models.public import PublicRow

SCHEMES = [
    (Scheme.STANDARD.value, gettext_lazy("shows VAT")),
    (Scheme.SMALL_BUSINESS.value, gettext_lazy("small business: shows none")),
    (Scheme.EXEMPT.value, gettext_lazy("exempt")),
    (Scheme.OUTSIDE.value, gettext_lazy("outside VAT, as a household is")),
]
CATEGORIES = [
    (Category.STANDARD.value, gettext_lazy("standard")),
    (Category.ZERO.value, gettext_lazy("zero rated")),
    (Category.EXEMPT.value, gettext_lazy("exempt")),
    (Category.REVERSE_CHARGE.value, gettext_lazy("reverse charge")),
    (Category.OUTSIDE.value, gettext_lazy("outside VAT")),
]
GROUNDS = [
    (Ground.TAXED.value, gettext_lazy("taxed")),
    (Ground.ZERO.value, gettext_lazy("at a rate of nothing")),
    (Ground.REVERSE_CHARGE.value, gettext_lazy("reverse charge")),
    (Ground.SMALL_BUSINESS.value, gettext_lazy("small business")),
    (Ground.EXEMPT.value, gettext_lazy("exempt")),
    (Ground.OUTSIDE.value, gettext_lazy("outside VAT")),
    (Ground.OWN_SUPPLY.value, gettext_lazy("the cooperative's own supply")),
]


class VatStatus(PublicRow):
    """How the cooperative (no member named) or a member stands to VAT over some days.

    Without a row the cooperative shows VAT at its tariffs' rates, and a member shows none.
    """

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="vat_statuses")
    member = models.ForeignKey(
        Member, models.PROTECT, null=True, blank=True, related_name="vat_statuses", help_text=gettext_lazy("Empty: the cooperative itself.")
    )
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True, help_text=gettext_lazy("Exclusive; empty: until further notice."))
    scheme = models.CharField(max_length=16, choices=SCHEMES)
    rate = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        default=0,
        help_text=gettext_lazy("Of what a member delivers, for example 0.19; bills take the tariff's rate."),
    )
    vat_id = models.CharField(gettext_lazy("VAT id"), max_length=20, blank=True, help_text=gettext_lazy("Of a member."))
    tax_number = models.CharField(
        max_length=30, blank=True, help_text=gettext_lazy("Where there is no VAT id, as many small businesses have none.")
    )
    owes_as_recipient = models.BooleanField(
        gettext_lazy("reverse charge"),
        default=False,
        help_text=gettext_lazy("A member who resells energy owes the VAT on bills in our place."),
    )
    recipient_owes = models.BooleanField(
        gettext_lazy("reverse charge of what it delivers"),
        default=False,
        help_text=gettext_lazy("We owe the VAT on what this member delivers to us, at the rate above; its credit documents show none."),
    )
    sentence = models.CharField(
        gettext_lazy("legal sentence"),
        max_length=160,
        blank=True,
        help_text=gettext_lazy("Why no VAT is shown, as the document says it; empty: the usual words in the member's language."),
    )

    class Meta:
        verbose_name = gettext_lazy("VAT status")
        verbose_name_plural = gettext_lazy("VAT statuses")
        constraints = [
            ExclusionConstraint(
                name="one_vat_status_of_a_member_at_a_time",
                expressions=[
                    (F("member"), RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(member__isnull=False),
            ),
            ExclusionConstraint(
                name="one_vat_status_of_the_cooperative_at_a_time",
                expressions=[
                    (F("cooperative"), RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(member__isnull=True),
            ),
            models.CheckConstraint(condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="vat_status_in_order"),
            models.CheckConstraint(
                condition=Q(member__isnull=True, rate=0, owes_as_recipient=False, recipient_owes=False)
                | Q(member__isnull=False, scheme="standard", rate__gt=0, rate__lt=1)
                | Q(member__isnull=False, rate=0) & ~Q(scheme="standard"),
                name="vat_rate_of_members_who_show_vat",
                violation_error_message=gettext_lazy("A member who shows VAT needs a rate; everybody else has none here."),
            ),
            models.CheckConstraint(
                condition=Q(member__isnull=True) | ~Q(vat_id="") | (~Q(scheme="standard") & Q(owes_as_recipient=False)),
                name="vat_needs_an_id",
                violation_error_message=gettext_lazy("Who shows VAT, or owes it as the recipient, needs a VAT id."),
            ),
            models.CheckConstraint(
                condition=Q(recipient_owes=False) | Q(scheme="standard"),
                name="reverse_charge_of_who_would_show_vat",
                violation_error_message=gettext_lazy("Only for a member who would show VAT itself does the recipient owe it."),
            ),
        ]

    def __str__(self) -> str:
        return _("%(cooperative)s: %(scheme)s from %(valid_from)s") % {
            "cooperative": self.member or self.cooperative,
            "scheme": self.get_scheme_display(),
            "valid_from": day_in_words(self.valid_from),
        }


class DocumentVat(models.Model):
    """The lines of one VAT category and rate of a document: their sum, and the tax on it, rounded once."""

    document = models.ForeignKey(Document, models.CASCADE, related_name="vat_sums", db_index=False)  # begins the key below
    category = models.CharField(max_length=2, choices=CATEGORIES)
    rate = models.DecimalField(max_digits=5, decimal_places=4)
    net_minor = models.BigIntegerField()
    vat_minor = models.BigIntegerField()
    reason = models.CharField(max_length=200, blank=True, help_text=gettext_lazy("Why no tax is shown, as it is printed."))
    ground = models.CharField(max_length=16, choices=GROUNDS, db_default=Ground.TAXED.value)
    recipient_rate = models.DecimalField(
        max_digits=5, decimal_places=4, db_default=0, help_text=gettext_lazy("At which we owe the tax as recipient.")
    )
    recipient_vat_minor = models.BigIntegerField(db_default=0, help_text=gettext_lazy("What we owe as recipient."))
    is_deducted = models.BooleanField(
        db_default=True, help_text=gettext_lazy("Whether we get back what we are charged, or owe as recipient.")
    )

    class Meta:
        verbose_name = gettext_lazy("VAT sum")
        constraints = [
            models.UniqueConstraint(fields=["document", "category", "rate"], name="vat_sum_once"),
            models.CheckConstraint(
                condition=Q(category="S", rate__gt=0) | (~Q(category="S") & Q(rate=0, vat_minor=0)), name="only_standard_lines_bear_tax"
            ),
            models.CheckConstraint(
                condition=Q(recipient_rate=0, recipient_vat_minor=0) | Q(category="AE", recipient_rate__gt=0, recipient_rate__lt=1),
                name="recipients_owe_under_reverse_charge",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document}: {self.category} {self.rate}"
