"""Addresses below /api/v1/. Days are written with the converter `day` of the grid's addresses."""

from django.urls import path

import grid.api.urls  # noqa: F401 - registers the converter
from contracts.api.chain_payments import BillChainPayment
from contracts.api.proofs import BillProof, MeterDayProof
from contracts.api.reconciliation import Reconciliation

urlpatterns = [
    path("microgrids/<uuid:public_id>/reconciliation/", Reconciliation.as_view(), name="api-reconciliation"),
    path("bills/<uuid:public_id>/chain-payment/", BillChainPayment.as_view(), name="api-bill-chain-payment"),
    path("bills/<uuid:public_id>/proof/", BillProof.as_view(), name="api-bill-proof"),
    path("meters/<uuid:public_id>/days/<day:day>/proof/", MeterDayProof.as_view(), name="api-meter-day-proof"),
]
