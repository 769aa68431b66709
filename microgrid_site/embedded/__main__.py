"""`python -m microgrid_site.embedded run [--var DIR] [--need a,b] -- COMMAND`: the command with the servers it needs."""

import argparse
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

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


@contextmanager
def _alone(run: Path) -> Iterator[None]:
    """One starter at a time on one folder."""
    with (run / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ensure(name: str, var: Path, run: Path) -> tuple[Running, bool]:
    """Return the running server, and whether we started it."""
    found = Running.load(run, name)
    if found is not None and found.alive:
        return found, False
    module, _ = SERVERS[name]
    started: Running = module.start(var, run)
    started.save(run)
    return started, True


def environment_of(needed: list[str], var: Path) -> tuple[dict[str, str], list[Running]]:
    """Start what is needed and not set; returns the environment for the children, and what we started."""
    run = var / "run"
    for folder in (var, run, var / "log"):
        folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "MICROGRID_VAR": str(var)}
    environment.setdefault("PYTHONPATH", str(ROOT))
    if not environment.get("SECRET_KEY"):
        environment["SECRET_KEY"] = secret_word(var, "django-secret-key")
    ours: list[Running] = []
    with _alone(run):
        for name in needed:
            variable = SERVERS[name][1]
            if environment.get(variable):
                continue
            try:
                server, started = ensure(name, var, run)
            except BaseException:
                stop(ours)
                raise
            environment[variable] = server.url
            if started:
                ours.append(server)
    return environment, ours


def stop(servers: list[Running]) -> None:
    """Stop what we started, the last first."""
    for server in reversed(servers):
        gentle = signal.SIGINT if server.name in {"postgres", "anvil"} else signal.SIGTERM
        server.stop(gentle=gentle)


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
    parser.add_argument("action", choices=["run"])
    parser.add_argument("--var", type=Path)
    parser.add_argument("--need", default="postgres,valkey,anvil,broker")
    if "--" not in argv:
        parser.error("write the command after --")
    split = argv.index("--")
    options, command = parser.parse_args(argv[:split]), argv[split + 1 :]
    read_dotenv(ROOT / ".env")
    var = (options.var or Path(os.environ.get("MICROGRID_VAR") or ROOT / "var")).resolve()
    needed = [name for name in options.need.split(",") if name]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        environment, ours = environment_of(needed, var)
    except CannotStart as problem:
        print(problem, file=sys.stderr)
        return 1
    try:
        return _run(command, environment)
    finally:
        stop(ours)


def _run(command: list[str], environment: dict[str, str]) -> int:
    from microgrid_site.embedded.processes import die_with_parent

    child = subprocess.Popen(command, env=environment, preexec_fn=die_with_parent(signal.SIGTERM))
    try:
        return _code(child.wait())
    except KeyboardInterrupt:
        try:
            return _code(child.wait(timeout=20))
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            child.kill()
            return 130
    except SystemExit:
        child.terminate()
        try:
            child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            child.kill()
        raise


def _code(returncode: int) -> int:
    return 128 - returncode if returncode < 0 else returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
