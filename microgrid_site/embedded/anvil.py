"""anvil from npm: an Ethereum node for one machine, with a state file that survives its end."""

import json
import os
import platform
import shutil
import time
import urllib.request
from pathlib import Path

from microgrid_site.embedded.processes import CannotStart, Running, birth_of, free_port, launch, wait_until

NAME = "anvil"
CHAIN_ID = 31337
GENESIS_TIMESTAMP = 1_451_606_400
REST_S = 0.3
ROOT = Path(__file__).resolve().parents[2]
# The well-known words of every development chain: these accounts hold play money only.
MNEMONIC = "test test test test test test test test test test test junk"


def _binary() -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    system = {"Linux": "linux", "Darwin": "darwin"}.get(platform.system(), "linux")
    path = ROOT / "node_modules" / "@foundry-rs" / f"anvil-{system}-{machine}" / "bin" / "anvil"
    if path.exists():
        path.chmod(0o755)
        return str(path)
    found = shutil.which("anvil")
    if not found:
        raise CannotStart("anvil is missing: run `npm ci` (script/demo does), or set CHAIN_RPC_URL.")
    return found


def answers(url: str) -> bool:
    """Whether a node answers there."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=2) as reply:
            return "result" in json.load(reply)
    except (OSError, ValueError):
        return False


def _usable_state(folder: Path) -> Path:
    """The state file to start from: the last whole one. A torn file is set aside, the copy before it taken."""
    state, good = folder / "state.json", folder / "state.good.json"
    for candidate in (state, good):
        try:
            json.loads(candidate.read_text())
        except (OSError, ValueError):
            continue
        if candidate == good:
            if state.exists():
                state.replace(folder / "state.torn.json")
            shutil.copy2(good, state)
        return state
    if state.exists():
        state.replace(folder / "state.torn.json")
    return state


def keep_copy(folder: Path) -> bool:
    """Copy the state file when it changed and is whole; returns whether the copy is now as new as the state.

    anvil writes the file in place, and a power cut may tear it. A file that has rested since before the copy and ends with the
    closing brace is whole; the start parses what it takes in any case.
    """
    state, good, part = folder / "state.json", folder / "state.good.json", folder / "state.part"
    try:
        before = state.stat()
        if good.exists() and before.st_mtime <= good.stat().st_mtime:
            return True
        if time.time() - before.st_mtime < REST_S:
            return False
        shutil.copy2(state, part)
        rested = state.stat().st_mtime_ns == before.st_mtime_ns
    except FileNotFoundError:
        return False
    if not rested or not part.read_bytes().endswith(b"}"):
        return False
    part.replace(good)
    return True


def start(var: Path, run: Path) -> Running:
    """Start the node; its port stays the same across starts as long as it is free."""
    folder, log = var / "chain", var / "log" / "anvil.log"
    folder.mkdir(parents=True, exist_ok=True)
    before = Running.load(run, NAME)
    port = free_port(before.port if before else None)
    command = [
        _binary(),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--chain-id",
        str(CHAIN_ID),
        "--silent",
        "--mnemonic",
        MNEMONIC,
        "--timestamp",
        str(GENESIS_TIMESTAMP),
        "--allow-origin",
        "*",
        "--state",
        str(_usable_state(folder)),
        "--state-interval",
        "2",
    ]
    environment = {**os.environ, "HOME": str(folder)}
    pid = launch(command, log=log, environment=environment)
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(url), pid, "anvil", log)
    return Running(NAME, url, pid, birth_of(pid), port)
