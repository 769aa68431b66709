"""Doors of the chain worker."""

import logging

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from contracts.adapters.ethereum import EthereumChain
from contracts.domain.chain import ChainUnavailable
from contracts.services.witness import witness as make_round

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
