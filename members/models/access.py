"""Who looked at whose data."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from members.models.memberships import Member


class AccessRecord(models.Model):
    """One look at a member's personal data by somebody else; shown to the member, never changed."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="access_records")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    looked_at = models.DateTimeField()
    what = models.CharField(max_length=40, help_text=gettext_lazy("bill, meter day, profile, ..."))
    subject = models.CharField(max_length=80, blank=True)

    class Meta:
        indexes = [models.Index(fields=["member", "-looked_at"], name="access_by_member")]

    def __str__(self) -> str:
        return f"{self.user} looked at {self.what} of {self.member}"
