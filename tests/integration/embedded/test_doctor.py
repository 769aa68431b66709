"""`manage.py doctor` names what is in use and what cannot be reached."""

import json
import os
import subprocess
import sys
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.management import call_command

pytestmark = pytest.mark.django_db


def examine() -> tuple[bool, dict[str, dict[str, Any]], bool]:
    out, failed = StringIO(), False
    try:
        call_command("doctor", "--json", stdout=out)
    except SystemExit as end:
        failed = end.code == 1
    told = json.loads(out.getvalue())
    return told["healthy"], {part["name"]: part for part in told["parts"]}, failed


def test_every_part_is_in_order_with_the_servers_up() -> None:
    healthy, parts, failed = examine()
    assert {name: part["advice"] for name, part in parts.items() if part["needed"] and not part["ok"]} == {}
    assert healthy
    assert not failed
    assert parts["PostgreSQL"]["version"].startswith(("17", "18"))
    assert "31337" in parts["Chain"]["version"]


def test_a_server_that_is_away_is_named_with_what_to_do(settings: Any) -> None:
    settings.CHAIN_RPC_URL = "http://127.0.0.1:9"
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    healthy, parts, failed = examine()
    assert failed
    assert not healthy
    assert [name for name, part in parts.items() if not part["ok"]] == ["Valkey or Redis", "Chain"]
    assert "CHAIN_RPC_URL" in parts["Chain"]["advice"]


def test_each_part_is_one_line() -> None:
    out = StringIO()
    call_command("doctor", stdout=out)
    assert len(out.getvalue().splitlines()) == len(examine()[1])


def test_a_command_before_the_first_migration_says_what_to_run() -> None:
    """A database without any of our tables: the one that PostgreSQL itself makes."""
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path="/postgres").geturl()
    ended = subprocess.run(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "import_sites", "sites.csv"],
        env={**os.environ, "DATABASE_URL": address},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert len(ended.stderr.strip().splitlines()) == 1
    assert ended.stderr.strip().endswith("run: script/manage migrate")
