"""The demo's outside world beside the meters: a bank with its statement, a member with a wallet."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from billing.models import BillingRun, Document, DocumentKind, DocumentStatus, PrepaidAgreement
from contracts.adapters.virtual_wallet import VirtualWallet
from contracts.domain.chain import Chain
from contracts.models import PaymentQuote
from contracts.services.outbox import address_on

EVERY_NTH_PAYS_LATER = 6


def bills_of_members(run: BillingRun) -> list[Document]:
    """The run's bills that members pay after they have used, by number."""
    return list(
        Document.objects.filter(run=run, kind=DocumentKind.BILL, member__is_cooperative=False, gross_minor__gt=0)
        .exclude(status=DocumentStatus.DRAFT)
        .exclude(member__in=PrepaidAgreement.objects.values("member"))
        .select_related("member")
        .order_by("number")
    )


def bank_statement(run: BillingRun) -> bytes:
    """What the bank would export: most members pay within days, some later; the first bill is paid on the chain."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    writer.writerow(["Buchungstag", "Betrag", "Auftraggeber", "Verwendungszweck"])
    for place, bill in enumerate(bills_of_members(run)):
        if place == 0 or (place % EVERY_NTH_PAYS_LATER == 0 and place > 1):
            continue
        day = run.issue_date + timedelta(days=2 + place % 5)
        amount = f"{Decimal(bill.gross_minor) / 100:.2f}".replace(".", ",")
        writer.writerow([day.strftime("%d.%m.%Y"), amount, bill.member.name, f"Strom {bill.payment_reference}"])
    return out.getvalue().encode()


def pay_on_chain(run: BillingRun, chain: Chain, folder: Path) -> bool:
    """Let the first member pay a bill from a wallet, a third in the chain's coin and the rest in the coin to try with.

    The same bill again sends the same bytes.
    """
    bills = bills_of_members(run)
    quote = PaymentQuote.objects.filter(document=bills[0]).select_related("coin").first() if bills else None
    address = address_on(chain, "Billing")
    if quote is None or not address:
        return False
    wallet, bill_ref = VirtualWallet(folder), bills[0].chain_ref
    coin = quote.coin if quote.coin is not None and quote.coin.address == address_on(chain, "TestCoin") else None
    first = quote.due_minor // 3 if coin else quote.due_minor
    wallet.pay(chain, address, bill_ref, first * int(quote.wei_per_minor))
    if coin:
        units = (quote.due_minor - first) * int(quote.units_per_minor)
        wallet.pay_in_test_coin(chain, address, coin.address, bill_ref, units)
    return True
