"""What tests share: the real demo over a small network, run once and looked at by many."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import settings as examples

from microgrid_site.embedded.servers import environment_of_its_own
from tests.networks import cut_network
from tests.prepared import COPIED, copy_prepared

ROOT = Path(__file__).resolve().parent.parent
LONGEST_DEMO_S = 600
# A machine with other work to do is no error of a rule.
examples.register_profile("patient", deadline=None)
examples.load_profile("patient")


def run_demo(var: Path, *words: str) -> dict:
    """One pass of the demo in processes of its own, with servers of its own; returns its JSON."""
    if not (var / "postgres").exists():
        copy_prepared(var)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "microgrid_site.embedded",
            "run",
            "--var",
            str(var),
            "--",
            sys.executable,
            str(ROOT / "manage.py"),
            "demo",
            "--once",
            "--json",
            *words,
        ],
        capture_output=True,
        text=True,
        timeout=LONGEST_DEMO_S,
        env=environment_of_its_own(var),
        cwd=ROOT,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"the demo ended with code {done.returncode}:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The tests' database is a copy of the migrated one, where `script/test` has put that into the servers' folder."""
    if os.environ.get(COPIED):
        settings.DATABASES["default"]["TEST"]["TEMPLATE"] = settings.DATABASES["default"]["NAME"]


@pytest.fixture(scope="session")
def small_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty sites and three days of the demo network, with the day that has 92 quarter hours."""
    return cut_network(tmp_path_factory.mktemp("network") / "small", sites=20, first_day=date(2016, 3, 26), days=3)


@pytest.fixture(scope="session")
def settled_var(tmp_path_factory: pytest.TempPathFactory, small_network: Path) -> Iterator[Path]:
    """A folder in which the small network's days were settled, with the auditor's files beside it."""
    folder = tmp_path_factory.mktemp("settled")
    folder.chmod(0o755)
    report = run_demo(folder / "var", "--data", str(small_network), "--month", "2016-03", "--export", str(folder / "export"))
    (folder / "export" / "report.json").write_text(json.dumps(report))
    yield folder


@pytest.fixture(scope="session")
def exported_month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The auditor's files of the whole demo month."""
    folder = tmp_path_factory.mktemp("month")
    folder.chmod(0o755)
    report = run_demo(folder / "var", "--month", "2016-03", "--export", str(folder / "export"))
    (folder / "export" / "report.json").write_text(json.dumps(report))
    yield folder / "export"
