"""Whose money is on the table, and amounts as people write them: what the treasurer's money pages share."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, Overflow
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from billing.selectors.bank_desk import line_counts
from billing.selectors.books import kept_books, may_keep
from billing.selectors.phrases import PHRASES
from members.language import said
from members.models import Cooperative
from members.selectors.scope import user_of


class NoAmount(ValueError):
    """What was written is no amount of money."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Whose money is on the table, and whether the reader may move it."""

    cooperative: Cooperative
    may_keep: bool

    def context(self, tab: str) -> dict[str, Any]:
        """What every page of the desk shows."""
        counts = line_counts(self.cooperative)
        return {"cooperative": self.cooperative, "may_keep": self.may_keep, "tab": tab, "counts": counts}


def open_desk(request: HttpRequest, *, keeps: bool = False) -> Desk:
    """The desk of the user's cooperative; the first of several unless another is named."""
    user = user_of(request)
    books = kept_books(user)
    asked = request.GET.get("cooperative") or request.POST.get("cooperative")
    cooperative = books.filter(slug=asked).first() if asked else books.first()
    if cooperative is None:
        raise Http404
    desk = Desk(cooperative, may_keep(user, cooperative))
    if keeps and not desk.may_keep:
        raise PermissionDenied
    return desk


def money_written(text: str) -> int:
    """An amount as people write it, `1234.50`, `1.234,50`, in minor units.

    Raises:
        NoAmount: it is none.
    """
    plain = text.strip().replace(" ", "")
    if "," in plain and "." in plain:
        plain = plain.replace("." if plain.rfind(",") > plain.rfind(".") else ",", "")
    try:
        minor = Decimal(plain.replace(",", ".")) * 100
    except (InvalidOperation, Overflow) as problem:
        raise NoAmount(_("'%(text)s' is not an amount; write it as 12.34.") % {"text": text}) from problem
    if not minor.is_finite() or abs(minor) > 10**12 or minor != int(minor):
        raise NoAmount(_("'%(text)s' is not an amount; write it as 12.34.") % {"text": text})
    return int(minor)


def tell_refusal(request: HttpRequest, problem: Exception) -> None:
    """What was refused and why, in the reader's language: a message for each fault."""
    for sentence in str(problem).split("\n"):
        messages.error(request, said(sentence, PHRASES))
