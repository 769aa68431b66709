"""Proofs: everything with which a bill or a meter day can be checked without us."""

from datetime import date
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.selectors.documents import visible_documents
from contracts.selectors.bundles import NotAnchoredYet, day_bundle, proof_bundle
from energy.api.problems import problem
from energy.selectors.scope import visible_meters
from members.services.access import record_look


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


class MeterDayProof(APIView):
    """The proof of one meter's day."""

    permission_classes = (IsAuthenticated,)

    @extend_schema(
        summary="Proof of a meter's day: per channel canonical bytes, salt, leaf, siblings; root and where it is anchored",
        responses={200: OpenApiTypes.OBJECT, 404: OpenApiTypes.OBJECT, 409: OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, public_id: Any, day: date) -> Response:
        meter = get_object_or_404(
            visible_meters(request.user).select_related("site__member"),  # type: ignore[arg-type]
            public_id=public_id,
        )
        try:
            bundle = day_bundle(meter, day)
        except NotAnchoredYet as reason:
            return problem(status.HTTP_409_CONFLICT, "Not anchored yet", str(reason))
        record_look(
            user=request.user, member=meter.site.member, what="meter days", subject=meter.code, now=timezone.now()
        )  # fmt: skip
        return Response(bundle, headers={"Cache-Control": "private, no-store"})
