"""Letters: what left to whom, what did not and why, and sending one again to one recipient."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.core.validators import validate_email
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods
from rest_framework.generics import get_object_or_404

from billing.models import Delivery, DeliveryStatus, DistributionPart, Document, Reminder, YearStatement
from billing.models.deliveries import LETTER_NAMES, LETTERS, Letter
from billing.selectors.letters import deliveries_of, states_of, unsent
from billing.selectors.phrases import PHRASES
from billing.services.deliveries import CannotSend, queue_letters, send_again, send_failed_again
from billing.services.year_letters import tell_year
from billing.tasks import send_queued
from billing.web.books import now_of
from billing.web.money_desk import open_desk
from kernel.written import whole_number
from members.language import said
from members.models import Cooperative, Member
from members.selectors.scope import user_of
from members.services.access import record_looks

PAGE = 40
STATES = {
    DeliveryStatus.QUEUED: gettext_lazy("waits to be sent"),
    DeliveryStatus.SENDING: gettext_lazy("being sent"),
    DeliveryStatus.SENT: gettext_lazy("sent"),
    DeliveryStatus.FAILED: gettext_lazy("not sent"),
    DeliveryStatus.OPENED: gettext_lazy("opened"),
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def letters(request: HttpRequest) -> HttpResponse:
    """The list, by kind and state; a treasurer sends again, sends what nobody was sent, or tells a year."""
    desk = open_desk(request, keeps=request.method == "POST")
    here = f"{reverse('money-letters')}?cooperative={desk.cooperative.slug}"
    if request.method == "POST":
        try:
            messages.success(request, _act(request, desk.cooperative))
        except CannotSend as why:
            messages.error(request, said(str(why), PHRASES))
        return redirect(here)
    rows = deliveries_of(desk.cooperative)
    kind, state = request.GET.get("kind", ""), request.GET.get("state", "")
    if kind in LETTERS:
        rows = rows.filter(**{f"{kind}__isnull": False})
    if state in STATES:
        rows = rows.filter(status=state)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    shown: list[Delivery] = list(page.object_list)
    user = user_of(request)
    record_looks(
        user=user,
        members=Member.objects.filter(pk__in={row.member_id for row in shown}),
        what="letters",
        subject="list",
        now=timezone.now(),
    )
    counts, waiting = states_of(desk.cooperative), unsent(desk.cooperative)
    context = desk.context("letters") | {
        "page": page,
        "rows": [(row, *_words(row)) for row in shown],
        "kind": kind,
        "state": state,
        "kinds": LETTER_NAMES.items(),
        "states": [(name, word, counts.get(name, 0)) for name, word in STATES.items()],
        "newest_year": now_of(desk.cooperative).year - 1,
        "unsent": [(LETTER_NAMES[name], len(found)) for name, found in waiting.items() if found],
        "failed": counts.get(DeliveryStatus.FAILED, 0),
        "unsent_count": sum(map(len, waiting.values())),
    }
    return render(request, "money/letters.html", context)


def _words(row: Delivery) -> tuple[Any, str, str, Any]:
    """What a row is called: its kind, its letter, where that is, and its state."""
    text, address = _letter_words(row.letter)
    return LETTER_NAMES[row.kind], text, address, STATES[DeliveryStatus(row.status)]


def _letter_words(letter: Letter) -> tuple[str, str]:
    """What a letter is called and where it is read; an alarm is nowhere but in its e-mail."""
    if isinstance(letter, Document):
        return letter.label, reverse("bill", args=[letter.public_id])
    if isinstance(letter, Reminder):
        return f"{letter.document.label}, {letter.level}", reverse("reminder-pdf", args=[letter.public_id])
    if isinstance(letter, DistributionPart):
        return letter.distribution.name, reverse("shared-out-pdf", args=[letter.public_id])
    if isinstance(letter, YearStatement):
        year = reverse("annual", args=[letter.site.public_id, letter.year])
        return f"{letter.year}, {letter.site.code}", year
    return letter.get_alarm_display(), ""


def _act(request: HttpRequest, cooperative: Cooperative) -> str:
    """Do what the treasurer's form says; returns a sentence."""
    what, now = request.POST.get("do"), now_of(cooperative)
    if what == "again":
        row = get_object_or_404(deliveries_of(cooperative), public_id=request.POST.get("delivery"))
        recipient = request.POST.get("recipient", "").strip()
        try:
            validate_email(recipient)
        except ValidationError:
            raise CannotSend(_("Enter an e-mail address.")) from None
        send_again(letter=row.letter, recipient=recipient, now=now)
        send_queued.delay()
        return _("On its way to %(recipient)s.") % {"recipient": recipient}
    if what == "unsent":
        count = queue_letters(letters=[one for found in unsent(cooperative).values() for one in found], now=now)
    elif what == "failed":
        count = send_failed_again(cooperative=cooperative, now=now)
    elif what == "year":
        year = whole_number(request.POST.get("year", ""), least=2000, most=now.year)
        if year is None:
            raise CannotSend(_("Write the year as 2015."))
        count = sum(tell_year(microgrid=grid, year=year, now=now) for grid in cooperative.microgrids.order_by("pk"))
    else:
        raise Http404
    send_queued.delay()
    return ngettext("%(count)d letter is on its way.", "%(count)d letters are on their way.", count) % {"count": count}
