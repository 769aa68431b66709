"""Members vote on the rule by which they share."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from energy.models import Microgrid, Site
from grid.models.sharing import MARKET_ALONE, SharingKey, SharingPrice, SharingRule, market_has_its_price
from members.models import Member
from members.models.public import PublicRow


class VoteStatus(models.TextChoices):
    OPEN = "open", "open"
    ADOPTED = "adopted", "adopted"
    REJECTED = "rejected", "rejected"
    TOO_FEW = "too_few", "too few took part"
    WITHDRAWN = "withdrawn", "withdrawn"


class SharingProposal(PublicRow):
    """A rule put to the vote. Its text is fixed when the vote opens; its hash stands for it from then on."""

    microgrid = models.ForeignKey(Microgrid, models.PROTECT, related_name="sharing_proposals")
    key = models.CharField(max_length=16, choices=SharingKey.choices)
    price_rule = models.CharField(gettext_lazy("price"), max_length=24, choices=SharingPrice.choices)
    valid_from = models.DateField(gettext_lazy("in force from"), help_text=gettext_lazy("If adopted."))
    reason = models.CharField(max_length=600, help_text=gettext_lazy("Members read it."))
    quorum_percent = models.PositiveSmallIntegerField(
        gettext_lazy("quorum [%]"), default=50, help_text=gettext_lazy("Of all members who can vote.")
    )
    text = models.TextField(editable=False)
    text_sha256 = models.CharField(max_length=64, editable=False)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    opened_at = models.DateTimeField(editable=False)
    closes_at = models.DateTimeField()
    status = models.CharField(max_length=12, choices=VoteStatus.choices, default=VoteStatus.OPEN, editable=False)
    decided_at = models.DateTimeField(null=True, editable=False)
    eligible = models.PositiveIntegerField(null=True, editable=False)
    yes = models.PositiveIntegerField(null=True, editable=False)
    no = models.PositiveIntegerField(null=True, editable=False)
    abstained = models.PositiveIntegerField(null=True, editable=False)
    rule = models.OneToOneField(SharingRule, models.PROTECT, null=True, editable=False, related_name="proposal")

    class Meta:
        verbose_name = gettext_lazy("vote on sharing")
        verbose_name_plural = gettext_lazy("votes on sharing")
        constraints = [
            models.UniqueConstraint(fields=["microgrid"], condition=Q(status=VoteStatus.OPEN), name="one_open_vote_on_sharing"),
            models.CheckConstraint(condition=Q(closes_at__gt=F("opened_at")), name="vote_lasts_a_while"),
            models.CheckConstraint(
                condition=market_has_its_price(), name="proposal_prices_its_market", violation_error_message=MARKET_ALONE
            ),
            models.CheckConstraint(condition=Q(quorum_percent__gte=1, quorum_percent__lte=100), name="quorum_is_a_percentage"),
            models.CheckConstraint(
                condition=Q(status__in=[VoteStatus.OPEN, VoteStatus.WITHDRAWN])
                | Q(decided_at__isnull=False, eligible__isnull=False, yes__isnull=False, no__isnull=False, abstained__isnull=False),
                name="decided_vote_is_counted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_key_display()}, {self.get_price_rule_display()}, from {self.valid_from}"


class ProposedShare(models.Model):
    """A site's fixed share under a proposal with a static or hybrid key."""

    proposal = models.ForeignKey(SharingProposal, models.CASCADE, related_name="shares")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    share = models.DecimalField(max_digits=7, decimal_places=6)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["proposal", "site"], name="share_proposed_once")]

    def __str__(self) -> str:
        return f"{self.share} for {self.site}"


class VoteChoice(models.TextChoices):
    YES = "yes", "yes"
    NO = "no", "no"
    ABSTAIN = "abstain", "abstain"


class SharingVote(models.Model):
    """One member's vote; it may be changed until the vote closes."""

    proposal = models.ForeignKey(SharingProposal, models.PROTECT, related_name="votes")
    member = models.ForeignKey(Member, models.PROTECT, related_name="+")
    choice = models.CharField(max_length=8, choices=VoteChoice.choices)
    cast_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    cast_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["proposal", "member"], name="one_vote_a_member")]

    def __str__(self) -> str:
        return f"vote on {self.proposal_id}"
