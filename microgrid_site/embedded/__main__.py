"""`python -m microgrid_site.embedded run [--var DIR] [--need a,b] -- COMMAND`: the command with the servers it needs.

`hold NAME` and `release NAME` stop a running server and let it come back, to see how the rest goes on without it.
"""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

from microgrid_site.embedded.processes import CannotStart, die_with_parent
from microgrid_site.embedded.servers import ROOT, SERVERS, Servers, say

LOOK_EVERY_S = 0.5
PATIENCE_S = 20.0


def read_dotenv(path: Path) -> None:
    """Take settings from `.env`; what the environment says already wins."""
    if not path.exists():
        return
    for line in path.read_text().splitlines():
        key, separator, value = line.partition("=")
        if separator and not key.strip().startswith("#") and value.strip():
            os.environ.setdefault(key.strip(), value.strip().strip("\"'"))


def main(argv: list[str]) -> int:
    """Run one command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="microgrid_site.embedded")
    parser.add_argument("--var", type=Path)
    actions = parser.add_subparsers(dest="action", required=True)
    run = actions.add_parser("run")
    run.add_argument("--need", default="all", help="all, or names with commas: " + ", ".join(SERVERS))
    for action in ("hold", "release"):
        actions.add_parser(action).add_argument("server", choices=list(SERVERS))
    for of_action in actions.choices.values():
        of_action.add_argument("--var", type=Path, default=argparse.SUPPRESS)
    split = argv.index("--") if "--" in argv else len(argv)
    options, command = parser.parse_args(argv[:split]), argv[split + 1 :]
    read_dotenv(ROOT / ".env")
    servers = Servers((options.var or Path(os.environ.get("MICROGRID_VAR") or ROOT / "var")).resolve())
    try:
        if options.action == "run":
            if not command:
                parser.error("write the command after --")
            return with_servers(servers, needed_servers(options.need, parser), command)
        getattr(servers, options.action)(options.server)
    except CannotStart as problem:
        say(str(problem))
        return 1
    return 0


def needed_servers(text: str, parser: argparse.ArgumentParser) -> list[str]:
    """The servers named by `--need`."""
    names = list(SERVERS) if text == "all" else [name for name in text.split(",") if name]
    for name in names:
        if name not in SERVERS:
            parser.error(f"there is no server {name!r}; there are {', '.join(SERVERS)}")
    return names


def with_servers(servers: Servers, names: list[str], command: list[str]) -> int:
    """Run the command while the servers are up; stop those we started, whatever ends us."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell started us in the background
    interrupted = 128 + signal.SIGINT
    try:
        code = _run(command, servers.start(names), servers)
        servers.leave(at_once=code == interrupted)
        return code
    except KeyboardInterrupt:
        return interrupted
    finally:
        servers.leave(at_once=True)


def _run(command: list[str], environment: dict[str, str], servers: Servers) -> int:
    child = subprocess.Popen(command, env=environment, preexec_fn=die_with_parent(signal.SIGTERM))
    try:
        while True:
            try:
                return _code(child.wait(timeout=LOOK_EVERY_S))
            except subprocess.TimeoutExpired:
                servers.keep_up()
    except KeyboardInterrupt:
        if not sys.stdin.isatty():  # a terminal has told the child already
            child.send_signal(signal.SIGINT)
        return _code(_await_end(child), interrupted=True)
    except BaseException:
        child.terminate()
        _await_end(child)
        raise


def _await_end(child: subprocess.Popen[bytes]) -> int:
    """Wait for the end of a child that was told to end; a second Ctrl-C or the end of patience kills it."""
    try:
        return child.wait(timeout=PATIENCE_S)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        child.kill()
        return child.wait()


def _code(returncode: int, *, interrupted: bool = False) -> int:
    if interrupted:
        return 128 + signal.SIGINT
    return 128 - returncode if returncode < 0 else returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
