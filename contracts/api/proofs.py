"""Proofs: everything with which a bill can be checked without us."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.selectors.documents import visible_documents
from contracts.services.proofs import NotAnchoredYet, proof_bundle
from energy.api.problems import problem


class BillProof(APIView):
    """The proof of one document."""

    permission_classes = (IsAuthenticated,)

    @extend_schema(
        summary="Proof of one document: fields, salt, leaf, siblings, root and where it is anchored",
        responses={200: OpenApiTypes.OBJECT, 404: OpenApiTypes.OBJECT, 409: OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, public_id: Any) -> Response:
        document = get_object_or_404(
            visible_documents(request.user).prefetch_related("lines"),
            public_id=public_id,  # type: ignore[arg-type]
        )
        try:
            return Response(proof_bundle(document), headers={"Cache-Control": "private, no-store"})
        except NotAnchoredYet as reason:
            return problem(status.HTTP_409_CONFLICT, "Not anchored yet", str(reason))
