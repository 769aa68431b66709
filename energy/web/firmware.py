"""`/firmware/`: the update repository's files as they are; who fetches them verifies them, so nobody logs in."""

import re

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}")


@require_safe
def firmware_file(request: HttpRequest, kind: str, path: str) -> HttpResponseBase:
    """One file of metadata/ or targets/."""
    parts = path.split("/")
    if not all(_PART.fullmatch(part) for part in parts):
        raise Http404
    place = settings.FIRMWARE_DIR.joinpath(kind, *parts)
    if not place.is_file():
        raise Http404
    answer = FileResponse(place.open("rb"), content_type="application/json" if kind == "metadata" else "application/octet-stream")
    # What carries its version or hash in its name never changes; the timestamp does.
    answer["Cache-Control"] = "no-cache" if path == "timestamp.json" else "public, max-age=86400"
    return answer
