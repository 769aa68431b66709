"""A database on which all migrations have run: made once per state of the migrations, kept in the user's cache, copied by who needs one.

Migrations take a quarter of a minute, and some dozen tests begin with an empty installation. `python -m tests.prepared DIR` puts a copy into
an installation's folder.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from microgrid_site.embedded.servers import environment_of_its_own

ROOT = Path(__file__).resolve().parent.parent
KEPT = 12
COPIED = "MICROGRID_PREPARED"


def copy_prepared(var: Path) -> None:
    """Put a migrated database into a folder that has none; as root it belongs to the user that runs the server."""
    kept = _kept()
    shutil.copytree(kept, var / "postgres" / "data", symlinks=True)
    owner = kept.stat()
    if os.geteuid() == 0:
        for path in [var / "postgres", *(var / "postgres").rglob("*")]:
            os.chown(path, owner.st_uid, owner.st_gid)


def _kept() -> Path:
    """The folder of the migrated cluster; made where it is missing, by one process at a time."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "microgrid-tests"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / _mark()
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _make(folder)
            for old in sorted(cache.glob("*-cluster"), key=lambda p: p.stat().st_mtime)[:-KEPT]:
                shutil.rmtree(old)
        os.utime(folder)
    return folder


def _mark() -> str:
    """What the schema follows from: our migrations, and the packages that bring some of their own."""
    digest = hashlib.sha256()
    for path in sorted([*ROOT.glob("*/migrations/*.py"), ROOT / "requirements.txt"]):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return f"{digest.hexdigest()[:16]}-cluster"


def _make(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="microgrid-prepared-") as made:
        place = Path(made)
        place.chmod(0o755)
        subprocess.run(
            [
                sys.executable,
                "-m",
                "microgrid_site.embedded",
                "run",
                "--var",
                str(place / "var"),
                "--need",
                "postgres",
                "--",
                sys.executable,
                str(ROOT / "manage.py"),
                "migrate",
                "--verbosity",
                "0",
            ],
            check=True,
            env=environment_of_its_own(place / "var"),
            cwd=ROOT,
        )
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(place / "var" / "postgres" / "data", part, symlinks=True)
        owner = (place / "var" / "postgres" / "data").stat()
        os.chown(part, owner.st_uid, owner.st_gid)
        part.rename(folder)


if __name__ == "__main__":
    copy_prepared(Path(sys.argv[1]))
