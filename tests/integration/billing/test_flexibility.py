"""What sites are owed for flexibility: a line of a self-billed credit document, once, in the books with it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import InternalError, ProgrammingError, transaction
from django.urls import reverse

from billing.models import Component, Document, DocumentLine, FlexibilityCredit
from billing.selectors.documents import published_fields
from billing.selectors.paper import paper_content
from billing.selectors.paper_facts import paper_facts
from billing.selectors.run_summary import summarise, trial_balance
from billing.services.flexibility import Flexibility, note_flexibility
from billing.services.runs import RatedAnew, finish_run, prepare_run, rate_chunk
from energy.models import Site
from grid.services.day_close import close_day
from members.models import Membership, Role, User
from tests.integration.billing.conftest import DAYS, MARCH, NOW, Hamlet

EVENING = datetime(2016, 3, 27, 16, tzinfo=UTC)


def owed(code: str, ref: str, *, end_at: datetime = EVENING + timedelta(hours=1), wh: int = 1230) -> Flexibility:
    return Flexibility(
        Site.objects.get(code=code),
        Component.DEMAND_RESPONSE,
        ref,
        EVENING,
        end_at,
        "2016-03-27 18:00-19:00",
        wh,
        wh * 205_000,
        4000,
        4000 - wh,
    )


def test_it_stands_on_the_credit_document_and_in_the_books_and_on_no_bill(hamlet: Hamlet) -> None:
    items = [owed("Z 1", "first"), owed("B 9", "second", wh=400)]  # without and with a roof
    assert note_flexibility(items=items, now=NOW) == 25 + 8
    assert note_flexibility(items=items, now=NOW) == 25 + 8
    run = hamlet.bill()
    lines = DocumentLine.objects.filter(component="demand_response").order_by("document__site__code")
    assert [(x.document.kind, x.document.site.code, x.quantity, str(x.price), x.net_minor) for x in lines] == [
        ("credit", "B 9", 400, "0.205000", 8),
        ("credit", "Z 1", 1230, "0.205000", 25),
    ]
    assert all(line.document.type_code == 389 and line.document.series == "C" for line in lines)
    alone = Document.objects.get(kind="credit", site__code="Z 1")
    assert (alone.net_minor, alone.vat_minor, alone.gross_minor) == (25, 0, 25)
    balance, summary = trial_balance(hamlet.cooperative), summarise(run)
    assert summary.residual_minor == 0
    assert balance["payable"] == -summary.revenue_minor
    incentive = sum(DocumentLine.objects.filter(component="incentive").values_list("net_minor", flat=True))
    assert balance["incentives"] == 33 - incentive
    assert sum(balance.values()) == 0
    fields = {field.path: field.value for field in published_fields(alone)}
    assert (fields["lines/0/window"], fields["lines/0/net_minor"]) == ("2016-03-27 18:00-19:00", "25")


def test_the_line_says_what_it_is_the_difference_of(hamlet: Hamlet, client) -> None:
    note_flexibility(items=[owed("Z 1", "first")], now=NOW)
    hamlet.bill()
    document = Document.objects.get(kind="credit", site__code="Z 1")
    said = paper_content(document, paper_facts([document])[document.pk])["lines"][0]
    assert said["why"].startswith("Without it 4.000 kWh, measured 2.770 kWh.")
    user = User.objects.create_user("z@hamlet.example", "a long enough word")
    Membership.objects.create(user=user, cooperative=hamlet.cooperative, member=document.member, role=Role.MEMBER)
    client.force_login(user)
    page = client.get(reverse("bill", args=[document.public_id])).content.decode()
    assert "Without it 4.000 kWh, measured 2.770 kWh." in page
    assert "For what you did for the village" in page


def test_what_comes_later_waits_for_the_next_document_and_what_is_posted_stays(hamlet: Hamlet) -> None:
    note_flexibility(items=[owed("Z 1", "now"), owed("Z 1", "later", end_at=EVENING + timedelta(days=2))], now=NOW)
    hamlet.bill()
    assert list(FlexibilityCredit.objects.filter(document=None).values_list("cause_ref", flat=True)) == ["later"]
    row = FlexibilityCredit.objects.exclude(document=None).get()
    assert row.document is not None
    assert row.document.lines.get(position=row.position).net_minor == row.net_minor
    for change in (lambda: row.delete(), lambda: FlexibilityCredit.objects.filter(pk=row.pk).update(net_minor=1)):
        with pytest.raises((InternalError, ProgrammingError), match="cannot change"), transaction.atomic():
            change()


def test_a_draft_that_is_thrown_away_frees_what_stood_on_it(hamlet: Hamlet) -> None:
    note_flexibility(items=[owed("Z 1", "first")], now=NOW)
    run = prepare_run(microgrid=hamlet.microgrid, month=MARCH, now=NOW, days=DAYS)
    chunks = list(run.chunks.values_list("pk", flat=True))
    for chunk in chunks:
        rate_chunk(chunk_id=chunk)
    assert FlexibilityCredit.objects.get().document is not None
    close_day(microgrid=hamlet.microgrid, day=DAYS[0], now=NOW)
    run.sharing_revisions = [99, 99]
    run.save(update_fields=["sharing_revisions"])
    with pytest.raises(RatedAnew):
        finish_run(run_id=run.pk, now=NOW)
    assert FlexibilityCredit.objects.get().document is None
    for chunk in chunks:
        rate_chunk(chunk_id=chunk)
    finish_run(run_id=run.pk, now=NOW)
    assert DocumentLine.objects.filter(component="demand_response").count() == 1
