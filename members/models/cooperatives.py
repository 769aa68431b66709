"""The legal entity that issues bills."""

from django.db import models
from django.utils.translation import gettext_lazy

from members.models.public import PublicRow


class Cooperative(PublicRow):
    """An energy cooperative: issuer of bills, keeper of the books, owner of one or more microgrids."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    street = models.CharField(max_length=120, blank=True)
    postal_code = models.CharField(max_length=16, blank=True)
    city = models.CharField(max_length=80, blank=True)
    country = models.CharField(max_length=2, default="DE", help_text=gettext_lazy("ISO 3166 code, for example DE."))
    vat_id = models.CharField(gettext_lazy("VAT id"), max_length=20, blank=True)
    iban = models.CharField("IBAN", max_length=34, blank=True)
    bic = models.CharField("BIC", max_length=11, blank=True)
    currency = models.CharField(max_length=3, default="EUR", help_text=gettext_lazy("ISO 4217 code, for example EUR."))
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    emergency_phone = models.CharField(max_length=40, blank=True)
    website = models.URLField(blank=True)

    def __str__(self) -> str:
        return self.name
