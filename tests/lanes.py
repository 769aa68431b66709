"""Tests side by side: each of pytest-xdist's workers has servers of its own, so that no lane sees another's database, channels or chain.

Named in PYTEST_PLUGINS by `script/test`: the servers' addresses must stand in the environment before Django reads its settings.
"""

import atexit
import os
from pathlib import Path, PurePosixPath

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from microgrid_site.embedded.servers import SERVERS, Servers, environment_of_its_own
from tests.prepared import COPIED, copy_prepared

# Files that look at the same demo stay in one lane, so that it runs once.
OF_ONE_DEMO = {"test_a_month_passes_every_room", "test_another_hand_recomputes_the_month", "test_the_path_is_real"}


class FileByFile(LoadScopeScheduling):  # type: ignore[misc]
    """A file is what one lane takes at a time: what its tests share is made once."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", 1)[0]
        return "demo" if PurePosixPath(path).stem in OF_ONE_DEMO else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FileByFile:
    """By file, not by `xdist_group`: pytest 9.2 takes no name from the mark, and scattered each file over both lanes."""
    return FileByFile(config, log)


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
