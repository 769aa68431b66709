"""A folder with embedded servers of its own, driven from outside as a shell would."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from microgrid_site.embedded.servers import environment_of_its_own

ROOT = Path(__file__).resolve().parents[3]
ADDRESSES = ("DATABASE_URL", "REDIS_URL", "CHAIN_RPC_URL", "MQTT_URL", "SECRET_KEY")
PRINT_ADDRESSES = f"import json,os; print(json.dumps({{k: os.environ.get(k) for k in {ADDRESSES}}}), flush=True)"


class House:
    """Commands on one folder; everything started is killed at the end."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.environment = environment_of_its_own(var)
        self.started: list[subprocess.Popen[str]] = []

    def start(self, need: str, *code_or_command: str, wait_for_output: bool = True) -> subprocess.Popen[str]:
        """Run Python code (one word) or a command (several) with the servers; returns when it printed a line."""
        command = [sys.executable, "-c", code_or_command[0]] if len(code_or_command) == 1 else list(code_or_command)
        process = subprocess.Popen(
            [sys.executable, "-m", "microgrid_site.embedded", "run", "--need", need, "--", *command],
            env=self.environment,
            cwd=ROOT,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.started.append(process)
        if wait_for_output:
            assert process.stdout is not None
            self.first_line = process.stdout.readline()
        return process

    def addresses(self) -> dict[str, str]:
        """What the last started command printed with PRINT_ADDRESSES."""
        return dict(json.loads(self.first_line))

    def stay(self, need: str) -> subprocess.Popen[str]:
        """A command that prints the addresses and stays for a minute."""
        return self.start(need, f"{PRINT_ADDRESSES}; import time; time.sleep(60)")

    def remembered(self, server: str) -> dict[str, Any]:
        """What is remembered of a running server."""
        return dict(json.loads((self.var / "run" / f"{server}.json").read_text()))

    def processes(self) -> list[int]:
        """The processes that work for this folder, by their environment, command line or working directory."""
        mark = str(self.var).encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                texts = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes() + bytes((entry / "cwd").readlink())
                zombie = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
            except OSError:
                continue
            if mark in texts and not zombie and int(entry.name) != os.getpid():
                found.append(int(entry.name))
        return found

    def end(self) -> None:
        """End what is still there."""
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.started:
            process.communicate(timeout=30)


def eventually(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether it becomes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return true()


def ask_chain(url: str, method: str, *parameters: Any) -> Any:
    """One question to a node."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as reply:
        return json.load(reply)["result"]
