"""What no page and no door of the API can mean is refused before it reaches them; the API says all its errors as problem details."""

import re
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _
from django.views import defaults

from energy.api.problems import PROBLEM_TYPE
from kernel.intervals import FIRST_YEAR, LAST_YEAR
from members.language import say_kept

API = "/api/"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
DAY = re.compile(r"(?<![0-9])([0-9]{4})-[0-9]{2}-[0-9]{2}(?![0-9])", re.ASCII)


class Bounded(MiddlewareMixin):
    """Addresses and forms hold no NUL, which no text in the database can, and no day whose neighbours cannot be written down."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """The refusal, or nothing where the address can be meant."""
        texts = [request.path, *request.GET, *(text for _name, many in request.GET.lists() for text in many)]
        if any("\0" in text for text in texts):
            return _bad_request(request, _("The address holds a sign that no text has; leave it out."))
        years = [int(year) for text in texts for year in DAY.findall(text)]
        if any(not FIRST_YEAR <= year <= LAST_YEAR for year in years):
            return _bad_request(request, _("Days lie in the years %(first)s to %(last)s.") % {"first": FIRST_YEAR, "last": LAST_YEAR})
        return None

    def process_view(self, request: HttpRequest, view: Any, *_words: Any) -> HttpResponse | None:
        """Pages' forms hold no NUL either; the API's bodies are judged by its serializers."""
        is_form = request.method == "POST" and request.content_type in FORMS and not getattr(view, "csrf_exempt", False)
        if is_form and any("\0" in text for _name, many in request.POST.lists() for text in many):
            return _bad_request(request, _("The form holds a sign that no text has; leave it out."))
        return None


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, for an address that is none of ours."""
    return _as_problem(request, 404, "Not found") or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, for a mistake of ours; it is in the log."""
    return _as_problem(request, 500, _("The server made a mistake; try again later.")) or defaults.server_error(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, for what Django itself refuses."""
    return _as_problem(request, 400, "Invalid input") or defaults.bad_request(request, exception)


def _bad_request(request: HttpRequest, detail: str) -> HttpResponse:
    answer = _as_problem(request, 400, "Invalid input", detail=detail)
    return answer or defaults.bad_request(request, ValueError(detail))


def _as_problem(request: HttpRequest, status: int, title: str, **more: Any) -> HttpResponse | None:
    if not request.path.startswith(API):
        return None
    body = {"type": "about:blank", "title": say_kept(title), "status": status, **more}
    return JsonResponse(body, status=status, content_type=PROBLEM_TYPE)
