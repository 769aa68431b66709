"""Power cuts: kills everything that runs for a demo at random moments and starts it again.

`script/bench kills` cuts the whole month ten times; the suite does the same with a small network. What must hold at the end:
the same result as an undisturbed run, no number missing or doubled, a balanced ledger, each root anchored once.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.sizes import at_least, month_text, network_folder
from microgrid_site.embedded.servers import environment_of_its_own

ROOT = Path(__file__).resolve().parent.parent
VOLATILE = ("stages", "unchanged")
LONGEST_RUN_S = 1800
START_S = 5.0  # until a start that goes on is where the last one was cut


@dataclass(frozen=True, slots=True)
class Cut:
    """One power cut: when it came, and how many processes it hit."""

    after_s: float
    processes: int


def processes_of(var: Path) -> list[int]:
    """The ids of all processes that work for `var`: named in their command line or environment."""
    needle = str(var).encode()
    own = {os.getpid(), os.getppid()}
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) in own:
            continue
        try:
            texts = (entry / "cmdline").read_bytes() + b"\0" + (entry / "environ").read_bytes()
            working_directory = str((entry / "cwd").readlink()).encode()
        except OSError:
            continue
        if needle in texts or working_directory.startswith(needle):
            found.append(int(entry.name))
    return found


def cut_power(var: Path) -> int:
    """Kill every process of `var` with SIGKILL, again until none is left; returns how many were hit."""
    hit: set[int] = set()
    for _ in range(20):
        alive = [pid for pid in processes_of(var) if not _is_zombie(pid)]
        if not alive:
            break
        for pid in alive:
            hit.add(pid)
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.1)
    return len(hit)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def start(var: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start the demo's one pass over `var`."""
    log = (var.parent / f"{var.name}.log").open("ab")
    return subprocess.Popen(
        [str(ROOT / "script" / "demo"), "--once", "--json", "--var", str(var), *arguments],
        stdout=subprocess.PIPE,
        stderr=log,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        env=environment_of_its_own(var),
    )


def finish(var: Path, *arguments: str) -> dict[str, Any]:
    """Run the demo to its end and return its result without what may differ between runs."""
    process = start(var, *arguments)
    out, _ = process.communicate(timeout=LONGEST_RUN_S)
    if process.returncode:
        log = (var.parent / f"{var.name}.log").read_text(errors="replace")
        raise RuntimeError(f"the demo ended with code {process.returncode}:\n{log[-4000:]}")
    result: dict[str, Any] = json.loads(out.decode().strip().splitlines()[-1])
    return {key: value for key, value in result.items() if key not in VOLATILE}


def run_with_cuts(var: Path, wanted: int, chance: random.Random, calm_s: float, *arguments: str) -> tuple[list[Cut], dict[str, Any]]:
    """Start the demo again and again, cut its power at random moments, and let the last run end by itself.

    Each start goes on where the last one was cut, so the moments are drawn such that the cuts spread over the whole way; once
    everything is done they fall into the runs that find nothing to do.
    """
    cuts: list[Cut] = []
    longest_s = calm_s
    while len(cuts) < wanted:
        after_s = chance.uniform(0.5, min(longest_s, START_S + 2 * calm_s / wanted))
        began = time.monotonic()
        process = start(var, *arguments)
        try:
            process.communicate(timeout=after_s)
        except subprocess.TimeoutExpired:
            cuts.append(Cut(after_s, cut_power(var)))
            process.communicate(timeout=60)
        else:
            longest_s = 0.95 * (time.monotonic() - began)
    return cuts, finish(var, *arguments)


def main(argv: list[str]) -> int:
    """Compare a run with power cuts to an undisturbed one."""
    parser = argparse.ArgumentParser(prog="script/bench kills", description=__doc__)
    parser.add_argument("--data", type=network_folder, default=None)
    parser.add_argument("--month", type=month_text, default="2016-03")
    parser.add_argument("--cuts", type=at_least(1), default=10)
    parser.add_argument("--seed", type=at_least(0), default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    arguments = ["--month", options.month, *(["--data", str(options.data)] if options.data else [])]
    folder = Path(tempfile.mkdtemp(prefix="cuts-"))
    folder.chmod(0o755)
    try:
        began = time.monotonic()
        expected = finish(folder / "calm", *arguments)
        calm_s = time.monotonic() - began
        chance = random.Random(options.seed)
        began = time.monotonic()
        cuts, result = run_with_cuts(folder / "cut", options.cuts, chance, calm_s, *arguments)
        seconds = time.monotonic() - began
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for cut in cuts:
        print(f"cut after {cut.after_s:6.1f} s: {cut.processes} processes killed", file=sys.stderr)
    same = result == expected
    if not same:
        print(f"expected {json.dumps(expected)}\nbut got  {json.dumps(result)}", file=sys.stderr)
    summary = {
        "name": "kills",
        "seconds": round(seconds, 1),
        "items": len(cuts),
        "items_per_s": round(len(cuts) / seconds, 4),
        "peak_rss_mb": None,
        "calm_seconds": round(calm_s, 1),
        "same_result": same,
    }
    print(json.dumps(summary))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
