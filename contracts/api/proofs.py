"""Proofs: everything with which a bill or a meter day can be checked without us."""

from datetime import date, timedelta
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.selectors.documents import visible_documents
from contracts.selectors.bundles import NotAnchoredYet, day_bundle, proof_bundle
from energy.api.problems import problem
from energy.selectors.ownership import days_seen, readable_meters
from energy.services.looks import record_site_look
from members.selectors.scope import user_of

WORD = "0x" + "5a" * 32
ANCHOR_EXAMPLE = {
    "root": WORD,
    "anchor": {
        "contract": "0x5FbDB2315678afecb367f032d93F642f64180aa3",
        "subject": WORD,
        "period": 201603,
        "revision": 0,
        "transaction_hash": WORD,
        "block": 42,
    },
    "rpc_url": "https://rpc.example.org",
    "chain_id": 137,
}
BILL_EXAMPLE = {
    "schema": "microgrid-bill-1",
    "document": {"fields": [{"path": "number", "label": "Number", "value": "B-2016-000008"}]},
    "salt": WORD,
    "field_hashes": [WORD],
    "commitment": WORD,
    "leaf": {"types": ["string", "bytes32", "bytes32", "uint32", "bytes32"], "values": ["microgrid-bill-1", WORD, WORD, 201603, WORD]},
    "proof": [WORD, WORD],
    **ANCHOR_EXAMPLE,
}
DAY_EXAMPLE = {
    "schema": "microgrid-day-1",
    "meter": "LV3.101 Load 7",
    "channels": [
        {
            "channel": "import",
            "values_wh": [44, 41, 39],
            "content": "0x6d6963726f677269",
            "salt": WORD,
            "commitment": WORD,
            "leaf": {
                "types": ["string", "bytes32", "bytes32", "uint8", "uint32", "uint32", "bytes32"],
                "values": ["microgrid-day-1", WORD, WORD, 1, 20160328, 1, WORD],
            },
            "proof": [WORD],
        }
    ],
    **ANCHOR_EXAMPLE,
}


class BillProof(APIView):
    """The proof of one document."""

    @extend_schema(
        summary="Proof of one document: fields, salt, leaf, siblings, root and where it is anchored",
        examples=[OpenApiExample("a bill", BILL_EXAMPLE, response_only=True, status_codes=["200"])],
        responses={200: OpenApiTypes.OBJECT, 404: OpenApiTypes.OBJECT, 409: OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, public_id: Any) -> Response:
        document = get_object_or_404(visible_documents(user_of(request)).prefetch_related("lines"), public_id=public_id)
        try:
            return Response(proof_bundle(document), headers={"Cache-Control": "private, no-store"})
        except NotAnchoredYet as reason:
            return problem(status.HTTP_409_CONFLICT, "Not anchored yet", str(reason))


class MeterDayProof(APIView):
    """The proof of one meter's day."""

    @extend_schema(
        summary="Proof of a meter's day: per channel canonical bytes, salt, leaf, siblings; root and where it is anchored",
        examples=[OpenApiExample("a day", DAY_EXAMPLE, response_only=True, status_codes=["200"])],
        responses={200: OpenApiTypes.OBJECT, 404: OpenApiTypes.OBJECT, 409: OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, public_id: Any, day: date) -> Response:
        meter = get_object_or_404(readable_meters(user_of(request)).select_related("site__microgrid"), public_id=public_id)
        seen = days_seen(user_of(request), meter.site)
        if day not in seen:
            raise Http404
        try:
            bundle = day_bundle(meter, day)
        except NotAnchoredYet as reason:
            return problem(status.HTTP_409_CONFLICT, "Not anchored yet", str(reason))
        record_site_look(
            user=user_of(request),
            site=meter.site,
            seen=seen,
            what="meter days",
            subject=meter.code,
            now=timezone.now(),
            first=day,
            after=day + timedelta(days=1),
        )
        return Response(bundle, headers={"Cache-Control": "private, no-store"})
