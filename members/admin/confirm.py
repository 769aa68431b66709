"""A step that changes something is a POST: a link leads to a page that says what will happen, its button does it."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise

from members.language import say_kept


def ask_first(request: HttpRequest, *, title: str, sentence: str | Promise, button: str | Promise, back: str) -> HttpResponse | None:
    """The page that asks, or nothing where its button was pressed.

    Words that are kept in English are said in the reader's language.

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
        "title": say_kept(str(title)),
        "sentence": say_kept(str(sentence)),
        "button": say_kept(str(button)),
        "back": back,
    }
    return render(request, "admin/ask_first.html", context)
