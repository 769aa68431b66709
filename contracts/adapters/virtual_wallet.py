"""A virtual member's wallet on the development chain: pays bills in either coin, the bytes of each step stored before they are sent."""

import os
from pathlib import Path

from eth_account import Account

from contracts.domain.chain import Chain, UnsignedTransaction
from contracts.domain.commitments import unhexed
from contracts.domain.merkle import keccak

Account.enable_unaudited_hdwallet_features()
# The well-known words of every development chain; its accounts hold play money only.
MNEMONIC = "test test test test test test test test test test test junk"
PATH = "m/44'/60'/0'/0/5"


class VirtualWallet:
    """One funded account of the development chain."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        account = Account.from_mnemonic(MNEMONIC, account_path=PATH)
        self.address = str(account.address)
        self._key = "0x" + bytes(account.key).hex()

    def pay(self, chain: Chain, contract_address: str, bill_ref: str, wei: int) -> str:
        """Pay a bill in the chain's coin; the same bill again sends the same bytes. Returns the transaction's hash."""
        calldata = chain.encode("Billing", "processPayment", [unhexed(bill_ref)])
        return self._send(chain, bill_ref, contract_address, calldata, wei)

    def pay_in_test_coin(self, chain: Chain, contract_address: str, token: str, bill_ref: str, units: int) -> str:
        """Make test coins, let the contract take them, and pay a bill with them, as `pay` does."""
        for step, function, arguments in (("mint", "mint", [self.address, units]), ("approve", "approve", [contract_address, units])):
            self._send(chain, f"{bill_ref}.{step}", token, chain.encode("TestCoin", function, arguments))
        calldata = chain.encode("Billing", "processTokenPayment", [unhexed(bill_ref), token, units])
        return self._send(chain, f"{bill_ref}.coin", contract_address, calldata)

    def _send(self, chain: Chain, name: str, to: str, calldata: bytes, wei: int = 0) -> str:
        """Send a step once: what is stored under its name already goes out again as it is."""
        path = self._folder / f"{name}.raw"
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            nonce = max(chain.next_nonce(self.address), len(list(self._folder.glob("*.raw"))))
            raw, _ = chain.sign(UnsignedTransaction(self.address, to, nonce, calldata, wei), self._key)
            part = path.with_suffix(".part")
            with part.open("wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        raw = path.read_bytes()
        chain.send(raw)
        return "0x" + keccak(raw).hex()
