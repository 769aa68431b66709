"""What a cooperative decided about its billing runs."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from members.models import Cooperative


class BillingPolicy(models.Model):
    """Who releases runs; a cooperative without a row releases each by a second person and sends no e-mail by itself."""

    cooperative = models.OneToOneField(Cooperative, models.CASCADE, related_name="billing_policy")
    releases_by_rule = models.BooleanField(
        gettext_lazy("months are released by rule"),
        default=False,
        help_text=gettext_lazy("Without a second person, where no check blocks the run."),
    )
    correction_limit_minor = models.PositiveIntegerField(
        gettext_lazy("corrections up to"),
        default=0,
        help_text=gettext_lazy("Minor units. A correction of which no document changes by more is released by rule; 0: none is."),
    )
    sends_by_mail = models.BooleanField(
        gettext_lazy("documents are sent by e-mail"),
        default=False,
        help_text=gettext_lazy("As soon as a run is posted and printed, to the members' addresses."),
    )

    class Meta:
        verbose_name_plural = gettext_lazy("billing policies")
        constraints = [models.CheckConstraint(condition=Q(correction_limit_minor__lte=100_000_000), name="correction_limit_is_sane")]

    def __str__(self) -> str:
        return _("billing policy of %(cooperative)s") % {"cooperative": self.cooperative}
