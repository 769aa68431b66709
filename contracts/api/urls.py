"""Addresses below /api/v1/."""

from django.urls import path

from contracts.api.proofs import BillProof

urlpatterns = [path("bills/<uuid:public_id>/proof/", BillProof.as_view(), name="api-bill-proof")]
