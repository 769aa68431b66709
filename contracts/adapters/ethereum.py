"""An Ethereum or Polygon node through web3."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import requests
from eth_abi import decode
from eth_abi.exceptions import DecodingError
from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from eth_typing import HexStr
from eth_utils import function_abi_to_4byte_selector, to_checksum_address
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import BlockNotFound, ContractCustomError, ContractLogicError, TransactionNotFound, Web3Exception, Web3RPCError
from web3.types import RPCEndpoint

from contracts.domain.chain import (
    CallReverted,
    CannotPayForGas,
    ChainUnavailable,
    PaymentEvent,
    Receipt,
    UnsignedTransaction,
    WithdrawalEvent,
)

ARTIFACTS = Path(__file__).resolve().parent.parent / "artifacts"
GAS_MARGIN = 1.25
TIP_WEI = 1_000_000_000
PLAY_MONEY_WEI = 10**24
LOG_PAGE_BLOCKS = 2_000  # public nodes refuse longer ranges
OUT_OF_GAS = ("out of gas", "gas required exceeds", "exceeds block gas limit", "intrinsic gas")
KNOWN_ALREADY = ("already known", "already imported", "nonce too low", "known transaction")
# The node has another form of it, or finds its fee too low for now: it waits until its fee is raised.
FEE_TOO_LOW = ("underpriced", "less than block base fee", "fee cap")
RAISED_BY = 1.25  # nodes take another form of a transaction only where both its fees are a tenth higher or more
T = TypeVar("T")


@lru_cache
def artifact(contract: str) -> dict[str, Any]:
    """ABI and bytecode of one of our contracts."""
    content: dict[str, Any] = json.loads((ARTIFACTS / f"{contract}.json").read_text())
    return content


def encode_call(contract: str, function: str, arguments: Sequence[Any]) -> str:
    """The data of a call, in hexadecimal; no node is needed for it."""
    return str(Web3().eth.contract(abi=artifact(contract)["abi"]).encode_abi(function, args=list(arguments)))


@lru_cache
def _errors() -> dict[bytes, dict[str, Any]]:
    """The custom errors of all contracts by selector."""
    found = {}
    for path in sorted(ARTIFACTS.glob("*.json")):
        for entry in artifact(path.stem)["abi"]:
            if entry["type"] == "error":
                found[bytes(function_abi_to_4byte_selector(entry))] = entry
    return found


def reason_of(problem: Exception) -> str:
    """A contract's refusal as people read it: the custom error's name with its arguments, else the node's words."""
    data = getattr(problem, "data", None)
    try:
        raw = bytes.fromhex(data.removeprefix("0x")) if isinstance(data, str) else b""
        entry = _errors().get(raw[:4])
        if entry is not None:
            values = decode([i["type"] for i in entry["inputs"]], raw[4:])
            words = [f"0x{v.hex()}" if isinstance(v, bytes) else str(v) for v in values]
            return f"{entry['name']}({', '.join(words)})"[:280]
    except (ValueError, DecodingError):
        pass  # not the data of a custom error; the node's own words are all there is
    return str(problem)[:280]


def highest_fee_of(raw: bytes) -> int:
    """The most that a signed transaction pays for a unit of gas [wei]."""
    return int(TypedTransaction.from_bytes(HexBytes(raw)).as_dict()["maxFeePerGas"])


class EthereumChain:
    """The chain behind a JSON-RPC address."""

    def __init__(self, url: str, timeout_s: float = 15.0) -> None:
        self._web3 = Web3(Web3.HTTPProvider(url, request_kwargs={"timeout": timeout_s}))

    def _ask(self, question: Callable[[], T]) -> T:
        try:
            return question()
        except (requests.RequestException, ConnectionError, TimeoutError) as problem:
            raise ChainUnavailable(f"The chain's node does not answer ({type(problem).__name__}).") from None

    @cached_property
    def _chain_id(self) -> int:
        return int(self._ask(lambda: self._web3.eth.chain_id))

    def chain_id(self) -> int:
        return self._chain_id

    def genesis_hash(self) -> str:
        return self.block_hash(0)

    def block_number(self) -> int:
        return int(self._ask(lambda: self._web3.eth.block_number))

    def block_hash(self, number: int) -> str:
        try:
            block = self._ask(lambda: self._web3.eth.get_block(number))
        except BlockNotFound:
            return ""
        return "0x" + bytes(block["hash"]).hex()

    def block_time(self) -> int:
        return int(self._ask(lambda: self._web3.eth.get_block("latest"))["timestamp"])

    def next_nonce(self, address: str) -> int:
        return int(self._ask(lambda: self._web3.eth.get_transaction_count(to_checksum_address(address), "latest")))

    def has_code(self, address: str) -> bool:
        return bool(self._ask(lambda: self._web3.eth.get_code(to_checksum_address(address))))

    def sign(self, transaction: UnsignedTransaction, private_key: str) -> tuple[bytes, str]:
        """Sign with gas as estimated on the pending state; returns raw bytes and hash.

        Raises:
            CallReverted: the contract would refuse it.
        """
        fields: Any = {"from": to_checksum_address(transaction.sender), "data": transaction.calldata, "value": transaction.value_wei}
        if transaction.to:
            fields["to"] = to_checksum_address(transaction.to)
        try:
            gas = self._ask(lambda: self._web3.eth.estimate_gas(fields, "pending"))
        except (ContractCustomError, ContractLogicError) as problem:
            raise CallReverted(reason_of(problem)) from None
        except Web3RPCError as problem:
            raise self._judged(problem, transaction.sender) from None
        fields |= {
            "chainId": self._chain_id,
            "nonce": transaction.nonce,
            "gas": int(gas * GAS_MARGIN),
            "maxFeePerGas": self._fair_fee(),
            "maxPriorityFeePerGas": TIP_WEI,
        }
        del fields["from"]
        return self._signed(fields, private_key)

    def _fair_fee(self) -> int:
        base_fee = int(self._ask(lambda: self._web3.eth.get_block("latest")).get("baseFeePerGas", 0))
        return max(4 * base_fee, 10 * TIP_WEI) + TIP_WEI

    @staticmethod
    def _signed(fields: dict[str, Any], private_key: str) -> tuple[bytes, str]:
        signed = Account.sign_transaction(fields, private_key)
        return bytes(signed.raw_transaction), "0x" + bytes(signed.hash).hex()

    def sign_dearer(self, raw: bytes, private_key: str, highest_fee_wei: int) -> tuple[bytes, str] | None:
        """Sign the same call under the same nonce with higher fees; None where that would pass the highest fee."""
        fields = {k: v for k, v in TypedTransaction.from_bytes(HexBytes(raw)).as_dict().items() if k not in ("v", "r", "s")}
        fee = max(int(fields["maxFeePerGas"] * RAISED_BY) + 1, self._fair_fee())
        if fee > highest_fee_wei:
            return None
        fields |= {"maxFeePerGas": fee, "maxPriorityFeePerGas": int(fields["maxPriorityFeePerGas"] * RAISED_BY) + 1}
        return self._signed(fields, private_key)

    @staticmethod
    def _judged(problem: Web3RPCError, sender: str) -> Exception:
        """Whether a node's refusal is about the transaction itself, the account's money, or only about the moment."""
        words = str(problem).lower()
        if "insufficient funds" in words:
            return CannotPayForGas(f"Account {sender} cannot pay for gas; send it some.")
        if any(phrase in words for phrase in (*OUT_OF_GAS, "revert")):
            return CallReverted(reason_of(problem))
        return ChainUnavailable(f"The chain's node refuses for the moment: {str(problem)[:200]}")

    def send(self, raw: bytes) -> None:
        """Broadcast; what the node knows already is fine.

        Raises:
            ChainUnavailable: the node does not take it now; the same bytes may be sent again.
        """
        try:
            self._ask(lambda: self._web3.eth.send_raw_transaction(raw))
        except (Web3RPCError, ValueError) as problem:
            words = str(problem).lower()
            if "insufficient funds" in words:
                raise CannotPayForGas(f"Account {Account.recover_transaction(raw)} cannot pay for gas; send it some.") from None
            if not any(phrase in words for phrase in (*KNOWN_ALREADY, *FEE_TOO_LOW)):
                raise ChainUnavailable(f"The chain's node refuses for the moment: {words[:200]}") from None

    def receipt(self, transaction_hash: str) -> Receipt | None:
        try:
            found = self._ask(lambda: self._web3.eth.get_transaction_receipt(HexStr(transaction_hash)))
        except TransactionNotFound:
            return None
        return Receipt(int(found["blockNumber"]), bool(found["status"]), int(found["gasUsed"]))

    def encode(self, contract: str, function: str, arguments: Sequence[Any]) -> bytes:
        return bytes.fromhex(encode_call(contract, function, arguments).removeprefix("0x"))

    def deployment(self, contract: str, arguments: Sequence[Any]) -> bytes:
        content = artifact(contract)
        shape = self._web3.eth.contract(abi=content["abi"], bytecode=content["bytecode"])
        return bytes.fromhex(str(shape.constructor(*arguments).data_in_transaction).removeprefix("0x"))

    def call(self, contract: str, address: str, function: str, arguments: Sequence[Any]) -> Any:
        """Read from a contract.

        Raises:
            CallReverted: it has no answer; the message is its reason.
        """
        shape = self._web3.eth.contract(address=to_checksum_address(address), abi=artifact(contract)["abi"])
        try:
            return self._ask(lambda: shape.functions[function](*arguments).call())
        except (ContractCustomError, ContractLogicError) as problem:
            raise CallReverted(reason_of(problem)) from None
        except Web3Exception as problem:
            raise CallReverted(f"{contract} does not answer at {address} ({type(problem).__name__})") from None

    def payments(self, address: str, first_block: int, last_block: int) -> list[PaymentEvent]:
        """Payments in `[first_block, last_block]` in their order, asked for page by page."""
        return [
            PaymentEvent(
                "0x" + bytes(arguments["billId"]).hex(),
                str(arguments["payer"]),
                str(arguments["token"]),
                int(arguments["paid"]),
                int(arguments["appliedWad"]),
                *place,
                int(arguments["creditWei"]),
            )
            for arguments, place in self._billing_events("PaymentReceived", address, first_block, last_block)
        ]

    def withdrawals(self, address: str, first_block: int, last_block: int) -> list[WithdrawalEvent]:
        """Withdrawals in `[first_block, last_block]` in their order, asked for page by page."""
        return [
            WithdrawalEvent(str(arguments["payee"]), str(arguments["token"]), int(arguments["amount"]), *place)
            for arguments, place in self._billing_events("Withdrawn", address, first_block, last_block)
        ]

    def _billing_events(
        self, name: str, address: str, first_block: int, last_block: int
    ) -> Iterator[tuple[Any, tuple[str, int, int, int]]]:
        """Arguments and place (transaction, position in it among its like, block, place in the block) of each event of a kind."""
        shape = self._web3.eth.contract(address=to_checksum_address(address), abi=artifact("Billing")["abi"])
        places: Counter[str] = Counter()
        for first in range(first_block, last_block + 1, LOG_PAGE_BLOCKS):
            last = min(first + LOG_PAGE_BLOCKS - 1, last_block)
            for log in self._logs(shape.events[name](), first, last):
                tx_hash = "0x" + bytes(log["transactionHash"]).hex()
                yield log["args"], (tx_hash, places[tx_hash], int(log["blockNumber"]), int(log["logIndex"]))
                places[tx_hash] += 1

    def _logs(self, event: Any, first_block: int, last_block: int) -> list[Any]:
        try:
            return list(self._ask(lambda: event.get_logs(from_block=first_block, to_block=last_block)))
        except Web3RPCError as problem:
            raise ChainUnavailable(f"The chain's node does not give its log: {str(problem)[:200]}") from None

    def provide_play_money(self, address: str) -> None:
        """On a development chain, see to it that the account can pay for gas; elsewhere nothing happens."""
        if self._chain_id != 31337:
            return
        balance = self._ask(lambda: self._web3.eth.get_balance(to_checksum_address(address)))
        if balance < PLAY_MONEY_WEI // 2:
            self._ask(
                lambda: self._web3.provider.make_request(
                    RPCEndpoint("anvil_setBalance"), [to_checksum_address(address), hex(PLAY_MONEY_WEI)]
                )
            )
