"""Doors of the workers: billing in chunks."""

from datetime import timedelta

from celery import chord, shared_task
from django.utils import timezone

from billing.models import BillingRun, RunStatus
from billing.models.runs import ChunkStatus
from billing.services import runs
from billing.services.incentives import credit_measured_events
from billing.services.price_publication import publish_days
from billing.services.rule_replay import replay_rules, unreplayed_runs
from energy.models import Microgrid
from kernel.intervals import Month


@shared_task(queue="default", time_limit=900)
def rate_chunk(*, chunk_id: int) -> bool:
    """Rate one chunk of a run."""
    return runs.rate_chunk(chunk_id=chunk_id)


@shared_task(queue="default", time_limit=900)
def finish_run(_rated: object = None, *, run_id: int) -> str:
    """Distribute, number and post a run whose chunks are rated."""
    run = BillingRun.objects.select_related("microgrid").get(pk=run_id)
    try:
        return runs.finish_run(run_id=run_id, now=run.microgrid.now(timezone.now())).status
    except runs.RatedAnew:
        dispatch_run(run)
        return "rated anew"


def dispatch_run(run: BillingRun) -> None:
    """Hand a prepared run to the workers: one task per open chunk, then the last step. Handing it over twice does no harm."""
    if run.status == RunStatus.POSTED:
        return
    chunks = list(run.chunks.filter(status=ChunkStatus.OPEN).order_by("index").values_list("pk", flat=True))
    last = finish_run.s(run_id=run.pk)
    if chunks:
        chord([rate_chunk.s(chunk_id=pk) for pk in chunks])(last)
    else:
        last.delay()


@shared_task(queue="default", time_limit=600)
def bill_finished_months() -> list[str]:
    """Prepare and hand over the month before this one, for each microgrid whose days are all closed; publish prices ahead."""
    told = []
    for microgrid in Microgrid.objects.select_related("cooperative"):
        now = microgrid.now(timezone.now())
        today = now.astimezone(microgrid.zone).date()
        publish_days(microgrid=microgrid, days=[today, today + timedelta(days=1)], now=now)
        last = today.replace(day=1) - timedelta(days=1)
        try:
            run = runs.prepare_run(microgrid=microgrid, month=Month(last.year, last.month), now=now)
        except runs.CannotBill as problem:
            told.append(f"{microgrid}: {problem}")
            continue
        dispatch_run(run)
        told.append(f"{run}: {run.status}")
    return told


@shared_task(queue="default", time_limit=300)
def book_demand_events() -> int:
    """Credit the incentives of demand response events that were measured."""
    return sum(
        credit_measured_events(microgrid=microgrid, now=microgrid.now(timezone.now()))
        for microgrid in Microgrid.objects.select_related("cooperative")
    )


@shared_task(queue="default", time_limit=900)
def replay_posted_months() -> int:
    """Tell members what other rules of sharing would have made of the months posted lately; one month of each microgrid at a time."""
    replayed = 0
    for microgrid in Microgrid.objects.select_related("cooperative"):
        now = microgrid.now(timezone.now())
        for run in unreplayed_runs(microgrid=microgrid, now=now)[-1:]:
            replayed += bool(replay_rules(run=run, now=now))
    return replayed
