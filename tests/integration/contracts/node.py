"""A real anvil of a test's own, that can be killed hard, lose blocks, or begin anew."""

import os
import shutil
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from contracts.adapters.ethereum import EthereumChain
from microgrid_site.embedded import anvil
from microgrid_site.embedded.processes import Running


@dataclass
class Node:
    """An anvil under `folder`; its address stays the same when it starts again."""

    folder: Path
    running: Running | None = field(default=None)

    def start(self) -> EthereumChain:
        self.running = anvil.start(self.folder, self.folder / "run")
        self.running.save(self.folder / "run")
        return self.chain

    @property
    def url(self) -> str:
        assert self.running is not None
        return self.running.url

    @property
    def chain(self) -> EthereumChain:
        return EthereumChain(self.url, timeout_s=5)

    def kill(self) -> None:
        """As a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ended in order: the node writes its state."""
        self._end(signal.SIGTERM)

    def _end(self, chosen: signal.Signals) -> None:
        if self.running is None:
            return
        try:
            os.kill(self.running.pid, chosen)
            for _ in range(200):
                if os.waitpid(self.running.pid, os.WNOHANG)[0]:
                    break
                time.sleep(0.05)
        except (ProcessLookupError, ChildProcessError):
            pass

    def lose_everything(self) -> EthereumChain:
        self.kill()
        shutil.rmtree(self.folder / "chain")
        return self.start()

    def ask(self, method: str, *words: Any) -> Any:
        """A word to the node itself."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(words)}
        reply = requests.post(self.url, json=body, timeout=5).json()
        assert "error" not in reply, reply
        return reply["result"]

    def transact(self, sender: str, to: str, wei: int = 0, data: bytes = b"") -> str:
        """A transaction of an account that the node holds, in a block when this returns; its hash.

        The node answers before it has mined: what comes next must not be faster.
        """
        words = {"from": sender, "to": to, "value": hex(wei), "data": "0x" + data.hex()}
        sent = str(self.ask("eth_sendTransaction", words))
        for _ in range(200):
            if self.ask("eth_getTransactionReceipt", sent):
                return sent
            time.sleep(0.05)
        raise AssertionError(f"{sent} was not mined in ten seconds")
