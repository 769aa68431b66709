"""The admin's pages of the witness: by role, without a way to edit, with a check and another try."""

from typing import Any

import pytest
from django.contrib.admin import site as admin_site
from django.core.management import call_command
from django.urls import reverse

from billing.models import Document, DocumentLine
from contracts.models import Anchor, AnchorKind, ChainTransaction, TransactionStatus
from contracts.services.outbox import drain, enqueue
from contracts.services.witness import witness
from members.models import Cooperative, Membership, Role, User
from tests.integration.grid.conftest import SHOWN_NOW

pytestmark = pytest.mark.django_db
MODELS = ("chaintransaction", "chaindeployment", "anchor", "stablecoin", "paymentquote", "chainpayment", "chainwithdrawal", "walletlink")


@pytest.fixture
def witnessed(node, settled, settings):
    settings.CHAIN_RPC_URL = node.url
    witness(chain=node.chain, now=SHOWN_NOW)
    return settled


@pytest.fixture
def staff(client, microgrid) -> Any:
    """Log in as staff with a role of the cooperative, or of another one."""

    def log_in(role: Role | None, cooperative: Cooperative | None = None) -> None:
        name = f"{role or 'root'}-{cooperative or 'own'}@example.org".replace(" ", "-")
        user = User.objects.create_user(name, "a long enough word", is_staff=True, is_superuser=role is None)
        if role is not None:
            Membership.objects.create(user=user, cooperative=cooperative or microgrid.cooperative, role=role)
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    return log_in


def texts(reply: Any) -> list[str]:
    return [str(message) for message in reply.context["messages"]]


def run_action(client: Any, model: str, action: str, *ids: int) -> Any:
    return client.post(reverse(f"admin:contracts_{model}_changelist"), {"action": action, "_selected_action": ids}, follow=True)


def test_the_pages_pass_the_checks_that_every_process_makes_at_its_start():
    call_command("check")


def test_every_model_with_a_page_is_tested():
    registered = {m._meta.model_name for m in admin_site._registry if m._meta.app_label == "contracts"}
    assert registered == set(MODELS)


@pytest.mark.parametrize("model", MODELS)
def test_a_superuser_sees_and_cannot_edit(client, staff, witnessed, model):
    staff(None)
    assert client.get(reverse(f"admin:contracts_{model}_changelist")).status_code == 200
    assert client.get(reverse(f"admin:contracts_{model}_changelist"), {"q": "1"}).status_code == 200
    assert client.get(reverse(f"admin:contracts_{model}_add")).status_code == 403
    row = next(m for m in admin_site._registry if m._meta.model_name == model).objects.first()
    if row is not None:
        address = reverse(f"admin:contracts_{model}_change", args=[row.pk])
        assert client.get(address).status_code == 200
        assert client.post(address, {}).status_code == 403


def test_months_and_days_are_written_for_people_and_filter_rows(client, staff, witnessed):
    staff(None)
    run_anchor, day_anchor = (Anchor.objects.filter(kind=kind).first() for kind in (AnchorKind.RUN, AnchorKind.DAY))
    page = client.get(reverse("admin:contracts_anchor_change", args=[run_anchor.pk])).content.decode()
    assert "June 2016" in page
    assert "Jun 2016" in client.get(reverse("admin:contracts_anchor_change", args=[day_anchor.pk])).content.decode()
    documents = reverse("admin:billing_document_changelist")
    assert "?period=201606" in client.get(documents).content.decode()
    for period, count in (("201606", Document.objects.count()), ("201605", 0), ("June", Document.objects.count())):
        assert client.get(documents, {"period": period}).context["cl"].result_count == count


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        (Role.OPERATOR, {"chaintransaction", "chaindeployment", "stablecoin", "anchor"}),
        (Role.AUDITOR, set(MODELS)),
        (Role.TARIFF_ADMIN, {"paymentquote", "chainpayment", "chainwithdrawal"}),
        (Role.SUPPORT, {"walletlink"}),
    ],
)
def test_each_role_sees_what_is_its_business(client, staff, witnessed, role, seen):
    staff(role)
    answers = {m: client.get(reverse(f"admin:contracts_{m}_changelist")).status_code for m in MODELS}
    assert {m for m, code in answers.items() if code == 200} == seen
    assert {code for m, code in answers.items() if m not in seen} <= {403}


def test_staff_of_another_cooperative_see_no_anchor(client, staff, witnessed):
    elsewhere = Cooperative.objects.create(slug="elsewhere", name="Elsewhere")
    staff(Role.AUDITOR, elsewhere)
    reply = client.get(reverse("admin:contracts_anchor_changelist"))
    assert list(reply.context["cl"].queryset) == []
    anchor = Anchor.objects.first()
    assert client.get(reverse("admin:contracts_anchor_change", args=[anchor.pk])).status_code in (302, 403, 404)


def test_the_auditor_checks_roots_from_the_list(client, staff, witnessed, bill, behind_the_back):
    staff(Role.AUDITOR)
    ids = list(Anchor.objects.values_list("pk", flat=True))
    [told] = texts(run_action(client, "anchor", "check_roots", *ids))
    assert told.startswith("3 roots checked with")
    line = DocumentLine.objects.filter(document=bill).order_by("position")[0]
    behind_the_back("UPDATE billing_documentline SET net_minor = net_minor + 1 WHERE id = %s", line.pk)
    [told] = texts(run_action(client, "anchor", "check_roots", Anchor.objects.get(kind=AnchorKind.RUN).pk))
    assert told.startswith(f"{bill.label}: ")
    assert "lines/0/net_minor" in told


def test_a_check_without_the_node_says_so(client, staff, witnessed, node):
    staff(Role.AUDITOR)
    node.kill()
    [told] = texts(run_action(client, "anchor", "check_roots", Anchor.objects.get(kind=AnchorKind.RUN).pk))
    assert "does not answer" in told


def test_the_operator_lets_a_refused_transaction_try_again_and_the_auditor_cannot(client, staff, witnessed, node):
    row = enqueue(chain=node.chain, key="wrong", contract="Billing", function="settleOffChain", arguments=[[b"\x09" * 32]], now=SHOWN_NOW)
    drain(chain=node.chain, now=SHOWN_NOW)
    staff(Role.AUDITOR)
    run_action(client, "chaintransaction", "send_again", row.pk)
    row.refresh_from_db()
    assert row.status == TransactionStatus.FAILED
    staff(Role.OPERATOR)
    confirmed = ChainTransaction.objects.filter(status=TransactionStatus.CONFIRMED).first()
    told = texts(run_action(client, "chaintransaction", "send_again", row.pk, confirmed.pk))
    assert [t.split(" ")[0] for t in told] == ["1", "1"]
    row.refresh_from_db()
    assert row.status == TransactionStatus.PENDING
