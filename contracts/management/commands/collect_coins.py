"""`manage.py collect_coins`: the coins that bills have brought into the contract, to the cooperative's own wallet."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from contracts.adapters.ethereum import EthereumChain
from contracts.adapters.signing import address_of, private_key
from contracts.domain.chain import ChainUnavailable
from contracts.services.collecting import CannotCollect, collect_coins


class Command(BaseCommand):
    """Distributes what lies in the contract to the cooperative's account alone, and withdraws it."""

    help = (
        "Take the coins that bills have brought into the contract to the wallet of the cooperative's key. Asked for twice, it is done once."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rows = collect_coins(chain=EthereumChain(settings.CHAIN_RPC_URL), now=timezone.now())
        except CannotCollect as problem:
            raise CommandError(str(problem)) from None
        except ChainUnavailable as problem:
            raise CommandError(f"{problem} Start it, or set CHAIN_RPC_URL.") from None
        if not rows:
            self.stdout.write("Nothing lies in the contract for the cooperative.")
            return
        for row in rows:
            self.stdout.write(f"{row.function:<20} {row.get_status_display()} {row.problem}".rstrip())
        self.stdout.write(f"To {address_of(private_key())}; booked by the witness after its confirmations.")
