"""Between rated and posted: checks that somebody looks at, and the release by a second person or by the cooperative's rule."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from billing.domain.run_checks import findings
from billing.models import BillingPolicy, BillingRun, CheckKind, DocumentStatus, RunCheck, RunKind, RunStatus
from billing.models.checks import BLOCKING
from billing.selectors.run_figures import site_figures
from members.models import Cooperative, User

BLOCK = 1000
UNDER_WAY = (RunStatus.PREPARED, RunStatus.RATED, RunStatus.RELEASED)


class CannotRelease(ValueError):
    """The run cannot be released, or a check not be settled, by this person now; the message says why."""


def policy_of(cooperative: Cooperative) -> BillingPolicy:
    """What the cooperative decided; without a row, that a second person releases everything."""
    found = BillingPolicy.objects.filter(cooperative=cooperative).first()
    return found or BillingPolicy(cooperative=cooperative)


@transaction.atomic
def check_run(*, run_id: int) -> int:
    """Note what stands out among the drafts of a rated run; what was noted before stays, with what was said of it. Returns how many block."""
    run = _locked(run_id)
    if run.status != RunStatus.RATED or run.kind == RunKind.CANCELLATION:
        return 0
    found = findings(site_figures(run), run.microgrid.cooperative.currency)
    RunCheck.objects.bulk_create(
        (
            RunCheck(
                run=run,
                site_id=finding.site_id,
                kind=finding.kind,
                told=finding.told[:300],
                is_blocking=CheckKind(finding.kind) in BLOCKING,
            )
            for finding in found
        ),
        batch_size=BLOCK,
        ignore_conflicts=True,
    )
    return open_blocking(run)


def open_blocking(run: BillingRun) -> int:
    """How many checks keep a run from being released."""
    return run.checks.filter(is_blocking=True, settled_at__isnull=True).count()


@transaction.atomic
def settle_check(*, check: RunCheck, user: User, note: str, now: datetime) -> RunCheck:
    """Tick a check off, with a note; one that was ticked off stays as it is.

    Raises:
        CannotRelease: it blocks and no note says why it is right, or the run is released already.
    """
    run = _locked(check.run_id)
    check = RunCheck.objects.select_for_update().get(pk=check.pk)
    if check.settled_at is not None:
        return check
    if run.status not in (RunStatus.PREPARED, RunStatus.RATED):
        raise CannotRelease(_("%(run)s is %(state)s; its checks are closed.") % {"run": run, "state": run.get_status_display()})
    if check.is_blocking and not note.strip():
        raise CannotRelease(_("Write what you found out: this check blocks the run."))
    check.settled_at, check.settled_by, check.note = now, user, note.strip()[:300]
    check.save(update_fields=["settled_at", "settled_by", "note"])
    return check


@transaction.atomic
def settle_kind(*, run: BillingRun, kind: str, user: User, note: str, now: datetime) -> int:
    """Tick off all open checks of one kind that block nothing; what blocks is settled one by one. Returns how many there were.

    Raises:
        CannotRelease: the run is released already.
    """
    locked = _locked(run.pk)
    if locked.status not in (RunStatus.PREPARED, RunStatus.RATED):
        raise CannotRelease(_("%(locked)s is %(state)s; its checks are closed.") % {"locked": locked, "state": locked.get_status_display()})
    open_checks = RunCheck.objects.filter(run=locked, kind=kind, is_blocking=False, settled_at=None)
    return open_checks.update(settled_at=now, settled_by=user, note=note.strip()[:300])


@transaction.atomic
def release_run(*, run_id: int, user: User, now: datetime) -> BillingRun:
    """Release a rated run as a second person; again by the same person it stays.

    Raises:
        CannotRelease: it is not rated, checks block it, or the one who prepared it would release it.
    """
    run = _locked(run_id)
    if run.status in (RunStatus.RELEASED, RunStatus.POSTED):
        return run
    _check_releasable(run)
    if run.prepared_by_id == user.pk:
        raise CannotRelease(_("Whoever prepared a run does not release it: ask somebody else."))
    run.status, run.released_at, run.released_by = RunStatus.RELEASED, now, user
    run.save(update_fields=["status", "released_at", "released_by"])
    return run


@transaction.atomic
def release_by_rule(*, run_id: int, now: datetime) -> bool:
    """Release a rated run where the cooperative's policy says so and no check blocks it; returns whether it is released."""
    run = _locked(run_id)
    if run.status != RunStatus.RATED:
        return run.status == RunStatus.RELEASED
    rule = _rule_for(run)
    if not rule or open_blocking(run):
        return False
    run.status, run.released_at, run.release_rule = RunStatus.RELEASED, now, rule
    run.save(update_fields=["status", "released_at", "release_rule"])
    return True


def _rule_for(run: BillingRun) -> str:
    """The rule by which a run is released without a person, in words; empty where none is."""
    policy = policy_of(run.microgrid.cooperative)
    if run.kind == RunKind.FINAL and run.is_whole and policy.releases_by_rule:
        return "months without a check that blocks"
    if run.kind != RunKind.CORRECTION or not policy.correction_limit_minor:
        return ""
    if largest_change(run) > policy.correction_limit_minor:
        return ""
    return f"corrections of at most {policy.correction_limit_minor} minor units a document"


def largest_change(run: BillingRun) -> int:
    """By how much the sum of any site's bill or credit changes at most [minor units]."""
    changes: dict[tuple[int, int, bool], int] = {}
    for site, member, kind, gross in run.documents.values_list("site", "member", "kind", "gross_minor"):
        place = (site, member, kind.startswith("bill"))
        changes[place] = changes.get(place, 0) + (-gross if kind.endswith("_reversal") else gross)
    return max((abs(change) for change in changes.values()), default=0)


@transaction.atomic
def withdraw_run(*, run_id: int, now: datetime) -> BillingRun:
    """Throw a run's drafts away before it is posted; its row stays and says so. A correction comes again when readings change again.

    Raises:
        CannotRelease: it is posted.
    """
    run = _locked(run_id)
    if run.status == RunStatus.WITHDRAWN:
        return run
    if run.status not in UNDER_WAY:
        raise CannotRelease(_("%(run)s is posted; what is wrong is corrected, not withdrawn.") % {"run": run})
    run.documents.filter(status=DocumentStatus.DRAFT).delete()
    run.chunks.all().delete()
    run.status = RunStatus.WITHDRAWN
    run.save(update_fields=["status"])
    return run


def _check_releasable(run: BillingRun) -> None:
    if run.status != RunStatus.RATED:
        raise CannotRelease(
            _("%(run)s is %(state)s; only drafts that are drawn up can be released.") % {"run": run, "state": run.get_status_display()}
        )
    blocking = open_blocking(run)
    if blocking:
        raise CannotRelease(_("%(blocking)s checks block %(run)s: settle each with a note first.") % {"blocking": blocking, "run": run})


def _locked(run_id: int) -> BillingRun:
    return BillingRun.objects.select_for_update(of=("self",)).select_related("microgrid__cooperative").get(pk=run_id)
