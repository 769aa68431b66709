"""Who am I, and tokens for apps."""

from typing import Any

from django.contrib.auth import authenticate
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.authtoken.models import Token
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from members.models import Membership, User
from members.selectors.scope import user_of


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    """A role, for a member or for the cooperative."""

    cooperative = serializers.CharField(source="cooperative.name")
    member = serializers.CharField(source="member.number", allow_null=True)

    class Meta:
        model = Membership
        fields = ("cooperative", "member", "role")


ME_EXAMPLE = OpenApiExample(
    "a member",
    {
        "id": "0190d5f0-c1f8-7d4a-b1c2-000000000009",
        "email": "ana@example.org",
        "name": "Ana Meier",
        "language": "en",
        "memberships": [{"cooperative": "Bürgerenergie Wiesengrund eG", "member": "1007", "role": "member"}],
    },
    response_only=True,
)


@extend_schema_serializer(examples=[ME_EXAMPLE])
class MeSerializer(serializers.ModelSerializer[User]):
    """The user of this token or session."""

    id = serializers.UUIDField(source="public_id")
    memberships = MembershipSerializer(many=True)

    class Meta:
        model = User
        fields = ("id", "email", "name", "language", "memberships")


class MeView(APIView):
    """The user of this token or session."""

    @extend_schema(summary="Who am I", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        user = User.objects.prefetch_related("memberships__cooperative", "memberships__member").get(pk=user_of(request).pk)
        return Response(MeSerializer(user).data)


@extend_schema_serializer(examples=[OpenApiExample("a member", {"email": "ana@example.org", "password": "…"})])
class TokenRequest(serializers.Serializer[Any]):
    """E-mail and password."""

    email = serializers.EmailField()
    password = serializers.CharField(max_length=200, trim_whitespace=False)


@extend_schema_serializer(examples=[OpenApiExample("a token", {"token": "c3f1d9a2b4e5f60718293a4b5c6d7e8f90a1b2c3"}, response_only=True)])
class TokenAnswer(serializers.Serializer[Any]):
    """A token for the header `Authorization: Token ...`."""

    token = serializers.CharField()


class LoginThrottle(SimpleRateThrottle):
    """Few tries, by address and by e-mail."""

    rate = "10/min"
    scope = "login"

    def get_cache_key(self, request: Request, view: Any) -> str:
        email = str(request.data.get("email", ""))[:100].lower() if isinstance(request.data, dict) else ""
        return f"login:{self.get_ident(request)}:{email}"


class TokenView(APIView):
    """Log in an app, and log it out."""

    permission_classes = (AllowAny,)
    throttle_classes = (LoginThrottle,)

    @extend_schema(summary="Get a token for e-mail and password", request=TokenRequest, responses=TokenAnswer)
    def post(self, request: Request) -> Response:
        given = TokenRequest(data=request.data)
        given.is_valid(raise_exception=True)
        user = authenticate(request._request, username=given.validated_data["email"].lower(), password=given.validated_data["password"])
        if user is None:
            raise serializers.ValidationError({"email": ["E-mail or password is not right."]})
        token, _ = Token.objects.get_or_create(user=user)
        return Response({"token": token.key})

    @extend_schema(summary="Revoke the token of this request", responses={204: None})
    def delete(self, request: Request) -> Response:
        if request.user.is_authenticated:
            Token.objects.filter(user=request.user).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
