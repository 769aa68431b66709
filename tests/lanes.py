"""Tests side by side: each of pytest-xdist's workers has servers of its own, so that no lane sees another's database, channels or chain.

Named in PYTEST_PLUGINS by `script/test`: the servers' addresses must stand in the environment before Django reads its settings.
"""

import atexit
import os
from pathlib import Path

from microgrid_site.embedded.servers import SERVERS, Servers, environment_of_its_own
from tests.prepared import COPIED, copy_prepared


def _servers_of(worker: str) -> Servers:
    servers = Servers(Path(os.environ["MICROGRID_VAR"]) / worker)
    for variable in os.environ.keys() - environment_of_its_own(servers.var).keys():
        del os.environ[variable]
    copy_prepared(servers.var)
    # What a lane writes is gone with it; those who cut the power in a test run servers of their own.
    with (servers.var / "postgres" / "data" / "postgresql.auto.conf").open("a") as settings:
        settings.write("fsync = off\nfull_page_writes = off\nsynchronous_commit = off\n")
    os.environ.update(servers.start(list(SERVERS)) | {COPIED: "1"})
    return servers


if (_worker := os.environ.get("PYTEST_XDIST_WORKER")) is not None:
    atexit.register(_servers_of(_worker).leave, at_once=True)
