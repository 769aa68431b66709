"""Doors of the chain worker."""

import logging

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from contracts.adapters.ethereum import EthereumChain
from contracts.domain.chain import ChainUnavailable
from contracts.services.reconciliation import compare_and_tell
from contracts.services.witness import witness as make_round
from energy.models import Microgrid

log = logging.getLogger(__name__)


@shared_task(queue="chain", time_limit=600)
def witness() -> str:
    """One round of the witness; with the node down it says so and leaves everything for the next."""
    try:
        done = make_round(chain=EthereumChain(settings.CHAIN_RPC_URL), now=timezone.now())
    except ChainUnavailable as problem:
        log.warning("%s", problem)
        return str(problem)
    return f"{done.anchored} anchored, {done.sent} sent, {done.payments} payments"


@shared_task(queue="default", time_limit=1800)
def compare_sums() -> int:
    """Compare meter, bill, ledger, bank and chain of every microgrid's newest months; returns how many months have gaps."""
    return sum(
        len(compare_and_tell(microgrid=microgrid, now=microgrid.now(timezone.now())))
        for microgrid in Microgrid.objects.select_related("cooperative")
    )
