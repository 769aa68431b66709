"""Members of a cooperative, and who may act for them or for the cooperative."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from kernel.identifiers import random_bytes32
from members.models.cooperatives import Cooperative
from members.models.public import PublicRow


class Member(PublicRow):
    """A party of the cooperative that is billed and paid: a household, a firm, or the cooperative itself."""

    cooperative = models.ForeignKey(Cooperative, models.PROTECT, related_name="members")
    number = models.CharField(max_length=20, help_text=gettext_lazy("The number on letters and transfers."))
    name = models.CharField(max_length=120)
    street = models.CharField(max_length=120, blank=True)
    postal_code = models.CharField(max_length=16, blank=True)
    city = models.CharField(max_length=80, blank=True)
    country = models.CharField(max_length=2, default="DE")
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=5, default="en", choices=[("en", "English"), ("de", "Deutsch")])
    iban = models.CharField("IBAN", max_length=34, blank=True)
    is_cooperative = models.BooleanField(
        default=False, help_text=gettext_lazy("The cooperative taking part like a member: own sites, own storages, no VAT.")
    )
    publishes_usage = models.BooleanField(
        default=False, help_text=gettext_lazy("Consents to a monthly total of their own on the chain, under a random id.")
    )
    chain_ref = models.CharField(max_length=66, default=random_bytes32, unique=True, editable=False)
    external_ref = models.CharField(max_length=120, blank=True)
    joined_date = models.DateField(null=True, blank=True)
    left_date = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cooperative", "number"], name="member_number_once"),
            models.UniqueConstraint(fields=["cooperative", "external_ref"], condition=~Q(external_ref=""), name="member_external_ref_once"),
            models.UniqueConstraint(fields=["cooperative"], condition=Q(is_cooperative=True), name="cooperative_is_one_member"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class Role(models.TextChoices):
    """What somebody does in a cooperative."""

    MEMBER = "member", gettext_lazy("member")
    PRODUCER = "producer", gettext_lazy("producer")
    TARIFF_ADMIN = "tariff_admin", gettext_lazy("tariff admin")
    OPERATOR = "operator", gettext_lazy("operator")
    AUDITOR = "auditor", gettext_lazy("auditor")
    SUPPORT = "support", gettext_lazy("support")


PERSONAL_ROLES = (Role.MEMBER, Role.PRODUCER)


class Membership(models.Model):
    """A user's role: for one member (member, producer), or for the whole cooperative (the staff roles)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    cooperative = models.ForeignKey(Cooperative, models.CASCADE, related_name="memberships")
    member = models.ForeignKey(Member, models.CASCADE, null=True, blank=True, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "cooperative", "member", "role"], name="membership_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=Q(role__in=[r.value for r in PERSONAL_ROLES], member__isnull=False)
                | (~Q(role__in=[r.value for r in PERSONAL_ROLES]) & Q(member__isnull=True)),
                name="personal_roles_name_their_member",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.get_role_display()}"
