"""What the witness asks of a chain; the adapters beside this room's services answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class ChainUnavailable(ConnectionError):
    """The chain's node does not answer; what is waiting stays waiting."""


class CannotPayForGas(ChainUnavailable):
    """The signing account has too little to send anything; what is waiting stays waiting."""


class CallReverted(ValueError):
    """A contract refused; the message is its reason."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction."""

    block_number: int
    succeeded: bool
    gas_used: int


@dataclass(frozen=True, slots=True)
class PaymentEvent:
    """A `PaymentReceived` event of the Billing contract; `position` counts those of one transaction.

    `token` is address zero for the chain's own coin; `paid_units` are wei or units of the token, `applied_wad` minor units with 18 decimals,
    `credit_wei` is the payer's credit after it, `log_index` its place among all events of its block.
    """

    bill_id: str
    payer: str
    token: str
    paid_units: int
    applied_wad: int
    transaction_hash: str
    position: int
    block_number: int
    log_index: int
    credit_wei: int


@dataclass(frozen=True, slots=True)
class WithdrawalEvent:
    """A `Withdrawn` event of the Billing contract: so many wei, or units of `token`, left it to the account `payee`."""

    payee: str
    token: str
    units: int
    transaction_hash: str
    position: int
    block_number: int
    log_index: int


@dataclass(frozen=True, slots=True)
class UnsignedTransaction:
    """What is to be signed; `to` empty for a deployment."""

    sender: str
    to: str
    nonce: int
    calldata: bytes
    value_wei: int = 0


class Chain(Protocol):
    """A chain as the witness uses it."""

    def chain_id(self) -> int: ...
    def genesis_hash(self) -> str: ...
    def block_number(self) -> int: ...
    def block_hash(self, number: int) -> str: ...
    def block_time(self) -> int: ...
    def next_nonce(self, address: str) -> int: ...
    def has_code(self, address: str) -> bool: ...
    def sign(self, transaction: UnsignedTransaction, private_key: str) -> tuple[bytes, str]: ...
    def sign_dearer(self, raw: bytes, private_key: str, highest_fee_wei: int) -> tuple[bytes, str] | None: ...
    def send(self, raw: bytes) -> None: ...
    def receipt(self, transaction_hash: str) -> Receipt | None: ...
    def encode(self, contract: str, function: str, arguments: Sequence[Any]) -> bytes: ...
    def deployment(self, contract: str, arguments: Sequence[Any]) -> bytes: ...
    def call(self, contract: str, address: str, function: str, arguments: Sequence[Any]) -> Any: ...
    def payments(self, address: str, first_block: int, last_block: int) -> list[PaymentEvent]: ...
    def withdrawals(self, address: str, first_block: int, last_block: int) -> list[WithdrawalEvent]: ...
    def provide_play_money(self, address: str) -> None: ...
