"""A billing run: prepared, rated in chunks, local money distributed, posted. Each step is one transaction and may be repeated."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from billing.domain.rating import CannotRate
from billing.models import BillingRun, DocumentStatus, RunChunk, RunStatus, TariffVersion
from billing.models.runs import ChunkStatus
from billing.selectors.tariffs import TariffMissing
from billing.services.posting import distribute_local_revenue, number_and_post
from billing.services.rating import group_by_tariffs, rate_sites, terms_along
from energy.models import DayStatus, Meter, MeterDay, Microgrid, Site
from energy.models.meters import MeterKind
from grid.models import DayClosing
from grid.selectors.prices import PricesMissing, load_prices
from grid.selectors.sharing import current_revisions
from kernel.intervals import Month

CHUNK_SITES = 500
DAYS_TO_PAY = 14
MOST_ATTEMPTS = 3


class CannotBill(ValueError):
    """The month cannot be billed; the message names what is missing."""


class RatedAnew(CannotBill):
    """Days were closed again while the run was rated: its parts are open again and have to be rated once more."""


@transaction.atomic
def prepare_run(
    *, microgrid: Microgrid, month: Month, now: datetime, days: Sequence[date] | None = None
) -> BillingRun:
    """Prepare the run of a month, or return the one there is. `now` is the microgrid's.

    Args:
        days: the days the microgrid was in operation, the whole month if left out.

    Raises:
        CannotBill: days are not closed, or sites, tariffs or prices are not there on every day; the message names them.
    """
    Microgrid.objects.select_for_update().get(pk=microgrid.pk)
    existing = BillingRun.objects.filter(microgrid=microgrid, period=month.number, revision=0).first()
    if existing is not None:
        return existing
    chosen = sorted(days or month.days())
    _check_closed(microgrid, chosen)
    site_ids = list(
        Site.objects.filter(microgrid=microgrid, meters__kind="site").order_by("code").distinct().values_list("pk", flat=True)
    )  # fmt: skip
    _check_priced(microgrid, site_ids, chosen)
    issue_date = now.astimezone(microgrid.zone).date()
    run = BillingRun.objects.create(
        microgrid=microgrid, period=month.number, first_day=chosen[0], last_day=chosen[-1], issue_date=issue_date,
        due_date=issue_date + timedelta(days=DAYS_TO_PAY), prepared_at=now,
        sharing_revisions=current_revisions(microgrid=microgrid, days=chosen),
    )  # fmt: skip
    RunChunk.objects.bulk_create(
        RunChunk(run=run, index=i // CHUNK_SITES, site_ids=site_ids[i : i + CHUNK_SITES])
        for i in range(0, len(site_ids), CHUNK_SITES)
    )
    return run


def _check_closed(microgrid: Microgrid, days: Sequence[date]) -> None:
    closed = set(DayClosing.objects.filter(microgrid=microgrid, day__in=days).values_list("day", flat=True))
    missing = [str(day) for day in days if day not in closed]
    if missing:
        raise CannotBill(f"{len(missing)} days are not closed yet: {', '.join(missing[:5])}.")
    _check_final(microgrid, days)


def _check_final(microgrid: Microgrid, days: Sequence[date]) -> None:
    """Refuse days whose readings changed after they were closed: shares and readings would not be of one hour."""
    site_meters = Meter.objects.filter(microgrid=microgrid, kind=MeterKind.SITE).values("pk")
    provisional = MeterDay.objects.filter(
        microgrid_id=microgrid.pk,
        day__in=days,
        is_current=True,
        status=DayStatus.PROVISIONAL,
        meter_id__in=site_meters,
    )
    again = [str(day) for day in provisional.values_list("day", flat=True).distinct().order_by("day")]
    if again:
        raise CannotBill(
            f"Readings of {len(again)} days are not final: {', '.join(again[:5])}; close them again."
        )


def _check_priced(microgrid: Microgrid, site_ids: Sequence[int], days: Sequence[date]) -> None:
    """Refuse before anything is written what rating would stumble over in the middle of the run."""
    groups = group_by_tariffs(site_ids, days)
    without = set(site_ids).difference(*groups.values())
    if without:
        codes = Site.objects.filter(pk__in=without).order_by("code").values_list("code", flat=True)[:5]
        raise CannotBill(f"{len(without)} sites have no tariff: {', '.join(codes)} ...; assign one.")
    try:
        for assignments in groups:
            terms = terms_along(assignments, days)
            if not microgrid.cooperative.vat_id and any(term.vat_rate for term in terms):
                raise CannotBill(
                    f"Tariffs ask for VAT, but {microgrid.cooperative.name} has no VAT id: enter it with the cooperative."
                )
        load_prices(microgrid_id=microgrid.pk, days=days)
    except (TariffMissing, PricesMissing, CannotRate) as problem:
        raise CannotBill(str(problem)) from None


@transaction.atomic
def rate_chunk(*, chunk_id: int) -> bool:
    """Rate one chunk to draft documents; returns whether there was anything to do."""
    chunk = (
        RunChunk.objects.select_for_update().select_related("run__microgrid__cooperative").get(pk=chunk_id)
    )
    if chunk.status == ChunkStatus.RATED:
        return False
    try:
        version_ids = rate_sites(run=chunk.run, site_ids=chunk.site_ids, days=chunk.run.days())
    except (TariffMissing, PricesMissing, CannotRate) as problem:
        raise CannotBill(str(problem)) from None
    TariffVersion.objects.filter(pk__in=version_ids, used_at__isnull=True).update(
        used_at=chunk.run.prepared_at
    )
    chunk.status = ChunkStatus.RATED
    chunk.save(update_fields=["status"])
    return True


def finish_run(*, run_id: int, now: datetime) -> BillingRun:
    """Once every chunk is rated: distribute local revenue, number, post. Does nothing before, or twice. `now` is the microgrid's.

    Raises:
        RatedAnew: days were closed again since the run was prepared; nothing is posted, all parts are open again.
        CannotBill: chunks are still open, or readings changed and their days were not closed again.
    """
    with transaction.atomic():
        run = BillingRun.objects.select_for_update().select_related("microgrid__cooperative").get(pk=run_id)
        if run.status == RunStatus.POSTED:
            return run
        open_chunks = run.chunks.filter(status=ChunkStatus.OPEN).count()
        if open_chunks:
            raise CannotBill(f"{open_chunks} parts of the run are not rated yet.")
        revisions = current_revisions(microgrid=run.microgrid, days=run.days())
        _check_final(run.microgrid, run.days())
        anew = revisions != run.sharing_revisions
        if anew:
            _open_again(run, revisions)
        else:
            distribute_local_revenue(run)
            number_and_post(run, now)
            run.status, run.posted_at = RunStatus.POSTED, now
            run.save(update_fields=["status", "posted_at"])
    if anew:
        raise RatedAnew(
            "Days were closed again while the run was rated: its parts have to be rated once more."
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE billing_document, billing_documentline, billing_ledgerentry")
    return run


def _open_again(run: BillingRun, revisions: list[int]) -> None:
    """Throw the drafts away; what is rated next is of `revisions`."""
    run.documents.filter(status=DocumentStatus.DRAFT).delete()
    run.chunks.update(status=ChunkStatus.OPEN)
    run.sharing_revisions = revisions
    run.save(update_fields=["sharing_revisions"])


def run_month(
    *, microgrid: Microgrid, month: Month, now: datetime, days: Sequence[date] | None = None
) -> BillingRun:
    """The whole run in this process."""
    run = prepare_run(microgrid=microgrid, month=month, now=now, days=days)
    for _ in range(MOST_ATTEMPTS):
        for chunk_id in run.chunks.order_by("index").values_list("pk", flat=True):
            rate_chunk(chunk_id=chunk_id)
        try:
            return finish_run(run_id=run.pk, now=now)
        except RatedAnew:
            continue
    raise CannotBill(
        "Days are closed again faster than the month is rated; bill it when readings have come to rest."
    )
