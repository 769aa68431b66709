"""Corrections settle themselves: a billed month whose readings changed is rated again, and what differs is taken back and written anew."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from billing.models import BillingRun, Document, DocumentStatus, RunKind, RunStatus
from billing.models.documents import ORIGINALS
from billing.selectors.corrections import Outdated, newer_readings, outdated_months
from billing.services.differences import draft_reversals
from billing.services.runs import DAYS_TO_PAY, CannotBill, next_revision, prepare_run, rate_and_finish
from energy.models import Microgrid
from kernel.intervals import Month
from members.models import User

MOST_NAMED = 3


class NothingToCorrect(CannotBill):
    """No billed day of the month has newer shares than those that were billed."""


def propose_corrections(*, microgrid: Microgrid, now: datetime, user: User | None = None) -> list[BillingRun]:
    """Prepare a correction for each billed month whose days were closed again or whose sites changed hands as it turned out; months that are not ready yet wait. `now` is the microgrid's."""
    proposed = []
    for outdated in outdated_months(microgrid):
        try:
            proposed.append(_prepare(outdated, now, user))
        except CannotBill:
            # A day is being closed again just now: the next round finds it, and `newer_readings` names it meanwhile.
            continue
    return proposed


def prepare_correction(*, microgrid: Microgrid, month: Month, now: datetime, user: User | None = None) -> BillingRun:
    """Prepare the correction of a billed month, or return the one that is on its way.

    Raises:
        NothingToCorrect: nothing that was billed has changed.
        CannotBill: days are not closed again yet.
    """
    started = (
        BillingRun.objects.filter(microgrid=microgrid, period=month.number, kind=RunKind.CORRECTION)
        .exclude(status__in=[RunStatus.POSTED, RunStatus.WITHDRAWN])
        .first()
    )
    if started is not None:
        return started
    for outdated in outdated_months(microgrid):
        if outdated.run.period == month.number:
            return _prepare(outdated, now, user)
    raise NothingToCorrect(_("What was billed for %(month)s rests on the newest readings.") % {"month": month})


def correct_month(*, microgrid: Microgrid, month: Month, now: datetime) -> BillingRun:
    """The whole correction in this process, released by rule. Raises as `prepare_correction`."""
    run = prepare_correction(microgrid=microgrid, month=month, now=now)
    return rate_and_finish(run=run, now=now)


@transaction.atomic
def _prepare(outdated: Outdated, now: datetime, user: User | None) -> BillingRun:
    run = outdated.run
    # Whoever waited here for another hand finds its run, or that nothing is left to correct.
    Microgrid.objects.select_for_update().get(pk=run.microgrid_id)
    last = BillingRun.objects.filter(microgrid=run.microgrid_id, period=run.period, kind=RunKind.CORRECTION).order_by("-revision").first()
    if last is not None and last.revision > run.revision:
        if last.status in (RunStatus.POSTED, RunStatus.WITHDRAWN):
            raise NothingToCorrect(_("%(last)s settled it meanwhile.") % {"last": last})
        return last
    if run.kind == RunKind.CORRECTION and run.status not in (RunStatus.POSTED, RunStatus.WITHDRAWN):
        return run  # on its way already; it notices itself that days were closed again
    return prepare_run(
        microgrid=run.microgrid,
        month=Month.parse(str(run.period)),
        now=now,
        days=run.days(),
        kind=RunKind.CORRECTION,
        user=user,
        reason=_reason(outdated),
    )


def _reason(outdated: Outdated) -> str:
    told = []
    if outdated.days:
        codes = list(dict.fromkeys(row.meter.code for row in newer_readings(outdated.run)))
        days = _named([str(day) for day in outdated.days])
        told.append(f"Days closed again: {days}; newer readings of {_named(codes) or 'storages'}.")
    if outdated.moved:
        told.append(f"Changed hands on another day: {_named(outdated.moved)}.")
    return " ".join(told)[:300]


def _named(names: list[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (" ..." if len(names) > MOST_NAMED else "")


@transaction.atomic
def prepare_cancellation(*, document: Document, reason: str, user: User | None, now: datetime) -> BillingRun:
    """Draft what takes one posted document back without another in its place; somebody else releases it.

    Where local energy stands on it, the account of local energy stays open by that until the site is billed anew: the month's next
    correction does so.

    Raises:
        CannotBill: it does not stand, or is on its way back already, or no reason is given.
    """
    # As whoever prepares a run: a month's revisions are counted by one at a time.
    Microgrid.objects.select_for_update().get(pk=document.run.microgrid_id)
    document = Document.objects.select_for_update(of=("self",)).select_related("run__microgrid").get(pk=document.pk)
    if document.kind not in ORIGINALS or document.status in (DocumentStatus.DRAFT, DocumentStatus.CANCELLED):
        raise CannotBill(_("%(document)s is no document that can be taken back.") % {"document": document})
    if hasattr(document, "cancelled_by"):
        raise CannotBill(
            _("%(document)s is on its way back already, by %(run)s.") % {"document": document, "run": document.cancelled_by.run}
        )
    if not reason.strip():
        raise CannotBill(_("Say why it is taken back; the member reads it."))
    before = document.run
    issue_date = now.astimezone(before.microgrid.zone).date()
    run = BillingRun.objects.create(
        microgrid=before.microgrid,
        period=before.period,
        revision=next_revision(before.microgrid, before.period),
        kind=RunKind.CANCELLATION,
        only_sites=[document.site_id],
        reason=reason.strip()[:300],
        first_day=before.first_day,
        last_day=before.last_day,
        issue_date=issue_date,
        due_date=issue_date + timedelta(days=DAYS_TO_PAY),
        status=RunStatus.RATED,
        prepared_at=now,
        prepared_by=user,
        sharing_revisions=before.sharing_revisions,
    )
    draft_reversals(run, [document.pk])
    return run
