"""Net metering: surplus kWh that wait for later months."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models.runs import BillingRun
from energy.models import Site
from members.models import Member


class SurplusCarried(models.Model):
    """A member's surplus at a site by period of its tariff, before and after a run [Wh]. Rated anew while the run is open, then it stays.

    Who moves out leaves none: it is paid, and who moves in begins with nothing.
    """

    run = models.ForeignKey(BillingRun, models.CASCADE, related_name="surplus")
    site = models.ForeignKey(Site, models.PROTECT, related_name="surplus")
    member = models.ForeignKey(Member, models.PROTECT, related_name="surplus")
    first_day = models.DateField(help_text=gettext_lazy("Of the days that the run counts for the member."))
    window = models.CharField(max_length=40)
    before_wh = models.BigIntegerField()
    after_wh = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "site", "first_day", "window"], name="surplus_once_per_run"),
            models.CheckConstraint(condition=Q(before_wh__gte=0, after_wh__gte=0), name="surplus_not_negative"),
        ]
        indexes = [models.Index(fields=["site", "run"], name="surplus_by_site")]

    def __str__(self) -> str:
        return _("%(site)s %(window)s: %(after_wh)s Wh") % {"site": self.site, "window": self.window, "after_wh": self.after_wh}
