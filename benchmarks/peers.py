"""Environments of their own for the peers that a measurement is set against: made once, kept in the user's cache."""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path


class CannotInstallPeer(RuntimeError):
    """The peer's packages could not be installed; the message holds what pip said."""


def peer_python(name: str, requirements: Sequence[str]) -> Path:
    """The interpreter of an environment that holds `requirements` and nothing of ours.

    Raises:
        CannotInstallPeer: pip failed; the half-made environment is removed.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "microgrid-peers"
    mark = hashlib.sha256("\n".join([sys.version, *requirements]).encode()).hexdigest()[:10]
    folder = cache / f"{name}-{mark}"
    python = folder / "bin" / "python"
    if (folder / "complete").exists():
        return python
    print(f"Installing {', '.join(requirements)} into an environment of its own ...", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    done = subprocess.run(
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise CannotInstallPeer(f"{name} could not be installed:\n{done.stderr[-1500:]}")
    (folder / "complete").touch()
    return python
