"""A card provider on a port of this machine: the documented wire format of checkout sessions, intents, refunds, disputes, payouts and webhooks.

It keeps its own account by its own rules, apart from the code that it is asked by, so that both can be compared.
"""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from billing.domain.cards.signature import sign

SECRET_KEY, WEBHOOK_SECRET = "sk_test_only_here", "whsec_only_here"
FEE_SHARE, FEE_FIXED, DISPUTE_FEE = 0.014, 25, 1500


class Account:
    """What the provider knows; `down` lets every call fail as a server that is not there does."""

    def __init__(self) -> None:
        self.sessions: dict[str, dict[str, Any]] = {}
        self.intents: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.disputes: dict[str, dict[str, Any]] = {}
        self.payouts: dict[str, dict[str, Any]] = {}
        self.movements: list[dict[str, Any]] = []
        self.answers: dict[str, tuple[int, Any]] = {}
        self.calls: list[tuple[str, str, str]] = []
        self.lock, self.count, self.down, self.lose_answers = threading.RLock(), 0, False, False
        self.pages = "https://checkout.example"

    def ref(self, letters: str) -> str:
        self.count += 1
        return f"{letters}_{self.count:06d}"

    def move(self, kind: str, amount: int, fee: int, source: str) -> dict[str, Any]:
        row = {
            "id": self.ref("txn"),
            "object": "balance_transaction",
            "type": kind,
            "amount": amount,
            "fee": fee,
            "net": amount - fee,
            "source": source,
            "created": int(time.time()),
            "payout": None,
        }
        self.movements.append(row)
        return row

    # What a payer and the payer's bank do.

    def pay(self, session_ref: str) -> str:
        """The payer gives their card: the money is held; returns the intent."""
        session = self.sessions[session_ref]
        assert session["status"] == "open"
        ref = self.ref("pi")
        self.intents[ref] = {
            "id": ref,
            "object": "payment_intent",
            "status": "requires_capture",
            "amount": session["amount"],
            "amount_received": 0,
            "currency": session["currency"],
            "metadata": dict(session["metadata"]),
            "latest_charge": None,
            "payment_method_details": {"card": {"last4": "4242", "brand": "visa"}},
        }
        session.update(status="complete", payment_intent=ref, payment_status="unpaid")
        return ref

    def dispute(self, intent_ref: str, amount: int) -> str:
        ref = self.ref("dp")
        row = {
            "id": ref,
            "object": "dispute",
            "payment_intent": intent_ref,
            "amount": amount,
            "reason": "fraudulent",
            "status": "needs_response",
            "created": int(time.time()),
            "balance_transactions": [self.move("adjustment", -amount, DISPUTE_FEE, ref)],
        }
        self.disputes[ref] = row
        return ref

    def win(self, dispute_ref: str) -> None:
        row = self.disputes[dispute_ref]
        row["status"] = "won"
        row["balance_transactions"].append(self.move("adjustment", row["amount"], 0, dispute_ref))

    def fail_refund(self, refund_ref: str) -> None:
        row = self.refunds[refund_ref]
        back = self.move("refund_failure", row["amount"], 0, refund_ref)
        row.update(status="failed", failure_reason="expired_or_canceled_card", failure_balance_transaction=back)

    def pay_out(self) -> dict[str, Any]:
        """All that was not paid out yet, to the bank."""
        waiting = [row for row in self.movements if row["payout"] is None]
        ref = self.ref("po")
        self.payouts[ref] = {
            "id": ref,
            "object": "payout",
            "status": "paid",
            "amount": sum(row["net"] for row in waiting),
            "created": int(time.time()),
            "arrival_date": int(time.time()),
            "statement_descriptor": "STRIPE",
            "trace_id": {"status": "supported", "value": f"TRC{self.count:09d}"},
        }
        for row in waiting:
            row["payout"] = ref
        return self.payouts[ref]

    def event(self, kind: str, thing: dict[str, Any], *, at: int | None = None) -> tuple[bytes, dict[str, str]]:
        """A webhook as it is sent: the body and its headers."""
        content = json.dumps({"id": self.ref("evt"), "type": kind, "created": int(time.time()), "data": {"object": thing}}).encode()
        when = at or int(time.time())
        return content, {"Stripe-Signature": f"t={when},v1={sign(content, secret=WEBHOOK_SECRET, at=when)},v0=old"}

    # What is asked over HTTP.

    def answer(self, method: str, path: str, fields: dict[str, str]) -> tuple[int, Any]:
        for pattern, verb, work in ROUTES:
            found = re.fullmatch(pattern, path)
            if found and verb == method:
                return work(self, fields, *found.groups())
        return 404, {"error": {"message": f"no such thing: {method} {path}"}}

    def create_session(self, fields: dict[str, str]) -> tuple[int, Any]:
        if fields["payment_intent_data[capture_method]"] != "manual" or fields["mode"] != "payment":
            return 400, {"error": {"message": "unexpected"}}
        ref = self.ref("cs")
        self.sessions[ref] = {
            "id": ref,
            "object": "checkout.session",
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": None,
            "url": f"{self.pages}/pay/{ref}",
            "back": fields["success_url"],
            "amount": int(fields["line_items[0][price_data][unit_amount]"]),
            "currency": fields["line_items[0][price_data][currency]"],
            "metadata": {"checkout": fields["payment_intent_data[metadata][checkout]"]},
        }
        return 200, self.sessions[ref]

    def get_session(self, fields: dict[str, str], ref: str) -> tuple[int, Any]:
        return 200, self.sessions[ref]

    def expire_session(self, fields: dict[str, str], ref: str) -> tuple[int, Any]:
        if self.sessions[ref]["status"] != "open":
            return 400, {"error": {"message": "Only open sessions can be expired."}}
        self.sessions[ref]["status"] = "expired"
        return 200, self.sessions[ref]

    def get_intent(self, fields: dict[str, str], ref: str) -> tuple[int, Any]:
        return 200, self.intents[ref]

    def capture(self, fields: dict[str, str], ref: str) -> tuple[int, Any]:
        intent = self.intents[ref]
        if intent["status"] != "requires_capture":
            return 400, {"error": {"message": f"status is {intent['status']}"}}
        amount = int(fields["amount_to_capture"])
        charge = {"id": self.ref("ch"), "object": "charge", "payment_intent": ref}
        fee = round(amount * FEE_SHARE) + FEE_FIXED
        moved = self.move("charge", amount, fee, charge["id"])
        charge["balance_transaction"] = moved
        intent.update(status="succeeded", amount_received=amount, latest_charge=charge)
        return 200, intent

    def cancel(self, fields: dict[str, str], ref: str) -> tuple[int, Any]:
        self.intents[ref]["status"] = "canceled"
        return 200, self.intents[ref]

    def refund(self, fields: dict[str, str]) -> tuple[int, Any]:
        intent, amount = self.intents[fields["payment_intent"]], int(fields["amount"])
        given = sum(r["amount"] for r in self.refunds.values() if r["payment_intent"] == intent["id"])
        if given + amount > intent["amount_received"]:
            return 400, {"error": {"message": "Refund is greater than what is left."}}
        ref = self.ref("re")
        self.refunds[ref] = {
            "id": ref,
            "object": "refund",
            "status": "succeeded",
            "amount": amount,
            "payment_intent": intent["id"],
            "metadata": {"refund": fields.get("metadata[refund]", "")},
            "balance_transaction": self.move("refund", -amount, 0, ref),
        }
        return 200, self.refunds[ref]

    def get_refunds(self, fields: dict[str, str]) -> tuple[int, Any]:
        return 200, _page([r for r in self.refunds.values() if r["payment_intent"] == fields["payment_intent"]], fields)

    def get_disputes(self, fields: dict[str, str]) -> tuple[int, Any]:
        return 200, _page([d for d in self.disputes.values() if d["payment_intent"] == fields["payment_intent"]], fields)

    def get_payouts(self, fields: dict[str, str]) -> tuple[int, Any]:
        return 200, _page([p for p in self.payouts.values() if p["created"] >= int(fields["created[gte]"])], fields)

    def get_movements(self, fields: dict[str, str]) -> tuple[int, Any]:
        rows = [{**m, "source": self._source(m["source"])} for m in self.movements if m["payout"] == fields["payout"]]
        payout = self.payouts[fields["payout"]]
        own = {
            "id": f"txn_{payout['id']}",
            "type": "payout",
            "amount": -payout["amount"],
            "fee": 0,
            "source": payout,
            "created": payout["created"],
        }
        return 200, _page([*rows, own], fields)

    def _source(self, ref: str) -> Any:
        charges = [i["latest_charge"] for i in self.intents.values() if i["latest_charge"]]
        found = [c for c in charges if c["id"] == ref]
        return found[0] if found else self.refunds.get(ref) or self.disputes.get(ref) or ref


def _page(rows: list[dict[str, Any]], fields: dict[str, str]) -> dict[str, Any]:
    """Two rows at a time, whatever limit is asked: pages have to be followed."""
    after = fields.get("starting_after")
    start = next((n + 1 for n, row in enumerate(rows) if row["id"] == after), 0)
    return {"object": "list", "data": rows[start : start + 2], "has_more": start + 2 < len(rows)}


ROUTES: list[tuple[str, str, Any]] = [
    (r"/v1/checkout/sessions", "POST", Account.create_session),
    (r"/v1/checkout/sessions/(\w+)", "GET", Account.get_session),
    (r"/v1/checkout/sessions/(\w+)/expire", "POST", Account.expire_session),
    (r"/v1/payment_intents/(\w+)", "GET", Account.get_intent),
    (r"/v1/payment_intents/(\w+)/capture", "POST", Account.capture),
    (r"/v1/payment_intents/(\w+)/cancel", "POST", Account.cancel),
    (r"/v1/refunds", "POST", Account.refund),
    (r"/v1/refunds", "GET", Account.get_refunds),
    (r"/v1/disputes", "GET", Account.get_disputes),
    (r"/v1/payouts", "GET", Account.get_payouts),
    (r"/v1/balance_transactions", "GET", Account.get_movements),
]


PAY_PAGE = re.compile(r"/pay/(\w+)")


class Handler(BaseHTTPRequestHandler):
    """One call: the key, the version and the idempotency key are looked at as the provider does."""

    account: Account

    def do_GET(self) -> None:
        if found := PAY_PAGE.fullmatch(self.path):
            return self._show(self.account.sessions[found[1]])
        return self._do(dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        fields = dict(parse_qsl(self.rfile.read(length).decode()))
        if found := PAY_PAGE.fullmatch(self.path):
            with self.account.lock:
                self.account.pay(found[1])
            return self._lead(self.account.sessions[found[1]]["back"])
        return self._do(fields)

    def _show(self, session: dict[str, Any]) -> None:
        """The page on which a payer gives their card."""
        content = f"""<!doctype html><title>Pay</title><h1>{session["amount"] / 100:.2f} {session["currency"]}</h1>
            <form method="post"><button>Pay</button></form>""".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _lead(self, url: str) -> None:
        self.send_response(303)
        self.send_header("Location", url)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _do(self, fields: dict[str, str]) -> None:
        account, path, key = self.account, urlsplit(self.path).path, self.headers.get("Idempotency-Key", "")
        with account.lock:
            account.calls.append((self.command, path, key))
            if account.down:
                return self._tell(503, {"error": {"message": "down"}})
            if self.headers.get("Authorization") != f"Bearer {SECRET_KEY}" or not self.headers.get("Stripe-Version"):
                return self._tell(401, {"error": {"message": "who are you"}})
            if self.command == "POST" and not key:
                return self._tell(400, {"error": {"message": "no idempotency key"}})
            if key not in account.answers:
                status, told = account.answer(self.command, path, fields)
                if key:
                    account.answers[key] = (status, json.loads(json.dumps(told)))
            else:
                status, told = account.answers[key]
            if account.lose_answers and self.command == "POST":
                account.lose_answers = False
                return self.connection.close()
            return self._tell(status, told)

    def _tell(self, status: int, told: Any) -> None:
        content = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *words: Any) -> None:
        """Quiet."""


@contextmanager
def card_server() -> Iterator[tuple[str, Account]]:
    """The provider on a free port, until the block ends."""
    account = Account()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OneHandler", (Handler,), {"account": account}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    account.pages = f"http://127.0.0.1:{server.server_port}"
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", account
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
