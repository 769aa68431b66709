"""`manage.py deploy_contracts`: the four contracts on the configured chain; twice is a no-op."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from contracts.adapters.ethereum import EthereumChain
from contracts.domain.chain import ChainUnavailable
from contracts.services.outbox import deploy_contracts


class Command(BaseCommand):
    """Deploys what is missing and prints the addresses."""

    help = "Deploy the contracts to the configured chain, once per chain."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            deployments = deploy_contracts(chain=EthereumChain(settings.CHAIN_RPC_URL), now=timezone.now())
        except ChainUnavailable as problem:
            raise CommandError(f"{problem} Start it, or set CHAIN_RPC_URL.") from None
        for row in deployments:
            self.stdout.write(f"{row.contract:<20} {row.address}  {row.transaction.get_status_display()}")
