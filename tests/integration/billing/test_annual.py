"""A member's year says what the documents that stand say."""

import io
from uuid import uuid4

import pypdf
from django.urls import reverse

from billing.models import Document
from billing.selectors.annual import annual_statement, statement_content
from billing.services.corrections import correct_month
from grid.domain.indicators import CO2_GRID_G_PER_KWH
from members.models import Member, Membership, User
from tests.integration.billing.conftest import DAYS, MARCH, NOW, Hamlet
from tests.integration.billing.late import measure_again


def member_of(hamlet: Hamlet, code: str) -> User:
    user = User.objects.create_user(email=f"{code.replace(' ', '')}@hamlet.example", password="x")
    member = Member.objects.get(sites__code=code)
    Membership.objects.create(user=user, cooperative=hamlet.cooperative, member=member, role="member")
    return user


def test_a_year_sums_what_stands_and_no_one_else_reads_it(hamlet: Hamlet, client) -> None:
    hamlet.bill()
    measure_again(hamlet, "a 2", DAYS[0], 20)
    correct_month(microgrid=hamlet.microgrid, month=MARCH, now=NOW)
    Member.objects.filter(sites__code="a 2").update(language="de")
    user, site = member_of(hamlet, "a 2"), hamlet.microgrid.sites.get(code="a 2")
    year = annual_statement(user=user, site_id=site.public_id, year=2016)
    assert year is not None
    bill, credit = (Document.objects.standing().get(site=site, kind=kind) for kind in ("bill", "credit"))
    total = year.total
    assert (total.paid_minor, total.earned_minor) == (bill.gross_minor, credit.gross_minor)
    drawn = sum(bill.lines.filter(component__in=["local", "grid"]).values_list("quantity", flat=True))
    given = sum(credit.lines.filter(component__in=["local_delivered", "export"]).values_list("quantity", flat=True))
    assert (total.local_wh + total.grid_wh, total.delivered_wh + total.export_wh) == (drawn, given)
    assert total.co2_g == total.grid_wh * CO2_GRID_G_PER_KWH // 1000
    assert list(year.months) == [201603]
    content = statement_content(year, year.member.language)
    assert (content["title"], content["rows"][0][0]) == ("Ihr Jahr 2016", "März")
    client.force_login(user)
    address = reverse("annual", args=[site.public_id, 2016])
    assert content["balance"] in client.get(address, headers={"Accept-Language": "de"}).content.decode()
    page = client.get(address, headers={"Accept-Language": "en"}).content.decode()
    assert "Your year 2016" in page
    assert content["balance"] not in page
    pdf = client.get(reverse("annual-pdf", args=[site.public_id, 2016])).content
    text = "".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    assert "Ihr Jahr 2016" in text
    assert "März" in text
    assert client.get(reverse("annual", args=[site.public_id, 2015])).status_code == 404
    assert client.get(reverse("annual", args=[uuid4(), 2016])).status_code == 404
    client.force_login(member_of(hamlet, "b 10"))
    assert client.get(reverse("annual", args=[site.public_id, 2016])).status_code == 404
