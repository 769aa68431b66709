"""What somebody is to be told, in the portal and, where they want it, by e-mail."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from members.models.public import PublicRow


class Notification(PublicRow):
    """One thing one user is told once; its key says what it is about, so that telling it twice changes nothing.

    E-mails leave from here: a task claims a row by a conditional update, sends, and notes when.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=40, help_text=gettext_lazy("own alarm, work order, ..."))
    key = models.CharField(max_length=160, help_text=gettext_lazy("What it is about; once per user."))
    subject = models.CharField(max_length=160)
    text = models.TextField()
    path = models.CharField(max_length=200, blank=True, help_text=gettext_lazy("The page of the portal that shows it."))
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)
    by_mail = models.BooleanField(gettext_lazy("by e-mail"), default=False)
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    mailed_at = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="told_once"),
            models.CheckConstraint(
                condition=Q(mailed_at__isnull=True) | Q(mailed_at__gte=F("created_at")), name="mailed_after_it_was_made"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="notifications_by_user"),
            models.Index(fields=["created_at"], condition=Q(by_mail=True, mailed_at__isnull=True), name="mails_to_send"),
        ]

    def __str__(self) -> str:
        return self.subject
