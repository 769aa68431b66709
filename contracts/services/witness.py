"""The witness's round: everything that happened since the last one, to the chain and back. Safe to repeat, to kill, to miss."""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from billing.models import BillingRun, RunKind, RunStatus
from contracts.domain.chain import Chain
from contracts.models import Anchor, AnchorKind
from contracts.services.anchoring import NothingToAnchor, anchor_day, anchor_run
from contracts.services.deployment import deploy_contracts
from contracts.services.grid_mirrors import mirror_peaks, mirror_storages
from contracts.services.mirrors import (
    mirror_bills,
    mirror_cancellations,
    mirror_forecasts,
    mirror_grid_days,
    mirror_month,
    mirror_registrations,
    mirror_revenue,
    mirror_settlements,
)
from contracts.services.outbox import drain
from contracts.services.payments import watch_payments
from contracts.services.quotes import renew_quotes
from energy.models import Microgrid
from grid.models import DayClosing

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did."""

    anchored: int
    sent: int
    payments: int


def witness(*, chain: Chain, now: datetime) -> Round:
    """Deploy if needed, anchor closed days and posted runs, mirror, send, and book what was paid.

    Raises:
        ChainUnavailable: the node is down; nothing is lost, the next round catches up.
    """
    deploy_contracts(chain=chain, now=now)
    anchored = 0
    for microgrid in Microgrid.objects.select_related("cooperative"):
        mirror_registrations(chain=chain, microgrid=microgrid, now=now)
        anchored += _anchor_days(chain, microgrid, now)
    sent = drain(chain=chain, now=now)
    posted = BillingRun.objects.filter(status=RunStatus.POSTED).order_by("microgrid", "period", "revision")
    for run in posted.select_related("microgrid__cooperative"):
        anchored += _anchor_run(chain, run, now)
        mirror_settlements(chain=chain, run=run, now=now)
        renew_quotes(chain=chain, run=run, now=now)
    sent += drain(chain=chain, now=now)
    return Round(anchored, sent, watch_payments(chain=chain, now=now))


@transaction.atomic
def _anchor_run(chain: Chain, run: BillingRun, now: datetime) -> bool:
    """Anchor a run, mirror its month and its bills, all or nothing: a round killed between them would leave some out."""
    if Anchor.objects.filter(run=run).exists() or not run.documents.exists():
        return False
    anchor_run(chain=chain, run=run, now=now)
    if run.kind != RunKind.FINAL or not run.is_whole:
        mirror_bills(chain=chain, run=run, now=now)
        mirror_cancellations(chain=chain, run=run, now=now)
        return True
    mirror_storages(chain=chain, run=run, now=now)
    mirror_peaks(chain=chain, run=run, now=now)
    mirror_grid_days(chain=chain, microgrid=run.microgrid, days=run.days(), now=now)
    mirror_month(chain=chain, run=run, now=now)
    mirror_forecasts(chain=chain, run=run, now=now)
    mirror_bills(chain=chain, run=run, now=now)
    mirror_cancellations(chain=chain, run=run, now=now)
    mirror_revenue(chain=chain, run=run, now=now)
    return True


def _anchor_days(chain: Chain, microgrid: Microgrid, now: datetime) -> int:
    known = set(Anchor.objects.filter(kind=AnchorKind.DAY, microgrid=microgrid).values_list("period", "revision"))
    anchored = 0
    for closing in DayClosing.objects.filter(microgrid=microgrid).order_by("day", "revision"):
        number = closing.day.year * 10_000 + closing.day.month * 100 + closing.day.day
        if (number, closing.revision) not in known:
            try:
                anchor_day(chain=chain, microgrid=microgrid, day=closing.day, revision=closing.revision, now=now)
            except NothingToAnchor as empty:
                log.info("%s", empty)
                continue
            anchored += 1
    return anchored
