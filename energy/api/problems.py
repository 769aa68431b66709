"""Errors of the API as problem details (RFC 9457), in the language that the request asks for."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import exception_handler

from members.language import say_kept

PROBLEM_TYPE = "application/problem+json"


def problem(code: int, title: str, detail: str = "", **more: Any) -> Response:
    """One problem: what went wrong, in a sentence, and further members by name."""
    body = {"type": "about:blank", "title": say_kept(title), "status": code, **({"detail": say_kept(detail)} if detail else {}), **more}
    return Response(body, status=code, content_type=PROBLEM_TYPE)


def as_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn what REST framework understands into a problem; anything else is left to Django."""
    answer = exception_handler(error, context)
    if answer is None:
        return None
    shown = problem(answer.status_code, _title(error), _detail(answer.data), **_fields(answer.data))
    for name in ("Retry-After", "WWW-Authenticate"):
        if name in answer.headers:
            shown[name] = answer.headers[name]
    return shown


def _title(error: Exception) -> str:
    if isinstance(error, Http404):
        return "Not found"
    if isinstance(error, PermissionDenied):
        return "Not allowed"
    assert isinstance(error, APIException)  # the handler answers no other errors
    return str(error.default_detail).rstrip(".")


def _detail(data: Any) -> str:
    if isinstance(data, dict) and "detail" in data:
        return str(data["detail"])
    return ""


def _fields(data: Any) -> dict[str, Any]:
    """What is wrong with which parameter."""
    if isinstance(data, dict) and "detail" not in data:
        return {"errors": _told(data)}
    if isinstance(data, list):
        return {"errors": {"": _told(data)}}
    return {}


def _told(data: Any) -> Any:
    """The same with each sentence in the reader's language."""
    if isinstance(data, dict):
        return {name: _told(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [_told(value) for value in data]
    return say_kept(str(data)) if isinstance(data, str) else data
