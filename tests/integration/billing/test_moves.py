"""A site changes owner inside a month: each is billed for their own days, and corrections go to the right people."""

from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from billing.models import BilledReadings, Component, Document, DocumentLine, Tariff
from billing.selectors.corrections import correction_of
from billing.selectors.paper import paper_content
from billing.selectors.paper_facts import paper_facts
from billing.selectors.readings import documents_of_day, versions_behind
from billing.selectors.run_summary import trial_balance
from billing.services.corrections import NothingToCorrect, correct_month, prepare_correction
from billing.services.differences import local_change
from billing.services.moves import begin_due, move
from billing.services.runs import prepare_run, rate_and_finish, rate_chunk
from energy.models import Channel, Site, SiteOwnership
from energy.services.ownership import CannotMove, take_back
from grid.selectors.sharing import load_shares
from members.models import Member, Membership, Notification, Role, User
from tests.integration.billing.conftest import DAYS, MARCH, NOW, Hamlet, make_tariff
from tests.integration.billing.late import measure_again, standing
from tests.integration.billing.moving import CAME_WH, WENT_WH, Moving, make_moving

LATER = NOW + timedelta(days=20)
FIRST, SECOND = DAYS


@pytest.fixture
def moving(hamlet: Hamlet) -> Moving:
    return make_moving(hamlet)


def energy_of(document: Document) -> int:
    return sum(document.lines.filter(component__in=(Component.LOCAL, Component.GRID)).values_list("quantity", flat=True))


def test_each_is_billed_for_the_own_days_and_nobody_else_is_touched(moving: Moving) -> None:
    with transaction.atomic():
        point = transaction.savepoint()
        moving.hamlet.bill()
        unmoved = standing(moving.hamlet)
        transaction.savepoint_rollback(point)
    moving.hand_over()
    run = moving.hamlet.bill()
    went, came = moving.document(moving.went), moving.document(moving.came)
    assert (went.days(), came.days()) == ([FIRST], [SECOND])
    assert energy_of(went) == WENT_WH * 96 and energy_of(came) == CAME_WH * 92
    assert went.lines.get(component="standing").quantity == came.lines.get(component="standing").quantity == 1
    others = {place: figures for place, figures in standing(moving.hamlet).items() if place[0] != "b 10"}
    # Sharing is per site, so nobody else sees a difference but for what neighbours pay together, rounded once more.
    for (code, kind), figures in others.items():
        if kind == "bill":
            assert figures == unmoved[code, kind]
        else:
            assert abs(figures[0] - unmoved[code, kind][0]) <= 1
    whole = unmoved["b 10", "bill"]
    lines = len(whole[3])
    assert abs(went.net_minor + came.net_minor - whole[0]) <= lines  # each line is rounded once more: half a minor unit a piece
    assert sum(trial_balance(moving.hamlet.cooperative).values()) == 0
    assert run.documents.filter(site=moving.site).count() == 2


def test_a_final_and_a_first_bill_say_so_and_lead_to_their_own_readings(moving: Moving) -> None:
    moving.hand_over()
    run = moving.hamlet.bill()
    went, came = moving.document(moving.went), moving.document(moving.came)
    facts = paper_facts([went, came])
    heads = [dict(paper_content(document, facts[document.pk])["head"]) for document in (went, came)]
    assert "Final bill" in heads[0] and "First bill" not in heads[0]
    assert "First bill" in heads[1] and "Final bill" not in heads[1]
    assert [sum(day.local_wh + day.grid_wh for day in facts[d.pk].days) for d in (went, came)] == [WENT_WH * 96, CAME_WH * 92]
    assert [use.day for use in versions_behind(went)] == [FIRST] and [use.day for use in versions_behind(came)] == [SECOND]
    assert BilledReadings.objects.filter(run=run, meter_id=moving.meter.pk, channel=Channel.IMPORT).count() == 1
    [bills] = documents_of_day(moving.meter, Channel.IMPORT, FIRST).values()
    assert list(bills) == [went]


def test_a_move_that_is_entered_afterwards_is_corrected_and_explained(moving: Moving) -> None:
    moving.hamlet.bill()
    before = standing(moving.hamlet)
    old = moving.document(moving.went)
    moving.hand_over()
    run = correct_month(microgrid=moving.hamlet.microgrid, month=MARCH, now=LATER)
    went, came = moving.document(moving.went), moving.document(moving.came)
    assert (went.replaces, came.replaces) == (old, None)
    assert (went.days(), came.days()) == ([FIRST], [SECOND])
    told = correction_of(went)
    assert told is not None and "changed hands" in told.reasons[0]
    assert run.documents.filter(kind="bill").count() == 2 and "b 10" in run.reason
    change = local_change(run)
    assert change.paid_minor == change.received_minor
    now = standing(moving.hamlet)
    assert {p: f for p, f in now.items() if p[1] == "bill" and p[0] != "b 10"} == {
        p: f for p, f in before.items() if p[1] == "bill" and p[0] != "b 10"
    }
    assert sum(trial_balance(moving.hamlet.cooperative).values()) == 0
    with pytest.raises(NothingToCorrect):
        prepare_correction(microgrid=moving.hamlet.microgrid, month=MARCH, now=LATER)


def test_late_readings_after_a_move_reach_whose_day_it_was(moving: Moving) -> None:
    moving.hand_over()
    moving.hamlet.bill()
    before = {member: moving.document(member) for member in (moving.went, moving.came)}
    measure_again(moving.hamlet, "b 10", FIRST, 500)
    run = correct_month(microgrid=moving.hamlet.microgrid, month=MARCH, now=LATER)
    assert moving.document(moving.went).replaces == before[moving.went]
    assert energy_of(moving.document(moving.went)) == (WENT_WH + 500) * 96
    came = moving.document(moving.came)
    assert came == before[moving.came]  # the second day is as it was
    change = local_change(run)
    assert change.paid_minor == change.received_minor
    told = correction_of(moving.document(moving.went))
    assert told is not None and "your own meter" in told.reasons[0]


def test_a_move_entered_while_a_run_waits_has_it_rated_anew(moving: Moving) -> None:
    run = prepare_run(microgrid=moving.hamlet.microgrid, month=MARCH, now=NOW, days=DAYS)
    for chunk in run.chunks.all():
        rate_chunk(chunk_id=chunk.pk)
    moving.hand_over()
    rate_and_finish(run=run, now=LATER)
    assert moving.document(moving.went).days() == [FIRST]
    assert moving.document(moving.came).days() == [SECOND]


def test_while_nobody_lives_there_the_landlord_pays_or_the_cooperative(moving: Moving) -> None:
    moving.hand_over(member=None)
    row = SiteOwnership.objects.get(site=moving.site, valid_to=None)
    assert row.is_vacant and row.member.is_cooperative
    moving.hamlet.bill()
    bill = Document.objects.get(site=moving.site, kind="bill", first_day=SECOND)
    assert bill.member.is_cooperative and bill.vat_minor == 0
    other = Site.objects.get(microgrid=moving.hamlet.microgrid, code="Z 1")
    other.landlord = moving.came
    other.save(update_fields=["landlord"])
    assert move(site=other, member=None, day=SECOND, by=None, now=NOW).member == moving.came


def test_a_move_ahead_begins_on_its_day_and_may_be_taken_back_before(moving: Moving) -> None:
    grid, ahead = moving.hamlet.microgrid, (NOW + timedelta(days=9)).date()
    moving.hand_over(day=ahead, now=NOW)
    assert moving.site.member == moving.went and begin_due(microgrid=grid, now=NOW) == []
    take_back(ownership=SiteOwnership.objects.get(site=moving.site, valid_to=None))
    assert SiteOwnership.objects.get(site=moving.site).member == moving.went
    moving.hand_over(day=ahead, now=NOW)
    with pytest.raises(CannotMove, match="take that back first"):
        moving.hand_over(day=ahead + timedelta(days=1), now=NOW)
    [row] = begin_due(microgrid=grid, now=NOW + timedelta(days=9))
    moving.site.refresh_from_db()
    assert moving.site.member == moving.came and begin_due(microgrid=grid, now=NOW + timedelta(days=9)) == []
    with pytest.raises(CannotMove, match="handed over already"):
        take_back(ownership=row)


def test_what_does_not_fit_is_refused(moving: Moving) -> None:
    elsewhere = Member.objects.exclude(cooperative=moving.hamlet.cooperative).first()
    assert elsewhere is None
    for given, why in (({"member": moving.went}, "already"), ({"day": (NOW + timedelta(days=500)).date()}, "a year ahead")):
        with pytest.raises(CannotMove, match=why):
            moving.hand_over(**given)
    moving.hand_over()
    with pytest.raises(CannotMove, match="later day"):
        moving.hand_over(member=moving.went)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE energy_siteownership SET valid_from = valid_from + 1 WHERE valid_to IS NULL AND valid_from IS NOT NULL",
        "UPDATE energy_siteownership SET valid_from = valid_from - 1 WHERE valid_to IS NULL AND valid_from IS NOT NULL",
        "DELETE FROM energy_siteownership WHERE valid_to IS NULL AND valid_from IS NOT NULL",
        "UPDATE energy_site SET member_id = (SELECT min(m.id) FROM members_member m WHERE m.id NOT IN"
        " (SELECT o.member_id FROM energy_siteownership o WHERE o.site_id = energy_site.id)) WHERE code = 'b 10'",
    ],
)
def test_the_database_keeps_each_day_somebodys(moving: Moving, statement: str) -> None:
    moving.hand_over()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ownerships_are_whole DEFERRED")
        cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_site_that_never_moved_may_be_set_right(moving: Moving) -> None:
    moving.site.member = moving.came
    moving.site.save(update_fields=["member"])
    assert SiteOwnership.objects.get(site=moving.site).member == moving.came


def staff(hamlet: Hamlet, role: Role) -> User:
    user = User.objects.create_user(f"{role}@moves.example", is_staff=True)
    Membership.objects.create(user=user, cooperative=hamlet.cooperative, role=role)
    return user


def test_support_enters_a_move_in_the_admin_and_both_are_told(moving: Moving, client) -> None:
    for member in (moving.went, moving.came):
        moving.client(member)
    client.force_login(staff(moving.hamlet, Role.SUPPORT))
    other, _ = make_tariff(moving.hamlet.cooperative, "newcomers", standing_per_day="0.2")
    page = client.get(reverse("admin:energy_siteownership_add"), {"site": moving.site.pk})
    assert page.status_code == 200 and moving.site.name in page.content.decode()
    given = {"site": moving.site.pk, "member": moving.came.pk, "valid_from": SECOND, "tariff": other.pk, "reason": "sold"}
    refused = client.post(reverse("admin:energy_siteownership_add"), given | {"member": moving.went.pk})
    assert refused.status_code == 200 and "already" in refused.content.decode()
    answer = client.post(reverse("admin:energy_siteownership_add"), given)
    assert answer.status_code == 302, answer.context["errors"]
    row = SiteOwnership.objects.get(site=moving.site, valid_to=None)
    assert (row.member, row.reason, row.entered_by.email) == (moving.came, "sold", "support@moves.example")
    assert client.get(reverse("admin:energy_siteownership_changelist")).status_code == 200
    assert client.get(reverse("admin:energy_siteownership_change", args=[row.pk])).status_code == 200
    assert ContentType.objects.get_for_model(SiteOwnership).logentry_set.count() == 1
    assert Notification.objects.filter(kind="move").count() == 2
    # The tariff changed with the move, and the newcomer is billed by it.
    moving.hamlet.bill()
    assert (
        moving.document(moving.came).lines.get(component="standing").price
        == Tariff.objects.get(code="newcomers").versions.get().standing_per_day
    )


def test_the_door_of_moves_is_for_operators_and_support(moving: Moving, client) -> None:
    url = reverse("api-site-moves", args=[moving.site.public_id])
    assert moving.client(moving.went).get(url).status_code == 404
    client.force_login(staff(moving.hamlet, Role.OPERATOR))
    made = client.post(url, {"member": moving.came.number, "from": SECOND.isoformat()}, content_type="application/json")
    assert made.status_code == 201 and made.json()["has_begun"]
    again = client.post(url, {"member": moving.came.number, "from": SECOND.isoformat()}, content_type="application/json")
    assert again.status_code == 409
    assert [row["member"] for row in client.get(url).json()["results"]] == [moving.went.number, moving.came.number]


def test_sharing_knows_no_owner(moving: Moving) -> None:
    before = load_shares(microgrid=moving.hamlet.microgrid, days=DAYS, site_ids=[moving.site.pk])
    moving.hand_over()
    after = load_shares(microgrid=moving.hamlet.microgrid, days=DAYS, site_ids=[moving.site.pk])
    assert (before.received_wh == after.received_wh).all()
    assert DocumentLine.objects.count() == 0 and timezone.now() > NOW
