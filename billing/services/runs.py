"""A billing run: prepared, rated in chunks, drawn up, released, posted. Each step is one transaction and may be repeated."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from billing.domain.rating import CannotRate
from billing.domain.vat import Scheme
from billing.models import BillingRun, DocumentStatus, RunChunk, RunKind, RunStatus, TariffVersion
from billing.models.runs import ChunkStatus
from billing.selectors.astray import astray
from billing.selectors.tariffs import TariffMissing, group_by_tariffs
from billing.selectors.vat_status import vat_parties
from billing.services.differences import carry_flexibility, has_standing_documents, settle_differences, take_back_documents
from billing.services.incentive_awards import award_month
from billing.services.posting import distribute_local_revenue, number_and_post
from billing.services.price_publication import publish_days
from billing.services.rate_plans import terms_along
from billing.services.rating import rate_sites
from energy.models import DayStatus, Meter, MeterDay, Microgrid, Site
from energy.models.meters import MeterKind
from grid.models import DayClosing
from grid.selectors.prices import PricesMissing, load_prices
from grid.selectors.sharing import current_revisions
from kernel.intervals import Month
from members.models import User

CHUNK_SITES = 1000
DAYS_TO_PAY = 14
MOST_ATTEMPTS = 3
IN_ONE_GO = "rated, released and posted in one go"


class CannotBill(ValueError):
    """The month cannot be billed; the message names what is missing."""


class RatedAnew(CannotBill):
    """Days were closed again, or a site changed hands, while the run was rated: its parts are open again and have to be rated once more."""


@transaction.atomic
def prepare_run(
    *,
    microgrid: Microgrid,
    month: Month,
    now: datetime,
    days: Sequence[date] | None = None,
    kind: RunKind = RunKind.FINAL,
    only_sites: Sequence[int] = (),
    user: User | None = None,
    reason: str = "",
) -> BillingRun:
    """Prepare a run, or return the one there is. `now` is the microgrid's.

    Args:
        days: the days the microgrid was in operation, the whole month if left out.
        only_sites: who gets documents; everybody if left out. All are rated all the same: what neighbours pay is shared by all.
        user: who prepares it; somebody else releases it.

    Raises:
        CannotBill: days are not closed, or sites, tariffs or prices are not there on every day; the message names them.
    """
    Microgrid.objects.select_for_update().get(pk=microgrid.pk)
    chosen = sorted(days or month.days())
    scope = sorted(only_sites)
    existing = _existing_run(microgrid, month, chosen, kind, scope)
    if existing is not None:
        return existing
    _check_closed(microgrid, chosen)
    _publish_late(microgrid, chosen, now)
    site_ids = list(Site.objects.filter(microgrid=microgrid, meters__kind="site").order_by("code").distinct().values_list("pk", flat=True))
    _check_priced(microgrid, site_ids, chosen)
    issue_date = now.astimezone(microgrid.zone).date()
    run = BillingRun.objects.create(
        microgrid=microgrid,
        period=month.number,
        revision=next_revision(microgrid, month.number),
        kind=kind,
        only_sites=scope,
        reason=reason,
        first_day=chosen[0],
        last_day=chosen[-1],
        issue_date=issue_date,
        due_date=issue_date + timedelta(days=DAYS_TO_PAY),
        prepared_at=now,
        prepared_by=user,
        sharing_revisions=current_revisions(microgrid=microgrid, days=chosen),
    )
    RunChunk.objects.bulk_create(
        RunChunk(run=run, index=i // CHUNK_SITES, site_ids=site_ids[i : i + CHUNK_SITES]) for i in range(0, len(site_ids), CHUNK_SITES)
    )
    award_month(run=run, now=now)
    return run


def next_revision(microgrid: Microgrid, period: int) -> int:
    """The revision of a month's next run."""
    top = BillingRun.objects.filter(microgrid=microgrid, period=period).aggregate(top=Max("revision"))["top"]
    return 0 if top is None else int(top) + 1


def _existing_run(microgrid: Microgrid, month: Month, days: Sequence[date], kind: RunKind, scope: list[int]) -> BillingRun | None:
    """The run that is asked for, if there is one already; what would bill a day twice is refused."""
    runs = BillingRun.objects.filter(microgrid=microgrid, period=month.number).exclude(status=RunStatus.WITHDRAWN)
    if kind == RunKind.CORRECTION:
        return runs.filter(kind=kind).exclude(status=RunStatus.POSTED).first()
    final = runs.filter(kind=RunKind.FINAL, only_sites=[]).first()
    if kind == RunKind.FINAL and not scope:
        waiting = runs.exclude(status=RunStatus.POSTED).first() if final is None else None
        if waiting is not None:
            raise CannotBill(
                _("%(waiting)s is neither posted nor withdrawn; settle it before the whole month is billed.") % {"waiting": waiting}
            )
        return final
    if final is not None:
        raise CannotBill(
            _("%(month)s is billed by %(final)s already; what changes later comes by a correction.") % {"month": month, "final": final}
        )
    overlapping = runs.filter(kind=kind, first_day__lte=days[-1], last_day__gte=days[0])
    for run in overlapping.order_by("revision"):
        if run.only_sites == scope and (run.first_day, run.last_day) == (days[0], days[-1]):
            return run
        if not scope or not run.only_sites or set(scope) & set(run.only_sites):
            raise CannotBill(_("Some of these days are billed by %(run)s already.") % {"run": run})
    return None


def _check_closed(microgrid: Microgrid, days: Sequence[date]) -> None:
    closed = set(DayClosing.objects.filter(microgrid=microgrid, day__in=days).values_list("day", flat=True))
    missing = [str(day) for day in days if day not in closed]
    if missing:
        raise CannotBill(
            _("%(missing)s days are not closed yet: %(missing2)s.") % {"missing": len(missing), "missing2": ", ".join(missing[:5])}
        )
    _check_final(microgrid, days)


def _check_final(microgrid: Microgrid, days: Sequence[date]) -> None:
    """Refuse days whose readings changed after they were closed: shares and readings would not be of one hour."""
    site_meters = Meter.objects.filter(microgrid=microgrid, kind=MeterKind.SITE).values("pk")
    provisional = MeterDay.objects.filter(
        microgrid_id=microgrid.pk, day__in=days, is_current=True, status=DayStatus.PROVISIONAL, meter_id__in=site_meters
    )
    again = [str(day) for day in provisional.values_list("day", flat=True).distinct().order_by("day")]
    if again:
        raise CannotBill(
            _("Readings of %(again)s days are not final: %(again2)s; close them again.")
            % {"again": len(again), "again2": ", ".join(again[:5])}
        )


def _publish_late(microgrid: Microgrid, days: Sequence[date], now: datetime) -> None:
    """Publish the prices of closed days that the clock missed: before the first tariff was approved, or while no beat ran."""
    try:
        publish_days(microgrid=microgrid, days=days, now=now)
    except (TariffMissing, CannotRate) as problem:
        raise CannotBill(str(problem)) from None


def _check_priced(microgrid: Microgrid, site_ids: Sequence[int], days: Sequence[date]) -> None:
    """Refuse before anything is written what rating would stumble over in the middle of the run."""
    groups = group_by_tariffs(site_ids, days)
    without = set(site_ids).difference(*groups.values())
    if without:
        codes = Site.objects.filter(pk__in=without).order_by("code").values_list("code", flat=True)[:5]
        raise CannotBill(
            _("%(without)s sites have no tariff: %(codes)s ...; assign one.") % {"without": len(without), "codes": ", ".join(codes)}
        )
    parties = vat_parties(microgrid.cooperative, [], days)
    try:
        for assignments in groups:
            terms = terms_along(assignments, days)
            shown = any(
                term.vat.shows_tax and party.scheme == Scheme.STANDARD for term, party in zip(terms, parties.cooperative, strict=True)
            )
            if shown and not microgrid.cooperative.vat_id:
                raise CannotBill(
                    _("Tariffs ask for VAT, but %(cooperative)s has no VAT id: enter it with the cooperative.")
                    % {"cooperative": microgrid.cooperative.name}
                )
        load_prices(microgrid_id=microgrid.pk, days=days)
    except (TariffMissing, PricesMissing, CannotRate) as problem:
        raise CannotBill(str(problem)) from None


@transaction.atomic
def rate_chunk(*, chunk_id: int) -> bool:
    """Rate one chunk to draft documents; returns whether there was anything to do: nothing where it is rated, or went with its run.

    Chunks of a run are rated side by side; whoever advances or withdraws the run waits for them, and they for it.
    """
    _keep_run_of(chunk_id)
    chunk = RunChunk.objects.select_for_update(of=("self",)).select_related("run__microgrid__cooperative").filter(pk=chunk_id).first()
    if chunk is None or chunk.status == ChunkStatus.RATED:
        return False
    try:
        version_ids = rate_sites(run=chunk.run, site_ids=chunk.site_ids, days=chunk.run.days())
    except (TariffMissing, PricesMissing, CannotRate) as problem:
        raise CannotBill(str(problem)) from None
    unused = TariffVersion.objects.filter(pk__in=version_ids, used_at__isnull=True)
    # In one order: two chunks that use the same versions first must not wait for each other.
    if first_used := list(unused.select_for_update().order_by("pk").values_list("pk", flat=True)):
        TariffVersion.objects.filter(pk__in=first_used).update(used_at=chunk.run.prepared_at)
    chunk.status = ChunkStatus.RATED
    chunk.save(update_fields=["status"])
    return True


def _keep_run_of(chunk_id: int) -> None:
    """Let nobody change the chunk's run before the transaction ends; other chunks may do the same."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM billing_billingrun WHERE id = (SELECT run_id FROM billing_runchunk WHERE id = %s) FOR SHARE", [chunk_id]
        )


def finish_run(*, run_id: int, now: datetime) -> BillingRun:
    """Once every chunk is rated: draw up, release by rule and post, in one transaction. Does nothing before, or twice.

    The simple path, for who needs no look at the drafts. `now` is the microgrid's.

    Raises:
        RatedAnew: days were closed again since the run was prepared; nothing is posted, all parts are open again.
        CannotBill: chunks are still open, or readings changed and their days were not closed again.
    """
    return _advance(run_id, now, _draw_up, _release_at_once, _post)


def draw_up_run(*, run_id: int, now: datetime) -> BillingRun:
    """Once every chunk is rated: share out local revenue and, where the month has documents already, leave what differs.

    The drafts are then as they would be posted. Raises as `finish_run`.
    """
    return _advance(run_id, now, _draw_up)


def post_run(*, run_id: int, now: datetime) -> BillingRun:
    """Number and post a released run. Raises as `finish_run`; a run that has to be rated anew has to be released anew."""
    return _advance(run_id, now, _post)


def _advance(run_id: int, now: datetime, *steps: Callable[[BillingRun, datetime], None]) -> BillingRun:
    """Take steps in one transaction, if nothing changed under the run since it was rated."""
    with transaction.atomic():
        run = BillingRun.objects.select_for_update(of=("self",)).select_related("microgrid__cooperative").get(pk=run_id)
        if run.status == RunStatus.POSTED:
            return run
        if run.status == RunStatus.WITHDRAWN:
            raise CannotBill(_("%(run)s was withdrawn.") % {"run": run})
        anew = run.kind != RunKind.CANCELLATION and _has_changed(run)
        if not anew:
            for step in steps:
                step(run, now)
    if anew:
        raise RatedAnew(_("Days were closed again while the run was rated: its parts have to be rated once more."))
    if run.status == RunStatus.POSTED:
        _count_anew()
    return run


@transaction.atomic
def _count_anew() -> None:
    """Let plans of queries know what came, from a tenth of the usual sample: the database looks thoroughly in its own time."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL default_statistics_target = 10")
        cursor.execute("ANALYZE billing_document, billing_documentline, billing_ledgerentry")


def _has_changed(run: BillingRun) -> bool:
    """Whether days were closed again since the run was rated; its parts are then open once more."""
    open_chunks = run.chunks.filter(status=ChunkStatus.OPEN).count()
    if open_chunks:
        raise CannotBill(_("%(open_chunks)s parts of the run are not rated yet.") % {"open_chunks": open_chunks})
    revisions = current_revisions(microgrid=run.microgrid, days=run.days())
    _check_final(run.microgrid, run.days())
    if revisions == run.sharing_revisions and not astray(run, run.documents.all()):
        return False
    _open_again(run, revisions)
    return True


def _draw_up(run: BillingRun, now: datetime) -> None:
    if run.status != RunStatus.PREPARED:
        return
    settles = has_standing_documents(run)
    if settles:
        carry_flexibility(run)
    distribute_local_revenue(run)
    if settles or not run.is_whole:
        settle_differences(run)
    run.status = RunStatus.RATED
    run.save(update_fields=["status"])


def _release_at_once(run: BillingRun, now: datetime) -> None:
    if run.status == RunStatus.RATED:
        run.status, run.released_at, run.release_rule = RunStatus.RELEASED, now, IN_ONE_GO
        run.save(update_fields=["status", "released_at", "release_rule"])


def _post(run: BillingRun, now: datetime) -> None:
    if run.status != RunStatus.RELEASED:
        raise CannotBill(_("%(run)s is not released yet.") % {"run": run})
    number_and_post(run, now)
    if run.documents.filter(cancels__isnull=False).exists():
        take_back_documents(run, now)
    run.status, run.posted_at = RunStatus.POSTED, now
    run.save(update_fields=["status", "posted_at"])


def _open_again(run: BillingRun, revisions: list[int]) -> None:
    """Throw the drafts and what was said of them away; what is rated next is of `revisions`."""
    run.documents.filter(status=DocumentStatus.DRAFT).delete()
    run.checks.all().delete()
    run.chunks.update(status=ChunkStatus.OPEN)
    run.sharing_revisions, run.status = revisions, RunStatus.PREPARED
    run.released_at, run.released_by, run.release_rule = None, None, ""
    run.save(update_fields=["sharing_revisions", "status", "released_at", "released_by", "release_rule"])


def run_month(*, microgrid: Microgrid, month: Month, now: datetime, days: Sequence[date] | None = None) -> BillingRun:
    """The whole run in this process, released by rule."""
    return rate_and_finish(run=prepare_run(microgrid=microgrid, month=month, now=now, days=days), now=now)


def rate_and_finish(*, run: BillingRun, now: datetime) -> BillingRun:
    """The rest of a prepared run in this process, released by rule.

    Raises:
        CannotBill: days are closed again faster than they are rated.
    """
    for __ in range(MOST_ATTEMPTS):
        for chunk_id in run.chunks.order_by("index").values_list("pk", flat=True):
            rate_chunk(chunk_id=chunk_id)
        try:
            return finish_run(run_id=run.pk, now=now)
        except RatedAnew:
            continue
    raise CannotBill(_("Days are closed again faster than the month is rated; bill it when readings have come to rest."))
