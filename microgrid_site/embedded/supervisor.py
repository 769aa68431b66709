"""The project's processes on one machine: started, awaited, held up, ended together.

One thread starts and watches them all, because Linux ends a child with the *thread* that started it. Each writes to a log
of its own under `var/log`; only warnings are shown at the terminal.
"""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from microgrid_site.embedded.processes import HAS_PROC, CannotStart, birth_of

ROOT = Path(__file__).resolve().parents[2]
LOOK_EVERY_S = 0.2
LONGEST_BACKOFF_S = 30.0
CALM_AFTER_S = 60.0
MOST_LINES_AT_ONCE = 5
LARGEST_LOG_BYTES = 20 << 20
WARNING = re.compile(r"(?<!%)\b(WARNING|ERROR|CRITICAL)\b")
# Asks the kernel to end the process with its starter, then becomes the command: safe to fork beside other threads.
DIE_WITH_PARENT = "import ctypes,os,sys;ctypes.CDLL(None).prctl(1,int(sys.argv[1]));os.execvp(sys.argv[2],sys.argv[2:])"


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """A process to run: its command, and how to see that it is ready (a text in its log, or an address that answers)."""

    name: str
    command: Sequence[str]
    ready_text: str = ""
    ready_url: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    patience_s: float = 10.0


@dataclass(slots=True)
class _Child:
    spec: ProcessSpec
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    log_start: int = 0
    shown_to: int = 0
    in_traceback: bool = False
    failures: int = 0
    restart_at: float | None = 0.0
    ready: bool = False


class Supervisor:
    """Runs processes until `stop()`; starts a crashed one again, later each time it crashes soon."""

    def __init__(
        self,
        processes: Sequence[ProcessSpec],
        *,
        var: Path,
        tell: Callable[[str], None] = lambda text: print(text, file=sys.stderr, flush=True),
    ) -> None:
        self._var = var
        self._tell = tell
        self._children = [_Child(spec, var / "log" / f"{spec.name}.log") for spec in processes]
        self._ending = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._place: IO[str] | None = None

    def __enter__(self) -> "Supervisor":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, patience_s: float = 60.0) -> None:
        """Start every process and wait until each is ready.

        Raises:
            CannotStart: one was not ready in time, then all are ended again; or another supervisor works on the folder.
        """
        (self._var / "log").mkdir(parents=True, exist_ok=True)
        (self._var / "run").mkdir(parents=True, exist_ok=True)
        self._take_place()
        self._end_leftovers()
        self._thread.start()
        deadline = time.monotonic() + patience_s
        while not self._ending.wait(LOOK_EVERY_S):
            late = [child for child in self._children if not child.ready]
            if not late:
                return
            if time.monotonic() > deadline or any(child.failures >= 3 for child in late):
                self.stop()
                tail = late[0].log.read_text(errors="replace")[-1500:] if late[0].log.exists() else ""
                raise CannotStart(f"{late[0].spec.name} did not become ready; its log is {late[0].log}:\n{tail}")

    def wait(self) -> None:
        """Wait until `stop()` is called by a signal or another thread."""
        while not self._ended.wait(1.0):
            pass

    def stop(self) -> None:
        """End all processes: asked first, killed where they do not hear; safe to call twice."""
        self._ending.set()
        if self._thread.ident is not None and threading.current_thread() is not self._thread:
            self._thread.join()

    def statuses(self) -> dict[str, bool]:
        """Name and whether the process is up and ready."""
        return {child.spec.name: child.ready and child.process is not None and child.process.poll() is None for child in self._children}

    def _watch(self) -> None:
        try:
            while not self._ending.is_set():
                for child in self._children:
                    self._look_after(child)
                self._ending.wait(LOOK_EVERY_S)
        finally:
            self._end_all()
            self._ended.set()

    def _look_after(self, child: _Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if child.restart_at is not None and now >= child.restart_at:
                self._launch(child)
            return
        self._show_warnings(child)
        code = child.process.poll()
        if code is not None:
            self._plan_restart(child, code, now)
        elif not child.ready:
            child.ready = self._is_ready(child)

    def _launch(self, child: _Child) -> None:
        if child.log.exists() and child.log.stat().st_size > LARGEST_LOG_BYTES:
            child.log.replace(child.log.with_suffix(".log.1"))
        shim = [sys.executable, "-I", "-S", "-c", DIE_WITH_PARENT, str(int(signal.SIGTERM))]
        command = [*shim, *child.spec.command] if HAS_PROC else list(child.spec.command)
        with child.log.open("ab") as log:
            child.log_start = child.shown_to = log.tell()
            child.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": str(ROOT), "MICROGRID_VAR": str(self._var), **child.spec.environment},
            )
        child.started_at, child.restart_at, child.ready = time.monotonic(), None, False
        self._remember()

    def _plan_restart(self, child: _Child, code: int, now: float) -> None:
        self._show_warnings(child)
        _end_group(child.process.pid, self._var) if child.process else None
        child.failures = 1 if now - child.started_at > CALM_AFTER_S else child.failures + 1
        delay = min(2.0 ** (child.failures - 1), LONGEST_BACKOFF_S)
        child.process, child.ready, child.restart_at = None, False, now + delay
        how = f"by signal {-code}" if code < 0 else f"with code {code}"
        self._tell(f"[{child.spec.name}] ended {how}; starting it again in {delay:.0f} s; its log is {child.log}.")

    def _is_ready(self, child: _Child) -> bool:
        if child.spec.ready_url:
            return answers(child.spec.ready_url)
        if child.spec.ready_text:
            return child.spec.ready_text.encode() in _read_from(child.log, child.log_start)
        return time.monotonic() - child.started_at > 1.0

    def _show_warnings(self, child: _Child) -> None:
        new = _read_from(child.log, child.shown_to)
        whole = new[: new.rfind(b"\n") + 1]
        child.shown_to += len(whole)
        lines = self._warnings(child, whole.decode(errors="replace").splitlines())
        for line in lines[:MOST_LINES_AT_ONCE]:
            self._tell(f"[{child.spec.name}] {line}")
        if len(lines) > MOST_LINES_AT_ONCE:
            self._tell(f"[{child.spec.name}] ... and {len(lines) - MOST_LINES_AT_ONCE} more in {child.log}")

    def _warnings(self, child: _Child, lines: list[str]) -> list[str]:
        """The lines that warn; of a traceback its last one, which says what happened."""
        found = []
        for line in lines:
            if line.startswith("Traceback"):
                child.in_traceback = True
            elif child.in_traceback:
                if line and not line.startswith(" "):
                    child.in_traceback = False
                    found.append(line)
            elif WARNING.search(line):
                found.append(line)
        return found

    def _end_all(self) -> None:
        running = [child for child in self._children if child.process is not None]
        for child in running:
            if child.process and child.process.poll() is None:
                child.process.terminate()
        for child in running:
            assert child.process is not None
            try:
                child.process.wait(child.spec.patience_s)
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
            _end_group(child.process.pid, self._var)
            child.ready = False
        self._memory().unlink(missing_ok=True)
        if self._place is not None:
            self._place.close()

    def _take_place(self) -> None:
        """Be the only supervisor of the folder; the kernel lets the place go when its holder ends, however it ends."""
        self._place = (self._var / "run" / "supervisor").open("w")
        try:
            fcntl.flock(self._place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._place.close()
            raise CannotStart(
                f"Another command runs the project's processes on {self._var}: end it first, or name another folder with --var."
            ) from None

    def _memory(self) -> Path:
        return self._var / "run" / "processes.json"

    def _remember(self) -> None:
        pids = [child.process.pid for child in self._children if child.process is not None]
        part = self._memory().with_suffix(".part")
        part.write_text(json.dumps(pids))
        part.replace(self._memory())

    def _end_leftovers(self) -> None:
        """End what a supervisor left that was killed: pool processes of a worker may outlive it for a while."""
        try:
            pids = json.loads(self._memory().read_text())
        except (OSError, ValueError):
            return
        for pid in pids:
            _end_group(int(pid), self._var)


def answers(url: str) -> bool:
    """Whether a web server answers there, whatever it says."""
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError as reply:
        return reply.code < 500
    except (OSError, ValueError):
        return False


def _read_from(log: Path, start: int) -> bytes:
    try:
        with log.open("rb") as file:
            file.seek(start)
            return file.read()
    except FileNotFoundError:
        return b""


def _end_group(group: int, var: Path) -> None:
    """Kill what is left of a process group of ours; known by the folder in its environment."""
    mark = f"MICROGRID_VAR={var}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            ours = int(fields[2]) == group and mark in (entry / "environ").read_bytes().split(b"\0")
        except (OSError, IndexError, ValueError):
            continue
        if ours and birth_of(int(entry.name)):
            _kill(int(entry.name))


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
