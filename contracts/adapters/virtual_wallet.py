"""A virtual member's wallet on the development chain: pays a bill with `processPayment`, the bytes stored before they are sent."""

import os
from pathlib import Path

from eth_account import Account

from contracts.domain.chain import Chain, UnsignedTransaction
from contracts.domain.commitments import unhexed

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
        """Pay a bill; the same bill again sends the same bytes. Returns the transaction's hash."""
        path = self._folder / f"{bill_ref}.raw"
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            nonce = max(chain.next_nonce(self.address), len(list(self._folder.glob("*.raw"))))
            calldata = chain.encode("Billing", "processPayment", [unhexed(bill_ref)])
            raw, _ = chain.sign(
                UnsignedTransaction(self.address, contract_address, nonce, calldata, wei), self._key
            )
            part = path.with_suffix(".part")
            with part.open("wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        raw = path.read_bytes()
        chain.send(raw)
        from contracts.domain.merkle import keccak

        return "0x" + keccak(raw).hex()
