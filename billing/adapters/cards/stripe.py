"""A provider with Stripe's HTTP API: form fields in, JSON out, `Idempotency-Key` on what changes something, a pinned version.

Of the answers only ids, sums, states and times are read; what they hold of cards stays with the provider.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import requests

from billing.domain.cards.provider import CannotReachProvider, Disputed, GivenBack, Intent, Movement, ProviderRefuses, Sent, Session, Told
from billing.domain.cards.signature import BadSignature, check_signature

VERSION = "2024-06-20"
PATIENCE_S = (5, 20)
PAGE = 100
MOST_PAGES = 100
LONGEST_ANSWER = 5_000_000
TRY_AGAIN = {408, 409, 425, 429, 500, 502, 503, 504}


class Stripe:
    """The account of one secret key."""

    name = "stripe"

    def __init__(self, url: str, key: str, webhook_secrets: tuple[str, ...]) -> None:
        self._url, self._secrets = url.rstrip("/"), webhook_secrets
        self._headers = {"Authorization": f"Bearer {key}", "Stripe-Version": VERSION}

    def create_session(self, *, key: str, amount_minor: int, currency: str, text: str, success_url: str, cancel_url: str) -> Session:
        fields = {
            "mode": "payment",
            "payment_method_types[0]": "card",
            "client_reference_id": key,
            "metadata[checkout]": key,
            "line_items[0][quantity]": "1",
            "line_items[0][price_data][currency]": currency.lower(),
            "line_items[0][price_data][unit_amount]": str(amount_minor),
            "line_items[0][price_data][product_data][name]": text,
            "payment_intent_data[capture_method]": "manual",
            "payment_intent_data[metadata][checkout]": key,
            "payment_intent_data[description]": text,
            "success_url": success_url,
            "cancel_url": cancel_url,
        }
        return _session(self._post("/v1/checkout/sessions", fields, f"session:{key}"))

    def session(self, ref: str) -> Session:
        return _session(self._get(f"/v1/checkout/sessions/{ref}"))

    def expire_session(self, ref: str) -> Session:
        return _session(self._post(f"/v1/checkout/sessions/{ref}/expire", {}, f"expire:{ref}"))

    def intent(self, ref: str) -> Intent:
        return _intent(self._get(f"/v1/payment_intents/{ref}", {"expand[0]": "latest_charge.balance_transaction"}))

    def capture(self, ref: str, *, key: str, amount_minor: int) -> Intent:
        fields = {"amount_to_capture": str(amount_minor), "expand[0]": "latest_charge.balance_transaction"}
        return _intent(self._post(f"/v1/payment_intents/{ref}/capture", fields, f"capture:{key}"))

    def cancel(self, ref: str, *, key: str) -> Intent:
        return _intent(self._post(f"/v1/payment_intents/{ref}/cancel", {}, f"cancel:{key}"))

    def refund(self, intent_ref: str, *, key: str, amount_minor: int) -> GivenBack:
        fields = {"payment_intent": intent_ref, "amount": str(amount_minor), "metadata[refund]": key, "expand[0]": "balance_transaction"}
        return _refund(self._post("/v1/refunds", fields, f"refund:{key}"))

    def refunds(self, intent_ref: str) -> list[GivenBack]:
        asked = {"payment_intent": intent_ref, "expand[0]": "data.balance_transaction", "expand[1]": "data.failure_balance_transaction"}
        return [_refund(one) for one in self._list("/v1/refunds", asked)]

    def disputes(self, intent_ref: str) -> list[Disputed]:
        return [_dispute(one) for one in self._list("/v1/disputes", {"payment_intent": intent_ref})]

    def payouts(self, *, since: datetime) -> list[Sent]:
        asked = {"created[gte]": str(int(since.timestamp()))}
        return [_payout(one) for one in self._list("/v1/payouts", asked)]

    def movements_of(self, payout_ref: str) -> list[Movement]:
        asked = {"payout": payout_ref, "expand[0]": "data.source"}
        rows = [_movement(one) for one in self._list("/v1/balance_transactions", asked)]
        return [row for row in rows if row.source_ref != payout_ref]

    def read_event(self, content: bytes, headers: Mapping[str, str], *, now: datetime) -> Told:
        check_signature(content, headers.get("Stripe-Signature", ""), secrets=self._secrets, now=now)
        try:
            event = json.loads(content)
            thing = event["data"]["object"]
            told_at = _time(event["created"])
            return Told(str(event["id"])[:120], str(event["type"])[:80], str(thing["id"])[:120], _intent_of(thing), told_at)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as problem:
            raise BadSignature("The message is signed, but no event.") from problem

    def _get(self, path: str, fields: Mapping[str, str] | None = None) -> dict[str, Any]:
        return self._ask("GET", path, params=dict(fields or {}))

    def _post(self, path: str, fields: Mapping[str, str], key: str) -> dict[str, Any]:
        return self._ask("POST", path, data=dict(fields), headers={"Idempotency-Key": key})

    def _list(self, path: str, fields: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """All rows of a list, page by page."""
        asked = {**fields, "limit": str(PAGE)}
        for _ in range(MOST_PAGES):
            page = self._get(path, asked)
            yield from page["data"]
            if not page.get("has_more") or not page["data"]:
                return
            asked["starting_after"] = page["data"][-1]["id"]
        raise ProviderRefuses(f"{path} has more than {MOST_PAGES} pages.")

    def _ask(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **words: Any) -> dict[str, Any]:
        try:
            answer = requests.request(
                method,
                f"{self._url}{quote(path)}",
                headers={**self._headers, **(headers or {})},
                timeout=PATIENCE_S,
                allow_redirects=False,
                **words,
            )
        except requests.RequestException as problem:
            # The library's message may name headers of ours.
            raise CannotReachProvider(f"The card provider does not answer ({type(problem).__name__}).") from None
        if answer.status_code in TRY_AGAIN:
            raise CannotReachProvider(f"The card provider answers {answer.status_code}.")
        if len(answer.content) > LONGEST_ANSWER:
            raise ProviderRefuses("The card provider's answer is too long.")
        try:
            told = answer.json()
        except ValueError as problem:
            raise CannotReachProvider("The card provider's answer is no JSON.") from problem
        if answer.status_code != 200:
            error = told.get("error") or {} if isinstance(told, dict) else {}
            raise ProviderRefuses(str(error.get("message") or answer.status_code)[:200])
        return told


def _time(seconds: Any) -> datetime:
    return datetime.fromtimestamp(int(seconds), tz=UTC)


def _id(value: Any) -> str:
    """An id, whether the object came whole or by its name."""
    return str(value.get("id", "")) if isinstance(value, dict) else str(value or "")


def _intent_of(thing: Mapping[str, Any]) -> str:
    """The intent that an object is about: itself, or the one that it names."""
    if thing.get("object") == "payment_intent":
        return str(thing["id"])[:120]
    return _id(thing.get("payment_intent"))[:120]


def _session(told: Mapping[str, Any]) -> Session:
    return Session(told["id"], told.get("url") or "", told.get("status") or "open", _id(told.get("payment_intent")))


def _intent(told: Mapping[str, Any]) -> Intent:
    charge = told.get("latest_charge")
    moved = charge.get("balance_transaction") if isinstance(charge, dict) else None
    return Intent(
        told["id"],
        told["status"],
        int(told["amount"]),
        int(told.get("amount_received") or 0),
        str(told["currency"]).upper(),
        str((told.get("metadata") or {}).get("checkout", "")),
        _movement(moved) if isinstance(moved, dict) else None,
    )


def _movement(told: Mapping[str, Any]) -> Movement:
    source = told.get("source")
    intent = _id(source.get("payment_intent")) if isinstance(source, dict) else ""
    return Movement(told["id"], told["type"], int(told["amount"]), int(told.get("fee") or 0), _id(source), _time(told["created"]), intent)


def _refund(told: Mapping[str, Any]) -> GivenBack:
    moved = [told.get("balance_transaction"), told.get("failure_balance_transaction")]
    return GivenBack(
        told["id"],
        told.get("status") or "pending",
        int(told["amount"]),
        str((told.get("metadata") or {}).get("refund", "")),
        str(told.get("failure_reason") or ""),
        tuple(_movement(one) for one in moved if isinstance(one, dict)),
    )


def _dispute(told: Mapping[str, Any]) -> Disputed:
    moved = tuple(_movement(one) for one in told.get("balance_transactions") or [])
    return Disputed(told["id"], told["status"], str(told.get("reason") or ""), int(told["amount"]), _time(told["created"]), moved)


def _payout(told: Mapping[str, Any]) -> Sent:
    trace = told.get("trace_id") or {}
    value = str(trace.get("value") or "") if isinstance(trace, dict) else ""
    return Sent(told["id"], told["status"], int(told["amount"]), _time(told["arrival_date"]).date(), value[:80])
