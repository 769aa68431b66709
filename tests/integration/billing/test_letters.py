"""Reminders, parts, years and alarms leave as bills do: once to each recipient, in their language, and again to one who asks."""

from datetime import date, timedelta

import pytest
from django.core import mail
from django.db import DatabaseError, transaction

from billing.models import BillingPolicy, Delivery, Document, Reminder, YearStatement
from billing.services.arrears import remind, take_back_reminder
from billing.services.deliveries import INTERRUPTED, CannotSend, queue_letters, send_again, send_queued
from billing.services.distributions import prepare_distribution, release_distribution
from billing.services.prepaid import agree_on_prepaid, look_at_balances
from billing.services.year_letters import tell_year
from members.models import Cooperative, Member, Notification, User
from tests.integration.billing.conftest import DAYS, NOW, Hamlet, at
from tests.integration.billing.test_allocations import IBAN
from tests.integration.billing.test_distributions import WANTED
from tests.integration.billing.test_money_pages import client_of
from tests.integration.billing.test_prepaid import AFTER

ANA = "ana@hamlet.example"


def by_mail(hamlet: Hamlet, **changes: str) -> Member:
    """One household has an address, and the cooperative sends by e-mail."""
    BillingPolicy.objects.create(cooperative=hamlet.cooperative, sends_by_mail=True)
    Member.objects.filter(sites__code="b 10").update(**{"email": ANA, "language": "de"} | changes)
    return Member.objects.get(sites__code="b 10")


def sent(to: str = ANA) -> list[mail.EmailMessage]:
    send_queued(now=NOW)
    return [message for message in mail.outbox if message.to == [to]]


def test_a_reminder_leaves_in_the_members_language_and_again_to_one(owing: Hamlet, settings) -> None:
    member = by_mail(owing)
    due = Document.objects.get(member=member, kind="bill").due_date
    for days in (7, 21):
        remind(cooperative=owing.cooperative, today=due + timedelta(days=days), now=at(due + timedelta(days=days)))
    first, second = sent()
    label = Document.objects.get(member=member, kind="bill").label
    assert first.subject.startswith(f"Eine freundliche Erinnerung an Ihre Rechnung {label}")
    assert second.subject.startswith(f"Zahlungserinnerung zu Ihrer Rechnung {label}")
    [(name, content, _)] = second.attachments
    assert (name, content[:5]) == (f"{label}-2.pdf", b"%PDF-")
    reminder = Reminder.objects.get(member=member, level=2)
    assert client_of(owing, "member", member, name="ana").get(f"/bills/letters/{reminder.public_id}/").status_code == 200
    assert reminder.deliveries.get().status == "opened"
    again = send_again(letter=reminder, recipient="tochter@hamlet.example", now=NOW)
    assert (again.sending, len(sent("tochter@hamlet.example"))) == (1, 1)
    waiting = send_again(letter=reminder, recipient=ANA, now=NOW)
    take_back_reminder(reminder=reminder, by=User.objects.create_user("ada@x.org"), why="paid in cash", now=NOW)
    assert len(sent()) == 2
    waiting.refresh_from_db()
    assert (waiting.status, waiting.problem) == ("failed", "It was taken back before it left.")
    with pytest.raises(CannotSend, match="taken back"):
        send_again(letter=reminder, recipient=ANA, now=NOW)


def test_what_is_written_and_what_is_queued_is_one_step(owing: Hamlet) -> None:
    by_mail(owing)
    with pytest.raises(RuntimeError), transaction.atomic():
        assert remind(cooperative=owing.cooperative, today=date(2016, 6, 20), now=at(date(2016, 6, 20)))
        assert Delivery.objects.exists()
        raise RuntimeError("cut off")
    assert not Reminder.objects.exists() and not Delivery.objects.exists()


def test_parts_and_years_leave_once(hamlet: Hamlet) -> None:
    Cooperative.objects.filter(pk=hamlet.cooperative.pk).update(iban=IBAN)
    hamlet.cooperative.refresh_from_db()
    hamlet.bill()
    one, two = User.objects.create_user("one@x.example"), User.objects.create_user("two@x.example")
    by_mail(hamlet)
    Member.objects.filter(sites__code="a 2").update(email="bo@hamlet.example", language="en")
    made = prepare_distribution(cooperative=hamlet.cooperative, wanted=WANTED, by=one, now=NOW)
    release_distribution(distribution=made, by=two, now=NOW)
    assert [tell_year(microgrid=hamlet.microgrid, year=2016, now=NOW) for _ in range(2)] == [2, 0]
    subjects = {message.subject.split(",")[0] for message in sent("bo@hamlet.example")}
    assert {"Revenue of March: your part", "Your year 2016"} == subjects
    assert all(message.attachments for message in mail.outbox)
    assert [m.subject.split(",")[0] for m in sent() if "Jahr" in m.subject] == ["Ihr Jahr 2016"]
    year = YearStatement.objects.get(member__email=ANA)
    user = client_of(hamlet, "member", year.member, name="ana2")
    assert user.get(f"/years/{year.site.public_id}/2016/").status_code == 200
    assert year.deliveries.get().status == "opened"
    with pytest.raises(DatabaseError, match="deliveries_are_of_one_letter"), transaction.atomic():
        Delivery.objects.update(document=Document.objects.first())


def test_an_alarm_reaches_a_member_who_does_not_log_in(hamlet: Hamlet) -> None:
    member = by_mail(hamlet)
    tess = User.objects.create_user("tess@x.example")
    agree_on_prepaid(member=member, valid_from=DAYS[0], by=tess, now=NOW - timedelta(days=20))
    look_at_balances(cooperative=hamlet.cooperative, now=AFTER)
    look_at_balances(cooperative=hamlet.cooperative, now=AFTER)
    assert not Notification.objects.exists()
    [message] = sent()
    assert "Guthaben" in message.subject + message.body and not message.attachments
    assert Delivery.objects.get().kind == "alarm"


def test_the_admin_shows_each_recipients_state_and_sends_again_to_one(hamlet: Hamlet, settings, tmp_path) -> None:
    settings.DOCUMENT_DIR = tmp_path
    run = hamlet.bill()
    member = by_mail(hamlet)
    queue_letters(letters=run.documents.filter(member=member, kind="bill").select_related("member"), now=NOW)
    row = Delivery.objects.get(document__kind="bill")
    Delivery.objects.filter(pk=row.pk).update(status="failed", problem=INTERRUPTED)
    tess, aud = (client_of(hamlet, role, name=name) for role, name in (("tariff_admin", "tess"), ("auditor", "aud")))
    User.objects.filter(pk__in=(tess.session["_auth_user_id"], aud.session["_auth_user_id"])).update(is_staff=True)
    listed = tess.get("/admin/billing/delivery/?letter=document", headers={"Accept-Language": "de"}).content.decode()
    assert ANA in listed and "gescheitert" in listed and "Der Prozess endete während des Versands" in listed
    assert ANA not in tess.get("/admin/billing/delivery/?letter=reminder").content.decode()
    again = f"/admin/billing/delivery/{row.pk}/again/"
    assert ANA in tess.get(again).content.decode()
    told = tess.post(again, {"recipient": "new@hamlet.example"}, follow=True).content.decode()
    assert "on its way to new@hamlet.example" in told
    sent = Delivery.objects.get(recipient="new@hamlet.example")
    assert (sent.document, sent.sending, sent.status) == (row.document, 1, "queued")
    page = tess.get(f"/admin/billing/delivery/{row.pk}/change/").content.decode()
    assert "new@hamlet.example" in page and "All ways of this letter" in page
    assert aud.post(again, {"recipient": "x@hamlet.example"}).status_code == 403
    assert not Delivery.objects.filter(recipient="x@hamlet.example").exists()


def test_the_treasurers_page_shows_every_way_and_sends_again(hamlet: Hamlet, settings, tmp_path) -> None:
    settings.DOCUMENT_DIR = tmp_path
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there
    run = hamlet.bill()
    member = by_mail(hamlet)
    queue_letters(letters=run.documents.filter(member=member).select_related("member"), now=NOW)
    send_queued(now=NOW)
    tess = client_of(hamlet, "tariff_admin", name="tess")
    page = tess.get("/money/letters/?state=failed&kind=document").content.decode()
    label = Document.objects.get(member=member, kind="bill").label
    assert label in page and "refused" in page and ANA in page
    row = Delivery.objects.get(document__kind="bill")
    asked = {"do": "again", "delivery": str(row.public_id), "recipient": "new@hamlet.example"}
    assert "On its way to new@hamlet.example" in tess.post("/money/letters/", asked, follow=True).content.decode()
    assert "Enter an e-mail address" in tess.post("/money/letters/", asked | {"recipient": "x"}, follow=True).content.decode()
    assert "1 letter is on its way" in tess.post("/money/letters/", {"do": "failed"}, follow=True).content.decode()
    assert "0 letters are on their way" in tess.post("/money/letters/", {"do": "failed"}, follow=True).content.decode()
    told = tess.post("/money/letters/", {"do": "year", "year": "2016"}, follow=True).content.decode()
    assert "1 letter is on its way" in told
    assert client_of(hamlet, "auditor", name="aud").post("/money/letters/", asked).status_code == 403
    other = Cooperative.objects.create(slug="other", name="Other eG")
    stranger = client_of(Hamlet(hamlet.microgrid, hamlet.tariff, hamlet.version), "member", member, name="m")
    assert stranger.get(f"/money/letters/?cooperative={other.slug}").status_code == 404
    with_queries = client_of(hamlet, "auditor", name="aud2")
    assert with_queries.get("/money/letters/").status_code == 200
