"""Pages and JSON go out compressed, unless they show a secret.

The length of a compressed page tells a listener who can put words of their own into it whether those words stand in it a second
time (BREACH). Three things stand against that: a reply that must not be stored is one that shows something secret (a log-in form, a
device's code, a proof bundle, the admin's pages) and is never compressed; the token against forged forms is masked anew in every
reply (Django); and each compressed reply bears up to a hundred random bytes (Django, "Heal the Breach").
"""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

COMPRESSIBLE = ("text/", "application/json", "application/problem+json", "application/xml", "application/vnd.oai.openapi", "image/svg+xml")


class Compression(GZipMiddleware):
    """Django's own, kept to what gets shorter and is no secret."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if _is_secret(response) or not response.get("Content-Type", "").startswith(COMPRESSIBLE):
            return response
        return super().process_response(request, response)


def _is_secret(response: HttpResponseBase) -> bool:
    return "no-store" in response.get("Cache-Control", "")
