"""A step that changes something is a POST: a link leads to a page that says what will happen, its button does it."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise


def ask_first(
    request: HttpRequest, *, title: str, sentence: str | Promise, button: str | Promise, back: str
) -> HttpResponse | None:
    """The page that asks, or nothing where its button was pressed.

    Args:
        title: the step, as the link calls it.
        sentence: what will happen, in words.
        button: what the button says.
        back: where to go instead.
    """
    if request.method == "POST":
        return None
    context = {
        **admin.site.each_context(request),
        "title": title,
        "sentence": sentence,
        "button": button,
        "back": back,
    }
    return render(request, "admin/ask_first.html", context)
