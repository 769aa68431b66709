"""Doors of the workers: billing in chunks."""

import logging
from datetime import datetime, timedelta

from celery import chord, shared_task
from django.conf import settings
from django.utils import timezone

from billing.adapters.cards import provider
from billing.adapters.spot.sources import source_of
from billing.domain.cards.provider import CannotReachProvider
from billing.models import BillingRun, DocumentStatus, FeedForm, RunKind, RunStatus, SpotIndex
from billing.models.runs import ChunkStatus
from billing.services import deliveries, moves, release, runs, spot_feeds
from billing.services.arrears import remind
from billing.services.cards import look_after_cards
from billing.services.corrections import propose_corrections
from billing.services.incentives import credit_measured_events
from billing.services.papers import blocks_to_print, print_documents
from billing.services.payments import use_credit
from billing.services.prepaid import look_at_balances
from billing.services.price_publication import publish_days, publish_tariff_prices
from billing.services.rule_replay import replay_rules, unreplayed_runs
from billing.services.year_letters import tell_year
from energy.models import Microgrid
from energy.selectors.clocks import cooperative_now
from kernel.intervals import Month
from members.models import Cooperative, Member

log = logging.getLogger(__name__)
PRINTED_WITHIN = timedelta(hours=2)
LAST_MONTH = 12


@shared_task(queue="default", time_limit=900)
def rate_chunk(*, chunk_id: int) -> bool:
    """Rate one chunk of a run."""
    return runs.rate_chunk(chunk_id=chunk_id)


@shared_task(queue="default", time_limit=900)
def finish_run(_rated: object = None, *, run_id: int, in_one_go: bool = False) -> str:
    """Draw up a run whose chunks are rated; check and, where a rule releases it, post it. In one go it is posted at once."""
    run = BillingRun.objects.select_related("microgrid__cooperative").get(pk=run_id)
    now = run.microgrid.now(timezone.now())
    try:
        if in_one_go:
            run = runs.finish_run(run_id=run_id, now=now)
        else:
            run = runs.draw_up_run(run_id=run_id, now=now)
            release.check_run(run_id=run_id)
            if release.release_by_rule(run_id=run_id, now=now):
                run = runs.post_run(run_id=run_id, now=now)
    except runs.RatedAnew:
        dispatch_run(run, in_one_go=in_one_go)
        return "rated anew"
    except runs.CannotBill as problem:
        return _wait(run, problem)
    if run.status == RunStatus.POSTED:
        print_run.delay(run_id=run_id)
    return run.status


def dispatch_run(run: BillingRun, *, in_one_go: bool = False) -> None:
    """Hand a prepared run to the workers: one task per open chunk, then the last step. Handing it over twice does no harm."""
    if run.status not in (RunStatus.PREPARED, RunStatus.RATED) or (run.status == RunStatus.RATED and not in_one_go):
        return
    chunks = list(run.chunks.filter(status=ChunkStatus.OPEN).order_by("index").values_list("pk", flat=True))
    last = finish_run.s(run_id=run.pk, in_one_go=in_one_go)
    if chunks:
        chord([rate_chunk.s(chunk_id=pk) for pk in chunks])(last)
    else:
        last.delay()


@shared_task(queue="default", time_limit=900)
def post_run(*, run_id: int) -> str:
    """Post a released run, then let its documents be printed and sent."""
    run = BillingRun.objects.select_related("microgrid__cooperative").get(pk=run_id)
    try:
        run = runs.post_run(run_id=run_id, now=run.microgrid.now(timezone.now()))
    except runs.RatedAnew:
        dispatch_run(run)
        return "rated anew"
    except runs.CannotBill as problem:
        return _wait(run, problem)
    print_run.delay(run_id=run_id)
    return run.status


@shared_task(queue="default", time_limit=300)
def print_run(*, run_id: int) -> int:
    """Print what a posted run has no paper of, a task per block, then queue it to be sent. Returns the number of blocks."""
    run = BillingRun.objects.get(pk=run_id)
    blocks = blocks_to_print(run=run)
    last = send_run.s(run_id=run_id)
    if blocks:
        chord([print_block.s(document_ids=block) for block in blocks])(last)
    else:
        last.delay()
    return len(blocks)


@shared_task(queue="default", time_limit=900)
def print_block(*, document_ids: list[int]) -> int:
    """Print some documents of one run."""
    return print_documents(document_ids=document_ids)


@shared_task(queue="default", time_limit=300)
def send_run(_printed: object = None, *, run_id: int) -> int:
    """Queue a run's documents to their members, where the cooperative sends them by e-mail; after December the years too."""
    run = BillingRun.objects.select_related("microgrid__cooperative").get(pk=run_id)
    if not release.policy_of(run.microgrid.cooperative).sends_by_mail:
        return 0
    now = run.microgrid.now(timezone.now())
    queued = deliveries.queue_run(run=run, now=now)
    if run.kind == RunKind.FINAL and run.is_whole and run.period % 100 == LAST_MONTH:
        queued += tell_year(microgrid=run.microgrid, year=run.period // 100, now=now)
    send_queued.delay()
    return queued


@shared_task(queue="default", time_limit=900)
def send_queued() -> int:
    """Send letters that are queued."""
    return deliveries.send_queued(now=timezone.now())


@shared_task(queue="default", time_limit=600)
def bill_finished_months() -> list[str]:
    """Prepare and hand over the month before this one, for each microgrid whose days are all closed; publish prices ahead.

    Runs and papers that a dead worker left behind are taken up again.
    """
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
        else:
            told.append(f"{run}: {run.status}")
        propose_corrections(microgrid=microgrid, now=now)
        for left in BillingRun.objects.filter(microgrid=microgrid, status=RunStatus.PREPARED):
            dispatch_run(left)
        for drafted in BillingRun.objects.filter(microgrid=microgrid, status=RunStatus.RATED):
            _look_again(drafted, now)
        for left in BillingRun.objects.filter(microgrid=microgrid, status=RunStatus.RELEASED):
            post_run.delay(run_id=left.pk)
        for done in BillingRun.objects.filter(microgrid=microgrid, posted_at__gt=now - PRINTED_WITHIN):
            print_run.delay(run_id=done.pk)
    return told


def _look_again(run: BillingRun, now: datetime) -> None:
    """Drafts that wait for their release are rated anew where days were closed again meanwhile."""
    try:
        runs.draw_up_run(run_id=run.pk, now=now)
    except runs.RatedAnew:
        run.refresh_from_db()
        dispatch_run(run)
    except runs.CannotBill as problem:
        _wait(run, problem)


def _wait(run: BillingRun, problem: runs.CannotBill) -> str:
    """What cannot be done yet is looked at again every ten minutes; what was withdrawn meanwhile is not."""
    log.info("%s waits: %s", run, problem)
    return str(problem)


@shared_task(queue="default", time_limit=300)
def fetch_index_prices() -> int:
    """Ask the markets whose prices are not known yet, and tell whoever makes tariffs where they are late; returns the days that came."""

    tokens: dict[str, str] = {FeedForm.ENTSOE: settings.ENTSOE_TOKEN}
    came = spot_feeds.fetch_all(
        source_for=lambda feed: source_of(feed.form, feed.address, feed.area, tokens.get(feed.form, "")),
        now_of=lambda index: cooperative_now(index.cooperative_id, timezone.now()),
    )
    for index in SpotIndex.objects.select_related("cooperative"):
        spot_feeds.warn_of_lack(index=index, now=cooperative_now(index.cooperative_id, timezone.now()))
    return came


@shared_task(queue="default", time_limit=300)
def publish_prices_ahead() -> int:
    """Publish today's and tomorrow's prices of every microgrid whose index has come; today's whatever has come."""
    published = 0
    for microgrid in Microgrid.objects.select_related("cooperative"):
        now = microgrid.now(timezone.now())
        today = now.astimezone(microgrid.zone).date()
        published += publish_tariff_prices(microgrid=microgrid, days=[today, today + timedelta(days=1)], now=now)
    return published


@shared_task(queue="default", time_limit=300)
def book_demand_events() -> int:
    """Credit the incentives of demand response events that were measured."""
    return sum(
        credit_measured_events(microgrid=microgrid, now=microgrid.now(timezone.now()))
        for microgrid in Microgrid.objects.select_related("cooperative")
    )


@shared_task(queue="default", time_limit=300)
def begin_moves() -> int:
    """Hand sites over whose day has come; returns how many."""
    return sum(
        len(moves.begin_due(microgrid=microgrid, now=microgrid.now(timezone.now())))
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


@shared_task(queue="default", time_limit=900)
def remind_members() -> int:
    """Write the letters about open bills that are due today, by each cooperative's rule; returns how many."""
    written = 0
    for cooperative in Cooperative.objects.filter(arrears_rules__isnull=False).distinct():
        microgrid = Microgrid.objects.filter(cooperative=cooperative).order_by("pk").first()
        if microgrid is not None:
            now = microgrid.now(timezone.now())
            written += len(remind(cooperative=cooperative, today=now.date(), now=now))
    return written


@shared_task(queue="default", time_limit=300)
def use_open_credits() -> int:
    """Use members' credit for their open bills, where the cooperative's rule says so; returns how many members had some used."""
    members = Member.objects.filter(payments__credit_minor__gt=0, documents__status=DocumentStatus.OPEN).distinct()
    now = timezone.now()
    return sum(bool(use_credit(member=member, now=now)) for member in members.order_by("pk"))


@shared_task(queue="default", time_limit=900)
def look_at_prepaid() -> int:
    """See how all prepaid members stand; returns how many. One cooperative after the other, each in the time of its microgrids."""
    looked = 0
    for cooperative in Cooperative.objects.filter(prepaid_agreements__isnull=False).distinct():
        microgrid = Microgrid.objects.filter(cooperative=cooperative).order_by("pk").first()
        if microgrid is not None:
            looked += look_at_balances(cooperative=cooperative, now=microgrid.now(timezone.now()))
    return looked


@shared_task(queue="default", time_limit=300)
def ask_card_provider() -> int:
    """Do what events of the card provider left undone, and look at what it sent to the bank; nothing where cards are off."""
    if not settings.CARD_PROVIDER:
        return 0
    try:
        return look_after_cards(provider=provider(), now=timezone.now())
    except CannotReachProvider as problem:
        log.warning("%s It is asked again in some minutes.", problem)
        return 0
