"""Two workers who make the witness's round at the same moment: each root, mirror and deployment goes to the chain once."""

import pytest

from billing.models import BillingRun, Document
from billing.services.corrections import prepare_cancellation
from billing.services.release import release_run
from billing.services.runs import post_run
from contracts.adapters.ethereum import EthereumChain
from contracts.models import Anchor, ChainDeployment, ChainTransaction, StableCoin, TransactionStatus
from contracts.services.witness import witness
from grid.models import DayClosing
from members.models import User
from tests.integration.grid.conftest import SHOWN_NOW
from tests.integration.striking import in_step


@pytest.mark.django_db(transaction=True)
def test_what_happened_goes_to_the_chain_once(chain: EthereumChain, bill: Document) -> None:
    first, second = (User.objects.create_user(f"{name}@x.example") for name in ("one", "two"))
    run = prepare_cancellation(document=bill, reason="wrong", user=first, now=SHOWN_NOW)
    release_run(run_id=run.pk, user=second, now=SHOWN_NOW)
    post_run(run_id=run.pk, now=SHOWN_NOW)

    def make_a_round() -> None:
        witness(chain=chain, now=SHOWN_NOW)

    for _ in range(2):
        in_step([make_a_round, make_a_round])
    sent = ChainTransaction.objects.count()
    make_a_round()
    assert ChainTransaction.objects.count() == sent
    assert set(ChainTransaction.objects.values_list("status", flat=True)) == {TransactionStatus.CONFIRMED}
    assert Anchor.objects.count() == DayClosing.objects.count() + BillingRun.objects.count() == 4
    assert (ChainDeployment.objects.count(), StableCoin.objects.count()) == (5, 1)
