"""A billed hamlet, and people who knock at its doors."""

from dataclasses import dataclass

import pytest
from django.test import Client

from billing.models import BillingRun, Document
from members.models import Member, Membership, Role, User
from tests.integration.billing.conftest import Hamlet, make_hamlet


@dataclass(frozen=True)
class Doors:
    """The hamlet, its run, and one client for each kind of person."""

    hamlet: Hamlet
    run: BillingRun
    owner: Member
    clients: dict[str, Client]

    def documents(self, member: Member) -> list[Document]:
        return list(Document.objects.filter(member=member).order_by("label"))


def _client(email: str, **membership: object) -> Client:
    user = User.objects.create_user(email, "a long password", name=email.split("@")[0])
    if membership:
        Membership.objects.create(user=user, **membership)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def doors(db: None) -> Doors:
    hamlet = make_hamlet("doors")
    run = hamlet.bill()
    cooperative = hamlet.cooperative
    owner = Member.objects.get(cooperative=cooperative, sites__code="B 9")
    neighbour = Member.objects.get(cooperative=cooperative, sites__code="Z 1")
    elsewhere = make_hamlet("elsewhere").cooperative
    clients = {
        "anonymous": Client(),
        "nobody": _client("nobody@doors.example"),
        "owner": _client("owner@doors.example", cooperative=cooperative, member=owner, role=Role.MEMBER),
        "neighbour": _client("neighbour@doors.example", cooperative=cooperative, member=neighbour, role=Role.MEMBER),
        "auditor": _client("auditor@doors.example", cooperative=cooperative, role=Role.AUDITOR),
        "operator": _client("operator@doors.example", cooperative=cooperative, role=Role.OPERATOR),
        "foreign auditor": _client("foreign@doors.example", cooperative=elsewhere, role=Role.AUDITOR),
    }
    return Doors(hamlet, run, owner, clients)
