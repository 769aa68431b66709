"""Reminders by rule, plans, protection and proposals: once each, and each taken back without a trace in what is owed."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from billing.models import Charge, DisconnectionProposal, Document, InstalmentPlan, PaymentRail, Protection, Reminder
from billing.selectors.arrears import board_list
from billing.selectors.reminder_letter import letter_content
from billing.selectors.run_summary import trial_balance
from billing.services.arrears import (
    CannotAgree,
    CannotTakeBack,
    MayNotPropose,
    agree_on_plan,
    decide,
    propose_disconnection,
    remind,
    take_back_reminder,
)
from billing.services.payments import book_payment
from energy.models import Consumer
from kernel.identifiers import random_bytes32, uuid7
from members.models import AccessRecord, Member, Membership, Role, User
from tests.integration.billing.conftest import NOW, Hamlet, at, bill

SUMMER = date(2016, 6, 20)


@pytest.fixture
def people(db: None) -> tuple[User, User]:
    return User.objects.create_user("ada@x.org"), User.objects.create_user("ben@x.org")


def send(owing: Hamlet, day: date) -> list[Reminder]:
    return remind(cooperative=owing.cooperative, today=day, now=at(day))


def send_all(owing: Hamlet) -> list[Reminder]:
    due = bill(owing).due_date
    return [reminder for days in (7, 21, 42) for reminder in send(owing, due + timedelta(days=days))]


def test_reminders_go_out_once_stage_by_stage(owing: Hamlet) -> None:
    due, open_bills = (
        bill(owing).due_date,
        Document.objects.filter(kind="bill", status="open", gross_minor__gte=100, member__is_cooperative=False).count(),
    )
    assert send(owing, due + timedelta(days=6)) == []
    first = send(owing, due + timedelta(days=7))
    assert len(first) == open_bills and {r.level for r in first} == {1}
    assert send(owing, due + timedelta(days=7)) == []
    assert {r.level for r in send(owing, due + timedelta(days=21))} == {2}


def test_fee_and_interest_are_charges_that_can_be_paid(owing: Hamlet) -> None:
    before = trial_balance(owing.cooperative)
    reminders = [r for r in send_all(owing) if r.document_id == bill(owing).pk]
    assert [r.fee_minor for r in reminders] == [0, 250, 500]
    rest = reminders[0].rest_minor
    exact = [Decimal(rest) * Decimal("4.17") * days / 36500 for days in (6, 14, 21)]
    assert [r.interest_minor for r in reminders] == [int(e + Decimal("0.5")) for e in exact]
    after, charges = trial_balance(owing.cooperative), Charge.objects.all()
    charged = sum(charges.values_list("amount_minor", flat=True))
    assert charged == sum(r.charged_minor for r in Reminder.objects.all()) > 0
    assert after["receivable"] - before["receivable"] == charged
    assert -after["reminder_fees"] - after["arrears_interest"] == charged


def test_a_reminder_is_taken_back_with_what_it_cost(owing: Hamlet, people: tuple[User, User]) -> None:
    before = trial_balance(owing.cooperative)
    reminders = [r for r in send_all(owing) if r.document_id == bill(owing).pk]
    with pytest.raises(CannotTakeBack, match="later reminder"):
        take_back_reminder(reminder=reminders[0], by=people[0], why="paid in cash", now=NOW)
    with pytest.raises(CannotTakeBack, match="Say why"):
        take_back_reminder(reminder=reminders[2], by=people[0], why=" ", now=NOW)
    for reminder in Reminder.objects.order_by("-level"):
        for _ in range(2):
            take_back_reminder(reminder=reminder, by=people[0], why="our mistake", now=at(SUMMER))
    assert trial_balance(owing.cooperative) == before
    assert {r.level for r in send(owing, SUMMER)} == {1}  # as if none had been sent


def test_who_is_in_hardship_pays_no_fee(owing: Hamlet, people: tuple[User, User]) -> None:
    member = bill(owing).member
    Protection.objects.create(member=member, kind="hardship", valid_from=date(2016, 1, 1), noted_by=people[0])
    own = [r for r in send_all(owing) if r.member_id == member.pk]
    assert len(own) >= 3 and all(r.charged_minor == 0 for r in own)


def test_what_is_paid_or_small_is_not_reminded(owing: Hamlet) -> None:
    paid = bill(owing)
    book_payment(document=paid, amount_minor=paid.gross_minor - 50, rail=PaymentRail.BANK, external_ref="r", received_at=NOW, now=NOW)
    assert paid.pk not in {r.document_id for r in send_all(owing)}


def test_bills_of_a_plan_are_left_alone_until_it_is_broken(owing: Hamlet, people: tuple[User, User]) -> None:
    member, due = bill(owing).member, bill(owing).due_date
    today = due + timedelta(days=5)
    ask = {"member": member, "count": 3, "first_date": today + timedelta(days=10), "by": people[0]}
    plan = agree_on_plan(**ask, today=today)
    assert sum(plan.amounts_minor) == sum(d.rest_minor for d in plan.documents.all())
    with pytest.raises(CannotAgree, match="stands already"):
        agree_on_plan(**ask, today=today)
    assert member.pk not in {r.member_id for r in send(owing, due + timedelta(days=15))}
    first = plan.documents.order_by("-gross_minor")[0]
    book_payment(document=first, amount_minor=plan.amounts_minor[0], rail=PaymentRail.BANK, external_ref="i1", received_at=NOW, now=NOW)
    send(owing, due + timedelta(days=25))
    assert InstalmentPlan.objects.get().status == "agreed"
    assert member.pk in {r.member_id for r in send(owing, due + timedelta(days=60))}  # the second one did not come
    assert InstalmentPlan.objects.get().status == "broken"


def test_a_plan_paid_to_the_end_was_kept(owing: Hamlet, people: tuple[User, User]) -> None:
    member, today = bill(owing).member, bill(owing).due_date + timedelta(days=5)
    plan = agree_on_plan(member=member, count=2, first_date=today, by=people[0], today=today)
    for document in plan.documents.all():
        book_payment(
            document=document,
            amount_minor=document.rest_minor,
            rail=PaymentRail.BANK,
            external_ref=f"p{document.pk}",
            received_at=NOW,
            now=NOW,
        )
    send(owing, today)
    assert InstalmentPlan.objects.get().status == "kept"


def test_the_boards_list_has_ages(owing: Hamlet) -> None:
    due = bill(owing).due_date
    total = sum(d.rest_minor for d in Document.objects.filter(kind="bill", status="open", member__is_cooperative=False))
    for days, age in ((10, 0), (45, 1), (75, 2), (120, 3)):
        rows = board_list(owing.cooperative, due + timedelta(days=days))
        assert sum(row.by_age[age] for row in rows) == sum(row.rest_minor for row in rows) == total
    assert rows == sorted(rows, key=lambda row: (-row.rest_minor, row.member.number))
    assert board_list(owing.cooperative, due) == []


@pytest.mark.parametrize(
    "what, words",
    [
        ("winter", "it is winter"),
        ("hardship", "in hardship"),
        ("consumer", "depends on supply"),
        ("member", "depends on supply"),
        ("plan", "plan stands"),
        ("early", "has not been sent"),
    ],
)
def test_no_disconnection_is_proposed_where_it_is_forbidden(owing: Hamlet, people: tuple[User, User], what: str, words: str) -> None:
    site, today = bill(owing).site, SUMMER
    if what != "early":
        send_all(owing)
    if what == "winter":
        today = date(2016, 12, 20)
    elif what in ("hardship", "member"):
        kind = "hardship" if what == "hardship" else "life_support"
        Protection.objects.create(member=site.member, kind=kind, valid_from=date(2016, 1, 1), noted_by=people[0])
    elif what == "consumer":
        Consumer.objects.create(site=site, code="ventilator", kind="other", max_demand_w=300, priority_tier=0)
    elif what == "plan":
        agree_on_plan(member=site.member, count=3, first_date=today, by=people[0], today=today)
    with pytest.raises(MayNotPropose, match=words):
        propose_disconnection(site=site, by=people[0], why="owes for long", today=today, now=at(today))
    assert not DisconnectionProposal.objects.exists()


def test_a_proposal_is_decided_by_somebody_else_and_switches_nothing(owing: Hamlet, people: tuple[User, User]) -> None:
    ada, ben = people
    send_all(owing)
    site = bill(owing).site
    proposal = propose_disconnection(site=site, by=ada, why="owes for long", today=SUMMER, now=at(SUMMER))
    with pytest.raises(MayNotPropose, match="does not decide"):
        decide(proposal=proposal, status="agreed", by=ada, today=SUMMER, now=at(SUMMER))
    with pytest.raises(MayNotPropose, match="Not any more: it is winter"):
        decide(proposal=proposal, status="agreed", by=ben, today=date(2016, 11, 2), now=at(date(2016, 11, 2)))
    assert decide(proposal=proposal, status="declined", by=ben, today=SUMMER, now=at(SUMMER)).status == "declined"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM grid_devicecommand")
        assert cursor.fetchone() == (0,)


def test_the_database_keeps_supply_where_life_depends_on_it(owing: Hamlet, people: tuple[User, User]) -> None:
    site = bill(owing).site
    Protection.objects.create(member=site.member, kind="life_support", valid_from=date(2016, 1, 1), noted_by=people[0])
    with pytest.raises(DatabaseError, match="depends on supply"), transaction.atomic():
        DisconnectionProposal.objects.create(
            site=site, member=site.member, rest_minor=5, proposed_at=at(SUMMER), proposed_by=people[0], why="x"
        )


def test_without_a_rule_nobody_is_reminded(hamlet: Hamlet) -> None:
    hamlet.bill()
    assert remind(cooperative=hamlet.cooperative, today=SUMMER, now=at(SUMMER)) == []


def client_of(user: User, cooperative, role: Role, member=None) -> Client:  # type: ignore[no-untyped-def]
    Membership.objects.create(user=user, cooperative=cooperative, role=role, member=member)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def in_june(owing: Hamlet) -> Hamlet:
    """The microgrid's clock shows a day in June."""
    owing.microgrid.clock_real_start, owing.microgrid.clock_shown_start = timezone.now(), at(SUMMER)
    owing.microgrid.save()
    return owing


def test_treasurers_keep_the_list_and_members_read_their_own(in_june: Hamlet, people: tuple[User, User]) -> None:
    member = bill(in_june).member
    tess = client_of(people[0], in_june.cooperative, Role.TARIFF_ADMIN)
    mira = client_of(people[1], in_june.cooperative, Role.MEMBER, member)
    page = tess.get(reverse("books-arrears")).content.decode()
    assert str(member) in page and "31 to 60 days" in page
    assert "letters are written" in tess.post(reverse("books-arrears-remind"), follow=True).content.decode()
    sheet = tess.get(reverse("books-member-arrears", args=[member.public_id])).content.decode()
    assert "May not be proposed: the last reminder has not been sent." in sheet
    for url in (reverse("books-arrears"), reverse("books-member-arrears", args=[member.public_id])):
        assert mira.get(url).status_code == 404
    act = reverse("books-member-act", args=[member.public_id])
    assert mira.post(act, {"what": "plan"}).status_code == 404
    plan = {"what": "plan", "count": "3", "first_date": "2016-07-01"}
    assert "The plan is agreed." in tess.post(act, plan, follow=True).content.decode()
    own = mira.get(reverse("open-bills")).content.decode()
    assert "Cannot pay it now?" in own and "Your instalments" in own and "Letter 1 of 20/06/2016" in own
    german = {"Accept-Language": "de"}
    own = mira.get(reverse("open-bills"), headers=german).content.decode()
    assert "Gerade nicht möglich?" in own and "Schreiben 1 vom 20.06.2016" in own
    reminder = Reminder.objects.get(document=bill(in_june))
    taken = {"what": "take back", "reminder": reminder.public_id, "why": "our mistake"}
    assert "The letter is taken back" in tess.post(act, taken, follow=True).content.decode()
    assert "zurückgenommen: our mistake" in mira.get(reverse("open-bills"), headers=german).content.decode()


def test_a_members_sheet_tells_what_letters_cost_and_lets_the_newest_be_taken_back(in_june: Hamlet, people: tuple[User, User]) -> None:
    first = bill(in_june).due_date
    with override("de"):  # who presses the button may read German: what is kept is English all the same
        sent = [send(in_june, first + timedelta(days=days)) for days in (7, 21, 42)]
    member, newest = bill(in_june).member, next(r for r in sent[-1] if r.document_id == bill(in_june).pk)
    assert not [c.text for c in Charge.objects.all() if not c.text.startswith(("fee of a reminder, ", "interest on arrears, "))]
    Protection.objects.create(member=member, kind="hardship", valid_from=date(2016, 1, 1), noted_by=people[0])
    keeper = client_of(people[0], in_june.cooperative, Role.TARIFF_ADMIN)
    page = keeper.get(reverse("books-member-arrears", args=[member.public_id]), headers={"accept-language": "de"}).content.decode()
    assert f"Mahngebühr, {newest.document.label}" in page and "Notlage" in page
    assert f"/admin/billing/protection/add/?member={member.pk}" in page
    taken = re.findall(r'name="reminder" value="([^"]+)"', page)
    assert str(newest.public_id) in taken
    levels = {str(r.public_id): (r.document_id, r.level) for r in Reminder.objects.filter(member=member)}
    assert sorted(levels[one] for one in taken) == sorted(
        {d: (d, max(lv for x, lv in levels.values() if x == d)) for d, _ in levels.values()}.values()
    )


def test_a_plan_has_no_instalment_of_nothing(owing: Hamlet, people: tuple[User, User]) -> None:
    document, today = bill(owing), bill(owing).due_date + timedelta(days=5)
    others = Document.objects.filter(kind="bill", status="open", member=document.member).exclude(pk=document.pk)
    for one, rest in [(document, 3), *((other, 0) for other in others)]:
        book_payment(
            document=one, amount_minor=one.rest_minor - rest, rail=PaymentRail.BANK, external_ref=f"but{one.pk}", received_at=NOW, now=NOW
        )
    with pytest.raises(CannotAgree, match="a cent at least"):
        agree_on_plan(member=document.member, count=4, first_date=today, by=people[0], today=today)
    assert agree_on_plan(member=document.member, count=3, first_date=today, by=people[0], today=today).amounts_minor == [1, 1, 1]


def test_the_boards_list_is_searched_and_turned_page_by_page(in_june: Hamlet, people: tuple[User, User]) -> None:
    tess = client_of(people[0], in_june.cooperative, Role.TARIFF_ADMIN)
    url, owes = reverse("books-arrears"), bill(in_june).member
    cooperative, document = in_june.cooperative, bill(in_june)
    for number in range(60):
        member = Member.objects.create(cooperative=cooperative, number=f"X{number}", name=f"Crowd {number}")
        another_open_bill(document, member, number)
    AccessRecord.objects.all().delete()
    first = tess.get(url).content.decode()
    assert "Page 1 of 2" in first and f"of {len(board_list(cooperative, SUMMER))} members" in first and "page=2" in first
    assert AccessRecord.objects.filter(what="arrears").count() == 50
    found = tess.get(url, {"q": owes.name}).content.decode()
    assert str(owes) in found and "Crowd 1" not in found
    assert "Nobody of them is like this." in tess.get(url, {"beside": "plan"}).content.decode()
    assert "Crowd" in tess.get(url, {"beside": "nothing", "page": "2"}).content.decode()


def another_open_bill(document: Document, member: Member, number: int) -> None:
    """The same bill for somebody else, a little smaller."""
    copied = Document.objects.get(pk=document.pk)
    copied.pk, copied.public_id, copied.member, copied.number = None, uuid7(), member, 900_000 + number
    copied.chain_ref = random_bytes32()
    copied.label, copied.payment_reference = f"B-2016-9{number:05d}", f"B20169{number:05d}"
    copied.save()


def test_a_letter_says_what_is_open_and_what_it_costs(owing: Hamlet, people: tuple[User, User]) -> None:
    send_all(owing)
    reminder = Reminder.objects.get(document=bill(owing), level=3)
    content = letter_content(reminder)
    rows = dict(content["rows"])
    assert rows["Fee of this reminder"] == "5.00"
    (interest,) = [name for name in rows if name.startswith("Interest")]
    assert interest == "Interest: 21 days from 06/05/2016 at 4.17 % a year (days / 365)"
    total = Decimal(reminder.rest_minor + reminder.charged_minor) / 100
    assert content["sum"] == ["Together", f"{total:,.2f} EUR"]
    reminder.member.language = "de"
    german = letter_content(reminder)
    assert german["title"] == "Zahlungserinnerung" and "4,17 %" in str(german["rows"])
    mira = client_of(people[1], owing.cooperative, Role.MEMBER, reminder.member)
    url = reverse("reminder-pdf", args=[reminder.public_id])
    reply = mira.get(url)
    assert reply.status_code == 200 and reply.content.startswith(b"%PDF")
    other = Document.objects.exclude(member=reminder.member).exclude(member__is_cooperative=True)[0].member
    assert client_of(people[0], owing.cooperative, Role.MEMBER, other).get(url).status_code == 404
