"""The supervisor: awaits, restarts, shows warnings, leaves nothing behind."""

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from microgrid_site.embedded.processes import CannotStart
from microgrid_site.embedded.supervisor import ProcessSpec, Supervisor
from tests.integration.embedded.house import eventually

SLEEP = "import time; print('up', flush=True); time.sleep(60)"
WITH_CHILD = "import subprocess; c = subprocess.Popen(['sleep', '61']); print('up', c.pid, flush=True); c.wait()"


def python(name: str, code: str, **more: object) -> ProcessSpec:
    return ProcessSpec(name, [sys.executable, "-u", "-c", code], ready_text="up", **more)  # type: ignore[arg-type]


def supervise(var: Path, specs: Sequence[ProcessSpec]) -> tuple[Supervisor, list[str]]:
    told: list[str] = []
    return Supervisor(specs, var=var, tell=told.append), told


def test_processes_are_ready_after_start_and_gone_after_stop(tmp_path: Path) -> None:
    supervisor, _ = supervise(tmp_path, [python("one", WITH_CHILD), python("two", SLEEP)])
    supervisor.start()
    assert supervisor.statuses() == {"one": True, "two": True}
    grandchild = int((tmp_path / "log" / "one.log").read_text().split()[1])
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 5
    assert supervisor.statuses() == {"one": False, "two": False}
    assert eventually(lambda: not alive(grandchild))


def test_a_crashed_process_comes_back_and_its_warnings_are_shown(tmp_path: Path) -> None:
    mark = tmp_path / "crashed"
    crash_once = (
        f"import pathlib, sys, time; p = pathlib.Path({str(mark)!r}); print('up', flush=True)\n"
        "if not p.exists():\n"
        "    p.touch(); time.sleep(0.6); print('12:00 ERROR it broke', flush=True); sys.exit(3)\n"
        "time.sleep(60)"
    )
    supervisor, told = supervise(tmp_path, [python("once", crash_once)])
    with supervisor:
        assert eventually(lambda: any("ended with code 3" in line for line in told))
        assert eventually(lambda: supervisor.statuses()["once"])
    assert "[once] 12:00 ERROR it broke" in told
    assert not any("up" in line.split() for line in told)


def test_of_a_traceback_the_line_that_says_what_happened_is_shown(tmp_path: Path) -> None:
    supervisor, told = supervise(tmp_path, [python("broken", "import time; print('up', flush=True); time.sleep(0.6); {}['meter 7']")])
    with supervisor:
        assert eventually(lambda: "[broken] KeyError: 'meter 7'" in told)
    assert not any("Traceback" in line for line in told)


def test_a_process_that_never_gets_ready_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    specs = [python("good", SLEEP), python("bad", "raise SystemExit('no such table')")]
    supervisor, _ = supervise(tmp_path, specs)
    with pytest.raises(CannotStart, match=r"bad did not become ready(?s:.*)no such table"):
        supervisor.start(patience_s=15)
    assert supervisor.statuses() == {"good": False, "bad": False}


def test_a_process_that_does_not_hear_is_killed(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    supervisor, _ = supervise(tmp_path, [python("deaf", deaf, patience_s=0.5)])
    supervisor.start()
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 3


def test_children_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        supervisor, _ = supervise(tmp_path, [python("one", f"import os; print(os.getpid()); {SLEEP}")])
        supervisor.start()
        os.write(writer, b"ready")
        time.sleep(60)
        os._exit(0)
    os.close(writer)
    assert os.read(reader, 5) == b"ready"
    child = int((tmp_path / "log" / "one.log").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert eventually(lambda: not alive(child))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_folder_has_one_supervisor_at_a_time(tmp_path: Path) -> None:
    first, _ = supervise(tmp_path, [python("one", SLEEP)])
    second, _ = supervise(tmp_path, [python("one", SLEEP)])
    with first:
        with pytest.raises(CannotStart, match="end it first"):
            second.start()
        assert first.statuses() == {"one": True}
    third, _ = supervise(tmp_path, [python("one", SLEEP)])
    with third:
        assert third.statuses() == {"one": True}
