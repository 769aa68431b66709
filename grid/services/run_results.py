"""Keeping what runs of members' devices came to, once their days are closed."""

from datetime import date

from energy.models import Microgrid
from grid.domain.run_savings import owed_for_run, weigh_run
from grid.models import FlexibleRun, FlexibleRunResult
from grid.selectors.flexibility import terms_on
from grid.selectors.run_facts import closed_run, ready_day, runs_over

KEPT = ("let_wh", "commanded", "drawn_wh", "at_once_wh", "saved_micro", "moved_wh", "event_wh", "owed_micro", "by_own_meter")


def store_run_results(*, microgrid: Microgrid, day: date) -> int:
    """Weigh every run that a closed day was the last open one of, or that it changes; returns how many were weighed.

    Part of the caller's transaction. A result that stays as it is makes no revision.
    """
    return sum(_store(microgrid, run) for run in runs_over(microgrid, day))


def _store(microgrid: Microgrid, run: FlexibleRun) -> int:
    before = FlexibleRunResult.objects.filter(run=run, is_current=True).first()
    found = closed_run(microgrid, run, before)
    if found is None:
        return 0
    weighed = weigh_run(found.facts, found.net_wh, found.retail_micro, found.feed_in_micro)
    day = ready_day(microgrid, run)
    terms = terms_on(microgrid, day)
    row = FlexibleRunResult(
        run=run,
        ready_day=day,
        start_at=found.start_at,
        let_wh=found.facts.let_wh.tolist(),
        commanded=found.facts.commanded.tolist(),
        drawn_wh=weighed.drawn_wh.tolist(),
        at_once_wh=weighed.at_once_wh.tolist(),
        saved_micro=weighed.saved_micro.tolist(),
        moved_wh=weighed.moved_wh,
        event_wh=weighed.event_wh,
        why=found.why,
        by_own_meter=found.facts.own_wh is not None,
        owed_micro=owed_for_run(terms, weighed) if terms else 0,
    )
    if before is not None:
        if all(getattr(before, name) == getattr(row, name) for name in KEPT):
            return 1
        row.revision = before.revision + 1
        FlexibleRunResult.objects.filter(pk=before.pk).update(is_current=False)
    row.save(force_insert=True)
    return 1
