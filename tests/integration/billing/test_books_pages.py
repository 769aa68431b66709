"""The books as pages and files: whose they are, what they hold, where entries lead."""

import csv
import io
from collections import Counter
from datetime import date, timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.text import capfirst

from billing.models import AccountCode, Document, ExternalAccount, LedgerEntry, LedgerTransaction, PaymentRail, TariffVersion
from billing.selectors.books import trial_balance_of
from billing.selectors.causes import causes_of
from billing.selectors.rounding import rounding_report
from billing.selectors.vat_return import vat_return
from billing.services.journal_export import datev_file, journal_csv
from billing.services.ledger import account, post_transaction, reverse_transaction
from billing.services.payments import book_payment
from kernel.intervals import Month
from members.models import AccessRecord, Cooperative, Membership, Role, User
from tests.integration.billing.conftest import NOW, Hamlet
from tests.rendered_texts import left_in_english

APRIL = Month(2016, 4)
PAGES = ("books", "books-vat", "books-periods")


def client_of(cooperative: Cooperative, role: Role | None, name: str = "tess") -> Client:
    user = User.objects.create_user(f"{name}@x.org")
    if role is not None:
        Membership.objects.create(user=user, cooperative=cooperative, role=role)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def booked(hamlet: Hamlet) -> Hamlet:
    """A posted run, a paid bill, a payment by a long reference, and a fee that was taken back."""
    hamlet.bill()
    first, second = Document.objects.filter(kind="bill", gross_minor__gt=0).order_by("label")[:2]
    for bill, ref in ((first, "r1"), (second, "x" * 150)):
        book_payment(document=bill, amount_minor=bill.gross_minor, rail=PaymentRail.BANK, external_ref=ref, received_at=NOW, now=NOW)
    fee = post_transaction(
        cooperative=hamlet.cooperative,
        idempotency_key="fee:1",
        cause="fee",
        booked_date=NOW.date(),
        now=NOW,
        amounts={
            account(hamlet.cooperative, AccountCode.RECEIVABLE, first.member): 250,
            account(hamlet.cooperative, AccountCode.FEES): -250,
        },
    )
    reverse_transaction(posted=fee, cause="correction", booked_date=NOW.date() + timedelta(days=1), now=NOW)
    return hamlet


@pytest.mark.parametrize(
    "role, status", [(Role.TARIFF_ADMIN, 200), (Role.AUDITOR, 200), (Role.OPERATOR, 404), (Role.SUPPORT, 404), (None, 404)]
)
def test_books_are_open_to_treasurers_and_auditors(booked: Hamlet, role: Role | None, status: int) -> None:
    client = client_of(booked.cooperative, role)
    own = [
        *(reverse(name) for name in PAGES),
        reverse("books-sheet", args=["bank", "EUR"]),
        reverse("books-journal") + "?month=2016-04",
        reverse("books-transaction", args=[LedgerTransaction.objects.first().public_id]),
    ]
    assert {client.get(url).status_code for url in own} == {status}


def test_other_cooperatives_books_stay_theirs(booked: Hamlet) -> None:
    other = Cooperative.objects.create(slug="other", name="other")
    client = client_of(other, Role.TARIFF_ADMIN)
    assert client.get(reverse("books") + "?cooperative=hamlet").status_code == 404
    posted = LedgerTransaction.objects.first()
    assert client.get(reverse("books-transaction", args=[posted.public_id])).status_code == 404
    assert client.post(reverse("books-close"), {"cooperative": "hamlet", "month": "2016-04"}).status_code == 404


def test_pages_ask_the_database_a_bounded_number_of_times(booked: Hamlet) -> None:
    client = client_of(booked.cooperative, Role.TARIFF_ADMIN)
    for url, most in {
        reverse("books"): 12,
        reverse("books-vat"): 14,
        reverse("books-periods"): 16,
        reverse("books-sheet", args=["receivable", "EUR"]): 18,
    }.items():
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url + "?month=2016-04").status_code == 200
        assert len(asked) <= most, (url, len(asked))


def test_every_entry_leads_to_its_cause(booked: Hamlet) -> None:
    causes = causes_of(LedgerTransaction.objects.all())
    kinds = Counter(cause.kind for cause in causes.values())
    documents = Document.objects.count()
    assert kinds == {"document": documents, "payment": 2, "fee": 1, "reversal": 1}
    assert all(cause.row is not None for cause in causes.values() if cause.kind != "fee")
    page = client_of(booked.cooperative, Role.AUDITOR).get(reverse("books-sheet", args=["bank", "EUR"]) + "?month=2016-04").content.decode()
    assert page.count("payment of B-2016-") == 2 and "/admin/billing/payment/" in page


def test_a_look_at_one_members_account_is_written_down(booked: Hamlet) -> None:
    member = Document.objects.filter(kind="bill").first().member
    client = client_of(booked.cooperative, Role.AUDITOR)
    url = reverse("books-sheet", args=["receivable", "EUR"]) + f"?month=2016-04&member={member.number}"
    assert client.get(url).status_code == 200
    assert AccessRecord.objects.get().member == member


def test_vat_from_the_books_agrees_with_the_documents(booked: Hamlet) -> None:
    report = vat_return(booked.cooperative, APRIL.first_day, APRIL.last_day)
    bills = Document.objects.filter(kind="bill")
    assert report.tax_minor == sum(bills.values_list("vat_minor", flat=True)) > 0
    assert report.agrees and {row.key.side for row in report.rows} == {"output", "input"}
    stray = post_transaction(
        cooperative=booked.cooperative,
        idempotency_key="stray",
        cause="stray",
        booked_date=date(2016, 4, 9),
        now=NOW,
        amounts={account(booked.cooperative, AccountCode.VAT): -7, account(booked.cooperative, AccountCode.BANK): 7},
    )
    assert vat_return(booked.cooperative, APRIL.first_day, APRIL.last_day).beside == [(stray.pk, -7)]
    client = client_of(booked.cooperative, Role.AUDITOR)
    page = client.get(reverse("books-vat") + "?month=2016-04").content.decode()
    assert "moved a tax account and stands on no document" in page and "/books/accounts/vat/EUR/" in page


@pytest.mark.parametrize("span, first", [("month", "2016-04-01"), ("quarter", "2016-04-01"), ("year", "2016-01-01")])
def test_the_vat_return_is_a_file_of_month_quarter_or_year(booked: Hamlet, span: str, first: str) -> None:
    client = client_of(booked.cooperative, Role.AUDITOR)
    text = client.get(reverse("books-vat-file") + f"?month=2016-04&span={span}").content.decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    (standard,) = [row for row in rows if row["treatment"] == "standard"]
    net = sum(part.net_minor for d in Document.objects.filter(kind="bill") for part in d.vat_sums.filter(category="S"))
    assert (standard["first_day"], standard["key_number_net"]) == (first, "81")
    assert round(float(standard["net"]) * 100) == net > 0
    german = client.get(reverse("books-vat") + f"?month=2016-04&span={span}", HTTP_ACCEPT_LANGUAGE="de").content.decode()
    assert "Umsatzsteuer" in german and "Kennzahl" in german


def test_rounding_stays_within_half_a_cent_a_line(booked: Hamlet) -> None:
    lines = rounding_report(booked.cooperative, APRIL)
    assert lines and all(line.is_within for line in lines)
    balance = trial_balance_of(booked.cooperative, until=date(2016, 12, 31))
    assert not [line for line in balance.lines if line.code == "rounding" and line.closing_minor]


def test_a_file_for_the_adviser_books_the_same_sums(booked: Hamlet) -> None:
    """Who reads the batch into another system gets every account to where it stands here."""
    name, content = datev_file(cooperative=booked.cooperative, month=APRIL, now=NOW)
    rows = list(csv.reader(io.StringIO(content.decode("cp1252"), newline=""), delimiter=";"))[2:]
    there: Counter[int] = Counter()
    for row in rows:
        minor = int(row[0].replace(",", ""))
        there[int(row[6])] += minor
        there[int(row[7])] -= minor
    here: Counter[int] = Counter()
    numbers = dict(ExternalAccount.objects.values_list("account", "number"))
    for entry in LedgerEntry.objects.all():
        here[numbers[entry.account_id]] += entry.debit_minor - entry.credit_minor
    assert name == "EXTF_Buchungsstapel_201604.csv"
    assert {k: v for k, v in there.items() if v} == {k: v for k, v in here.items() if v}
    label = Document.objects.filter(kind="bill", gross_minor__gt=0).order_by("label")[0].label
    assert sum(row[10] == label for row in rows) >= 2  # the bill and its payment clear by one reference


def test_numbers_of_accounts_are_given_once(booked: Hamlet) -> None:
    before = datev_file(cooperative=booked.cooperative, month=APRIL, now=NOW)[1]
    account(booked.cooperative, AccountCode.EXCHANGE)
    assert datev_file(cooperative=booked.cooperative, month=APRIL, now=NOW)[1] == before
    receivables = ExternalAccount.objects.filter(account__code="receivable").values_list("number", flat=True)
    assert min(receivables) == 10_000 and len(set(receivables)) == len(receivables)


def test_the_journal_as_csv_has_every_entry(booked: Hamlet) -> None:
    rows = list(csv.DictReader(io.StringIO("".join(journal_csv(cooperative=booked.cooperative, month=APRIL)))))
    assert len(rows) == LedgerEntry.objects.count()
    total = {side: sum(round(float(row[side] or 0) * 100) for row in rows) for side in ("debit", "credit")}
    assert total["debit"] == total["credit"] > 0


def test_a_treasurer_closes_and_another_one_opens_again(booked: Hamlet) -> None:
    ada = client_of(booked.cooperative, Role.TARIFF_ADMIN, "ada")
    ben = client_of(booked.cooperative, Role.TARIFF_ADMIN, "ben")
    auditor = client_of(booked.cooperative, Role.AUDITOR, "aud")
    form = {"cooperative": "hamlet", "month": "2016-04"}
    assert auditor.post(reverse("books-close"), form).status_code == 404
    assert "April 2016 is closed." in ada.post(reverse("books-close"), form, follow=True).content.decode()
    reopen = form | {"reason": "a bill was forgotten"}
    assert "somebody else" in ada.post(reverse("books-reopen"), reopen, follow=True).content.decode()
    page = ben.post(reverse("books-reopen"), reopen, follow=True).content.decode()
    assert "is open again" in page and "a bill was forgotten" in page


def test_no_page_of_the_treasurer_is_english_to_a_german_reader(booked: Hamlet) -> None:
    """Money, books and the admin's pages of billing; texts that are the same in both languages are names, data, or a mistake."""
    client = client_of(booked.cooperative, Role.TARIFF_ADMIN)
    User.objects.update(is_staff=True)
    bill = Document.objects.filter(kind="bill").order_by("label").first()
    models = [model for model in admin.site._registry if model._meta.app_label == "billing"]
    # Other rooms' rows in the side bar, the theme's pictograms by their names, and words that are names of the hamlet's or of windows.
    others = {capfirst(str(m._meta.verbose_name_plural)) for m in admin.site._registry if m._meta.app_label not in ("billing", "members")}
    data = frozenset(others) | {
        "Microgrid",
        "unfold_more",
        "dock_to_right",
        "more_horiz",
        "more_vert",
        "expand_more",
        "standard",
        "day",
        "members",
    }
    urls = [
        *(
            reverse(f"money{name}")
            for name in ("", "-orders", "-members", "-cards", "-prepaid", "-by-hand", "-shares", "-sharing-out", "-incentives")
        ),
        reverse("money-member", args=[bill.member.public_id]),
        *(reverse(f"books{name}") for name in ("", "-arrears", "-vat", "-year", "-periods")),
        reverse("reconciliation"),
        reverse("books-sheet", args=["receivable", "EUR"]),
        reverse("books-member-arrears", args=[bill.member.public_id]),
        reverse("books-transaction", args=[LedgerTransaction.objects.first().public_id]),
        reverse("admin:index"),
        reverse("admin:billing_billingrun_change", args=[bill.run_id]),
        reverse("admin:billing_document_change", args=[bill.pk]),
        reverse("admin:billing_tariffversion_change", args=[TariffVersion.objects.order_by("pk").first().pk]),
        *(reverse(f"admin:billing_{model._meta.model_name}_changelist") for model in models),
        "/nowhere/",
    ]
    left: dict[str, list[str]] = {}
    for url in urls:
        english, german = (client.get(url, headers={"Accept-Language": language}) for language in ("en", "de"))
        assert english.status_code == german.status_code
        found = left_in_english(english.content.decode(), german.content.decode(), data)
        if found:
            left[url] = found
    assert left == {}
