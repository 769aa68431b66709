"""The cooperative's own certificate authority, and what it issued to devices."""

from django.db import models
from django.utils.translation import gettext_lazy

from energy.models.devices import Device
from members.models import Cooperative


class CertificateAuthority(models.Model):
    """A cooperative's authority for devices: its certificate, and its key sealed under the installation's secret."""

    cooperative = models.OneToOneField(Cooperative, models.PROTECT, related_name="certificate_authority")
    certificate_pem = models.TextField()
    sealed_key = models.BinaryField()
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"certificate authority of {self.cooperative}"


class DeviceCertificate(models.Model):
    """An X.509 certificate by which a device knows itself to the broker (mutual TLS)."""

    authority = models.ForeignKey(CertificateAuthority, models.PROTECT, related_name="certificates")
    device = models.ForeignKey(Device, models.PROTECT, related_name="certificates")
    serial = models.CharField(max_length=40, unique=True, help_text=gettext_lazy("Hexadecimal."))
    certificate_pem = models.TextField()
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"certificate {self.serial} of {self.device}"
