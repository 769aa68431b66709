"""A common plant: what it feeds in is its holders', credited or used at home, by shares of the day; to the Wh and to the cent."""

from collections import defaultdict
from fractions import Fraction
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from billing.models import Document
from billing.selectors.paper import paper_content
from billing.selectors.paper_facts import paper_facts
from billing.selectors.readings import common_plants_behind, documents_of_day, is_of_divided_plant, part_of_plant
from billing.selectors.rule_replay import compare_rules
from billing.selectors.run_summary import summarise, trial_balance
from billing.services.corrections import correct_month
from billing.services.differences import local_change
from billing.services.rule_replay import replay_rules
from energy.models import Channel, Meter, MeterDay, Site
from grid.models import GivenDay, PlantDivision, PlantShare
from grid.selectors.plant_yield import plant_yield
from grid.selectors.prices import load_prices
from grid.selectors.sharing import load_shares
from grid.services.plant_shares import CannotDividePlant, Part, divide_plant
from members.models import Member, Membership, Role, User
from tests.integration.billing.conftest import DAYS, MARCH, NOW, Hamlet, make_hamlet, measure
from tests.integration.billing.late import measure_again
from tests.month_reference import cents, split

HOLDERS = {"B 10": 400_000, "Z 1": 350_000, "C-own": 250_000}
LATER = {"B 10": 333_333, "Z 1": 333_333, "Ä 1": 333_334}


def parts_of(hamlet: Hamlet, millionths: dict[str, int]) -> list[Part]:
    """Z 1 uses its part at home, the others are paid for theirs."""
    sites = {code: Site.objects.get(microgrid=hamlet.microgrid, code=code) for code in millionths}
    return [Part(sites[code].member, part, sites[code] if code == "Z 1" else None) for code, part in millionths.items()]


@pytest.fixture
def treasurer(db: None) -> User:
    return User.objects.create_user("treasurer@plant.example", is_staff=True)


@pytest.fixture
def common(treasurer: User) -> Hamlet:
    """The cooperative's plant is common; on the second day a fourth member holds a part and the cooperative none."""
    hamlet = make_hamlet("common", closed=False)
    Membership.objects.create(user=treasurer, cooperative=hamlet.cooperative, role=Role.TARIFF_ADMIN)
    plant = Site.objects.get(microgrid=hamlet.microgrid, code="C-own")
    for day, parts in zip(DAYS, (HOLDERS, LATER), strict=True):
        divide_plant(plant=plant, valid_from=day, parts=parts_of(hamlet, parts), by=treasurer, now=NOW)
    measure(hamlet.microgrid, DAYS)
    return hamlet


def reckoned(hamlet: Hamlet) -> tuple[dict[str, tuple[int, int, Fraction]], int]:
    """By holder and day's division what is sold, exported, and the sum of sold x price; and what was used at home. Plain loops."""
    plant, home = (Site.objects.get(microgrid=hamlet.microgrid, code=code) for code in ("C-own", "Z 1"))
    numbers = dict(Site.objects.filter(microgrid=hamlet.microgrid).values_list("code", "member__number"))
    found: dict[str, tuple[int, int, Fraction]] = defaultdict(lambda: (0, 0, Fraction(0)))
    used_at_home = 0
    for day, parts in zip(DAYS, (HOLDERS, LATER), strict=True):
        shares = load_shares(microgrid=hamlet.microgrid, days=[day], site_ids=[plant.pk, home.pk])
        local = load_prices(microgrid_id=hamlet.microgrid.pk, days=[day]).local_micro.tolist()
        row, at_home = shares.site_ids.tolist().index(plant.pk), shares.site_ids.tolist().index(home.pk)
        fed_in, delivered, drawn = (shares.export_wh[row].tolist(), shares.delivered_wh[row].tolist(), shares.import_wh[at_home].tolist())
        for place, wh in enumerate(fed_in):
            weights = {numbers[code]: Fraction(part) for code, part in parts.items()}
            part_of = split(wh, weights)
            used = min(wh * parts["Z 1"] // 1_000_000, drawn[place])
            rest = {number: part - (used if number == numbers["Z 1"] else 0) for number, part in part_of.items()}
            sold = split(delivered[place] - used, {number: Fraction(part) for number, part in rest.items()})
            used_at_home += used
            for code in parts:
                number = numbers[code]
                before = found[f"{code} {day}"]
                found[f"{code} {day}"] = (
                    before[0] + sold[number],
                    before[1] + rest[number] - sold[number],
                    before[2] + Fraction(sold[number] * local[place], 10_000_000),
                )
    return found, used_at_home


def credits(hamlet: Hamlet) -> dict[str, Document]:
    rows = Document.objects.standing().filter(site__code="C-own", site__microgrid=hamlet.microgrid, kind="credit")
    codes = dict(Site.objects.filter(microgrid=hamlet.microgrid).values_list("member_id", "code"))
    return {f"{codes[row.member_id]} {row.first_day}": row for row in rows}


def lines(document: Document) -> dict[str, Any]:
    return {line.component: line for line in document.lines.all()}


def test_each_holder_is_owed_for_their_part_to_the_watt_hour(common: Hamlet) -> None:
    run = common.bill()
    papers = credits(common)
    wanted, used = reckoned(common)
    assert used > 0
    for key, (sold, exported, worth) in wanted.items():
        told = lines(papers[key]) if key in papers else {}
        local, export = told.get("local_delivered"), told.get("export")
        assert (local.quantity if local else 0, export.quantity if export else 0) == (sold, exported), key
        if local:
            assert Fraction(local.exact_micro, 10_000_000) == worth, key
        if export:
            assert export.net_minor == cents(exported * Fraction("0.083") / 10), key
    # The meter is divided without rest: what holders are paid for and what one of them used is what was fed in.
    shares = load_shares(microgrid=common.microgrid, days=DAYS, site_ids=[Site.objects.get(microgrid=common.microgrid, code="C-own").pk])
    paid = sum(line.quantity for paper in papers.values() for line in paper.lines.all() if line.component in ("local_delivered", "export"))
    assert paid + used == int(shares.export_wh.sum())
    summary = summarise(run)
    assert summary.residual_minor == 0 and summary.debits_minor == summary.credits_minor
    assert sum(trial_balance(common.cooperative).values()) == 0


def test_what_is_used_at_home_stands_on_the_bill_and_costs_nothing(common: Hamlet) -> None:
    common.bill()
    _, used = reckoned(common)
    bill = Document.objects.get(site__code="Z 1", site__microgrid=common.microgrid, kind="bill")
    gift = bill.lines.get(component="gift")
    assert (gift.quantity, gift.net_minor, gift.window) == (used, 0, "C-own")
    assert sum(sum(row.wh) for row in GivenDay.objects.filter(is_current=True)) == used
    owner = credits(common)[f"C-own {DAYS[0]}"]
    assert owner.member.is_cooperative and lines(owner)["given"].quantity == used


def test_a_holder_reads_which_part_of_the_plant_it_is(common: Hamlet) -> None:
    common.bill()
    mine = credits(common)[f"B 10 {DAYS[0]}"]
    assert (mine.first_day, mine.last_day) == (DAYS[0], DAYS[0])
    facts = paper_facts([mine])
    told = [line["name"] for line in paper_content(mine, facts[mine.pk])["lines"]]
    assert told and all("your 40 % of the plant" in name for name in told)
    assert part_of_plant(mine) == "40 %" and is_of_divided_plant(mine)


def test_a_holders_page_says_what_their_documents_say(common: Hamlet, client: Any) -> None:
    common.bill()
    wanted, used = reckoned(common)
    plant, home = (Site.objects.get(microgrid=common.microgrid, code=code) for code in ("C-own", "Z 1"))
    found = plant_yield(plant=plant, members=[home.member], days=DAYS)
    assert list(found.sold_wh) == [wanted[f"Z 1 {day}"][0] for day in DAYS]
    assert list(found.exported_wh) == [wanted[f"Z 1 {day}"][1] for day in DAYS]
    assert int(found.used_wh.sum()) == used
    everybody = Member.objects.filter(cooperative=common.cooperative)
    assert (plant_yield(plant=plant, members=everybody, days=DAYS).part_wh == found.fed_in_wh).all()

    user = User.objects.create_user("holder@plant.example")
    Membership.objects.create(user=user, cooperative=common.cooperative, member=home.member, role=Role.MEMBER)
    client.force_login(user)
    page = client.get(reverse("own-plant"), {"month": "2016-03"}).content.decode()
    assert "35 %" in page and "33.3333 %" in page and f"used at {home.name}" in page
    assert all(paper.label in page for key, paper in credits(common).items() if key.startswith("Z 1"))
    told = client.get(reverse("own-plant"), {"month": "2016-03", "format": "csv"}).content.decode().splitlines()
    assert told[1].startswith(f"{DAYS[0]},{found.fed_in_wh[0] / 1000:.2f},")
    assert 'href="/energy/plant/"' in client.get(reverse("energy")).content.decode()


def test_a_home_reads_the_plant_behind_what_it_used_of_it(common: Hamlet, client: Any) -> None:
    common.bill()
    home = Site.objects.get(microgrid=common.microgrid, code="Z 1")
    bill = Document.objects.get(site=home, kind="bill")
    (plant,) = common_plants_behind(bill)
    _, used_at_home = reckoned(common)
    meter = Meter.objects.get(site__code="C-own", kind="site")
    rows = MeterDay.objects.filter(meter_id=meter.pk, channel=Channel.EXPORT, is_current=True, day__in=DAYS)
    assert plant.used_wh == plant.billed_wh == used_at_home > 0
    assert plant.fed_in_wh == sum(sum(row.values_wh) for row in rows)
    assert bill in documents_of_day(meter, Channel.EXPORT, DAYS[0])[1]
    other = Document.objects.filter(kind="bill").exclude(site=home).exclude(site__code="C-own").first()
    assert other is not None
    assert common_plants_behind(other) == []
    assert other not in documents_of_day(meter, Channel.EXPORT, DAYS[0])[1]
    user = User.objects.create_user("home@plant.example")
    Membership.objects.create(user=user, cooperative=common.cooperative, member=home.member, role=Role.MEMBER)
    client.force_login(user)
    page = client.get(reverse("bill-readings", args=[bill.public_id])).content.decode()
    assert "The plant fed in" in page and "what the line of the document says" in page
    measure_again(common, "C-own", DAYS[0], 40, channel=Channel.EXPORT)
    assert common_plants_behind(bill)[0].uses[0][0].newest == 2


def test_who_holds_no_part_sees_none(common: Hamlet, client: Any) -> None:
    user = User.objects.create_user("other@plant.example")
    member = Site.objects.get(microgrid=common.microgrid, code="a 2").member
    Membership.objects.create(user=user, cooperative=common.cooperative, member=member, role=Role.MEMBER)
    client.force_login(user)
    page = client.get(reverse("own-plant"), {"plant": Site.objects.get(code="C-own").public_id}).content.decode()
    assert "You hold no part" in page and "C-own" not in page


def test_later_readings_of_the_plant_reach_every_holder(common: Hamlet) -> None:
    common.bill()
    before = credits(common)
    measure_again(common, "C-own", DAYS[0], 40, channel=Channel.EXPORT)
    run = correct_month(microgrid=common.microgrid, month=MARCH, now=NOW)
    change = local_change(run)
    assert change.paid_minor == change.received_minor
    after = credits(common)
    wanted, _ = reckoned(common)
    assert after.keys() == before.keys()
    for key, (sold, exported, _) in wanted.items():
        told = lines(after[key])
        assert (told["local_delivered"].quantity if "local_delivered" in told else 0) == sold, key
        assert (told["export"].quantity if "export" in told else 0) == exported, key
    first = [key for key in after if key.endswith(str(DAYS[0]))]
    assert all(after[key].replaces == before[key] for key in first if key != f"C-own {DAYS[0]}")


def test_parts_that_are_not_the_whole_are_refused_by_service_and_database(common: Hamlet, treasurer: User) -> None:
    plant = Site.objects.get(microgrid=common.microgrid, code="C-own")
    later = NOW.date()
    for millionths, why in (({"B 10": 999_999}, "100 %"), ({"B 10": 1_000_001}, "100 %")):
        with pytest.raises(CannotDividePlant, match=why):
            divide_plant(plant=plant, valid_from=later, parts=parts_of(common, millionths), by=treasurer, now=NOW)
    with pytest.raises(CannotDividePlant, match="at the earliest"):
        divide_plant(plant=plant, valid_from=DAYS[1], parts=parts_of(common, HOLDERS), by=treasurer, now=NOW)
    stranger = Site.objects.get(microgrid=common.microgrid, code="a 2")
    with pytest.raises(CannotDividePlant, match="is not"):
        part = Part(Member.objects.get(cooperative=common.cooperative, number="1"), 1_000_000, stranger)
        divide_plant(plant=plant, valid_from=later, parts=[part], by=treasurer, now=NOW)
    for statement in ("UPDATE grid_plantshare SET millionths = millionths - 1", "DELETE FROM grid_plantshare WHERE millionths = 400000"):
        with pytest.raises(DatabaseError, match="not to the whole"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_treasurer_divides_a_plant_in_the_admin(common: Hamlet, treasurer: User, client: Any) -> None:
    client.force_login(treasurer)
    plant = Site.objects.get(microgrid=common.microgrid, code="C-own")
    members = dict(Site.objects.filter(microgrid=common.microgrid).values_list("code", "member_id"))
    given = {
        "plant": plant.pk,
        "valid_from": NOW.date(),
        "shares-TOTAL_FORMS": 2,
        "shares-INITIAL_FORMS": 0,
        "shares-0-member": members["B 10"],
        "shares-0-percent": "60",
        "shares-1-member": members["Z 1"],
        "shares-1-percent": "30",
    }
    url = reverse("admin:grid_plantdivision_add")
    assert client.get(url).status_code == 200
    refused = client.post(url, given)
    assert refused.status_code == 200 and "come to 90 %" in refused.content.decode()
    assert client.post(url, given | {"shares-1-percent": "40"}).status_code == 302
    row = PlantDivision.objects.get(valid_to=None)
    assert (row.valid_from, row.entered_by, row.shares.count()) == (NOW.date(), treasurer, 2)
    assert PlantDivision.objects.get(valid_from=DAYS[1]).valid_to == NOW.date()
    assert client.get(reverse("admin:grid_plantdivision_changelist")).status_code == 200
    assert client.get(reverse("admin:grid_plantdivision_change", args=[row.pk])).status_code == 200
    assert PlantShare.objects.filter(used_at=None).exists()


def test_other_rules_count_each_holder_s_part_as_documents_do(common: Hamlet) -> None:
    run = common.bill()
    replay_rules(run=run, now=NOW)
    for row in (run.replays.get(key=""), run.replays.get(key="dynamic", price_rule="mid_market")):
        paid: dict[int, int] = defaultdict(int)
        owner_of = dict(Site.objects.values_list("pk", "member"))
        for site, credit in zip(row.site_ids, row.credit_minor, strict=True):
            paid[owner_of[site]] += credit
        for member, credit in zip(row.part_member_ids, row.part_credit_minor, strict=True):
            paid[member] += credit
        posted: dict[int, int] = defaultdict(int)
        for document in Document.objects.filter(run=run, kind="credit"):
            posted[document.member_id] += document.gross_minor
        assert {m: minor for m, minor in paid.items() if minor} == dict(posted)
    holder = Site.objects.get(microgrid=common.microgrid, code="B 10")
    found = compare_rules(microgrid=common.microgrid, sites=[holder])
    bills = Document.objects.filter(run=run, member=holder.member, kind="bill")
    assert found.own_minor == sum(d.gross_minor for d in bills) - posted[holder.member_id]
