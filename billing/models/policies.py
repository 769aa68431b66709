"""What a cooperative decided about its billing runs."""

from django.db import models
from django.db.models import Q

from members.models import Cooperative


class BillingPolicy(models.Model):
    """Who releases runs; a cooperative without a row releases each by a second person and sends no e-mail by itself."""

    cooperative = models.OneToOneField(Cooperative, models.CASCADE, related_name="billing_policy")
    releases_by_rule = models.BooleanField(
        "months are released by rule", default=False,
        help_text="Without a second person, where no check blocks the run.",
    )  # fmt: skip
    correction_limit_minor = models.PositiveIntegerField(
        "corrections up to", default=0,
        help_text="Minor units. A correction of which no document changes by more is released by rule; 0: none is.",
    )  # fmt: skip
    sends_by_mail = models.BooleanField(
        "documents are sent by e-mail", default=False,
        help_text="As soon as a run is posted and printed, to the members' addresses.",
    )  # fmt: skip

    class Meta:
        verbose_name_plural = "billing policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(correction_limit_minor__lte=100_000_000), name="correction_limit_is_sane"
            )
        ]

    def __str__(self) -> str:
        return f"billing policy of {self.cooperative}"
