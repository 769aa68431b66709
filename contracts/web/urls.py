"""Pages of the witness."""

from django.urls import path

from contracts.web.chain_payments import pay_on_chain
from contracts.web.coins import coins

urlpatterns = [path("bills/<uuid:public_id>/chain/", pay_on_chain, name="pay-on-chain"), path("money/coins/", coins, name="money-coins")]
