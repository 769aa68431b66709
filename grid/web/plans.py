"""The operator's plan: what the storages will do, why, and how it went beside what was planned."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from energy.selectors.scope import READING_ROLES, operated_microgrids
from grid.domain.planning.run_words import ENGLISH
from grid.domain.planning.run_words import WORDS as RUN_WORDS
from grid.selectors.flexible_runs import run_lines, standing_runs
from grid.selectors.plan_picture import WORDS, hour_lines, plan_at, plan_picture, storage_lines
from members.selectors.scope import user_of


@login_required
@require_safe
def plan(request: HttpRequest) -> HttpResponse:
    """Charts, the hours with their sentences, the batteries with their figure of fairness."""
    microgrid = operated_microgrids(user_of(request), *READING_ROLES).first()
    if microgrid is None:
        raise Http404
    now = microgrid.now(timezone.now())
    found = plan_at(microgrid, now)
    context = {"microgrid": microgrid, "tab": "plan", "plan": found, "zone": microgrid.zone}
    if found is not None:
        context |= {
            "picture": plan_picture(microgrid, found, now),
            "hours": hour_lines(found),
            "words": WORDS[found.source],
            "storages": storage_lines(microgrid, found, now),
            "runs": run_lines(microgrid, list(standing_runs(microgrid, now)), now, RUN_WORDS.get((get_language() or "")[:2], ENGLISH)),
            "cost": None if found.cost_micro is None else found.cost_micro / 1e6,
        }
    return render(request, "live/plan.html", context)
