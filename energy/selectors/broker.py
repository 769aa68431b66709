"""Where devices find the broker, and whom they trust there."""

from django.conf import settings

from energy.models import CertificateAuthority


def broker_address() -> str:
    """The address for devices with certificates, `mqtts://host:port`; empty where there is none."""
    if settings.MQTT_TLS_URL:
        return str(settings.MQTT_TLS_URL)
    port = settings.BROKER_DIR / "port"
    return f"mqtts://{settings.MQTT_TLS_NAMES[0]}:{port.read_text().strip()}" if port.exists() else ""


def broker_authority_pem() -> str:
    """The certificate of the authority that vouches for the broker; empty where there is none yet."""
    row = CertificateAuthority.objects.order_by("pk").first()
    return row.certificate_pem if row else ""
