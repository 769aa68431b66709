"""What a form or an address names by a text that is no id: not found, never an error of the server."""

import pytest
from django.test import Client

from members.models import Membership, Role, User
from tests.integration.billing.conftest import Hamlet

GARBAGE = ("", "x", "1", "0' OR 1", "00000000-0000-0000-0000-00000000000g", "\u0000", "ü" * 300)


@pytest.fixture
def client(hamlet: Hamlet) -> Client:
    user = User.objects.create_user("all@x.example", "x")
    for role in (Role.TARIFF_ADMIN, Role.OPERATOR, Role.SUPPORT, Role.AUDITOR):
        Membership.objects.create(user=user, cooperative=hamlet.cooperative, role=role)
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("named", GARBAGE)
def test_pages_do_not_find_what_is_no_id(client: Client, hamlet: Hamlet, named: str) -> None:
    member = str(hamlet.cooperative.members.filter(is_cooperative=False).first().public_id)
    forms = [
        ("/payments/mandate/", {"member": named, "do": "give"}),
        ("/money/letters/", {"do": "again", "delivery": named, "recipient": "a@b.example"}),
        ("/money/shares/", {"do": "book", "share": named}),
        (f"/books/arrears/{member}/act/", {"what": "take back", "reminder": named}),
        (f"/money/members/{member}/", {"do": "take-back", "allocation": named}),
        (f"/money/members/{member}/", {"do": "use", "money": f"payment:{named}", "target": f"document:{named}"}),
        ("/energy/market/limit/", {"site": named}),
        ("/energy/programmes/", {"programme": named, "site": named}),
        ("/energy/sharing/", {"proposal": named, "member": named, "choice": "yes"}),
        ("/devices/requests/meters/", {"device": named}),
        ("/alarms/acknowledge/", {"alarm": named}),
    ]
    for path, words in forms:
        assert client.post(path, words).status_code in (302, 400, 403, 404, 405), path
    for path in ("/books/reconciliation/", "/money/", "/money/members/"):
        assert client.get(path, {"microgrid": named or "x", "cooperative": named}).status_code in (200, 400, 404), path
