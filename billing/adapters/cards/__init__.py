"""Card providers behind one interface; which one, and with what secrets, the settings say."""

from functools import cache
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from billing.adapters.cards.stripe import Stripe
from billing.domain.cards.provider import CardProvider


class NoCardProvider(ValueError):
    """No card provider is set, or not for this cooperative."""


def provider() -> CardProvider:
    """The provider of the settings.

    Raises:
        NoCardProvider: none is set.
    """
    if settings.CARD_PROVIDER != "stripe":
        raise NoCardProvider("No card provider is set.")
    return _stripe(settings.CARD_API_URL, settings.CARD_SECRET_KEY, tuple(settings.CARD_WEBHOOK_SECRETS))


def back_url() -> str:
    """Where the provider leads a payer back to, with `{key}` for the checkout's id."""
    nothing = UUID(int=0)
    return settings.SITE_URL.rstrip("/") + reverse("card-back", args=[nothing]).replace(str(nothing), "{key}")


@cache
def _stripe(url: str, key: str, secrets: tuple[str, ...]) -> Stripe:
    return Stripe(url, key, secrets)
