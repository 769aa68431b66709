"""Paying before using: what is shown is what bills would be, told once, and a limit only where nothing speaks against it."""

import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test import Client
from django.urls import reverse

from billing.domain.banking.matching import Share, match
from billing.domain.banking.references import structured
from billing.domain.banking.statements import BankEntry
from billing.domain.prepaid import Alarm
from billing.models import (
    Document,
    Payment,
    PaymentRail,
    PrepaidAgreement,
    PrepaidAlarm,
    PrepaidDay,
    PrepaidRule,
    Protection,
    ReturnKind,
    TariffAssignment,
)
from billing.selectors.matching import open_ledger
from billing.selectors.prepaid import balances_now
from billing.services.payments import book_member_payment, return_payment, use_credit
from billing.services.prepaid import CannotAgreeOnPrepaid, agree_on_prepaid, choose_own_alarms, end_prepaid, judge_balance, look_at_balances
from billing.services.prepaid_estimate import open_use
from billing.services.prepaid_limits import decide_limit, set_limit
from billing.services.price_publication import publish_days
from billing.services.runs import RunKind, prepare_run, rate_and_finish
from energy.models import Consumer
from grid.models import SupplyRequest
from grid.services.supply_requests import CannotLimit, ask_limit, note_lifted
from members.models import Member, Membership, Notification, Role, User
from tests.integration.billing.conftest import DAYS, MARCH, Hamlet, make_hamlet

# Monday, 28 March 2016, is a holiday; the day after begins what a limit may.
AFTER = datetime(2016, 3, 28, 8, tzinfo=UTC)
TUESDAY = datetime(2016, 3, 29, 10, tzinfo=UTC)


@dataclass
class House:
    """A member of the hamlet who pays before using, with somebody who acts for them and somebody of the operators."""

    hamlet: Hamlet
    member: Member
    agreement: PrepaidAgreement
    user: User
    operator: User

    def pay(self, amount_minor: int, ref: str = "", at: datetime = AFTER) -> Payment:
        payment, _ = book_member_payment(
            member=self.member,
            amount_minor=amount_minor,
            rail=PaymentRail.CASH,
            external_ref=ref or f"r{Payment.objects.count()}",
            received_at=at,
            now=at,
        )
        return payment

    def look(self, at: datetime = AFTER) -> int:
        look_at_balances(cooperative=self.hamlet.cooperative, now=at)
        return self.shown()

    def shown(self) -> int:
        return balances_now([self.agreement])[self.agreement.pk].shown_minor

    def told(self) -> list[str]:
        return list(Notification.objects.filter(user=self.user, kind="prepaid").order_by("pk").values_list("subject", flat=True))

    def request(self) -> SupplyRequest:
        return SupplyRequest.objects.latest("pk")


def house_in(hamlet: Hamlet, code: str = "a 2") -> House:
    """Of the site's member; winter is over, so that only what a test says speaks against a limit."""
    PrepaidRule.objects.create(
        cooperative=hamlet.cooperative, friendly_minor=20, friendly_days=30, little_minor=60, winter_last_month=2, limit_w=800
    )
    member = Member.objects.get(cooperative=hamlet.cooperative, sites__code=code)
    user, operator = User.objects.create_user("ina@x.org"), User.objects.create_user("olaf@x.org")
    Membership.objects.create(user=user, cooperative=hamlet.cooperative, member=member, role=Role.MEMBER)
    Membership.objects.create(user=operator, cooperative=hamlet.cooperative, role=Role.OPERATOR)
    agreement = agree_on_prepaid(member=member, valid_from=DAYS[0], by=user, now=datetime(2016, 3, 26, 6, tzinfo=UTC))
    return House(hamlet, member, agreement, user, operator)


@pytest.fixture
def house(hamlet: Hamlet) -> House:
    return house_in(hamlet)


def billed(hamlet: Hamlet) -> dict[int, int]:
    rows = Document.objects.filter(cooperative=hamlet.cooperative, kind="bill", run__revision=0)
    return {row.member_id: row.gross_minor for row in rows}


def test_the_estimate_is_the_bill_to_the_cent_for_every_member(hamlet: Hamlet) -> None:
    members = list(Member.objects.filter(cooperative=hamlet.cooperative).values_list("pk", flat=True))
    use = open_use(microgrid=hamlet.microgrid, member_ids=members, now=AFTER)
    before = {member: gross for (_, member), gross in use.gross_minor.items()}
    assert not Document.objects.exists()  # it writes nothing
    hamlet.bill()
    assert before == billed(hamlet) and sum(before.values()) > 0
    assert not open_use(microgrid=hamlet.microgrid, member_ids=members, now=AFTER).gross_minor


def test_posting_a_bill_moves_nothing_that_is_shown(house: House) -> None:
    house.pay(5000)
    shown = house.look()
    day = PrepaidDay.objects.get()
    assert (day.books_minor, day.unbilled_days, day.estimated_days) == (5000, 2, 0)
    house.hamlet.bill()
    assert house.shown() == shown  # before anybody looks again: the look and the bill are of one estimate
    assert house.look() == shown
    assert PrepaidDay.objects.get().unbilled_minor == 0
    assert shown == 5000 - billed(house.hamlet)[house.member.pk]
    use_credit(member=house.member, now=AFTER)
    assert house.shown() == shown
    paid = Document.objects.get(member=house.member, kind="bill")
    assert paid.rest_minor == 0  # settled out of what was paid in


def test_bills_for_parts_of_a_month_move_nothing_either(house: House) -> None:
    house.pay(5000)
    shown = house.look()
    run = prepare_run(microgrid=house.hamlet.microgrid, month=MARCH, now=AFTER, days=DAYS[:1], kind=RunKind.INTERIM)
    rate_and_finish(run=run, now=AFTER)
    assert house.shown() == shown == house.look()
    assert 0 < PrepaidDay.objects.get().unbilled_minor < 5000 - shown
    house.hamlet.bill()
    assert house.shown() == shown == house.look()


def test_days_that_wait_are_estimated_and_counted_once(house: House) -> None:
    house.pay(5000)
    exact = house.look()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM grid_dayclosing WHERE day = %s", [DAYS[1]])
        cursor.execute("UPDATE grid_sharingday SET is_current = false WHERE day = %s", [DAYS[1]])
        cursor.execute("UPDATE grid_siteshareday SET is_current = false WHERE day = %s", [DAYS[1]])
    estimated = house.look()
    day = PrepaidDay.objects.get()
    assert (day.unbilled_days, day.estimated_days, day.unread_days) == (2, 1, 0)
    assert abs(estimated - exact) < 40 and estimated < 5000  # only what neighbours gave is guessed
    publish_days(microgrid=house.hamlet.microgrid, days=[date(2016, 3, 28)], now=AFTER)
    further = house.look(TUESDAY)  # of the 28th nothing was read: it is foreseen by the days before, and said
    day = PrepaidDay.objects.latest("day")
    assert (day.unbilled_days, day.estimated_days, day.unread_days) == (3, 2, 1)
    assert 5 < estimated - further < 5000 - estimated
    house.look(TUESDAY + timedelta(days=1))  # and of the 29th there is not even a price: it costs what the others did
    last = PrepaidDay.objects.latest("day")
    assert (last.unbilled_days, last.unbilled_minor) == (4, day.unbilled_minor * 4 // 3)


def test_a_site_that_cannot_be_rated_keeps_nobody_else_waiting(hamlet: Hamlet) -> None:
    members = list(Member.objects.filter(cooperative=hamlet.cooperative).values_list("pk", flat=True))
    whole = open_use(microgrid=hamlet.microgrid, member_ids=members, now=AFTER).gross_minor
    stopped = Member.objects.get(cooperative=hamlet.cooperative, sites__code="Z 1")
    TariffAssignment.objects.filter(site__member=stopped).update(valid_from=DAYS[1])
    found = open_use(microgrid=hamlet.microgrid, member_ids=members, now=AFTER)
    assert found.without.keys() == {stopped.pk} and "no tariff" in found.without[stopped.pk]
    assert {key: amount for key, amount in found.gross_minor.items() if key[1] != stopped.pk} == {
        key: amount for key, amount in whole.items() if key[1] != stopped.pk
    }


def standing(house: House) -> list[str]:
    rows = PrepaidAlarm.objects.filter(agreement=house.agreement, over_at=None)
    return list(rows.order_by("pk").values_list("alarm", flat=True))


def test_each_threshold_is_told_once_and_again_only_after_a_top_up(house: House) -> None:
    use = 0 - house.look()
    house.pay(use + 70)  # more than the alarm at 60, less than seven days
    low = standing(house)
    assert Alarm.USED_UP not in low and Alarm.FRIENDLY not in low
    count = len(house.told())
    for _ in range(3):
        house.look()
    assert len(house.told()) == count
    house.pay(100_000)
    assert standing(house) == []
    returned = Payment.objects.latest("pk")
    return_payment(payment=returned, kind=ReturnKind.UNDONE, now=AFTER)
    house.look()
    assert len(house.told()) == count + 1  # the worst of what was passed, once
    assert PrepaidAlarm.objects.filter(is_told=True).count() == len(house.told())
    house.pay(100_000)
    Member.objects.filter(pk=house.member.pk).update(language="de")
    return_payment(payment=Payment.objects.latest("pk"), kind=ReturnKind.UNDONE, now=AFTER)
    house.look()
    note = Notification.objects.filter(user=house.user).latest("pk")
    assert "Guthaben" in note.subject + note.text or "Kredit" in note.text
    assert house.agreement.reference in note.text and note.by_mail


def used_up(house: House, at: datetime = TUESDAY) -> SupplyRequest:
    house.look(at)
    return house.request()


def test_a_limit_is_asked_for_decided_by_a_person_and_ended_by_a_top_up(house: House) -> None:
    request = used_up(house)
    assert (request.status, request.limit_w) == ("asked", 800)
    assert Notification.objects.filter(user=house.operator, kind="supply request").exists()
    with pytest.raises(CannotLimit, match="Say why"):
        decide_limit(request=request, agree=True, why=" ", by=house.operator, now=TUESDAY)
    decide_limit(request=request, agree=True, why="spoke by phone", by=house.operator, now=TUESDAY)
    request.refresh_from_db()
    assert request.status == "agreed"  # no device there can hold it: somebody has to go
    set_limit(request=request, by=house.operator, now=TUESDAY)
    house.pay(10_000, at=TUESDAY)
    request.refresh_from_db()
    assert request.status == "lift_asked"
    note_lifted(request=request, by=house.operator, now=TUESDAY)
    assert [step.status for step in request.steps.order_by("pk")] == ["asked", "agreed", "in_force", "lift_asked", "lifted"]
    assert house.told()[-1].startswith("The limit at")
    with pytest.raises(DatabaseError, match="stays as it was taken"), transaction.atomic():
        request.steps.update(why="else")


def test_a_declined_request_is_not_asked_again_until_all_is_used_up_anew(house: House) -> None:
    decide_limit(request=used_up(house), agree=False, why="on holiday", by=house.operator, now=TUESDAY)
    house.look(TUESDAY + timedelta(hours=1))
    assert SupplyRequest.objects.count() == 1
    payment = house.pay(10_000, at=TUESDAY)
    return_payment(payment=payment, kind=ReturnKind.UNDONE, now=TUESDAY)
    assert SupplyRequest.objects.count() == 1
    house.look(TUESDAY + timedelta(hours=2))
    assert SupplyRequest.objects.count() == 2


def test_no_limit_begins_at_night_weekends_and_holidays(house: House) -> None:
    spared = [AFTER, *(datetime(2016, *at, tzinfo=UTC) for at in ((3, 29, 4), (3, 29, 20), (4, 2, 10)))]
    for at in spared:  # a holiday, early, late, a Saturday
        house.look(at)
        assert PrepaidAlarm.objects.filter(alarm="used_up").exists() and not SupplyRequest.objects.exists()
    monday = datetime(2016, 4, 4, 10, tzinfo=UTC)
    request = used_up(house, monday)
    with pytest.raises(CannotLimit, match="hour"):
        decide_limit(request=request, agree=True, why="x", by=house.operator, now=monday + timedelta(hours=10))
    request.refresh_from_db()
    assert request.status == "asked" and not request.steps.filter(status="agreed").exists()


def test_hardship_is_spared_in_winter_and_ends_what_stands(house: House) -> None:
    PrepaidRule.objects.update(winter_last_month=3)
    request = used_up(house)
    Protection.objects.create(member=house.member, kind="hardship", valid_from=date(2016, 1, 1), noted_by=house.user)
    with pytest.raises(CannotLimit, match="hardship"):
        decide_limit(request=request, agree=True, why="x", by=house.operator, now=TUESDAY)
    house.look(TUESDAY)
    request.refresh_from_db()
    assert request.status == "withdrawn"


@pytest.mark.parametrize("kind", ["consumer", "protection"])
def test_nobody_who_depends_on_supply_is_ever_limited(house: House, kind: str) -> None:
    request = used_up(house)
    site = request.site
    if kind == "consumer":
        Consumer.objects.create(site=site, code="breath", kind="other", max_demand_w=200, priority_tier=0)
    else:
        Protection.objects.create(member=house.member, kind="life_support", valid_from=date(2016, 1, 1), noted_by=house.user)
    with pytest.raises(CannotLimit, match="depends on supply"):
        decide_limit(request=request, agree=True, why="x", by=house.operator, now=TUESDAY)
    with pytest.raises(DatabaseError, match="depends on supply"), transaction.atomic():
        SupplyRequest.objects.filter(pk=request.pk).update(status="agreed", decided_by=house.operator, decided_at=TUESDAY, decided_why="x")
    house.look(TUESDAY)
    request.refresh_from_db()
    assert request.status == "withdrawn"
    with pytest.raises((CannotLimit, DatabaseError)), transaction.atomic():
        ask_limit(site=site, limit_w=800, why="x", now=TUESDAY)
    house.look(TUESDAY + timedelta(days=1))
    assert SupplyRequest.objects.count() == 1


def test_agreements_stay_as_agreed_and_end_once(house: House) -> None:
    with pytest.raises(CannotAgreeOnPrepaid, match="already"):
        agree_on_prepaid(member=house.member, valid_from=AFTER.date(), by=house.user, now=AFTER)
    with pytest.raises(CannotAgreeOnPrepaid, match="ahead"):
        choose_own_alarms(agreement=house.agreement, days=2, amount_minor=None)
    choose_own_alarms(agreement=house.agreement, days=20, amount_minor=900)
    with pytest.raises(DatabaseError, match="as it was agreed"), transaction.atomic():
        PrepaidAgreement.objects.update(friendly_minor=0)
    request = used_up(house)
    end_prepaid(agreement=house.agreement, by=house.user, now=TUESDAY)
    end_prepaid(agreement=house.agreement, by=house.user, now=TUESDAY + timedelta(days=1))
    house.agreement.refresh_from_db()
    request.refresh_from_db()
    assert (house.agreement.ended_date, request.status) == (TUESDAY.date(), "withdrawn")
    assert judge_balance(member=house.member, now=TUESDAY) is None


def test_what_is_cut_off_in_between_leaves_no_trace(house: House) -> None:
    house.look()
    before = (Payment.objects.count(), PrepaidAlarm.objects.count(), SupplyRequest.objects.count(), Notification.objects.count())
    with pytest.raises(RuntimeError), transaction.atomic():
        house.pay(10_000)
        assert PrepaidAlarm.objects.filter(over_at=None).count() == 0
        raise RuntimeError("cut off")
    assert before == (Payment.objects.count(), PrepaidAlarm.objects.count(), SupplyRequest.objects.count(), Notification.objects.count())
    assert PrepaidAlarm.objects.filter(over_at=None).count() > 0
    shown = house.look()
    assert house.look() == shown  # done again it changes nothing
    assert before[1:] == (PrepaidAlarm.objects.count(), SupplyRequest.objects.count(), Notification.objects.count())


def test_a_top_up_while_somebody_decides_leaves_no_limit(transactional_db: None) -> None:
    house = house_in(make_hamlet())
    outcomes = []
    for round_number in range(2):
        house.look(TUESDAY + timedelta(minutes=round_number))
        request = house.request()
        begin = threading.Barrier(2)

        def decide(request: SupplyRequest = request, begin: threading.Barrier = begin) -> None:
            begin.wait()
            try:
                decide_limit(request=request, agree=True, why="x", by=house.operator, now=TUESDAY)
                outcomes.append("agreed first")
            except CannotLimit:
                outcomes.append("topped up first")
            connections.close_all()

        def pay(begin: threading.Barrier = begin, ref: str = f"top up {round_number}") -> None:
            begin.wait()
            house.pay(10_000, ref, TUESDAY)
            connections.close_all()

        threads = [threading.Thread(target=decide), threading.Thread(target=pay)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        request.refresh_from_db()
        assert request.status == "withdrawn"
        payment = Payment.objects.get(external_ref=f"top up {round_number}")
        return_payment(payment=payment, kind=ReturnKind.UNDONE, now=TUESDAY + timedelta(minutes=round_number + 1))
    assert len(outcomes) == 2


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_pages_and_api_show_a_member_only_their_own(house: House) -> None:
    house.pay(5000)
    house.look()
    house.hamlet.bill()
    stranger = User.objects.create_user("eva@x.org")
    other = Member.objects.get(cooperative=house.hamlet.cooperative, sites__code="Z 1")
    Membership.objects.create(user=stranger, cooperative=house.hamlet.cooperative, member=other, role=Role.MEMBER)
    own, foreign = client_of(house.user), client_of(stranger)
    page = own.get(reverse("prepaid"), headers={"Accept-Language": "de"}).content.decode()
    assert house.agreement.reference in page and f"{house.shown() / 100:.2f}".replace(".", ",") in page and "<svg" in page
    assert house.agreement.reference not in foreign.get(reverse("prepaid")).content.decode()
    [row] = own.get(reverse("api-prepaid")).json()["results"]
    assert (row["shown_minor"], row["unbilled_minor"], row["reference"]) == (house.shown(), 0, house.agreement.reference)
    days = reverse("api-prepaid-days", args=[house.agreement.public_id])
    assert own.get(days).json()["count"] == 1
    assert foreign.get(reverse("api-prepaid")).json()["count"] == 0
    assert foreign.get(days).status_code == 404
    refused = foreign.post(reverse("prepaid"), {"member": house.member.public_id, "do": "end"})
    assert refused.status_code == 404
    assert client_of(house.operator).get(reverse("money-prepaid")).status_code == 404
    assert foreign.get(reverse("supply-requests")).status_code == 404


def test_a_phone_agrees_to_what_it_read_and_ends_it(house: House) -> None:
    end_prepaid(agreement=house.agreement, by=house.user, now=AFTER)
    stranger = User.objects.create_user("eva@x.org")
    own, foreign = client_of(house.user), client_of(stranger)
    terms = own.get("/api/v1/prepaid/terms/", {"member": house.member.number}).json()
    assert "800 W" in terms["terms"]
    assert foreign.get("/api/v1/prepaid/terms/", {"member": house.member.number}).status_code == 404
    assert own.post("/api/v1/prepaid/terms/", terms | {"terms": "I pay nothing."}).status_code == 409
    assert foreign.post("/api/v1/prepaid/terms/", terms).status_code == 404
    made = own.post("/api/v1/prepaid/terms/", terms)
    assert made.status_code == 201 and own.post("/api/v1/prepaid/terms/", terms).status_code == 409
    agreement = PrepaidAgreement.objects.get(ended_date=None)
    assert (agreement.terms, agreement.reference) == (terms["terms"], made.json()["reference"])
    here = f"/api/v1/prepaid/{agreement.public_id}/"
    asked = {"own_days": 10}
    assert own.patch(here, asked, content_type="application/json").json()["own_days"] == 10
    assert own.patch(here, {"own_days": 1}, content_type="application/json").status_code == 400
    assert [client.delete(here).status_code for client in (foreign, own, own)] == [404, 200, 404]
    assert not PrepaidAgreement.objects.filter(ended_date=None).exists()


def test_a_member_agrees_and_ends_and_a_treasurer_sees_the_list(house: House) -> None:
    end_prepaid(agreement=house.agreement, by=house.user, now=AFTER)
    own, treasurer = client_of(house.user), User.objects.create_user("tom@x.org")
    Membership.objects.create(user=treasurer, cooperative=house.hamlet.cooperative, role=Role.TARIFF_ADMIN)
    post = {"member": house.member.public_id, "do": "agree"}
    own.post(reverse("prepaid"), post)
    assert PrepaidAgreement.objects.filter(ended_date=None).count() == 0
    own.post(reverse("prepaid"), post | {"agree": "on"})
    agreement = PrepaidAgreement.objects.get(ended_date=None)
    assert "Nobody is cut off" in agreement.terms and agreement.reference != house.agreement.reference
    own.post(reverse("prepaid"), {"member": house.member.public_id, "do": "own", "days": "30", "amount": "25"})
    agreement.refresh_from_db()
    assert (agreement.own_days, agreement.own_minor) == (30, 2500)
    desk = client_of(treasurer)
    assert agreement.reference in desk.get(reverse("money-prepaid")).content.decode()
    desk.post(reverse("money-prepaid"), {"do": "end", "agreement": agreement.public_id})
    desk.post(reverse("money-prepaid"), {"do": "agree", "number": house.member.number})
    assert PrepaidAgreement.objects.filter(member=house.member).count() == 3


def test_an_operator_decides_on_their_page(house: House) -> None:
    request = used_up(house)
    client = client_of(house.operator)
    page = client.get(reverse("supply-requests")).content.decode()
    assert request.site.name in page and "waits for a decision" in page and "EUR" not in page
    client.post(reverse("supply-request", args=[request.public_id]), {"do": "decline", "why": "they moved out"})
    request.refresh_from_db()
    assert (request.status, request.decided_why) == ("declined", "they moved out")


def test_a_transfer_with_the_reference_is_a_top_up(house: House) -> None:
    entries = [
        BankEntry(row=1, booked_date=AFTER.date(), amount_minor=1500, payer="Uncle", purpose=text, reference=reference)
        for text, reference in ((f"for ina {house.agreement.reference}", ""), ("", structured(house.agreement.reference)))
    ]
    for entry in entries:
        [found] = match(entry, open_ledger(house.hamlet.cooperative, [entry]))
        assert found.is_sure and found.shares == (Share(house.member.pk, None, 1500),)
