"""Starting a server so that it never outlives its starter, and knowing it again."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
HAS_PROC = Path("/proc/self/stat").exists()


class CannotStart(RuntimeError):
    """A server did not come up; the message says which, and where its log is."""


def die_with_parent(chosen_signal: int) -> Callable[[], None]:
    """Return a function for the child: be sent `chosen_signal` when the starter dies (Linux)."""
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return lambda: None

    def ask_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, chosen_signal, 0, 0, 0)

    return ask_kernel


def free_port(preferred: int | None = None) -> int:
    """Return a port of the loopback that is free now: the preferred one if it is."""
    for port in (preferred, 0):
        if port is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise CannotStart("no port of the loopback is free")


def accepts(port: int) -> bool:
    """Whether something on the loopback takes connections at `port`."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        if probe.connect_ex(("127.0.0.1", port)):
            return False
        # Where nobody listens the kernel may connect a probe to itself.
        return bool(probe.getsockname() != probe.getpeername())


def birth_of(pid: int) -> str:
    """When a process started, in the kernel's ticks; empty if there is none. Tells a reused pid from the old one."""
    if not HAS_PROC:
        return _birth_by_ps(pid)
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return ""
    return "" if fields[0] == "Z" else fields[19]


def _birth_by_ps(pid: int) -> str:
    """The same on systems without /proc (macOS), to the second."""
    shown = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, started = shown.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else started.strip()


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs: its address, its process, and the process that answers for it."""

    name: str
    url: str
    pid: int
    birth: str
    port: int = 0
    owner_pid: int = field(default_factory=os.getpid)
    owner_birth: str = field(default_factory=lambda: birth_of(os.getpid()))

    @property
    def alive(self) -> bool:
        return bool(self.birth) and birth_of(self.pid) == self.birth

    @property
    def orphaned(self) -> bool:
        """Whether the process that would stop it has gone."""
        return birth_of(self.owner_pid) != self.owner_birth

    def save(self, folder: Path) -> None:
        """Remember it for others who work with the same folder."""
        text = json.dumps(asdict(self))
        part = folder / f"{self.name}.part"
        part.touch(mode=0o600)
        part.write_text(text)
        part.replace(folder / f"{self.name}.json")

    @classmethod
    def load(cls, folder: Path, name: str) -> "Running | None":
        """What was remembered, alive or not."""
        try:
            return cls(**json.loads((folder / f"{name}.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def stop(self, patience_s: float = 15.0, *, gentle: int = signal.SIGTERM) -> None:
        """End it: gently, then not."""
        for chosen, seconds in ((gentle, patience_s), (signal.SIGKILL, 5.0)):
            if not self.alive:
                return
            os.kill(self.pid, chosen)
            deadline = time.monotonic() + seconds
            while self.alive and time.monotonic() < deadline:
                _reap(self.pid)
                time.sleep(0.02)


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def launch(
    command: Sequence[str],
    *,
    log: Path,
    death_signal: int = signal.SIGKILL,
    environment: Mapping[str, str] | None = None,
    user: int | None = None,
    group: int | None = None,
    cwd: Path | None = None,
) -> int:
    """Start a process in a session of its own (so that Ctrl-C reaches it only through us); returns its pid."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=dict(environment) if environment is not None else None,
            start_new_session=True,
            preexec_fn=die_with_parent(death_signal),
            user=user,
            group=group,
            extra_groups=[] if user is not None else None,
            cwd=cwd,
        )
    return process.pid


def wait_until(ready: Callable[[], bool], pid: int, name: str, log: Path, seconds: float = 30.0) -> None:
    """Wait until `ready()`.

    Raises:
        CannotStart: the process ended or the time is over; the message carries the end of its log.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready():
            return
        _reap(pid)
        if not birth_of(pid):
            break
        time.sleep(0.03)
    tail = log.read_text(errors="replace")[-1500:] if log.exists() else ""
    raise CannotStart(f"{name} did not start; its log is {log}:\n{tail}")
