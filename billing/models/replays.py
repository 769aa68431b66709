"""What a month would have cost everybody under other rules of sharing."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models.runs import BillingRun
from grid.models import SharingKey, SharingPrice


class RuleReplay(models.Model):
    """A posted month's energy, shared and priced by another rule and rated by each site's own tariff; site by site,
    and of common plants holder by holder.

    Without key and price it is the month as it was: what the others are compared with. Flexibility is in none of them.
    """

    run = models.ForeignKey(BillingRun, models.CASCADE, related_name="replays")
    key = models.CharField(max_length=16, choices=SharingKey.choices, blank=True)
    price_rule = models.CharField(max_length=24, choices=SharingPrice.choices, blank=True)
    shared_wh = models.BigIntegerField()
    site_ids = ArrayField(models.BigIntegerField())
    bill_minor = ArrayField(models.BigIntegerField(), help_text=gettext_lazy("What each site would have paid, with VAT."))
    credit_minor = ArrayField(models.BigIntegerField(), help_text=gettext_lazy("What each would have been paid for its energy."))
    part_site_ids = ArrayField(
        models.BigIntegerField(),
        default=list,
        help_text=gettext_lazy("Common plants, one entry for each part that somebody else than the owner holds."),
    )
    part_member_ids = ArrayField(models.BigIntegerField(), default=list)
    part_credit_minor = ArrayField(
        models.BigIntegerField(), default=list, help_text=gettext_lazy("What each holder would have been paid for the part.")
    )
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "key", "price_rule"], name="rule_replayed_once")]

    def __str__(self) -> str:
        return (
            _("%(run)s by %(key)s, %(price_rule)s") % {"run": self.run, "key": self.key, "price_rule": self.price_rule}
            if self.key
            else _("%(run)s as it was") % {"run": self.run}
        )
