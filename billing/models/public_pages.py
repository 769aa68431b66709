"""What a cooperative shows to everybody."""

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from members.models import Cooperative


class PublicPage(models.Model):
    """A cooperative's decision to show its days to everybody: totals only, nobody's own figures. No row, or not open: nothing is shown."""

    cooperative = models.OneToOneField(Cooperative, models.PROTECT, related_name="public_page")
    is_open = models.BooleanField(gettext_lazy("shown to everybody"), default=False)
    words_en = models.CharField(gettext_lazy("a sentence about us, in English"), max_length=300, blank=True)
    words_de = models.CharField(gettext_lazy("a sentence about us, in German"), max_length=300, blank=True)

    def __str__(self) -> str:
        return _("Public page of %(cooperative)s") % {"cooperative": self.cooperative}
