"""`manage.py deploy_contracts`: the contracts on the configured chain, and the stable coin they take; twice is a no-op."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from contracts.adapters.ethereum import EthereumChain
from contracts.domain.chain import ChainUnavailable
from contracts.services.deployment import coin_taken, deploy_contracts, is_former, rate_of


class Command(BaseCommand):
    """Deploys what is missing and prints the addresses."""

    help = "Deploy the contracts to the configured chain, once per chain."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            chain = EthereumChain(settings.CHAIN_RPC_URL)
            deployments, coin = (deploy_contracts(chain=chain, now=timezone.now()), coin_taken(chain.chain_id()))
        except ChainUnavailable as problem:
            raise CommandError(f"{problem} Start it, or set CHAIN_RPC_URL.") from None
        for row in deployments:
            told = row.transaction.get_status_display()
            if is_former(chain, row):
                told += ", a former version: what is new in it needs a new chain"
            self.stdout.write(f"{row.contract:<20} {row.address}  {told}")
        wanted = settings.CHAIN_STABLE_COIN
        if wanted and (coin is None or coin.address.lower() != wanted.lower()):
            raise CommandError(f"{wanted} does not answer as a token with cents; bills are quoted without it.")
        if coin is not None:
            told = f"{coin.symbol}, {rate_of(coin.decimals)} units per minor unit"
            self.stdout.write(f"{'stable coin':<20} {coin.address}  {told}")
