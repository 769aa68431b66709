"""Keys of members: to encrypted batches, and wallets."""

from django.db import models

from members.models import Member


class MemberDataKey(models.Model):
    """The key under which a member's batches are encrypted, itself encrypted; destroying it erases what it opened."""

    member = models.OneToOneField(Member, models.CASCADE, related_name="data_key")
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return f"data key of {self.member}"


class WalletLink(models.Model):
    """A wallet that a member has shown to be theirs."""

    member = models.OneToOneField(Member, models.CASCADE, related_name="wallet")
    address = models.CharField(max_length=42, unique=True)
    linked_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.address
