"""The embedded servers of one folder: found running, started where missing, held up, and stopped by who started them."""

import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import IO

from microgrid_site.embedded import anvil, broker, postgres, valkey
from microgrid_site.embedded.processes import CannotStart, Running
from microgrid_site.embedded.secret_words import secret_word

ROOT = Path(__file__).resolve().parents[2]
SERVERS: dict[str, tuple[ModuleType, str]] = {
    "postgres": (postgres, "DATABASE_URL"),
    "valkey": (valkey, "REDIS_URL"),
    "anvil": (anvil, "CHAIN_RPC_URL"),
    "broker": (broker, "MQTT_URL"),
}
SECRET_KEY = "SECRET_KEY"
ASK_TO_END = {"postgres": signal.SIGINT, "anvil": signal.SIGINT}
KEEP_COPY_EVERY_S = 5.0
RETRY_AFTER_S = 10.0
LARGEST_LOG_BYTES = 20 << 20


def say(text: str) -> None:
    """Tell the person at the terminal; stdout belongs to the command."""
    print(text, file=sys.stderr, flush=True)


def environment_of_its_own(var: Path) -> dict[str, str]:
    """Our environment for a command with another folder, which shall not meet the servers and secrets that we were given."""
    ours = {variable for _, variable in SERVERS.values()} | {SECRET_KEY}
    kept = {key: value for key, value in os.environ.items() if key not in ours}
    return {**kept, "MICROGRID_VAR": str(var), "PYTHONPATH": str(ROOT)}


@dataclass(slots=True)
class Servers:
    """What one process started on one folder."""

    var: Path
    ours: list[Running] = field(default_factory=list)
    _users: IO[str] | None = None
    _copied_at: float = 0.0
    _retry_at: float = 0.0

    @property
    def run(self) -> Path:
        return self.var / "run"

    def start(self, names: Sequence[str]) -> dict[str, str]:
        """Start what does not run yet; returns the environment with everybody's addresses and secrets.

        Raises:
            CannotStart: a server did not come up; those started before it are stopped again.
        """
        environment = {**os.environ, "MICROGRID_VAR": str(self.var)}
        environment.setdefault("PYTHONPATH", str(ROOT))
        if not names:
            return environment
        for folder in (self.var, self.run, self.var / "log"):
            folder.mkdir(parents=True, exist_ok=True)
        if not environment.get(SECRET_KEY):
            environment[SECRET_KEY] = secret_word(self.var, "django-secret-key")
        with self._alone():
            self._users = (self.run / "users").open("a")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            try:
                for name in names:
                    if not environment.get(SERVERS[name][1]):
                        environment[SERVERS[name][1]] = self._ensure(name).url
            except BaseException:
                self._stop_ours()
                raise
        return environment

    def keep_up(self) -> None:
        """Start a server of ours again that crashed, and keep the chain's state copied. Called about twice a second."""
        for position, server in enumerate(self.ours):
            if server.alive or self._held(server.name).exists():
                continue
            with self._alone():
                say(f"{server.name} ended unexpectedly: starting it again; its log is {self._log(server.name)}.")
                again = self._begin(server.name)
            self.ours[position] = again
            if again.url != server.url:
                say(f"{server.name} is now at another address: what uses it has to be started again.")
        if time.monotonic() - self._copied_at > KEEP_COPY_EVERY_S and any(s.name == "anvil" for s in self.ours):
            anvil.keep_copy(self.var / "chain")
            self._copied_at = time.monotonic()

    def leave(self, *, at_once: bool = False) -> None:
        """Stop what we started; wait before that for other commands that use it, unless told `at_once`."""
        if self._users is not None:
            fcntl.flock(self._users, fcntl.LOCK_UN)
        told = False
        while self.ours:
            with self._alone():
                if at_once or self._unused():
                    self._stop_ours()
                    break
            if not told:
                say("Another command uses the servers started here: waiting for its end. Ctrl-C stops them now.")
                told = True
            self.keep_up()
            time.sleep(0.3)
        if self._users is not None:
            self._users.close()
            self._users = None

    def hold(self, name: str) -> None:
        """Stop a server and keep it stopped until `release`, whoever started it: a power cut to order."""
        self._held(name).touch()
        found = Running.load(self.run, name)
        if found is not None:
            found.stop(gentle=ASK_TO_END.get(name, signal.SIGTERM))

    def release(self, name: str, patience_s: float = 30.0) -> None:
        """Let the process that answers for a held server start it again.

        Raises:
            CannotStart: nobody started it.
        """
        self._held(name).unlink(missing_ok=True)
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            found = Running.load(self.run, name)
            if found is not None and found.alive:
                return
            time.sleep(0.1)
        raise CannotStart(f"{name} was not started again; is the command that started it still there?")

    def _ensure(self, name: str) -> Running:
        found = Running.load(self.run, name)
        if found is not None and found.alive:
            if not found.orphaned:
                return found
            found.stop(gentle=ASK_TO_END.get(name, signal.SIGTERM))
        self._held(name).unlink(missing_ok=True)
        started = self._begin(name)
        self.ours.append(started)
        return started

    def _bring_back(self, position: int, server: Running) -> None:
        say(f"{server.name} has ended: starting it again; its log is {self._log(server.name)}.")
        try:
            with self._alone():
                again = self._begin(server.name)
        except CannotStart as problem:
            say(f"{problem}\nTrying again in {RETRY_AFTER_S:.0f} s.")
            self._retry_at = time.monotonic() + RETRY_AFTER_S
            return
        self.ours[position] = again
        if again.url != server.url:
            say(f"{server.name} is now at another address: what uses it has to be started again.")

    def _begin(self, name: str) -> Running:
        log = self._log(name)
        if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        started: Running = SERVERS[name][0].start(self.var, self.run)
        started.save(self.run)
        return started

    def _stop_ours(self) -> None:
        for server in reversed(self.ours):
            server.stop(gentle=ASK_TO_END.get(server.name, signal.SIGTERM))
        self.ours.clear()

    def _unused(self) -> bool:
        assert self._users is not None
        try:
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _held(self, name: str) -> Path:
        return self.run / f"{name}.held"

    def _log(self, name: str) -> Path:
        return self.var / "log" / f"{name}.log"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One starter or stopper at a time on one folder."""
        with (self.run / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def free_space_bytes(var: Path) -> int:
    """The space left where the folder lies or will lie."""
    place = var
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free
