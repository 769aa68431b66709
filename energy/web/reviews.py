"""Reviewing meter days: what waits, one day against the days like it, and the decision."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from rest_framework.generics import get_object_or_404

from energy.models import Channel, Review, ReviewState
from energy.selectors.reviews import ReviewPicture, found_words, proposals_of, review_picture, steps_of, visible_reviews
from energy.services.reviews import CannotReview, accept, edit, reopen
from energy.web.imports import operated_microgrid
from members.choices import offer
from members.selectors.scope import user_of
from members.services.access import record_look

PAGE = 50
METHODS = {
    "calculated": "From the registers",
    "interpolated": "A straight line",
    "like-day": "As on like days",
    "profile": "As others of its class",
}
OWN = "own"
MOST_OWN_VALUES = 12


class AcceptForm(forms.Form):
    """Several reviews at once."""

    review = forms.ModelMultipleChoiceField(
        queryset=Review.objects.none(), to_field_name="public_id", error_messages={"required": "Choose at least one day."}
    )


class EditForm(forms.Form):
    """Which proposal, or values of one's own, and why."""

    values = forms.CharField(label=gettext_lazy("Values of your own"), max_length=600, required=False)
    reason = forms.CharField(label=gettext_lazy("Why?"), max_length=300, required=False)

    def own_values(self) -> list[int]:
        """The numbers that were typed.

        Raises:
            CannotReview: something else was.
        """
        words = self.cleaned_data["values"].replace(",", " ").replace(";", " ").split()
        try:
            return [int(word) for word in words]
        except ValueError:
            raise CannotReview("Write whole numbers with spaces between them.") from None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def review_list(request: HttpRequest) -> HttpResponse:
    """What waits, what is due first on top; several are accepted at once."""
    microgrid = operated_microgrid(request)
    decided = request.GET.get("state") == "decided"
    found = visible_reviews(user_of(request)).filter(microgrid=microgrid)
    waiting = found.filter(state=ReviewState.OPEN)
    form = AcceptForm(request.POST or None)
    offer(form, "review", waiting)
    if request.method == "POST":
        if form.is_valid():
            count = accept(reviews=form.cleaned_data["review"], user=user_of(request), now=microgrid.now(timezone.now()))
            messages.success(request, f"Accepted as measured: {count} day{'s' if count != 1 else ''}. They are closed within minutes.")
        else:
            messages.error(request, "Choose at least one day that still waits.")
        return redirect("reviews")
    rows = found.exclude(state=ReviewState.OPEN).order_by("-decided_at", "pk") if decided else waiting
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "microgrid": microgrid,
        "page": page,
        "tab": "reviews",
        "decided": decided,
        "waiting": waiting.count(),
        "rows": [(review, found_words(review.found)) for review in page],
        "now": microgrid.now(timezone.now()),
    }
    return render(request, "readings/reviews.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def review_page(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One day against the days like it, and the decision."""
    review = get_object_or_404(visible_reviews(user_of(request)), public_id=public_id)
    if request.method == "POST":
        return _decide(request, review)
    now = review.microgrid.now(timezone.now())
    record_look(
        user=user_of(request),
        member=review.meter.site.member,
        what="Review of readings",
        subject=f"{review.meter} on {review.day}",
        now=now,
    )
    picture, unit = review_picture(review), Channel(review.channel).unit
    offered = [_offer(review, name, values) for name, values in proposals_of(review).items()]
    context = {
        "review": review,
        "found": found_words(review.found),
        "picture": picture.as_json(),
        "offered": offered,
        "measured_wh": sum(review.measured_wh),
        "form": EditForm(),
        "tab": "reviews",
        "rows": _table(picture),
        "unit": unit,
        "columns": ["Hour", f"Measured, k{unit}", *(f"{day:%-d %b}, k{unit}" for day, _ in picture.like_days)],
        "summary": _summary(review, picture),
        "own": len(review.intervals) <= MOST_OWN_VALUES,
        "now": now,
        "is_production": review.get_channel_display() == "production",
        **steps_of(review, user_of(request)),
    }
    return render(request, "readings/review.html", context)


def _offer(review: Review, name: str, values: list[int]) -> dict[str, Any]:
    return {
        "name": name,
        "title": METHODS.get(name, name),
        "energy_wh": sum(values),
        "shown": values[:6],
        "more": max(len(values) - 6, 0),
        "difference_wh": sum(values) - sum(review.measured_wh),
    }


def _summary(review: Review, picture: ReviewPicture) -> str:
    of_day = sum(value or 0 for value in picture.measured_wh)
    unit = Channel(review.channel).unit
    text = f"{of_day / 1000:.1f} k{unit} were measured"
    if picture.like_days:
        usual = sum(sum(values) for _, values in picture.like_days) / len(picture.like_days)
        text += f"; {usual / 1000:.1f} k{unit} on average on {len(picture.like_days)} like days"
    return f"{text}. {len(review.intervals)} interval{'s are' if len(review.intervals) > 1 else ' is'} in question."


def _table(picture: ReviewPicture) -> list[list[str]]:
    """By hour: measured, and each like day."""
    hours: dict[str, list[float]] = {}
    columns: list[Sequence[int | None]] = [picture.measured_wh, *(values for _, values in picture.like_days)]
    for at, start in enumerate(picture.starts):
        sums = hours.setdefault(f"{start[11:13]}:00", [0.0] * len(columns))
        for place, values in enumerate(columns):
            sums[place] += values[at] or 0
    return [[hour, *(f"{wh / 1000:.2f}" for wh in sums)] for hour, sums in hours.items()]


def _decide(request: HttpRequest, review: Review) -> HttpResponse:
    """Carry out the decision and go on to the next day that waits."""
    now = review.microgrid.now(timezone.now())
    after = steps_of(review, user_of(request))["after"]
    form = EditForm(request.POST)
    form.is_valid()
    reason = form.cleaned_data.get("reason", "")
    user = user_of(request)
    try:
        if "accept" in request.POST:
            accept(reviews=[review], user=user, now=now, reason=reason)
            messages.success(request, f"{review.meter}, {review.day:%-d %B}: accepted as measured.")
        elif "reopen" in request.POST:
            reopen(review=review, user=user, reason=reason, now=now)
            messages.success(request, "Open again.")
            return redirect("review", review.public_id)
        else:
            name = request.POST.get("proposal", "")
            values = form.own_values() if name == OWN else review.proposals.get(name)
            if values is None:
                raise CannotReview("Choose what should stand there instead.")
            edit(review=review, values_wh=values, user=user, reason=reason, now=now)
            messages.success(request, f"{review.meter}, {review.day:%-d %B}: edited. The day is closed again within minutes.")
    except CannotReview as problem:
        messages.error(request, str(problem))
        return redirect("review", review.public_id)
    return redirect("review", after.public_id) if after else redirect("reviews")
