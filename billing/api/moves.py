"""`/api/v1/sites/<id>/moves/`: whose a site is and was, and handing it over."""

from typing import Any

from django.db.models import F, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import Tariff
from billing.services.moves import move
from energy.api.problems import problem
from energy.models import Site, SiteOwnership
from energy.selectors.scope import operated_microgrids
from energy.services.ownership import CannotMove
from members.models import Member, Role
from members.selectors.scope import user_of

MOVERS = (Role.OPERATOR, Role.SUPPORT)
MOVE = {"member": "1044", "from": "2016-03-18", "tariff": "", "reason": "moved in"}


@extend_schema_serializer(examples=[OpenApiExample("a move in", MOVE, request_only=True)])
class NewMoveSerializer(serializers.Serializer[dict[str, Any]]):
    """Who has the site from a day on; no member: nobody lives there, and its landlord or the cooperative pays."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            "member": serializers.CharField(max_length=20, allow_blank=True, default="", help_text="Number of the member."),
            "from": serializers.DateField(help_text="First day of who comes."),
            "tariff": serializers.CharField(
                max_length=40, allow_blank=True, default="", help_text="Its code; empty: the site keeps its tariff."
            ),
            "reason": serializers.CharField(max_length=300, allow_blank=True, default=""),
        }


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "who lives there",
            {
                "id": "0190d5f0-c1f8-7d4a-b1c2-000000000007",
                "member": "1044",
                "valid_from": "2016-03-18",
                "valid_to": None,
                "is_vacant": False,
                "has_begun": True,
                "entered_at": "2016-03-10T09:00:00Z",
                "reason": "moved in",
            },
            response_only=True,
        )
    ]
)
class OwnershipSerializer(serializers.ModelSerializer[SiteOwnership]):
    """Days on which a site is one member's: from the first up to and without `valid_to`; null where there is no end."""

    id = serializers.UUIDField(source="public_id")
    member = serializers.CharField(source="member.number")

    class Meta:
        model = SiteOwnership
        fields = ("id", "member", "valid_from", "valid_to", "is_vacant", "has_begun", "entered_at", "reason")


class SiteMoves(generics.ListAPIView[SiteOwnership]):
    """For operators and support."""

    serializer_class = OwnershipSerializer

    def _site(self) -> Site:
        user = user_of(self.request)
        return get_object_or_404(
            Site.objects.filter(microgrid__in=operated_microgrids(user, *MOVERS).order_by().values("pk")).select_related(
                "microgrid__cooperative"
            ),
            public_id=self.kwargs["public_id"],
        )

    def get_queryset(self) -> QuerySet[SiteOwnership]:
        if getattr(self, "swagger_fake_view", False):
            return SiteOwnership.objects.none()
        rows = SiteOwnership.objects.filter(site=self._site()).select_related("member")
        return rows.order_by(F("valid_from").asc(nulls_first=True))

    @extend_schema(operation_id="sites_moves_list", summary="Whose a site is and was")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)

    @extend_schema(operation_id="sites_move", summary="Hand a site over", request=NewMoveSerializer, responses={201: OwnershipSerializer})
    def post(self, request: Request, public_id: Any) -> Response:
        site, form = self._site(), NewMoveSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given, cooperative = form.validated_data, site.microgrid.cooperative
        member = get_object_or_404(Member, cooperative=cooperative, number=given["member"]) if given["member"] else None
        tariff = get_object_or_404(Tariff, cooperative=cooperative, code=given["tariff"]) if given["tariff"] else None
        try:
            row = move(
                site=site,
                member=member,
                day=given["from"],
                by=user_of(request),
                now=site.microgrid.now(timezone.now()),
                tariff=tariff,
                reason=given["reason"],
            )
        except CannotMove as why:
            return problem(409, "Cannot be handed over", str(why))
        return Response(OwnershipSerializer(row).data, status=201)
