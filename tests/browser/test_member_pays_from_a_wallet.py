"""A member pays a bill from a wallet in the browser, in the stable coin and in the chain's own; one declines, one has no wallet."""

import json
import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.village import let, unpaid_bills

A_PAYER = """
from billing.models import Document
from members.models import Membership, Role, User
bill = Document.objects.get(label="{label}")
user, _ = User.objects.get_or_create(email="payer@wiesengrund.example", defaults={{"name": bill.member.name}})
user.set_password("a long enough word")
user.save()
Membership.objects.get_or_create(user=user, cooperative=bill.cooperative, member=bill.member, role=Role.MEMBER)
print("bill", bill.public_id)
"""
# A wallet as EIP-1193 has it, over an account that the development chain holds: it shows nothing and signs what it is asked for.
A_WALLET = """
window.ethereum = { declines: false, asked: [], async request({ method, params }) {
  this.asked.push(method);
  if (this.declines && method === "eth_sendTransaction") throw Object.assign(new Error("User denied"), { code: 4001 });
  const ask = async (method, params = []) => {
    const reply = await fetch("RPC", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }) });
    const { result, error } = await reply.json();
    if (error) throw Object.assign(new Error(error.message), error);
    return result;
  };
  if (method === "eth_requestAccounts") return [(await ask("eth_accounts"))[7]];
  return ask(method, params);
} };
"""


def a_payer(village, browser: Browser, *, width: int = 1440, language: str = "en") -> tuple[Page, str]:
    """A person whose bill is open, on the page for paying it; and the bill's number."""
    label = unpaid_bills(village)[0][0]
    told = let(village, A_PAYER.format(label=label))
    village.passwords["payer@wiesengrund.example"] = "a long enough word"
    page = village.log_in(browser, "payer", width=width, language=language)
    page.goto(f"{village.address}/bills/{told.split('bill ')[1].split()[0]}/")
    page.locator("a[href$='/chain/']").click()
    page.wait_for_url("**/chain/")
    return page, label


def give_wallet(page: Page) -> None:
    offer = page.request.get(page.url.replace("/bills/", "/api/v1/bills/").replace("/chain/", "/chain-payment/"))
    page.add_init_script(A_WALLET.replace("RPC", offer.json()["rpc_url"]))
    page.reload()


def test_without_a_wallet_there_are_calls_to_copy(village, browser):
    page, _ = a_payer(village, browser, width=390, language="de-DE")
    expect(page.get_by_role("heading", level=1)).to_have_text("Aus einer Wallet zahlen")
    expect(page.get_by_text("In diesem Browser ist keine Wallet")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("zahlen$"))).to_have_count(0)
    page.locator("summary").last.click()
    shown = page.locator("details[open] code")
    expect(shown).to_have_count(6)
    offer = page.request.get(page.url.replace("/bills/", "/api/v1/bills/").replace("/chain/", "/chain-payment/")).json()
    assert shown.all_text_contents() == [call[key] for call in offer["ways"][1]["calls"] for key in ("to", "value", "data")]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_who_declines_in_the_wallet_is_told_and_can_try_again(village, browser):
    page, _ = a_payer(village, browser)
    give_wallet(page)
    page.evaluate("window.ethereum.declines = true")
    button = page.get_by_role("button", name=re.compile(r"^Pay .* tEUR$"))
    button.click()
    expect(page.locator(".verdict.bad")).to_contain_text("You declined in your wallet. Nothing was paid.")
    expect(button).to_be_enabled()
    assert "eth_sendTransaction" in page.evaluate("window.ethereum.asked")


def test_a_bill_is_paid_in_the_stable_coin_and_booked(village, browser):
    page, label = a_payer(village, browser)
    give_wallet(page)
    page.get_by_role("button", name=re.compile(r"^Pay .* tEUR$")).click()
    expect(page.locator(".verdict.good")).to_contain_text("Paid and booked. Thank you.", timeout=60_000)
    expect(page.locator(".check-result li", has_text="The contract may take the coins.")).to_be_visible()
    expect(page.get_by_role("heading", name="With another wallet")).to_be_hidden()
    page.reload()
    expect(page.get_by_role("heading", name="Nothing is left to pay")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^\d+\.\d+ tEUR"))).to_be_visible()
    page.get_by_role("link", name="Back to the bill").click()
    expect(page.get_by_role("heading", name="Settled")).to_be_visible()
    expect(page.locator("dt", has_text="on the chain")).to_be_visible()
    assert label not in {row[0] for row in unpaid_bills(village)}


def test_a_bill_is_paid_in_the_chains_own_coin(village, browser):
    page, label = a_payer(village, browser)
    give_wallet(page)
    page.get_by_role("button", name=re.compile(r"^Pay .* ETH$")).click()
    expect(page.locator(".verdict.good")).to_contain_text("Paid and booked. Thank you.", timeout=60_000)
    notes = let(
        village,
        f'import json; from billing.models import Payment; print("notes", json.dumps(list(Payment.objects.filter(document__label="{label}").values_list("note", flat=True))))',
    )
    [note] = json.loads(notes.split("notes ")[1].splitlines()[0])
    assert note.endswith(" ETH")
