"""The emergency page without the database: who has seen it as staff carries a signed pass and gets it from Valkey alone.

It stands before sessions and log-in, because those ask the database. The pass opens this one page to read, for three days.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.translation import get_language_from_request, override
from redis.exceptions import RedisError

from grid.adapters.live_push import last_story
from grid.domain.standing import standing
from kernel.intervals import zone
from kernel.phrases import german_figures
from members.language import day_in_words

COOKIE, SALT = "emergency-pass", "grid.emergency-pass"
LASTS_S = 3 * 24 * 3600
PATH = "/emergency/"
WORDS = {
    "NORMAL": "in balance",
    "SURPLUS": "more sun than we need",
    "DEFICIT": "we draw from outside",
    "PEAK": "at the limit",
    "CURTAILED": "somebody is held back",
    "EMERGENCY": "emergency",
    "ISLANDED": "on our own",
    "BLACKSTART": "starting up again",
    "RESYNC": "joining the public grid again",
}


class EmergencyPass:
    """Answers for the emergency page where a pass is shown; everything else goes on as usual."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in ("GET", "HEAD") and request.path == PATH:
            public_id = read_pass(request.COOKIES.get(COOKIE, ""))
            if public_id is not None:
                return emergency_page(public_id, get_language_from_request(request))
        return self._get_response(request)


def read_pass(value: str) -> UUID | None:
    """The microgrid of a pass that is genuine and not too old."""
    try:
        return UUID(hex=signing.loads(value, salt=SALT, max_age=LASTS_S))
    except (signing.BadSignature, ValueError, TypeError):
        return None


def give_pass(response: HttpResponse, public_id: UUID, *, secure: bool) -> HttpResponse:
    """Let whoever gets this response see the page again without the database."""
    response.set_cookie(
        COOKIE, signing.dumps(public_id.hex, salt=SALT), max_age=LASTS_S, httponly=True, samesite="Lax", secure=secure, path=PATH
    )
    return response


def _for_people(state: dict[str, Any], time_zone: str) -> dict[str, Any]:
    """Powers in kW, energy in kWh, the instant by the village's clock, as the reader's language writes them."""
    names = ("import_w", "export_w", "consumption_w", "production_w", "storage_wh", "storage_capacity_wh")
    figures = {name.replace("_w", "_kw"): number_format(state.get(name, 0) / 1000, 1) for name in names}
    at = datetime.fromisoformat(state["at"]).astimezone(zone(time_zone))
    return figures | {"at_local": f"{day_in_words(at.date())}, {at:%H:%M:%S}"}


def _with_german_days(story: dict[str, Any]) -> dict[str, Any]:
    opened = [one | {"began_at": german_figures(one["began_at"])} for one in story.get("open", [])]
    return story | {"open": opened, "written_at": german_figures(story.get("written_at", ""))}


def _word(state: dict[str, Any]) -> str:
    """The state by the name that people read, in English as phrases are kept."""
    status = str(state.get("status", ""))
    return WORDS.get(standing(status, state.get("import_w", 0), state.get("export_w", 0)), status)


def emergency_page(public_id: UUID, language: str) -> HttpResponse:
    """The page from the last state in Valkey: complete without a script, with no query."""
    try:
        state, story = last_story(public_id)
        is_away = False
    except (RedisError, OSError):
        state, story, is_away = None, {}, True
    status = (state or {}).get("status", "")
    if language.startswith("de"):
        story = _with_german_days(story)
    context = {"story": story, "status": status, "word": _word(state or {}), "is_away": is_away}
    with override(language):
        context["state"] = state and state | _for_people(state, story.get("time_zone", "UTC"))
        text = render_to_string("emergency/page.html", context | {"language": language})
    response = HttpResponse(text)
    response["Cache-Control"] = "no-store"
    return response
