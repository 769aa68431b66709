"""What nobody types: a NUL among the words of a form or an address, which no text of the database can hold."""

from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class PlainText(MiddlewareMixin):
    """Answers 400 to such a request, before any view reads its words. The API's bodies are judged by its serializers."""

    def process_view(self, request: HttpRequest, view: Any, *_words: Any) -> None:
        lists = [*request.GET.lists()]
        # Doors without a page's token read their body in their own way.
        if (
            request.method == "POST"
            and request.content_type in FORMS
            and not getattr(view, "csrf_exempt", False)
        ):
            lists += request.POST.lists()
        if any("\0" in word for name, words in lists for word in (name, *map(str, words))):
            raise BadRequest("A character that is no text stands in what was sent.")
