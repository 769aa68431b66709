"""OpenADR 3.0.1's VTN: what flexible loads' clients fetch, register and report, below `/openadr3/3.0.1/`.

The standard has its own description of these addresses; they are left out of ours.
"""

import uuid
from collections.abc import Callable
from typing import IO, Any

from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotFound, ValidationError
from rest_framework.parsers import BaseParser, FormParser
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle, SimpleRateThrottle
from rest_framework.views import APIView

from energy.api.problems import problem
from grid.domain.devices.openadr import LARGEST_BODY_BYTES, CannotTake, read_object
from grid.models import AdrReport, AdrSubscription, AdrVen, DeviceLink
from grid.selectors.openadr_objects import event_as_json, program_as_json, report_as_json, subscription_as_json, ven_as_json
from grid.services import openadr
from kernel.written import whole_number

MOST_ROWS = 50


class ClientToken(BaseAuthentication):
    """`Authorization: Bearer <token>`; the client's link is `request.auth`."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, DeviceLink] | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return None
        link = openadr.link_of_token(token=token.strip(), now=timezone.now())
        if link is None:
            raise AuthenticationFailed("The token is not known, or has ended.")
        return AnonymousUser(), link

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="openadr"'


class IsClient(BasePermission):
    """Only who has a token."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, DeviceLink)


class ClientThrottle(SimpleRateThrottle):
    """Four requests a second of one client."""

    scope = "openadr"
    rate = "240/min"

    def get_cache_key(self, request: Request, view: Any) -> str:
        return f"openadr-throttle-{getattr(request.auth, 'pk', self.get_ident(request))}"


class TokenThrottle(AnonRateThrottle):
    """Twenty tries a minute from one address."""

    scope = "openadr-token"
    rate = "20/min"


class BodyParser(BaseParser):
    """Takes the body as bytes, one byte more than it may have at most."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        return stream.read(LARGEST_BODY_BYTES + 1)


@extend_schema(exclude=True)
class Token(APIView):
    """`POST auth/token`: a client's name and key (OAuth 2 client credentials) for a token of an hour."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (FormParser,)
    throttle_classes = (TokenThrottle,)

    def post(self, request: Request) -> Response:
        given: Any = request.data
        if given.get("grant_type") != "client_credentials":
            return Response({"error": "unsupported_grant_type"}, status=400)
        token = openadr.grant_token(client_id=str(given.get("client_id", "")), client_secret=str(given.get("client_secret", "")))
        if token is None:
            return Response({"error": "invalid_client"}, status=401)
        return Response(
            {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": openadr.TOKEN_S,
                "scope": "read_all write_reports write_subscriptions write_vens",
            },
            headers={"Cache-Control": "no-store"},
        )


@extend_schema(exclude=True)
class Client(APIView):
    """What all addresses of a client share."""

    authentication_classes = (ClientToken,)
    permission_classes = (IsClient,)
    parser_classes = (BodyParser,)
    throttle_classes = (ClientThrottle,)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, CannotTake):
            return problem(400, "The body is refused", str(exc), where=exc.where)
        if isinstance(exc, openadr.TooMany):
            return problem(409, "Too many", str(exc))
        if isinstance(exc, IntegrityError):
            return problem(409, "There is one of this name already")
        return super().handle_exception(exc)

    @property
    def link(self) -> DeviceLink:
        found = self.request.auth
        assert isinstance(found, DeviceLink)
        return found

    def said(self, request: Request) -> dict[str, Any]:
        return read_object(request.data if isinstance(request.data, bytes) else b"")

    def listed(self, rows: QuerySet[Any], show: Callable[[Any], dict[str, Any]]) -> Response:
        """A page of rows by `skip` and `limit`."""
        skip, limit = self._whole("skip", 0, 1_000_000), self._whole("limit", MOST_ROWS, MOST_ROWS)
        return Response([show(row) for row in rows[skip : skip + limit]])

    def _whole(self, name: str, default: int, most: int) -> int:
        number = whole_number(self.request.query_params.get(name, str(default)), most=most)
        if number is None:
            raise ValidationError({name: [f"must be a whole number up to {most}"]})
        return number

    def one(self, rows: QuerySet[Any], public_id: Any) -> Any:
        found = rows.filter(public_id=public_id).first()
        if found is None:
            raise NotFound
        return found

    def by_program(self, rows: QuerySet[Any], path: str) -> QuerySet[Any]:
        """Those of the programme that was asked for; none where it is not known."""
        text = self.request.query_params.get("programID")
        if text is None:
            return rows
        try:
            return rows.filter(**{f"{path}public_id": uuid.UUID(text)})
        except ValueError:
            return rows.none()


class Programs(Client):
    def get(self, request: Request, public_id: Any = None) -> Response:
        rows = openadr.programs_of(self.link).select_related("microgrid__cooperative")
        if public_id is not None:
            return Response(program_as_json(self.one(rows, public_id)))
        return self.listed(rows, program_as_json)


class Events(Client):
    def get(self, request: Request, public_id: Any = None) -> Response:
        rows = openadr.events_for(self.link, self.link.microgrid.now(timezone.now()))
        if public_id is not None:
            return Response(event_as_json(self.one(rows, public_id)))
        return self.listed(self.by_program(rows, "program__"), event_as_json)


class Vens(Client):
    def get(self, request: Request, public_id: Any = None) -> Response:
        rows = AdrVen.objects.filter(link=self.link).order_by("pk")
        if public_id is not None:
            return Response(ven_as_json(self.one(rows, public_id)))
        if name := request.query_params.get("venName"):
            rows = rows.filter(name=name)
        return self.listed(rows, ven_as_json)

    def post(self, request: Request) -> Response:
        row = openadr.register_ven(link=self.link, said=self.said(request), now=timezone.now())
        return Response(ven_as_json(row), status=201)

    def put(self, request: Request, public_id: Any) -> Response:
        ven = self.one(AdrVen.objects.filter(link=self.link), public_id)
        return Response(ven_as_json(openadr.change_ven(ven=ven, said=self.said(request), now=timezone.now())))

    def delete(self, request: Request, public_id: Any) -> Response:
        row = self.one(AdrVen.objects.filter(link=self.link), public_id)
        shown = ven_as_json(row)
        row.delete()
        return Response(shown)


class Subscriptions(Client):
    def get(self, request: Request, public_id: Any = None) -> Response:
        rows = AdrSubscription.objects.filter(link=self.link).select_related("program").order_by("pk")
        if public_id is not None:
            return Response(subscription_as_json(self.one(rows, public_id)))
        return self.listed(self.by_program(rows, "program__"), subscription_as_json)

    def post(self, request: Request) -> Response:
        row = openadr.subscribe(link=self.link, said=self.said(request), now=timezone.now())
        return Response(subscription_as_json(row), status=201)

    def delete(self, request: Request, public_id: Any) -> Response:
        row = self.one(AdrSubscription.objects.filter(link=self.link), public_id)
        shown = subscription_as_json(row)
        row.delete()
        return Response(shown)


class Reports(Client):
    def get(self, request: Request, public_id: Any = None) -> Response:
        rows = AdrReport.objects.filter(link=self.link).select_related("event__program").order_by("pk")
        if public_id is not None:
            return Response(report_as_json(self.one(rows, public_id)))
        return self.listed(self.by_program(rows, "event__program__"), report_as_json)

    def post(self, request: Request) -> Response:
        row = openadr.take_report(link=self.link, said=self.said(request), now=timezone.now())
        return Response(report_as_json(row), status=201)
