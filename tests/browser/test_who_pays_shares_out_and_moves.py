"""A member pays by card; one treasurer shares out, another releases it, a member reads why; a home changes hands and each sees what is theirs."""

import io
import re
import urllib.request

from playwright.sync_api import expect
from pypdf import PdfReader

from tests.browser.village import let, unpaid_bills

# A person for the household whose bill is the newest of those unpaid.
A_DEBTOR = """
from billing.models import Document
from members.models import Membership, Role, User
bill = Document.objects.get(label="{label}")
user = User.objects.create_user("debtor@wiesengrund.example", "a long enough word", name=bill.member.name)
Membership.objects.create(user=user, cooperative=bill.cooperative, member=bill.member, role=Role.MEMBER)
"""
TWO_PEOPLE = """
from energy.models import Site
from members.models import Member, Membership, Role, User
seen = Membership.objects.filter(member__isnull=False).values("member")
site = Site.objects.filter(kind="household", member__is_cooperative=False, sources=None).exclude(member__in=seen).order_by("code").last()
comes = Member.objects.create(cooperative=site.member.cooperative, number="2001", name="Ida Neumann")
Site.objects.filter(pk=site.pk).update(name="Am Tausch 7")
for email, member in (("goes", site.member), ("comes", comes)):
    user = User.objects.create_user(email + "@wiesengrund.example", "a long enough word", name=member.name)
    Membership.objects.create(user=user, cooperative=member.cooperative, member=member, role=Role.MEMBER)
"""


def test_a_member_pays_a_bill_by_card(village, browser):
    label = unpaid_bills(village)[-1][0]
    let(village, A_DEBTOR.format(label=label))
    village.passwords["debtor@wiesengrund.example"] = "a long enough word"
    page = village.log_in(browser, "debtor", width=390, language="de-DE")
    page.goto(f"{village.address}/bills/?kind=bill")
    page.locator("tbody tr", has=page.locator(".badge.open")).first.get_by_role("link").click()
    bill = page.url
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile("mit Karte zahlen")).click()
    session = list(village.shop.sessions.values())[-1]
    expect(page.get_by_role("heading", name=f"{session['amount'] / 100:.2f} eur")).to_be_visible()
    with page.expect_navigation(url=bill):
        page.get_by_role("button", name="Pay").click()
    expect(page.get_by_text("Ihre Kartenzahlung ist eingegangen")).to_be_visible()
    expect(page.locator("dt", has_text=re.compile(r"\d{4}, Karte$"))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("mit Karte zahlen"))).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    content, headers = village.shop.event("checkout.session.completed", session)
    told = urllib.request.Request(f"{village.address}/cards/webhook/", content, {**headers, "Content-Type": "application/json"})
    assert urllib.request.urlopen(told, timeout=20).status == 200
    treasurer = village.log_in(browser, "treasurer")
    treasurer.goto(f"{village.address}/money/cards/")
    expect(treasurer.get_by_text("The provider's own lines say the same")).to_be_visible()
    row = treasurer.get_by_role("table", name="Card payments").get_by_role("row", name=label)
    expect(row.get_by_text("paid")).to_have_count(1)


def test_one_prepares_another_releases_and_a_member_reads_why(village, browser):
    first, second = village.log_in(browser, "treasurer"), village.log_in(browser, "board")
    first.goto(f"{village.address}/money/sharing-out/")
    for label, text in (
        ("Name, as on statements", "Revenue of March"),
        ("First month", "2016-03"),
        ("Last month", "2016-03"),
        ("Revenue: sum to use", "20"),
        ("Revenue: by energy delivered", "100"),
    ):
        first.get_by_label(label).fill(text)
    with first.expect_navigation():
        first.get_by_role("button", name="Show who would get what").click()
    with first.expect_navigation():
        first.get_by_role("button", name="Prepare it").click()
    expect(first.get_by_text("a second treasurer releases it")).to_be_visible()
    expect(first.get_by_role("button", name="Release")).to_have_count(0)
    second.goto(first.url)
    with second.expect_navigation():
        second.get_by_role("button", name="Release").click()
    expect(second.get_by_text("members see their parts")).to_be_visible()

    member = village.log_in(browser, "producer", width=390, language="de-DE")
    member.goto(f"{village.address}/payments/")
    member.get_by_role("link", name="Ausgeschüttet").click()
    part = member.locator("section.card", has_text="Revenue of March")
    amount = part.locator(".figure").inner_text().split()[0]
    expect(part.get_by_role("table")).to_contain_text("Gelieferte Energie")
    assert member.evaluate("document.documentElement.scrollWidth") <= 390
    with member.expect_download() as download:
        part.get_by_role("link", name=re.compile("PDF")).click()
    paper = PdfReader(io.BytesIO(download.value.path().read_bytes()))
    text = "".join(page.extract_text() for page in paper.pages)
    assert amount in text or amount.replace(",", ".") in text  # on paper in the member's language, here in the browser's


def test_a_home_changes_hands_and_each_sees_what_is_theirs(village, browser):
    let(village, TWO_PEOPLE)
    village.passwords.update({f"{who}@wiesengrund.example": "a long enough word" for who in ("goes", "comes")})
    operator = village.log_in(browser, "operator")
    operator.goto(f"{village.address}/admin/energy/siteownership/add/")
    for name, text in (("site", "Am Tausch 7"), ("member", "Ida Neumann")):
        operator.locator(f"#id_{name} + .select2").click()
        operator.locator(".select2-container--open .select2-search__field").fill(text)
        operator.locator(".select2-container--open [role=option]", has_text=text).click()
        expect(operator.locator(f"#id_{name} + .select2")).to_contain_text(text)
    operator.fill("#id_valid_from", "2016-04-01")
    operator.keyboard.press("Escape")
    operator.fill("#id_reason", "Sold")
    with operator.expect_navigation():
        operator.get_by_role("button", name="Save", exact=True).click()
    expect(operator.get_by_text("Each is billed for their own days").first).to_be_visible()
    row = operator.locator("tr", has_text="Ida Neumann")
    expect(row).to_contain_text("theirs")

    goes, comes = village.log_in(browser, "goes"), village.log_in(browser, "comes")
    goes.goto(f"{village.address}/energy/")
    expect(goes.get_by_text("Thursday 31 March 2016")).to_be_visible()
    goes.goto(f"{village.address}/bills/?kind=bill")
    goes.locator("tbody a").first.click()
    expect(goes.get_by_role("heading", level=1)).to_have_text("Bill for March 2016")
    assert comes.goto(goes.url).status == 404
    comes.goto(f"{village.address}/bills/")
    expect(comes.locator(".empty")).to_be_visible()
    comes.goto(f"{village.address}/energy/?day=2016-03-31")
    expect(comes.get_by_text("31 March 2016")).to_have_count(0)
    expect(comes.locator("main")).to_contain_text(re.compile("April 2016|has not sent anything yet"))
