"""Drawn up, looked at, released by a second person, posted, printed, sent: each step of a run, by hand and by rule."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from billing.models import BillingPolicy, BillingRun, Delivery, Document
from billing.selectors.run_progress import progress_of
from billing.services import deliveries
from billing.services.corrections import prepare_correction, propose_corrections
from billing.services.papers import print_documents, unprinted, why_not_printed
from billing.services.release import CannotRelease, check_run, largest_change, release_by_rule, release_run, settle_check, withdraw_run
from billing.services.runs import CannotBill, draw_up_run, post_run, prepare_run, rate_chunk
from members.models import Member, Membership, User
from tests.integration.billing.conftest import DAYS, MARCH, NOW, Hamlet
from tests.integration.billing.late import measure_again


def person(hamlet: Hamlet, name: str, role: str = "tariff_admin") -> User:
    user = User.objects.create_user(email=f"{name}@hamlet.example", password="x", is_staff=True)
    Membership.objects.create(user=user, cooperative=hamlet.cooperative, role=role)
    return user


def drawn_up(hamlet: Hamlet, user: User | None = None) -> BillingRun:
    run = prepare_run(microgrid=hamlet.microgrid, month=MARCH, now=NOW, days=DAYS, user=user)
    return rated(run)


def rated(run: BillingRun) -> BillingRun:
    for chunk in run.chunks.all():
        rate_chunk(chunk_id=chunk.pk)
    run = draw_up_run(run_id=run.pk, now=NOW)
    check_run(run_id=run.pk)
    return run


def test_a_second_person_releases_and_the_database_insists(hamlet: Hamlet) -> None:
    first, second = person(hamlet, "first"), person(hamlet, "second")
    run = drawn_up(hamlet, first)
    assert run.status == "rated"
    with pytest.raises(CannotBill, match="not released"):
        post_run(run_id=run.pk, now=NOW)
    with pytest.raises(CannotRelease, match="ask somebody else"):
        release_run(run_id=run.pk, user=first, now=NOW)
    with pytest.raises(IntegrityError, match="a_second_person_releases"), transaction.atomic():
        BillingRun.objects.filter(pk=run.pk).update(status="released", released_by=first, released_at=NOW)
    with pytest.raises(IntegrityError, match="posted_runs_were_released"), transaction.atomic():
        BillingRun.objects.filter(pk=run.pk).update(status="posted")
    release_run(run_id=run.pk, user=second, now=NOW)
    run = post_run(run_id=run.pk, now=NOW)
    assert (run.status, run.released_by) == ("posted", second)
    assert not run.documents.filter(number=None).exists()


def test_what_blocks_is_settled_with_a_note(hamlet: Hamlet) -> None:
    user = person(hamlet, "second")
    run = drawn_up(hamlet)
    kinds = set(run.checks.values_list("kind", flat=True))
    assert kinds == {"first_bill", "no_address", "no_contact"}
    check = run.checks.filter(site__code="b 10").first()
    run.checks.filter(pk=check.pk).update(is_blocking=True)
    with pytest.raises(CannotRelease, match="1 checks block"):
        release_run(run_id=run.pk, user=user, now=NOW)
    assert not release_by_rule(run_id=run.pk, now=NOW)
    with pytest.raises(CannotRelease, match="Write what you found out"):
        settle_check(check=check, user=user, note=" ", now=NOW)
    settled = settle_check(check=check, user=user, note="Moved in on the 26th.", now=NOW)
    assert (settled.settled_by, settled.note) == (user, "Moved in on the 26th.")
    check_run(run_id=run.pk)
    assert run.checks.get(pk=check.pk).settled_at == NOW
    assert release_run(run_id=run.pk, user=user, now=NOW).status == "released"


def test_a_day_closed_again_after_the_release_takes_it_away(hamlet: Hamlet) -> None:
    run = drawn_up(hamlet)
    release_run(run_id=run.pk, user=person(hamlet, "second"), now=NOW)
    measure_again(hamlet, "b 10", DAYS[0], 60)
    with pytest.raises(CannotBill, match="rated once more"):
        post_run(run_id=run.pk, now=NOW)
    run.refresh_from_db()
    assert (run.status, run.released_by, run.released_at) == ("prepared", None, None)
    assert rated(run).status == "rated"


def test_small_corrections_are_released_by_rule_and_large_ones_wait(hamlet: Hamlet) -> None:
    hamlet.bill()
    measure_again(hamlet, "b 10", DAYS[0], 60)
    run = rated(prepare_correction(microgrid=hamlet.microgrid, month=MARCH, now=NOW))
    change = largest_change(run)
    assert change > 1
    assert not release_by_rule(run_id=run.pk, now=NOW)
    policy = BillingPolicy.objects.create(cooperative=hamlet.cooperative, correction_limit_minor=change - 1)
    assert not release_by_rule(run_id=run.pk, now=NOW)
    policy.correction_limit_minor = change
    policy.save()
    assert release_by_rule(run_id=run.pk, now=NOW)
    assert str(change) in BillingRun.objects.get(pk=run.pk).release_rule


def test_a_withdrawn_run_leaves_no_number_and_the_month_can_be_prepared_again(hamlet: Hamlet) -> None:
    run = withdraw_run(run_id=drawn_up(hamlet).pk, now=NOW)
    assert not Document.objects.exists()
    again = hamlet.bill()
    assert (run.revision, again.revision) == (0, 1)
    assert Document.objects.filter(kind="bill").order_by("number").first().number == 1


def send(hamlet: Hamlet) -> BillingRun:
    Member.objects.filter(cooperative=hamlet.cooperative).update(email="")
    for code, email, language in (("b 10", "ana@hamlet.example", "de"), ("Z 1", "cem@hamlet.example", "en")):
        Member.objects.filter(sites__code=code).update(email=email, language=language)
    return hamlet.bill()


def test_documents_go_out_once_with_their_pdf_and_say_what_became_of_them(hamlet: Hamlet, settings, tmp_path) -> None:
    settings.DOCUMENT_DIR = tmp_path
    run = send(hamlet)
    assert deliveries.queue_run(run=run, now=NOW) == 2
    assert deliveries.queue_run(run=run, now=NOW) == 0
    assert deliveries.send_queued(now=NOW) == 2
    assert deliveries.send_queued(now=NOW) == 0
    german = next(m for m in mail.outbox if m.to == ["ana@hamlet.example"])
    bill = Document.objects.get(site__code="b 10", kind="bill")
    assert german.subject.startswith(f"Ihre Stromrechnung {bill.label}")
    assert str(bill.public_id) in german.body
    [(name, content, kind)] = german.attachments
    assert (name, kind, content[:5]) == (f"{bill.label}.pdf", "application/pdf", b"%PDF-")
    assert deliveries.note_opened(letter=bill, emails=["ana@hamlet.example"], now=NOW) == 1
    assert bill.deliveries.get().status == "opened"
    again = deliveries.send_again(letter=bill, recipient="ana@hamlet.example", now=NOW)
    assert again.sending == 2
    assert deliveries.send_again(letter=bill, recipient="ana@hamlet.example", now=NOW) == again
    assert deliveries.send_queued(now=NOW) == 1
    assert sorted(bill.deliveries.values_list("status", flat=True)) == ["opened", "sent"]


def test_what_fails_or_is_cut_off_says_so_and_is_not_sent_twice(hamlet: Hamlet, settings, tmp_path) -> None:
    settings.DOCUMENT_DIR = tmp_path
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there
    run = send(hamlet)
    deliveries.queue_run(run=run, now=NOW)
    cut_off = Delivery.objects.get(recipient="cem@hamlet.example")
    Delivery.objects.filter(pk=cut_off.pk).update(status="sending", claimed_at=NOW)
    assert deliveries.send_queued(now=NOW + timedelta(minutes=20)) == 0
    told = dict(Delivery.objects.values_list("recipient", "problem"))
    assert "refused" in told["ana@hamlet.example"]
    assert "nobody knows" in told["cem@hamlet.example"]
    assert set(Delivery.objects.values_list("status", flat=True)) == {"failed"}


def test_what_cannot_be_printed_says_why_and_keeps_no_other_back(hamlet: Hamlet, settings, tmp_path) -> None:
    settings.DOCUMENT_DIR = tmp_path
    run = send(hamlet)
    documents = list(run.documents.order_by("label").values_list("pk", flat=True))
    cooperative = run.microgrid.cooperative
    vat_id, cooperative.vat_id = cooperative.vat_id, ""
    cooperative.save()
    zero_rated = [pk for pk in documents if not Document.objects.get(pk=pk).vat_minor]
    assert print_documents(document_ids=documents) == len(zero_rated) < len(documents)
    obstacle = why_not_printed(run=run)
    assert "has no VAT id" in obstacle
    shown = progress_of(run, unprinted(run=run), obstacle)
    assert not shown.moves
    assert "has no VAT id" in next(step.told for step in shown.steps if step.state == "now")
    cooperative.vat_id = vat_id
    cooperative.save()
    assert why_not_printed(run=run) == ""
    assert print_documents(document_ids=documents) == len(documents) - len(zero_rated)
    assert unprinted(run=run) == 0


def test_the_treasurers_page_shows_the_run_and_only_to_the_cooperatives_own(hamlet: Hamlet, client) -> None:
    treasurer = person(hamlet, "treasurer")
    run = drawn_up(hamlet)
    here = reverse("admin:billing_billingrun_change", args=[run.pk])
    client.force_login(treasurer)
    page = client.get(here).content.decode()
    for text in ("To look at", "no postal address", "Release and post", "Drawn up"):
        assert text in page
    progress = client.get(reverse("admin:billing_billingrun_progress", args=[run.pk]))
    assert progress.headers["HX-Refresh"] == "true"
    check = run.checks.first()
    client.post(reverse("admin:billing_billingrun_check", args=[run.pk, check.pk]), {"note": "Seen."})
    check.refresh_from_db()
    assert (check.note, check.settled_by) == ("Seen.", treasurer)
    first = run.checks.filter(kind="first_bill", settled_at=None)
    blocking = run.checks.filter(pk=first.first().pk)
    blocking.update(is_blocking=True)
    assert "Tick off all" in client.get(here).content.decode()
    client.post(reverse("admin:billing_billingrun_checks", args=[run.pk]), {"kind": "first_bill"})
    assert list(first) == list(blocking)
    blocking.update(is_blocking=False)
    stranger = User.objects.create_user(email="stranger@else.example", password="x", is_staff=True)
    client.force_login(stranger)
    assert client.get(reverse("admin:billing_billingrun_progress", args=[run.pk])).status_code == 404
    assert client.post(reverse("admin:billing_billingrun_step", args=[run.pk, "release"])).status_code == 404


def test_a_treasurer_sends_a_correction_and_the_member_reads_why(hamlet: Hamlet, client) -> None:
    hamlet.bill()
    measure_again(hamlet, "b 10", DAYS[0], 60)
    first, second = person(hamlet, "first"), person(hamlet, "second")
    client.force_login(first)
    asked = {"microgrid": hamlet.microgrid.pk, "kind": "correction", "month": "2016-03"}
    assert client.post(reverse("admin:billing_billingrun_prepare_form"), asked).status_code == 302
    run = rated(BillingRun.objects.get(kind="correction"))
    assert run.prepared_by == first
    here = reverse("admin:billing_billingrun_change", args=[run.pk])
    page = client.get(here).content.decode()
    assert "You prepared this run: somebody else releases it." in page
    assert "What the correction changes" in page
    client.force_login(second)
    assert client.post(reverse("admin:billing_billingrun_step", args=[run.pk, "release"])).status_code == 302
    run.refresh_from_db()
    assert (run.status, run.released_by) == ("released", second)
    post_run(run_id=run.pk, now=NOW)
    new = Document.objects.standing().get(site__code="b 10", kind="bill")
    reader = User.objects.create_user(email="ana@hamlet.example", password="x")
    Membership.objects.create(user=reader, cooperative=hamlet.cooperative, member=new.member, role="member")
    client.force_login(reader)
    read = client.get(reverse("bill", args=[new.public_id])).content.decode()
    assert "What changed, and why" in read
    assert "Readings of your own meter on 26/03/2016 were corrected" in read
    assert f"takes the place of {new.replaces.label}" in read
    old = client.get(reverse("bill", args=[new.replaces.public_id])).content.decode()
    assert new.label in old
    assert "was taken back by" in old
    reversal = client.get(reverse("bill", args=[new.replaces.cancelled_by.public_id])).content.decode()
    assert "Credit note for your bill of" in reversal
    told = client.get(f"/api/v1/bills/{new.public_id}/").json()
    assert (told["replaces"], told["correction"]["reversal"]) == (new.replaces.label, new.replaces.cancelled_by.label)
    grid = next(line for line in told["correction"]["lines"] if line["component"] == "grid")
    assert grid["new_quantity"] > grid["old_quantity"]
    assert "because your meter's readings were corrected" in grid["why"]


def test_who_prepares_what_is_on_its_way_is_led_to_it_and_told_whose_it_is(hamlet: Hamlet, client: Client) -> None:
    drawn_up(hamlet)
    first, second = person(hamlet, "first"), person(hamlet, "second")
    words = {"microgrid": hamlet.microgrid.pk, "month": "2016-03", "kind": "correction"}
    released(BillingRun.objects.get(), first)
    measure_again(hamlet, "a 2", DAYS[1], 35)

    def ask(user: User) -> str:
        client.force_login(user)
        answer = client.post(reverse("admin:billing_billingrun_prepare_form"), words, follow=True)
        return str(answer.content.decode())

    assert "prepared it before you" not in ask(first)
    assert "first@hamlet.example prepared it before you" in ask(second)
    withdraw_run(run_id=BillingRun.objects.get(kind="correction").pk, now=NOW)
    measure_again(hamlet, "a 2", DAYS[1], 35)
    propose_corrections(microgrid=hamlet.microgrid, now=NOW)
    assert "The clock prepared it before you" in ask(second)
    assert BillingRun.objects.filter(kind="correction").count() == 2


def released(run: BillingRun, user: User) -> BillingRun:
    release_run(run_id=run.pk, user=user, now=NOW)
    return post_run(run_id=run.pk, now=NOW)
