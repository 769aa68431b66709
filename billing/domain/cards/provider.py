"""What a card provider is asked and what it answers. Amounts in minor units; no number, name or date of a card is among it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from billing.domain.banking.references import plain

SUCCEEDED, HELD, CANCELLED = "succeeded", "requires_capture", "canceled"
REFUND_FAILED = ("failed", "canceled")
PAID_OUT = ("paid", "in_transit")


class CannotReachProvider(ConnectionError):
    """The provider does not answer, or not now; asking again later is right."""


class ProviderRefuses(ValueError):
    """The provider answers no; the message is its own."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of the provider's account of ours: `amount_minor` before `fee_minor`; negative where money leaves."""

    ref: str
    kind: str
    amount_minor: int
    fee_minor: int
    source_ref: str
    happened_at: datetime
    intent_ref: str = ""

    @property
    def net_minor(self) -> int:
        return self.amount_minor - self.fee_minor


@dataclass(frozen=True, slots=True)
class Session:
    """The provider's page on which a sum is paid; `status` open, complete or expired."""

    ref: str
    url: str
    status: str
    intent_ref: str


@dataclass(frozen=True, slots=True)
class Intent:
    """A sum on its way from a card: held, collected or given up. `checkout_key` is our own id that we gave with it."""

    ref: str
    status: str
    amount_minor: int
    received_minor: int
    currency: str
    checkout_key: str
    movement: Movement | None = None


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A refund to a card; `refund_key` is our own id, empty where it was not made by us."""

    ref: str
    status: str
    amount_minor: int
    refund_key: str
    why: str = ""
    movements: tuple[Movement, ...] = ()


@dataclass(frozen=True, slots=True)
class Disputed:
    """A chargeback: what the payer's bank takes back, and what the provider holds back for it now."""

    ref: str
    status: str
    reason: str
    amount_minor: int
    opened_at: datetime
    movements: tuple[Movement, ...] = ()

    @property
    def withdrawn_minor(self) -> int:
        """Nothing while the bank only asks, and nothing again once the dispute is won."""
        return -sum(movement.amount_minor for movement in self.movements)


@dataclass(frozen=True, slots=True)
class Sent:
    """A payout of the provider to our bank."""

    ref: str
    status: str
    amount_minor: int
    arrival_date: date
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """An event: that something happened to an object. Only what to ask about is read of it."""

    ref: str
    kind: str
    object_ref: str
    intent_ref: str
    told_at: datetime


class CardProvider(Protocol):
    """The interface of a provider. Each call that changes something carries a key of ours: repeated, it does nothing anew.

    Raises, each of them:
        CannotReachProvider, ProviderRefuses.
    """

    name: str

    def create_session(self, *, key: str, amount_minor: int, currency: str, text: str, success_url: str, cancel_url: str) -> Session:
        """Open a page on which the sum is paid; the money is held until `capture`."""

    def session(self, ref: str) -> Session:
        """A page as it stands."""

    def expire_session(self, ref: str) -> Session:
        """Close a page that was not paid."""

    def intent(self, ref: str) -> Intent:
        """A sum as it stands."""

    def capture(self, ref: str, *, key: str, amount_minor: int) -> Intent:
        """Collect what is held."""

    def cancel(self, ref: str, *, key: str) -> Intent:
        """Let go of what is held."""

    def refund(self, intent_ref: str, *, key: str, amount_minor: int) -> GivenBack:
        """Give back to the card that paid."""

    def refunds(self, intent_ref: str) -> list[GivenBack]:
        """All that was given back of a sum."""

    def disputes(self, intent_ref: str) -> list[Disputed]:
        """All disputes about a sum."""

    def payouts(self, *, since: datetime) -> list[Sent]:
        """What was sent to our bank since then."""

    def movements_of(self, payout_ref: str) -> list[Movement]:
        """The movements that a payout is made of, without the payout itself."""

    def read_event(self, content: bytes, headers: Mapping[str, str], *, now: datetime) -> Told:
        """An event whose signature and time are right.

        Raises:
            BadSignature: they are not.
        """


@dataclass(frozen=True, slots=True)
class PayoutKnown:
    """A provider's payout that waits for its movement on our account."""

    ref: str
    amount_minor: int
    arrival_date: date
    trace: str


def payout_named(
    *, amount_minor: int, booked_date: date, words: str, payer: str, payouts: list[PayoutKnown], provider: str, days: int = 5
) -> PayoutKnown | None:
    """The payout that a movement of our account brings: named by its id or trace, or the only one of its sum from the provider around its day."""
    written = plain(words)
    fitting = [p for p in payouts if p.amount_minor == amount_minor]
    for payout in fitting:
        if any(plain(name) in written for name in (payout.ref, payout.trace) if name):
            return payout
    if provider.upper() not in payer.upper():
        return None
    near = [p for p in fitting if abs((booked_date - p.arrival_date).days) <= days]
    return near[0] if len(near) == 1 else None
